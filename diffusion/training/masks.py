"""Masks of training pictures: which places of a picture are learned from.

Three ways are read in which people keep them: beside the picture, called ``name-mask.png`` or ``name-masklabel.png`` as
OneTrainer has it; in a folder of their own under the pictures' names, as kohya's scripts have it; or as the picture's
own transparency. White, or solid, is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import torch.nn.functional as F
from blake3 import blake3
from PIL import Image, ImageOps
from torch import Tensor

from diffusion.images.files import load_picture
from diffusion.training.buckets import Placement

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif")
ENDINGS = ("-mask", "-masklabel")
Masks = Literal["files", "transparency", "none"]
MASKS: tuple[Masks, ...] = get_args(Masks)


@dataclass(frozen=True)
class Mask:
    """Where the mask of a picture is: in a file of grey, or in the transparency of the picture itself.

    content: the hash of the file's bytes. size: width and height, upright. empty: whether no place counts.
    """

    path: Path
    transparency: bool
    content: str
    size: tuple[int, int]
    empty: bool = False

    def fitted(self, placement: Placement, height: int, width: int) -> Tensor:
        """The mask ``[1, height, width]`` of a latent, 0 to 1, of the picture as it is placed. Raises `PictureError`.

        A mask of another size than its picture is stretched over it.
        """
        picture = load_picture(self.path)
        grey = 1 - picture.mask[0] if self.transparency else picture.images[0].mean(-1)
        resized = F.interpolate(grey[None, None], placement.resized[::-1], mode="bilinear", antialias=True)
        left, top = placement.left, placement.top
        cut = resized[..., top : top + placement.bucket[1], left : left + placement.bucket[0]]
        return F.interpolate(cut, (height, width), mode="area")[0].clamp(0, 1)


@dataclass(frozen=True)
class MaskRules:
    """Where masks are looked for; a folder comes before files beside the pictures."""

    kind: Masks = "files"
    folder: Path | None = None

    def find(self, path: Path, name: str) -> Mask | None:
        """The mask of a picture, which is called `name` within its dataset; None where it has none.

        Raises OSError or ValueError for a file that cannot be read.
        """
        if self.kind == "none":
            return None
        if self.kind == "transparency":
            return _read(path, transparency=True)
        for stem in self._places(path, name):
            for ending in PICTURES:
                file = stem.with_name(stem.name + ending)
                if file.is_file() and file != path:
                    return _read(file, transparency=False)
        return None

    def _places(self, path: Path, name: str) -> Iterable[Path]:
        """Files without their endings."""
        if self.folder is not None:
            yield (self.folder / name).with_suffix("")
            yield self.folder / path.stem
        for ending in ENDINGS:
            yield path.with_name(path.stem + ending)


def is_mask(path: Path) -> bool:
    """Whether a file is the mask of a picture that lies beside it, by their names."""
    for ending in ENDINGS:
        if path.stem.endswith(ending):
            stem = path.stem.removesuffix(ending)
            return any(path.with_name(stem + suffix).is_file() for suffix in PICTURES)
    return False


def _read(path: Path, transparency: bool) -> Mask | None:
    content = path.read_bytes()
    with Image.open(path) as file:
        if transparency and not file.has_transparency_data:
            return None
        upright = ImageOps.exif_transpose(file)
        grey = upright.convert("RGBA").getchannel("A") if transparency else upright.convert("L")
    return Mask(path, transparency, blake3(content).hexdigest(), grey.size, grey.getextrema()[1] == 0)
