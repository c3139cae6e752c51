"""Growing and shrinking what is bright, on masks and pictures; blurring masks."""

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from diffusion.images.filters import blurred, each, gaussian
from diffusion.images.masks import batched

SHAPES = ("disc", "square", "diamond")
OPERATIONS = ("erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat")

_CODES = {
    "erode": cv2.MORPH_ERODE,
    "dilate": cv2.MORPH_DILATE,
    "open": cv2.MORPH_OPEN,
    "close": cv2.MORPH_CLOSE,
    "gradient": cv2.MORPH_GRADIENT,
    "bottom_hat": cv2.MORPH_BLACKHAT,
    "top_hat": cv2.MORPH_TOPHAT,
}


def kernel(radius: int, shape: str) -> NDArray[np.uint8]:
    """The pixels `[2 radius + 1, 2 radius + 1]` that count as near: those within a radius."""
    ys, xs = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    match shape:
        case "disc":
            near = xs**2 + ys**2 <= radius * (radius + 1)  # rounder than the exact circle, whose tips are single pixels
        case "square":
            near = np.ones_like(xs, bool)
        case "diamond":
            near = abs(xs) + abs(ys) <= radius
        case _:
            raise ValueError(f"There is no shape '{shape}'; there are {', '.join(SHAPES)}.")
    return near.astype(np.uint8)


def morphology(images: Tensor, operation: str, near: NDArray[np.uint8]) -> Tensor:
    """Apply an operation of grey-scale morphology to each channel of `[B, H, W, C]`.

    What is outside the picture does not count.
    Raises ValueError for an operation that is not in `OPERATIONS`.
    """
    if operation not in _CODES:
        raise ValueError(f"There is no operation '{operation}'; there are {', '.join(OPERATIONS)}.")
    return each(images, lambda picture: cv2.morphologyEx(picture, _CODES[operation], near))


def on_mask(mask: Tensor, operation: str, radius: int, shape: str = "disc") -> Tensor:
    """Apply an operation of morphology to a mask `[B, H, W]`."""
    return morphology(batched(mask)[..., None], operation, kernel(radius, shape))[..., 0]


def blurred_mask(mask: Tensor, sigma: float) -> Tensor:
    """A mask with soft edges: blurred by a Gaussian of a standard deviation in pixels."""
    mask = batched(mask)
    return blurred(mask[..., None], gaussian(sigma))[..., 0].clamp(0, 1) if sigma else mask
