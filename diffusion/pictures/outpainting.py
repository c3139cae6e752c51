"""Outpainting: pictures that are continued beyond their edges, by the rules of two scripts of Stable Diffusion WebUI.

"Outpainting mk2" fills the new part with noise that has the spectrum and the colours of the picture.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffusion.images.colour_correction import match_histograms
from diffusion.images.regions import Box
from diffusion.pictures.masked_area import softened
from diffusion.pictures.overlay import CELL, Place

Array = NDArray[np.float64]

MULTIPLE = 64  # sides of extended pictures, in pixels
DIRECTIONS = ("left", "right", "up", "down")
NOISE_SEED = 0  # the filling is the same for every seed of the run


class Margins(NamedTuple):
    """Pixels that are added at each side."""

    left: int
    right: int
    up: int
    down: int


def margins(width: int, height: int, pixels: int, directions: Sequence[str]) -> Margins:
    """How far a picture is extended: by `pixels` in each of the directions, and to sides of a multiple of 64.

    What is missing to the multiple is shared by both ends of a side.
    """
    left, right, up, down = (pixels if direction in directions else 0 for direction in DIRECTIONS)
    return Margins(*_shared(width, left, right), *_shared(height, up, down))


class Extension(NamedTuple):
    """A picture that is extended in one direction.

    images: what to repaint, `[B, h, w, 3]`, with noise in the new part. mask: `[1, h, w]` of what is to change.
    place: where it belongs, and what shows of it.
    """

    images: Tensor
    mask: Tensor
    place: Place


def extend(
    images: Tensor, direction: str, pixels: int, *, blur: int, fall_off: float, variation: float, context: int
) -> Extension:
    """Extend pictures in one direction, as Outpainting mk2 does.

    pixels: How far. blur: Width of the seam in pixels: so much of the old picture is repainted too.
    fall_off: Exponent of the old spectrum: 0 fills with even noise, more with larger shapes.
    variation: Of the colours of the noise, 0..1.
    context: Length along the direction of what is repainted, the new part included.
    """
    count, height, width = images.shape[:3]
    horizontal = direction in ("left", "right")
    new_width, new_height = (width + pixels, height) if horizontal else (width, height + pixels)
    whole = Box(0, 0, _rounded(new_width), _rounded(new_height))
    canvas = images.new_zeros(count, whole.height, whole.width, 3)
    left, top = pixels if direction == "left" else 0, pixels if direction == "up" else 0
    canvas[:, top : top + height, left : left + width] = images[..., :3]
    size = new_height, new_width
    mask = _outside(whole, size, direction, pixels + blur)
    noisy = torch.stack([_with_noise(picture, mask, fall_off, variation) for picture in canvas])
    box = _window(whole, size, direction, max(context, pixels + 2 * blur))
    across, down = (4.0 * blur, 0.0) if horizontal else (0.0, 4.0 * blur)
    soft = softened(box.cut(mask[None]), across, down)
    overlay = torch.zeros(1, whole.height, whole.width)
    box.cut(overlay).copy_((soft * 2).clamp(max=1))
    latent_mask = box.cut(_outside(whole, size, direction, pixels + 2 * blur)[None])
    return Extension(box.cut(noisy), latent_mask, Place(noisy, overlay, box, size))


class Canvas(NamedTuple):
    """A picture with room around it, the mask `[1, H, W]` of what shows and the one of what is repainted."""

    images: Tensor
    mask: Tensor
    latent_mask: Tensor


def canvas(images: Tensor, room: Margins, blur: int) -> Canvas:
    """A picture on a black canvas, as "Poor man's outpainting" puts it. blur: in pixels, of the seam."""
    count, height, width = images.shape[:3]
    whole = images.new_zeros(count, height + room.up + room.down, width + room.left + room.right, 3)
    whole[:, room.up : room.up + height, room.left : room.left + width] = images[..., :3]

    def outside(inset: int) -> Tensor:
        mask = torch.ones(1, *whole.shape[1:3])
        left, right, up, down = (margin + inset if margin else 0 for margin in room)
        # rectangles of Pillow hold their last row and column
        mask[:, up : whole.shape[1] - down + 1, left : whole.shape[2] - right + 1] = 0
        return mask

    return Canvas(whole, outside(2 * blur), outside(blur // 2))


def matched_noise(picture: Array, mask: Array, fall_off: float = 1.0, variation: float = 0.05) -> Array:
    """Fill what is masked with noise that looks like the rest.

    The noise has the phases and, to a power, the magnitudes of the picture's spectrum, and its colours.

    picture, mask: `[H, W, 3]` in 0..1, with 1 where the picture is unknown.
    fall_off: The power. variation: How far the colours of the noise differ from grey, 0..1.
    """
    grey = mask.mean(2)
    unknown, known = grey > 1e-6, grey < 1e-3
    windowed = picture * (1 - grey)[..., None]
    windowed = windowed / max(windowed.max(), 1e-12) + picture.mean() * mask
    spectrum = _spectrum(windowed)
    magnitude = np.abs(spectrum)
    phase = np.where(magnitude > 0, spectrum / np.where(magnitude > 0, magnitude, 1), 1)
    noise = np.random.default_rng(NOISE_SEED).random(picture.shape)
    noise = variation * noise + (1 - variation) * noise.mean(2, keepdims=True)
    shape = _picture(_spectrum(noise) * _falling(*picture.shape[:2])[..., None])
    shaped = _picture(np.abs(_spectrum(shape)) ** 2 * magnitude**fall_off * phase)
    shaped -= shaped.min()
    shaped /= max(shaped.max(), 1e-12)
    if unknown.any() and known.any():
        shaped[unknown] = _with_colours_of(shaped[unknown], picture[known])
    return np.clip(picture * (1 - mask) + shaped * mask, 0, 1)


def _with_noise(picture: Tensor, mask: Tensor, fall_off: float, variation: float) -> Tensor:
    """A picture `[H, W, 3]` whose masked part is filled; what is not masked stays as it is."""
    pixels = picture.cpu().numpy().astype(np.float64)
    wanted = np.repeat(mask.numpy().astype(np.float64)[..., None], 3, 2)
    filled = np.floor(matched_noise(pixels, wanted, fall_off, variation) * 255) / 255
    return torch.where(mask.to(picture)[..., None] > 0, torch.from_numpy(filled).to(picture), picture)


def _with_colours_of(values: Array, reference: Array) -> Array:
    """The values `[n, 3]` with the distribution of the reference in each channel."""
    matched = match_histograms(torch.from_numpy(values)[None, None], torch.from_numpy(reference)[None, None])
    return matched[0, 0].numpy().astype(np.float64)


def _spectrum(picture: Array) -> NDArray[Any]:
    shifted = np.fft.fftshift(picture, axes=(0, 1))
    return np.fft.ifftshift(np.fft.fft2(shifted, axes=(0, 1), norm="ortho"), axes=(0, 1))


def _picture(spectrum: NDArray[Any]) -> Array:
    shifted = np.fft.fftshift(spectrum, axes=(0, 1))
    return np.fft.ifftshift(np.fft.ifft2(shifted, axes=(0, 1), norm="ortho"), axes=(0, 1)).real


def _falling(height: int, width: int) -> Array:
    """Weights `[H, W]` of frequencies, highest in the middle."""
    rows, columns = (np.linspace(-1, 1, side, endpoint=False) * side / min(height, width) for side in (height, width))
    return 1 / ((rows[:, None] ** 2 + 1) * (columns**2 + 1))


def _outside(whole: Box, size: tuple[int, int], direction: str, inset: int) -> Tensor:
    """A mask `[H, W]` of a canvas, 0 over a picture of `size` but for so many pixels at the extended edge."""
    mask = torch.ones(whole.height, whole.width)
    top, left = inset if direction == "up" else 0, inset if direction == "left" else 0
    bottom = size[0] - (inset if direction == "down" else 0)
    right = size[1] - (inset if direction == "right" else 0)
    # rectangles of Pillow hold their last row and column
    mask[top : max(0, bottom + 1), left : max(0, right + 1)] = 0
    return mask


def _window(whole: Box, size: tuple[int, int], direction: str, length: int) -> Box:
    """The part of a canvas at the extended edge that is repainted: so long, but no longer than the picture."""
    height, width = size
    across, down = (-(-min(length, side) // CELL) * CELL for side in (width, height))
    match direction:
        case "left":
            return whole._replace(right=across)
        case "right":
            return whole._replace(left=max(0, whole.right - across - (whole.right - width) // CELL * CELL))
        case "up":
            return whole._replace(bottom=down)
        case _:
            return whole._replace(top=max(0, whole.bottom - down - (whole.bottom - height) // CELL * CELL))


def _rounded(side: int) -> int:
    return ceil(side / MULTIPLE) * MULTIPLE


def _shared(side: int, before: int, after: int) -> tuple[int, int]:
    if not before and not after:
        return 0, 0
    missing = _rounded(side + before + after) - side
    before = missing * before // (before + after)
    return before, missing - before
