"""Masks from what was painted onto a picture, and from files, by the rules of Stable Diffusion WebUI and of its fork
Forge.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor

from diffusion.images.composite import repeat_to
from diffusion.images.files import load_picture
from diffusion.images.masks import batched
from diffusion.images.resize import resize_images
from diffusion.pictures.masked_area import eight_bits

OPAQUE = 128  # of 255; a stroke that covers at least so much is part of the mask
GROWTH = 0.015  # of the shorter side of the picture


class Sketch(NamedTuple):
    """A picture with what was painted onto it `[B, H, W, 3]`, and the mask `[B, H, W]` of that."""

    images: Tensor
    mask: Tensor


def painted_over(original: Tensor, painted: Tensor, transparency: float = 0.0, blur: float = 4.0) -> Sketch:
    """The inpaint sketch of the WebUI: what differs from the original is both mask and material.

    transparency: 0..1, how much of the original shows through the paint. Above a half nothing is repainted, only mixed.
    blur: In pixels, of the edges of the paint.
    """
    if painted.shape[1:3] != original.shape[1:3]:
        painted = resize_images(painted, original.shape[2], original.shape[1], "lanczos")
    count = max(len(original), len(painted))
    old, new = (eight_bits(repeat_to(each[..., :3], count)) for each in (original, painted))
    smooth = ImageFilter.GaussianBlur(blur)
    pictures, masks = [], []
    for before, after in zip(old, new, strict=True):
        differs = (before != after).any(-1)
        mask = Image.fromarray((differs * (255 * (1 - transparency))).astype(np.uint8))
        material = Image.fromarray(after).filter(smooth)
        mixed = Image.composite(material, Image.fromarray(before), mask.filter(smooth))
        pictures.append(np.asarray(mixed))
        masks.append(np.asarray(mask))
    return Sketch(_from_eight_bits(pictures), _from_eight_bits(masks))


def strokes(original: Tensor, layer: Tensor, alpha: Tensor) -> Sketch:
    """The inpaint sketch of Forge: a layer of strokes is laid on the picture, and masks where it is half opaque.

    layer: Its colours `[B, H, W, 3]`; alpha: how opaque it is, `[B, H, W]`. The mask grows a little beyond the strokes.
    """
    height, width = original.shape[1:3]
    alpha = batched(alpha)[..., None]
    if layer.shape[1:3] != (height, width):
        layer = resize_images(layer, width, height, "lanczos")
    if alpha.shape[1:3] != (height, width):
        alpha = resize_images(alpha, width, height, "bilinear")
    count = max(len(original), len(layer), len(alpha))
    original, layer, alpha = (repeat_to(each, count) for each in (original, layer, alpha))
    side = int(GROWTH * min(height, width)) * 2 + 1
    grown = [
        np.asarray(Image.fromarray(((plane >= OPAQUE) * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(side)))
        for plane in eight_bits(alpha[..., 0])
    ]
    return Sketch(torch.lerp(original[..., :3], layer[..., :3], alpha), _from_eight_bits(grown))


def mask_file(path: Path, soft: bool = False) -> Tensor:
    """Read a picture file as a mask `[1, H, W]`, as the WebUI reads uploaded ones.

    A picture with transparency is white where it is opaque, and black elsewhere; `soft` keeps what lies between. Of any
    other it is the brightness, greys included. Raises PictureError.
    """
    images, transparent = load_picture(path)
    if transparent.shape[1:] == images.shape[1:3] and transparent[0].any():
        opaque = 1 - transparent[:1]
        return opaque if soft else torch.from_numpy(eight_bits(opaque) > OPAQUE).float()
    grey = Image.fromarray(eight_bits(images[:1])[0]).convert("L")
    return _from_eight_bits([np.asarray(grey)])


def _from_eight_bits(arrays: list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(arrays)).float() / 255
