"""Differential diffusion (Levin & Fried 2023, arXiv 2306.00950): a mask in shades says when each part is let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.sampling.guidance import GuidanceChange
from diffusion.sampling.noise_schedule import NoiseLevels


@dataclass(frozen=True)
class DifferentialDiffusion(GuidanceChange):
    """Denoise a cell from the moment on when the run has as little left to do as the mask has strength there.

    strength: 1 for parts that are either kept or free at each level; less mixes in the mask as it is.
    """

    strength: float = 1.0

    def mask(self, mask: Tensor, sigma: float, levels: Sequence[float], schedule: NoiseLevels) -> Tensor:
        """The mask of a level: 1 where the mask is at least the part of the run's timesteps that is left."""
        last = max(levels[-1], schedule.sigma_min)
        first, end, now = schedule.timestep(torch.tensor([levels[0], last, sigma])).tolist()
        left = (now - end) / (first - end) if first != end else 0.0
        free = (mask >= left).to(mask)
        return free * self.strength + mask * (1 - self.strength)
