"""Bringing pictures to the squares that taggers see, without cutting or distorting them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.images.resize import resize


def opaque(image: Tensor) -> Tensor:
    """The colours `[1, 3, H, W]` of a picture `[H, W, C]` with one (grey), three or four channels; alpha over white."""
    picture = image.movedim(-1, 0)[None].float().cpu().clamp(0, 1)
    if picture.shape[1] == 4:
        picture = picture[:, :3] * picture[:, 3:] + (1 - picture[:, 3:])
    return picture[:, :3].expand(-1, 3, -1, -1)


def smeared_square(image: Tensor, side: int) -> Tensor:
    """A picture `[H, W, C]` as `[1, 3, side, side]`: whole, centred, its outermost pixels continued to the rims.

    This is how Stable Diffusion WebUI resizes and fills.
    """
    picture = opaque(image)
    height, width = picture.shape[2:]
    across, down = (side, max(1, height * side // width)) if width > height else (max(1, width * side // height), side)
    resized = resize(picture, across, down, "lanczos")
    left, top = side // 2 - across // 2, side // 2 - down // 2
    return F.pad(resized, (left, side - across - left, top, side - down - top), mode="replicate")


def padded_square(image: Tensor, side: int) -> Tensor:
    """A picture `[H, W, C]` as `[1, 3, side, side]`: whole, centred, on white."""
    picture = opaque(image)
    height, width = picture.shape[2:]
    longer = max(height, width)
    square = torch.ones(1, 3, longer, longer)
    top, left = (longer - height) // 2, (longer - width) // 2
    square[..., top : top + height, left : left + width] = picture
    return resize(square, side, side, "bicubic-antialiased").clamp(0, 1)
