"""Cutting a part out of a picture, to be worked on at a size of its own, and putting it back."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.images.composite import repeat_to, with_channels
from diffusion.images.masks import batched
from diffusion.images.regions import Box, bounds, distance_inside, padded, with_aspect, with_size
from diffusion.images.resize import completed_size, resize, resize_images

MULTIPLE = 8  # a latent cell is so many pixels
METHOD = "bicubic-antialiased"


@dataclass(frozen=True)
class Place:
    """Where a part was cut out: its rectangle, and the mask `[B, H, W]` of the whole picture of what may change."""

    box: Box
    mask: Tensor


class Part(NamedTuple):
    """A part of pictures `[B, h, w, C]`, the part of the mask `[B, h, w]` that belongs to it, and where both were."""

    images: Tensor
    mask: Tensor
    place: Place


def cut(images: Tensor, mask: Tensor, padding: int, width: int = 0, height: int = 0) -> Part:
    """Cut the rectangle around a mask out of pictures, with pixels around it, and scale it.

    The rectangle grows to the proportions of the new size. Of a batch, the rectangle around all masks is cut out.

    width, height: The size that the part is scaled to. If both are 0 it keeps its own, rounded up to what a latent can
        have; if one is 0, that side keeps the proportions.
    Raises ValueError if the mask is empty or differs in size from the picture.
    """
    picture_height, picture_width = images.shape[1:3]
    mask = repeat_to(batched(mask).to(images), len(images))
    if mask.shape[1:] != images.shape[1:3]:
        sizes = f"{mask.shape[2]} x {mask.shape[1]} and {picture_width} x {picture_height}"
        raise ValueError(f"Mask and picture differ in size: {sizes} pixels. Scale one of them.")
    box = bounds(mask)
    if box is None:
        raise ValueError("The mask is empty. Mark what is to be cut out.")
    box = padded(box, padding, picture_width, picture_height)
    if width and height:
        box = with_aspect(box, width / height, picture_width, picture_height)
    own_size = not width and not height
    width, height = (_rounded(side) for side in completed_size(width, height, box.width, box.height))
    if own_size:
        box = with_size(box, width, height, picture_width, picture_height)
    part, covered = box.cut(images), box.cut(mask)
    if part.shape[1:3] != (height, width):
        part = resize_images(part, width, height, METHOD).clamp(0, 1)
        covered = resize(covered[:, None], width, height, "bilinear")[:, 0]
    return Part(part, covered, Place(box, mask))


def paste(images: Tensor, part: Tensor, place: Place, feather: int = 0) -> Tensor:
    """Put a part back where it was cut out; pixels that its mask does not touch stay exactly as they are.

    feather: Over how many pixels, from the edge of the mask inwards, the old picture fades into the new one.
    Raises ValueError if the pictures have another size than those from which the part was cut.
    """
    if images.shape[1:3] != place.mask.shape[1:]:
        height, width = place.mask.shape[1:]
        raise ValueError(f"The part comes from a picture of {width} x {height} pixels. Paste it into one of that size.")
    box = place.box
    count = max(len(images), len(part))
    images, part = repeat_to(images, count), repeat_to(with_channels(part.to(images), images.shape[-1]), count)
    if part.shape[1:3] != (box.height, box.width):
        part = resize_images(part, box.width, box.height, METHOD).clamp(0, 1)
    weights = place.mask * (distance_inside(place.mask) / (feather + 1)).clamp(max=1)
    weights = repeat_to(box.cut(weights), count).to(images)[..., None]
    result = images.clone()
    window = box.cut(result)
    window.copy_(torch.where(weights > 0, torch.lerp(window, part, weights), window))
    return result


def _rounded(side: int) -> int:
    return max(1, -(-side // MULTIPLE)) * MULTIPLE
