"""Sharpening, blurring, denoising and grain, on pictures `[B, H, W, C]` in 0..1.

Filters run on the processor by OpenCV, which is many times faster there than convolutions of tensors.
"""

from collections.abc import Callable
from math import ceil

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]
Levels = NDArray[np.uint8]

REFLECT = cv2.BORDER_REFLECT_101
TRUNCATION = 4.0  # a Gaussian is cut off at so many standard deviations
PATCH, SEARCH = 7, 21  # sides of the squares that non-local means compares and searches, as its authors chose


def each(images: Tensor, change: Callable[[Array], Array]) -> Tensor:
    """Apply a function to each picture as an array `[H, W, C]`."""
    arrays = [change(np.ascontiguousarray(picture, np.float32)) for picture in images.detach().cpu().float().numpy()]
    return torch.from_numpy(np.stack(arrays).reshape(images.shape)).to(images.device)


def each_as_levels(images: Tensor, change: Callable[[Levels], Levels]) -> Tensor:
    """Apply a function to the colours of each picture in 8 bits `[H, W, 3]`, rounded; alpha stays."""

    def eight_bits(picture: Array) -> Array:
        rounded = np.ascontiguousarray((picture[..., :3].clip(0, 1) * 255).round(), np.uint8)
        return np.concatenate([change(rounded).astype(np.float32) / 255, picture[..., 3:]], -1)

    return each(images, eight_bits)


def comfy_gaussian(radius: int, sigma: float) -> Array:
    """The weights `[2 radius + 1]` of ComfyUI's blur and sharpening, whose sigma is a share of the radius."""
    weights = np.exp(-(np.linspace(-1, 1, 2 * radius + 1) ** 2) / (2 * sigma**2))
    return (weights / weights.sum()).astype(np.float32)


def gaussian(sigma: float) -> Array:
    """The weights of a Gaussian of a standard deviation in pixels."""
    reach = max(1, ceil(TRUNCATION * sigma))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return (weights / weights.sum()).astype(np.float32)


def blurred(images: Tensor, weights: Array) -> Tensor:
    """Convolve with weights along both axes; the picture is reflected at its edges, which are not repeated."""
    return each(
        images, lambda picture: cv2.sepFilter2D(picture, -1, weights, weights, borderType=cv2.BORDER_REFLECT_101)
    )


def convolved(images: Tensor, kernel: Array) -> Tensor:
    """Convolve with a symmetric kernel; the picture is reflected at its edges."""
    return each(images, lambda picture: cv2.filter2D(picture, -1, kernel, borderType=REFLECT))


def sharpened(images: Tensor, radius: int, sigma: float, alpha: float) -> Tensor:
    """ComfyUI's sharpening: ten times `alpha` of what differs from the blurred picture is added."""
    if radius == 0:
        return images
    return (images + 10 * alpha * (images - blurred(images, comfy_gaussian(radius, sigma)))).clamp(0, 1)


def unsharp_masked(images: Tensor, sigma: float, amount: float, threshold: float) -> Tensor:
    """Add `amount` of what differs from the blurred picture, where that is more than `threshold`."""
    detail = images - blurred(images, gaussian(sigma))
    return (images + amount * torch.where(detail.abs() > threshold, detail, 0)).clamp(0, 1)


def box_kernel(radius: int) -> Array:
    """The weights of a mean over `2 radius + 1` pixels."""
    return np.full(2 * radius + 1, 1 / (2 * radius + 1), np.float32)


def motion_kernel(length: int, angle: float) -> Array:
    """A line of so many pixels through the middle, in degrees clockwise from the horizontal, with sum 1."""
    side = length + 1 - length % 2
    direction = np.deg2rad(angle)
    kernel = np.zeros((side, side), np.float64)
    for step in np.linspace(-(length - 1) / 2, (length - 1) / 2, 4 * length + 1):
        _splat(kernel, side // 2 + step * np.cos(direction), side // 2 + step * np.sin(direction))
    return (kernel / kernel.sum()).astype(np.float32)


def _splat(kernel: NDArray[np.float64], x: float, y: float) -> None:
    """Share a point among the four pixels around it."""
    left, top = int(np.floor(x)), int(np.floor(y))
    for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
        weight = (1 - abs(x - column)) * (1 - abs(y - row))
        if weight > 0 and 0 <= column < len(kernel) and 0 <= row < len(kernel):
            kernel[row, column] += weight


def disc_kernel(radius: float) -> Array:
    """A disc with smooth edges and sum 1: how a lens shows a point that is out of focus."""
    reach = ceil(radius)
    ys, xs = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = (radius + 0.5 - np.hypot(xs, ys)).clip(0, 1)
    return (kernel / kernel.sum()).astype(np.float32)


def lens_blurred(images: Tensor, radius: float, highlights: float = 1.0) -> Tensor:
    """Blur as a lens does: by a disc, in linear light, so that bright spots become bright discs.

    highlights: Above 1 bright spots weigh more than their light.
    """
    power = 2.2 * highlights
    return convolved(images.clamp(0, 1) ** power, disc_kernel(radius)).clamp(0, 1) ** (1 / power)


def median(images: Tensor, radius: int) -> Tensor:
    """The median of the square of `2 radius + 1` pixels around each, in 8 bits."""
    return each_as_levels(images, lambda picture: cv2.medianBlur(picture, 2 * radius + 1))


def bilateral(images: Tensor, radius: int, colour_sigma: float, sigma: float) -> Tensor:
    """The mean over a circle, in which near pixels of similar colour weigh most (Tomasi and Manduchi, 1998).

    colour_sigma: In 0..1 of the sum of the differences of the channels.
    sigma: In pixels.
    """

    def change(picture: Array) -> Array:
        smooth = cv2.bilateralFilter(np.ascontiguousarray(picture[..., :3]), 2 * radius + 1, colour_sigma, sigma)
        return np.concatenate([smooth, picture[..., 3:]], -1)

    return each(images, change)


def non_local_means(images: Tensor, strength: float, colour_strength: float) -> Tensor:
    """The mean over pixels with similar surroundings, in 8 bits (Buades, Coll and Morel, 2005).

    strength: The standard deviation of the noise in brightness, in levels of 255; `colour_strength` that in colour.
    """

    def change(picture: Levels) -> Levels:
        return cv2.fastNlMeansDenoisingColored(picture, None, strength, colour_strength, PATCH, SEARCH)

    return each_as_levels(images, change)


def grain(images: Tensor, strength: float, size: float, colour: float, seed: int) -> Tensor:
    """Add the grain of a film, strongest between black and white.

    strength: Standard deviation at middle grey.
    size: Of the grains, in pixels.
    colour: 0 gives grey grain, 1 independent grain in each channel.
    """
    generator = torch.Generator().manual_seed(seed)
    shape = (len(images), *images.shape[1:3])
    grey = torch.randn((*shape, 1), generator=generator)
    coloured = torch.randn((*shape, 3), generator=generator)
    noise = grey * (1 - colour**2) ** 0.5 + coloured * colour
    if size > 1:
        weights = gaussian(size / 2)
        noise = blurred(noise, weights) / float((weights**2).sum())
    colours = images[..., :3]
    room = 4 * colours * (1 - colours)
    return torch.cat([(colours + strength * room * noise.to(images)).clamp(0, 1), images[..., 3:]], -1)


def add_noise(images: Tensor, strength: float, seed: int) -> Tensor:
    """Add Gaussian noise of a standard deviation, as ComfyUI's node of this name does."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(images.shape, generator=generator)
    return (images + strength * noise.to(images)).clamp(0, 1)
