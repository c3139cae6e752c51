"""Padding, turning and putting side by side of pictures `[B, H, W, C]`."""

from math import ceil, cos, radians, sin
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.images.colours import parsed
from diffusion.images.composite import repeat_to, with_channels
from diffusion.images.resize import resize_images

EDGES = ("color", "edge", "reflect", "tile")
DIRECTIONS = ("right", "down", "left", "up")
ROUNDING = 1e-6


class Placed(NamedTuple):
    """Pictures with room around them, and the mask `[B, H, W]` that is 1 where there was no picture."""

    images: Tensor
    mask: Tensor


def pad(images: Tensor, left: int, top: int, right: int, bottom: int, edges: str, colour: str = "#000000") -> Placed:
    """Add so many pixels at each side.

    edges: What is there: "color" a colour, "edge" the outermost pixels, "reflect" the picture mirrored at its edge
        (which is not repeated), "tile" the picture again.
    colour: As `#rrggbb`.
    """
    height, width = images.shape[1:3]
    rows, columns = torch.arange(-top, height + bottom), torch.arange(-left, width + right)
    outside = ((rows < 0) | (rows >= height))[:, None] | ((columns < 0) | (columns >= width))
    mask = outside.float().expand(len(images), -1, -1).to(images.device)
    source = "edge" if edges == "color" else edges
    padded = images[:, _inside(rows, height, source)][:, :, _inside(columns, width, source)]
    if edges == "color":
        padded = torch.where(mask[..., None] > 0, _colour(colour, images), padded)
    return Placed(padded, mask)


def rotate(images: Tensor, angle: float, expand: bool, edges: str, colour: str = "#000000") -> Placed:
    """Turn clockwise by degrees around the middle, with bilinear interpolation.

    expand: Make the picture as large as the turned one is; otherwise the size stays and corners are cut off.
    edges: What is where there was no picture: "color", "edge" or "reflect".
    """
    from kornia.geometry.transform import get_rotation_matrix2d, warp_affine

    height, width = images.shape[1:3]
    new_height, new_width = _turned_size(height, width, angle) if expand else (height, width)
    middle = torch.tensor([[(width - 1) / 2, (height - 1) / 2]])
    matrix = get_rotation_matrix2d(middle, torch.tensor([-float(angle)]), torch.ones(1, 2))
    matrix[:, :, 2] += torch.tensor([[(new_width - width) / 2, (new_height - height) / 2]])
    matrix = matrix.to(images.device).expand(len(images), -1, -1)
    planes = images.float().movedim(-1, 1)
    mode = "reflection" if edges == "reflect" else "border"
    turned = warp_affine(planes, matrix, (new_height, new_width), padding_mode=mode).movedim(1, -1)
    there = warp_affine(torch.ones_like(planes[:, :1]), matrix, (new_height, new_width))[:, 0].clamp(0, 1)
    if edges == "color":
        turned = torch.lerp(_colour(colour, images), turned, there[..., None])
    return Placed(turned.clamp(0, 1), 1 - there)


def stitch(first: Tensor, second: Tensor, direction: str, match: bool, spacing: int, colour: str) -> Tensor:
    """Put the second picture at a side of the first: right, down, left or up.

    match: Scale the second to the height, or width, of the first; otherwise the smaller one gets black bars.
    spacing: Pixels of `colour` between them.
    """
    count, channels = max(len(first), len(second)), max(first.shape[-1], second.shape[-1])
    first, second = (with_channels(repeat_to(each, count), channels) for each in (first, second.to(first)))
    along = 2 if direction in ("right", "left") else 1
    across = 3 - along
    if match and first.shape[across] != second.shape[across]:
        scale = first.shape[across] / second.shape[across]
        size = {across: first.shape[across], along: max(1, int(second.shape[along] * scale))}
        second = resize_images(second, size[2], size[1], "lanczos")
    longest = max(first.shape[across], second.shape[across])
    first, second = (_centred(each, across, longest) for each in (first, second))
    shape = [*first.shape]
    shape[along] = spacing
    between = _colour(colour, first).expand(shape)
    parts = [first, between, second] if direction in ("right", "down") else [second, between, first]
    return torch.cat(parts, along)


def fit_inside(images: Tensor, width: int, height: int, colour: str, method: str) -> Tensor:
    """Scale pictures to fit into a size, in proportion, and fill the rest with a colour."""
    scale = min(width / images.shape[2], height / images.shape[1])
    new_width, new_height = max(1, int(images.shape[2] * scale)), max(1, int(images.shape[1] * scale))
    scaled = resize_images(images, new_width, new_height, method)
    left, top = (width - new_width) // 2, (height - new_height) // 2
    return pad(scaled, left, top, width - new_width - left, height - new_height - top, "color", colour).images


def _colour(colour: str, images: Tensor) -> Tensor:
    """A colour with as many channels as pictures have; grey pictures get its red."""
    return parsed(colour).to(images)[: images.shape[-1]]


def _inside(positions: Tensor, length: int, edges: str) -> Tensor:
    """For positions along an axis, where outside too, the positions in the picture that they show."""
    if edges == "tile":
        return positions % length
    if edges == "reflect" and length > 1:
        folded = positions % (2 * length - 2)
        return torch.minimum(folded, 2 * length - 2 - folded)
    return positions.clamp(0, length - 1)


def _turned_size(height: int, width: int, angle: float) -> tuple[int, int]:
    cosine, sine = abs(cos(radians(angle))), abs(sin(radians(angle)))
    return ceil(height * cosine + width * sine - ROUNDING), ceil(width * cosine + height * sine - ROUNDING)


def _centred(images: Tensor, axis: int, length: int) -> Tensor:
    """Black bars on both sides of an axis, up to a length; alpha is opaque there."""
    missing = length - images.shape[axis]
    before, after = missing // 2, missing - missing // 2
    sides = (0, before, 0, after) if axis == 1 else (before, 0, after, 0)
    return pad(images, *sides, "color").images
