"""A fast picture of a latent, for watching a run."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def latent_to_rgb(latents: Tensor, rgb_factors: Sequence[Sequence[float]], rgb_bias: Sequence[float]) -> Tensor:
    """Return uint8 ``[B, h, w, 3]`` on the CPU, a pixel a cell, of latents ``[B, C, h, w]`` in model space.

    rgb_factors: a row of red, green and blue a channel, and rgb_bias, fitted to give colours in -1..1.
    """
    factors = torch.tensor(rgb_factors, dtype=torch.float32, device=latents.device)
    bias = torch.tensor(rgb_bias, dtype=torch.float32, device=latents.device)
    colours = latents.float().movedim(1, -1) @ factors + bias
    return ((colours + 1) * 127.5).clamp(0, 255).to(device="cpu", dtype=torch.uint8)
