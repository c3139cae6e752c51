"""Taking the part of a picture that is repainted, and laying what is kept of the picture over the result."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.images.composite import repeat_to, with_channels
from diffusion.images.masks import batched
from diffusion.images.regions import Box
from diffusion.images.resize import fit, resize, unfilled
from diffusion.pictures.masked_area import softened, working_box

CELL = 8  # pixels of a latent's cell
AREAS = ("whole picture", "only masked")


@dataclass(frozen=True)
class Place:
    """Where a repainted picture belongs.

    picture: `[B, H, W, C]` as it was. overlay: `[B, H, W]`, 0 where it stays exactly as it was, 1 where the new one
    shows. box: the part of it that is repainted. size: height and width that are kept of it, from its upper left.
    """

    picture: Tensor
    overlay: Tensor
    box: Box
    size: tuple[int, int]


class Prepared(NamedTuple):
    """Pictures to repaint `[B, h, w, 3]`, the mask `[B, h, w]` of what changes in them, and where they belong."""

    images: Tensor
    mask: Tensor
    place: Place


def prepare(
    images: Tensor,
    mask: Tensor,
    *,
    only_masked: bool = False,
    padding: int = 32,
    blur: float = 4.0,
    invert: bool = False,
    width: int = 0,
    height: int = 0,
    how: str = "stretch",
) -> Prepared:
    """Prepare pictures for repainting what a mask marks; one picture with several masks becomes as many pictures.

    only_masked: Repaint the rectangle around the mask, with `padding` pixels around it, at a size of its own. The
        picture keeps its size; otherwise it gets the new one.
    blur: Standard deviation in pixels; the soft edge is where old and new are mixed.
    invert: Repaint what is not masked.
    width, height: Of what is repainted; 0 is the size of the picture. Rounded up to multiples of 8.
    how: How the whole picture is fitted to another size, see `diffusion.images.resize.fit`.
    Raises ValueError for a mask that marks nothing.
    """
    mask = _like(mask, images)
    count = max(len(images), len(mask))
    images, mask = repeat_to(images, count), repeat_to(mask, count)
    mask = softened(1 - mask if invert else mask, blur)
    if not only_masked and (width or height):
        width, height = width or images.shape[2], height or images.shape[1]
        images, mask = fit(images, width, height, how), fit(mask[..., None], width, height, how)[..., 0]
    picture_height, picture_width = images.shape[1:3]
    width, height = (-(-side // CELL) * CELL for side in (width or picture_width, height or picture_height))
    box = working_box(mask, padding, width / height)
    if box is None:
        raise ValueError("The mask marks nothing. Paint over what is to change, or connect another mask.")
    if not only_masked:
        box = Box(0, 0, picture_width, picture_height)
    overlay = mask if only_masked else (mask * 2).clamp(max=1)
    part = fit(box.cut(images), width, height, "fill")[..., :3]
    covered = fit(box.cut(mask)[..., None], width, height, "fill")[..., 0]
    return Prepared(part, covered, Place(images, overlay, box, (picture_height, picture_width)))


def finish(images: Tensor, place: Place) -> Tensor:
    """Put repainted pictures `[B, h, w, C]` where they belong; where the overlay is 0, old pixels stay bit for bit."""
    count = max(len(images), len(place.picture))
    picture = repeat_to(place.picture, count)
    new = repeat_to(with_channels(images.to(picture), picture.shape[-1]), count)
    box = place.box
    if new.shape[1:3] != (box.height, box.width):
        new = unfilled(new, box.width, box.height)
    weights = repeat_to(box.cut(place.overlay), count).to(picture)[..., None]
    result = picture.clone()
    window = box.cut(result)
    window.copy_(torch.where(weights > 0, torch.lerp(window, new.clamp(0, 1), weights), window))
    return result[:, : place.size[0], : place.size[1]]


def within(weights: Tensor, place: Place) -> Tensor:
    """Weights `[B, h, w]` of what is repainted as those `[B, H, W]` of the picture; they are 0 outside of the part."""
    box = place.box
    fitted = weights
    if weights.shape[1:] != (box.height, box.width):
        fitted = unfilled(weights[..., None], box.width, box.height)[..., 0]
    whole = weights.new_zeros(len(weights), *place.picture.shape[1:3])
    box.cut(whole).copy_(fitted)
    return whole


def _like(mask: Tensor, images: Tensor) -> Tensor:
    """The mask in the size of the pictures."""
    mask = batched(mask).to(images)
    if mask.shape[1:] != images.shape[1:3]:
        mask = resize(mask[:, None], images.shape[2], images.shape[1], "bilinear")[:, 0]
    return mask
