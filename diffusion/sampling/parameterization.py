"""What a network was trained to predict: from its output to a clean latent, and from a clean latent to a noisy one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from diffusion.sampling.noise_schedule import NoiseLevels


class Parameterization(Protocol):
    """The relation between a network and the latents of a run, at each of the levels it was trained on."""

    @property
    def schedule(self) -> NoiseLevels:
        """The noise levels of the training."""

    def network_input(self, x: Tensor, sigma: float) -> Tensor:
        """What the network sees of ``x`` (``[B, C, h, w]`` at level ``sigma``)."""

    def denoised(self, x: Tensor, output: Tensor, sigma: float) -> Tensor:
        """The clean latent in ``x``, from the network's output for it."""

    def noised(self, latent: Tensor, noise: Tensor, sigma: float) -> Tensor:
        """A clean latent with unit noise on it, at level ``sigma``."""

    def start(self, latent: Tensor, noise: Tensor, sigma: float) -> Tensor:
        """The same as a run begins with it."""

    def finish(self, x: Tensor, sigma: float) -> Tensor:
        """The latent of a run that ended at level ``sigma``, as a following run of the rest takes it."""


@dataclass(frozen=True, eq=False)
class VarianceExploding:
    """Latents at level sigma are ``x0 + sigma * noise``; the network sees them at unit variance.

    The preconditioning of arXiv 2206.00364, table 1, column VP. Subclasses say what the output means.
    """

    schedule: NoiseLevels

    def network_input(self, x: Tensor, sigma: float) -> Tensor:
        """Scale to unit variance."""
        return x / (sigma**2 + 1) ** 0.5

    def noised(self, latent: Tensor, noise: Tensor, sigma: float) -> Tensor:
        """Add the noise."""
        return latent + noise * sigma

    def start(self, latent: Tensor, noise: Tensor, sigma: float) -> Tensor:
        """Add the noise; at the largest level with the variance that the network saw there in training."""
        largest = sigma >= self.schedule.sigma_max * (1 - 1e-5)
        return latent + noise * ((1 + sigma**2) ** 0.5 if largest else sigma)

    def finish(self, x: Tensor, sigma: float) -> Tensor:
        """Nothing is to be done."""
        return x


class Epsilon(VarianceExploding):
    """The network predicts the noise."""

    def denoised(self, x: Tensor, output: Tensor, sigma: float) -> Tensor:
        """Take the noise away."""
        return x - output * sigma

    def target(self, latent: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """The output that training asks for."""
        return noise


class Velocity(VarianceExploding):
    """The network predicts ``v`` (arXiv 2202.00512, appendix D)."""

    def denoised(self, x: Tensor, output: Tensor, sigma: float) -> Tensor:
        """Turn the rotation that v is back."""
        scale = (sigma**2 + 1) ** 0.5
        return x / scale**2 - output * (sigma / scale)

    def target(self, latent: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """The output that training asks for."""
        return (noise - sigma * latent) / (sigma**2 + 1) ** 0.5


class Sample(VarianceExploding):
    """The network predicts the clean latent."""

    def denoised(self, x: Tensor, output: Tensor, sigma: float) -> Tensor:
        """Take it as it is."""
        return output

    def target(self, latent: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """The output that training asks for."""
        return latent


@dataclass(frozen=True, eq=False)
class Flow:
    """Rectified flow: at level sigma in 0..1 a latent is ``(1 - sigma) * x0 + sigma * noise``; the network predicts
    ``noise - x0`` (arXiv 2209.03003; arXiv 2403.03206, section 2).
    """

    schedule: NoiseLevels

    def network_input(self, x: Tensor, sigma: float) -> Tensor:
        """The latent as it is."""
        return x

    def denoised(self, x: Tensor, output: Tensor, sigma: float) -> Tensor:
        """Go back along the straight line."""
        return x - output * sigma

    def target(self, latent: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """The output that training asks for."""
        return noise - latent

    def noised(self, latent: Tensor, noise: Tensor, sigma: float) -> Tensor:
        """Mix latent and noise."""
        return latent * (1 - sigma) + noise * sigma

    def start(self, latent: Tensor, noise: Tensor, sigma: float) -> Tensor:
        """Mix latent and noise."""
        return self.noised(latent, noise, sigma)

    def finish(self, x: Tensor, sigma: float) -> Tensor:
        """Scale to a latent that ``noised`` without noise takes to ``x`` again."""
        return x / (1 - sigma) if 0 < sigma < 1 else x


def timesteps(parameterization: Parameterization, sigma: float, batch: int, device: torch.device) -> Tensor:
    """The training timestep of a level, ``[batch]``."""
    return parameterization.schedule.timestep(torch.full((batch,), sigma)).to(device)
