"""The noise levels that a model was trained on, and the way between them and its timesteps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor


class NoiseLevels(Protocol):
    """The levels of a model's training, whatever kind of noise it was trained on."""

    @property
    def sigmas(self) -> Tensor:
        """Float32 ``[T]``, ascending."""

    @property
    def sigma_min(self) -> float:
        """The smallest trained level."""

    @property
    def sigma_max(self) -> float:
        """The largest trained level."""

    @property
    def timestep_range(self) -> tuple[float, float]:
        """The timesteps of the smallest and of the largest level."""

    def timestep(self, sigma: Tensor) -> Tensor:
        """The timestep that the network is told at a level."""

    def sigma(self, timestep: Tensor) -> Tensor:
        """The level at a timestep, fractions allowed."""

    def percent_to_sigma(self, percent: float) -> float:
        """The level at which ``percent`` (0..1) of the training timesteps lie behind."""


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """Noise levels of a discrete-time diffusion model in sigma space.

    A latent at level ``sigma`` is ``x0 + sigma * noise`` (variance exploding form), with
    ``sigma = sqrt((1 - a) / a)`` for the cumulative product ``a`` of DDPM's alphas (Karras et al. 2022,
    arXiv 2206.00364, appendix C).

    sigmas: float32 ``[T]``, ascending; entry ``t`` is the level of training timestep ``t``.
    log_sigmas: float32 ``[T]``, the logarithms, rounded from double precision.
    """

    sigmas: Tensor
    log_sigmas: Tensor

    @classmethod
    def from_alphas_cumprod(cls, alphas_cumprod: Tensor) -> NoiseSchedule:
        """Make the schedule of the cumulative alphas ``[T]`` (descending, within 0..1)."""
        alphas = alphas_cumprod.to(torch.float64)
        sigmas = ((1 - alphas) / alphas).sqrt()
        return cls(sigmas.float(), sigmas.log().float())

    @classmethod
    def scaled_linear(
        cls, beta_start: float = 0.00085, beta_end: float = 0.012, timesteps: int = 1000
    ) -> NoiseSchedule:
        """Make the schedule whose betas are linear in their square root; the defaults are Stable Diffusion's."""
        betas = torch.linspace(beta_start**0.5, beta_end**0.5, timesteps, dtype=torch.float64) ** 2
        return cls.from_alphas_cumprod(torch.cumprod(1 - betas, dim=0))

    @cached_property
    def sigma_min(self) -> float:
        """The smallest trained level."""
        return float(self.sigmas[0])

    @cached_property
    def sigma_max(self) -> float:
        """The largest trained level."""
        return float(self.sigmas[-1])

    @property
    def timestep_range(self) -> tuple[float, float]:
        """From 0 to the number of trained levels less one."""
        return 0, len(self.sigmas) - 1

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the training timestep (int64) with the nearest log sigma, in the shape of ``sigma``."""
        distance = (sigma.float().cpu().log().unsqueeze(-1) - self.log_sigmas).abs()
        return distance.argmin(dim=-1).to(sigma.device)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level at ``timestep`` (any shape, fractions allowed), interpolated in log sigma."""
        position = timestep.float().clamp(0, len(self.sigmas) - 1)
        below, above, fraction = position.floor().long(), position.ceil().long(), position.frac()
        return ((1 - fraction) * self.log_sigmas[below] + fraction * self.log_sigmas[above]).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level at which ``percent`` (0..1) of the training timesteps lie behind.

        0 and less give infinity, 1 and more give 0, so that a range of 0..1 holds every level.
        """
        if percent <= 0:
            return math.inf
        if percent >= 1:
            return 0.0
        return float(self.sigma(torch.tensor((1 - percent) * (len(self.sigmas) - 1))))


@dataclass(frozen=True, eq=False)
class FlowSchedule:
    """Levels of a rectified flow: even times 0..1 that are moved towards the noise.

    A time ``t`` becomes ``shift * t / (1 + (shift - 1) * t)`` (arXiv 2403.03206, equation 23).

    multiplier: what the network is told is the level times this number.
    """

    shift: float = 1.0
    multiplier: float = 1000.0
    timesteps: int = 1000

    @cached_property
    def sigmas(self) -> Tensor:
        """Float32 ``[timesteps]``, ascending; the last is 1."""
        return self._shifted(torch.arange(1, self.timesteps + 1, dtype=torch.float32) / self.timesteps)

    @cached_property
    def sigma_min(self) -> float:
        """The smallest trained level."""
        return float(self.sigmas[0])

    @cached_property
    def sigma_max(self) -> float:
        """The largest trained level: 1."""
        return float(self.sigmas[-1])

    @property
    def timestep_range(self) -> tuple[float, float]:
        """What the network is told at the smallest and at the largest level."""
        return self.sigma_min * self.multiplier, self.sigma_max * self.multiplier

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the level times the multiplier, float32."""
        return sigma.float() * self.multiplier

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level of an even timestep ``0..multiplier``."""
        return self._shifted(timestep.float() / self.multiplier)

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level at which ``percent`` (0..1) of the even times lie behind; 0 and less give infinity."""
        if percent <= 0:
            return math.inf
        return 0.0 if percent >= 1 else float(self._shifted(torch.tensor(1 - percent)))

    def _shifted(self, time: Tensor) -> Tensor:
        return self.shift * time / (1 + (self.shift - 1) * time)
