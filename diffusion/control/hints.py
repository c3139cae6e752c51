"""Hints: the pictures that control networks read, fitted to the latent of a run."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.images.resize import resize

Fit = Literal["crop", "stretch", "fill"]

SCALE = 8  # pixels of the hint for each cell of the latent, a side
METHOD = "nearest-exact"  # as ComfyUI: thin lines stay what they are
SMOOTH = "bilinear"  # as ComfyUI, of hints that are read as latents


def fitted(images: Tensor, batch: int, height: int, width: int, fit: Fit, method: str = METHOD) -> Tensor:
    """Hints `[batch, 3, 8 height, 8 width]` from pictures `[b, H, W, 3]`, for a latent of `height` x `width` cells.

    fit: "crop" cuts the middle part that has the latent's proportions, "stretch" distorts, and "fill" shows everything
    and paints what is left over in the median colour of the picture's border. Pictures are repeated to the batch.
    """
    pictures = images[..., :3].movedim(-1, 1).float()
    pictures = pictures[torch.arange(batch) % pictures.shape[0]]
    size = (SCALE * width, SCALE * height)
    if fit == "fill":
        return _filled(pictures, *size, method)
    return resize(pictures, *size, method, "center" if fit == "crop" else "disabled")


def _filled(pictures: Tensor, width: int, height: int, method: str) -> Tensor:
    old_height, old_width = pictures.shape[-2:]
    scale = min(width / old_width, height / old_height)
    inner_width, inner_height = max(1, round(old_width * scale)), max(1, round(old_height * scale))
    rows = pictures[:, :, [0, -1], :].flatten(2)
    columns = pictures[:, :, :, [0, -1]].flatten(2)
    border = torch.cat((rows, columns), -1).median(-1).values
    canvas = border[:, :, None, None].repeat(1, 1, height, width)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    inner = resize(pictures, inner_width, inner_height, method)
    canvas[:, :, top : top + inner_height, left : left + inner_width] = inner
    return canvas


def fitted_mask(mask: Tensor, batch: int, height: int, width: int) -> Tensor:
    """A mask `[H, W]` or `[b, H, W]` on the cells of a latent, `[batch, 1, height, width]`."""
    layers = mask.reshape(-1, 1, *mask.shape[-2:]).float()
    layers = layers[torch.arange(batch) % layers.shape[0]]
    return F.interpolate(layers, size=(height, width), mode="bilinear")


def with_masked_pixels(images: Tensor, masks: Tensor) -> Tensor:
    """The hint of an inpainting ControlNet: pictures `[B, H, W, 3]`, -1 where masks `[b, h, w]` are above a half."""
    layers = masks.reshape(-1, 1, *masks.shape[-2:]).float()
    layers = F.interpolate(layers, size=(images.shape[1], images.shape[2]), mode="bilinear")
    layers = layers[torch.arange(images.shape[0]) % layers.shape[0]]
    return torch.where(layers.movedim(1, -1) > 0.5, -1.0, images[..., :3])


def perfect_resolution(width: int, height: int, target_width: int, target_height: int, fit: Fit) -> int:
    """The length of the short side at which a preprocessor gives a pixel of its map for each pixel that is painted."""
    scales = (target_height / height, target_width / width)
    return round((min(scales) if fit == "fill" else max(scales)) * min(height, width))
