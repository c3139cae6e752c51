"""A fast picture of a latent, for watching a run."""

from __future__ import annotations

import io
from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

_LONGER_SIDE = 512


def latent_to_rgb(latents: Tensor, rgb_factors: Sequence[Sequence[float]], rgb_bias: Sequence[float]) -> Tensor:
    """Return uint8 ``[B, h, w, 3]`` on the CPU, a pixel a cell, of latents ``[B, C, h, w]`` in model space.

    rgb_factors: a row of red, green and blue a channel, and rgb_bias, fitted to give colours in -1..1.
    """
    factors = torch.tensor(rgb_factors, dtype=torch.float32, device=latents.device)
    bias = torch.tensor(rgb_bias, dtype=torch.float32, device=latents.device)
    colours = latents.float().movedim(1, -1) @ factors + bias
    return ((colours + 1) * 127.5).clamp(0, 255).to(device="cpu", dtype=torch.uint8)


def preview_jpeg(latents: Tensor, rgb_factors: Sequence[Sequence[float]], rgb_bias: Sequence[float]) -> bytes:
    """Return the first of the latents ``[B, C, h, w]`` (model space) as a JPEG whose longer side has 512 pixels."""
    return jpeg(latent_to_rgb(latents[:1], rgb_factors, rgb_bias)[0])


def jpeg(pixels: Tensor) -> bytes:
    """Return a picture, uint8 ``[h, w, 3]`` on the CPU, as a JPEG whose longer side has 512 pixels."""
    height, width = pixels.shape[:2]
    scale = _LONGER_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    file = io.BytesIO()
    Image.fromarray(pixels.numpy()).resize(size, Image.Resampling.BILINEAR).save(file, "JPEG", quality=80)
    return file.getvalue()
