"""Pictures and captions to train with, out of folders, and what is wrong with them."""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from blake3 import blake3
from PIL import Image, ImageOps

from diffusion.text.prompt import parse_prompt
from diffusion.text.tokens import CHUNK
from diffusion.text.vocabulary import tokenizer
from diffusion.training.buckets import Buckets, Placement
from diffusion.training.masks import PICTURES, Mask, MaskRules, is_mask

OTHER_PICTURES = (
    ".gif",
    ".jfif",
    ".tif",
    ".tiff",
    ".heic",
    ".heif",
    ".jxl",
    ".psd",
    ".svg",
    ".raw",
)  # that are not trained with
CAPTIONS = (".txt", ".caption")
MUCH_ENLARGED = 1.5  # times; a picture that is made larger than that is soft
MUCH_CUT = 0.2  # of the area
MUCH_STRETCHED = 0.05  # of a mask's shape, to that of its picture
_REPEATED = re.compile(r"(\d{1,4})_(.+)")  # more digits are a date
_WEIGHTED = re.compile(r":\s*[\d.]+\s*\)")  # as in (hat:1.3)
_NUMBERED = re.compile(r"^\d+[\s_.-]+|[\s_-]*(?:\(\d+\)|\d+)?$")  # what cameras and browsers put around a file's name
_Image = Image.Image


class DatasetError(ValueError):
    """A folder cannot be trained with; the message says why, and what to do."""


@dataclass(frozen=True)
class TrainingPicture:
    """A picture with its caption.

    name: within its folder, for people. concept: what it is a picture of. repeats: how often it comes in an epoch.
    size: width and height, upright. content: the hash of its bytes. weight: what its loss counts.
    looks: a hash of what it looks like, of 64 bits. captioned: whether the caption is its own.
    mask: which places are learned from; None is all. preserved: whether the model is to say of it what it said before
    the training, and does not learn it.
    """

    path: Path
    name: str
    caption: str
    concept: str
    repeats: int
    size: tuple[int, int]
    content: str
    weight: float = 1.0
    looks: int = 0
    captioned: bool = True
    mask: Mask | None = None
    preserved: bool = False


@dataclass(frozen=True)
class Finding:
    """Something about a file that a person should know."""

    file: str
    text: str


@dataclass(frozen=True)
class Dataset:
    """Pictures to train with, and the files that cannot be.

    on_disk: whether what encoders make of them is kept on disk, for later runs.
    """

    pictures: tuple[TrainingPicture, ...] = ()
    unreadable: tuple[Finding, ...] = field(default=())
    on_disk: bool = False

    def __add__(self, other: Dataset) -> Dataset:
        """Both."""
        return Dataset(
            self.pictures + other.pictures, self.unreadable + other.unreadable, self.on_disk or other.on_disk
        )

    @property
    def per_epoch(self) -> int:
        """How many pictures an epoch has, repeats counted."""
        return sum(picture.repeats for picture in self.pictures)


@dataclass(frozen=True)
class ReadingRules:
    """How the files of a folder become training pictures.

    caption: of pictures that have no text file; empty is their concept. by_name: whether it is their file's name
    instead, where that has words. repeats: how often those that lie in the folder itself come in an epoch.
    """

    caption: str = ""
    by_name: bool = False
    repeats: int = 1
    weight: float = 1.0
    masks: MaskRules = field(default_factory=MaskRules)


def read_folder(
    folder: Path, rules: ReadingRules | None = None, *, check: Callable[[], None] = lambda: None
) -> Dataset:
    """The pictures of a folder, in the order of their names.

    Pictures that lie in it directly come `repeats` times an epoch; those of a folder in it called ``10_red cat`` (as
    kohya's scripts want it) ten times as often, and are of the concept "red cat". A caption is in a text file of the
    picture's name (``.txt``, ``.caption``). Masks are no pictures, and hidden files are not read. `check` is called
    before each file, and may raise. Raises `DatasetError` where there is no picture.
    """
    rules = rules or ReadingRules()
    found = Dataset()
    concept = _concept(folder.name)[1]
    for path in _seen(folder):
        if path.is_dir() and not path.is_symlink():
            if path == rules.masks.folder:
                continue
            times, inner = _concept(path.name)
            within = replace(rules, repeats=times * rules.repeats)
            for each in _seen(path):
                check()
                found += _read(each, f"{path.name}/{each.name}", inner, within)
        else:
            check()
            found += _read(path, path.name, concept, rules)
    if not found.pictures:
        raise DatasetError(
            f"There is no picture in the folder {folder.name}: put pictures ({', '.join(PICTURES)}) into it, or into "
            "folders such as '10_name' in it."
        )
    return found


def keep(folder: Path, content: bytes, caption: str, concept: str, repeats: int = 1, weight: float = 1.0) -> Dataset:
    """A picture that is no file yet, as one that is called by its content in a folder. Raises `DatasetError`."""
    path = folder / f"{blake3(content).hexdigest()[:32]}.png"
    if not path.is_file():
        partial = path.with_suffix(".part")
        partial.write_bytes(content)
        partial.replace(path)
    rules = ReadingRules(caption, repeats=repeats, weight=weight, masks=MaskRules("none"))
    found = _read(path, path.name, concept, rules)
    if found.unreadable:
        raise DatasetError(f"The picture {path.name} {found.unreadable[0].text}.")
    return found


def _seen(folder: Path) -> list[Path]:
    """What is in a folder, without what systems and editors hide there (``._1.png``, ``.ipynb_checkpoints``)."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _concept(name: str) -> tuple[int, str]:
    """How often a folder's pictures are repeated, and what they are of, by its name."""
    found = _REPEATED.fullmatch(name)
    return (int(found[1]), found[2].strip()) if found else (1, name)


def _read(path: Path, name: str, concept: str, rules: ReadingRules) -> Dataset:
    if path.is_dir():
        return Dataset() if path == rules.masks.folder else _nested(path, name)
    if path.suffix.lower() in OTHER_PICTURES:
        return Dataset((), (Finding(name, f"is not trained with: save it as one of {', '.join(PICTURES)}"),))
    if path.suffix.lower() not in PICTURES or is_mask(path):
        return Dataset()
    if path.is_symlink() and not path.exists():
        return Dataset((), (Finding(name, "is a link to a file that is not there"),))
    if not path.is_file():
        return Dataset()
    try:
        content = path.read_bytes()
        with Image.open(path) as file:
            picture = _in_8_bits(ImageOps.exif_transpose(file)).convert("L")
        own = _own_caption(path)
        mask = rules.masks.find(path, name)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        reason = str(error).replace(f"{path.parent}/", "")
        return Dataset((), (Finding(name, f"cannot be read ({reason})"),))
    text = own if own is not None else (rules.by_name and _called(path)) or rules.caption or concept
    made = TrainingPicture(
        path,
        name,
        text,
        concept,
        rules.repeats,
        picture.size,
        blake3(content).hexdigest(),
        rules.weight,
        looks(picture),
        own is not None,
        mask,
    )
    return Dataset((made,))


def _nested(folder: Path, name: str) -> Dataset:
    """A folder that is too deep, or elsewhere: its pictures are not read, which should be known."""
    if folder.is_symlink():
        return Dataset((), (Finding(name, "is not read, as it is a link: put the pictures into the folder itself"),))
    if any(path.suffix.lower() in PICTURES for path in folder.rglob("*")):
        return Dataset((), (Finding(name, "is not read: pictures lie in the folder itself, or in folders in it"),))
    return Dataset()


def _in_8_bits(picture: _Image) -> _Image:
    """A picture whose numbers have 8 bits; of 16 bits, PIL takes what is above 255 for white."""
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture, np.float32) / 257).round().clip(0, 255).astype(np.uint8))


def _called(path: Path) -> str:
    """What a file's name says that it shows: ``03_red cat (2).png`` is a red cat."""
    return _NUMBERED.sub("", path.stem).replace("_", " ").strip()


def _own_caption(path: Path) -> str | None:
    for ending in CAPTIONS:
        file = path.with_suffix(ending)
        if file.is_file():
            try:
                content = file.read_bytes()
                # Windows' editor writes UTF-16 too, and says so in the first two bytes
                encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
                return " ".join(content.decode(encoding).split())
            except UnicodeDecodeError:
                raise ValueError(f"{file.name} is not text in UTF-8") from None
    return None


def thumbnail(picture: TrainingPicture, side: int) -> bytes:
    """A small WebP of a picture, upright, at most so many pixels wide and high; Raises OSError, ValueError."""
    with Image.open(picture.path) as file:
        small = _in_8_bits(ImageOps.exif_transpose(file)).convert("RGB")
    small.thumbnail((side, side))
    made = io.BytesIO()
    small.save(made, "WEBP", quality=80)
    return made.getvalue()


def looks(picture: _Image) -> int:
    """64 bits that say where a grey picture becomes brighter from left to right: alike for pictures that look alike."""
    pixels = np.asarray(picture.resize((9, 8), Image.Resampling.LANCZOS), np.int16)
    return int.from_bytes(np.packbits(pixels[:, 1:] > pixels[:, :-1]).tobytes())


def findings(dataset: Dataset, buckets: Buckets) -> list[Finding]:
    """What a person should look at before training: unreadable files, sizes, masks, duplicates, captions.

    What there may be very much of, missing captions, comes last.
    """
    found = list(dataset.unreadable)
    for picture in dataset.pictures:
        found += _of_size(picture, buckets.place(*picture.size))
    found += _of_masks(dataset.pictures)
    found += _of_duplicates([each for each in dataset.pictures if not each.preserved])  # these come twice on purpose
    found += _of_captions(dataset.pictures)
    return found


def _of_captions(pictures: Sequence[TrainingPicture]) -> Iterator[Finding]:
    captioned = {picture.concept for picture in pictures if picture.captioned}
    for picture in pictures:
        if picture.concept in captioned and not picture.captioned:
            yield Finding(picture.name, f"has no caption of its own: '{picture.caption}' is used")
        if not picture.caption.strip():
            yield Finding(picture.name, "has an empty caption")
        if any(part.weight != 1 for part in parse_prompt(picture.caption)) and not _WEIGHTED.search(picture.caption):
            yield Finding(
                picture.name,
                "has brackets in its caption, which weight words: turn weights off if they are text",
            )
        tokens = len(tokenizer().encode(picture.caption, add_special_tokens=False).ids)
        if tokens > CHUNK:
            yield Finding(
                picture.name, f"has a caption of {tokens} tokens: it takes {-(-tokens // CHUNK)} chunks of {CHUNK}"
            )


def _of_size(picture: TrainingPicture, placement: Placement) -> Iterator[Finding]:
    factor = placement.resized[0] / picture.size[0]
    if factor > MUCH_ENLARGED:
        yield Finding(
            picture.name, f"is small ({picture.size[0]} x {picture.size[1]}): it is enlarged {factor:.1f} times"
        )
    if placement.cut_off > MUCH_CUT:
        width, height = placement.bucket
        yield Finding(picture.name, f"loses {placement.cut_off:.0%} of its area at {width} x {height}")


def _of_masks(pictures: Sequence[TrainingPicture]) -> Iterator[Finding]:
    masked = {picture.concept for picture in pictures if picture.mask is not None}
    for picture in pictures:
        if picture.mask is None:
            if picture.concept in masked:
                yield Finding(picture.name, "has no mask, as others have: all of it is learned from")
            continue
        width, height = picture.mask.size
        if picture.mask.empty:
            yield Finding(picture.name, f"has a mask in which no place counts ({picture.mask.path.name})")
        if abs(width * picture.size[1] / (height * picture.size[0]) - 1) > MUCH_STRETCHED:
            yield Finding(picture.name, f"has a mask of another shape ({width} x {height}): it is stretched")


def _of_duplicates(pictures: Sequence[TrainingPicture]) -> Iterator[Finding]:
    for at, picture in enumerate(pictures):
        for other in pictures[:at]:
            if picture.content == other.content:
                yield Finding(picture.name, f"is the same file as {other.name}")
                break
            if (picture.looks ^ other.looks).bit_count() <= 2:
                yield Finding(picture.name, f"looks like {other.name}")
                break
