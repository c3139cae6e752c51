"""Sizes of pictures and maps: the resolution at which maps are drawn, and how a map is fitted to another size.

Levels are uint8 `[H, W, 3]`. The rules are those of the ControlNet extension of the A1111 WebUI.
"""

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Levels = npt.NDArray[np.uint8]
Fit = Literal["crop", "stretch", "fill"]

MULTIPLE = 64  # networks halve a picture up to six times
FEW_COLOURS = 200  # a map with fewer shows classes, and colours between two of them mean nothing


def at_resolution(picture: Levels, resolution: int, draw: Callable[[Levels], Levels]) -> Levels:
    """The map of a picture `[H, W, 3]`, drawn with a short side of `resolution` (0: its own).

    The map has that size, so that its lines are not resized once more on their way into what is painted; only where
    the picture is smaller, and there is no more to see, it has the picture's. `draw` sees sides that are multiples of
    64: what is missing is added at the right and below, in the colours of the edge, and taken away from the map again.
    """
    height, width = picture.shape[:2]
    scale = resolution / min(height, width) if resolution else 1.0
    inner_height, inner_width = max(1, round(height * scale)), max(1, round(width * scale))
    if (inner_height, inner_width) != (height, width):
        method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        picture = cv2.resize(picture, (inner_width, inner_height), interpolation=method)
    padding = ((0, -inner_height % MULTIPLE), (0, -inner_width % MULTIPLE), (0, 0))
    drawn = draw(np.pad(picture, padding, mode="edge"))[:inner_height, :inner_width]
    return resized_map(drawn, width, height) if scale > 1 else drawn


def resized_map(levels: Levels, width: int, height: int) -> Levels:
    """A map `[H, W, 3]` in another size, so that it keeps its kind.

    A map of two levels, black and white, keeps them, and lines in it stay a pixel wide; one of few colours gets no
    others; any other is averaged where it becomes smaller, and interpolated where it becomes larger.
    """
    old_height, old_width = levels.shape[:2]
    if (old_width, old_height) == (width, height):
        return levels
    binary = _is_binary(levels)
    if not binary and _has_few_colours(levels):
        method = cv2.INTER_NEAREST
    elif width * height < old_width * old_height:
        method = cv2.INTER_AREA
    else:
        method = cv2.INTER_CUBIC
    resized: Levels = cv2.resize(levels, (width, height), interpolation=method)
    return _binary_again(resized, thin=_is_thin(levels)) if binary else resized


def fitted_map(images: Tensor, width: int, height: int, fit: Fit) -> Tensor:
    """Maps `[B, H, W, 3]` in 0..1, resized by the rules of `resized_map` to `width` x `height`.

    fit: "stretch" distorts, "crop" covers the size and cuts off what juts out, "fill" shows everything and paints the
    rest in the median colour of the map's border.
    """
    levels = (images[..., :3].clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    fitted = np.stack([_fitted(level, width, height, fit) for level in levels])
    return torch.from_numpy(fitted).float() / 255


def _fitted(levels: Levels, width: int, height: int, fit: Fit) -> Levels:
    if fit == "stretch":
        return resized_map(levels, width, height)
    old_height, old_width = levels.shape[:2]
    scales = (width / old_width, height / old_height)
    scale = max(scales) if fit == "crop" else min(scales)
    inner_width, inner_height = max(1, round(old_width * scale)), max(1, round(old_height * scale))
    inner = resized_map(levels, inner_width, inner_height)
    left, top = abs(inner_width - width) // 2, abs(inner_height - height) // 2
    if fit == "crop":
        return inner[top : top + height, left : left + width]
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = np.median(border, axis=0).astype(np.uint8)
    canvas[top : top + inner_height, left : left + inner_width] = inner
    return canvas


def _has_few_colours(levels: Levels) -> bool:
    colours = levels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    return np.unique(colours).size < FEW_COLOURS


def _is_binary(levels: Levels) -> bool:
    found = np.unique(levels)
    grey = bool((levels == levels[..., :1]).all())
    return grey and found.size == 2 and found[0] < 16 and found[1] > 240


def _is_thin(levels: Levels) -> bool:
    """Whether most of what is white vanishes when a pixel is taken off all round."""
    white = levels[..., 0] > 127
    kept = cv2.morphologyEx(white.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return 2 * int(kept.sum()) < int(white.sum())


def _binary_again(levels: Levels, *, thin: bool) -> Levels:
    _, binary = cv2.threshold(levels[..., 0], 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if thin:
        from skimage.morphology import skeletonize

        binary = skeletonize(binary > 0).astype(np.uint8) * 255
    return np.repeat(binary[:, :, None], 3, axis=2)
