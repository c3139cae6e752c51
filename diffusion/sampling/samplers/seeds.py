"""SEEDS (arXiv 2305.14267): exponential Runge-Kutta methods for the reverse SDE, in ``λ = -log σ``.

The linear part of the SDE and its noise are solved exactly, so that with ``g = (1 + eta) h`` a step leads from x to
``exp(-g) x + (1 - exp(-g)) D`` for a denoised latent D that stands still; the stages say how it moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep, fresh_part


@dataclass(frozen=True)
class _Step:
    """A step of length ``h`` from ``sigma``, with the levels of its stages and of its end, as parts of it."""

    sigma: float
    h: float
    parts: tuple[float, ...]
    eta: float
    s_noise: float

    def level(self, part: float) -> float:
        return self.sigma * math.exp(-part * self.h)

    def drift(self, x: Tensor, denoised: Tensor, part: float) -> Tensor:
        return denoised + (x - denoised) * math.exp(-part * (1 + self.eta) * self.h)

    def bend(self, part: float) -> float:
        """The weight of a change of the denoised latent that grows evenly from 0 to 1 over the part."""
        g = part * (1 + self.eta) * self.h
        return 1 + math.expm1(-g) / g

    def draw(self, noise: Noise) -> list[Tensor]:
        """Unit noise for each of the pieces between the stages."""
        if self.eta == 0 or self.s_noise == 0:
            return []
        ends = [self.level(part) for part in (0.0, *self.parts)]
        return [noise(sigma, sigma_next) for sigma, sigma_next in pairwise(ends)]

    def noised(self, x: Tensor, drawn: Sequence[Tensor], part: float) -> Tensor:
        """Add what the pieces up to a part leave there."""
        for (start, end), piece in zip(pairwise((0.0, *self.parts)), drawn, strict=False):
            if end <= part:
                grown = fresh_part((end - start) * self.h, self.eta)
                left = math.exp(-(part - end) * self.h * self.eta)
                x = x + piece * (self.level(part) * grown * left * self.s_noise)
        return x


def seeds_2(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r: float = 0.5,
) -> Tensor:
    """SEEDS-2 with its inner stage at ``r`` of the step. Two calls a step."""
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(index, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        step = _Step(sigma, math.log(sigma / sigma_next), (r, 1.0), eta, s_noise)
        drawn = step.draw(noise)
        inner = denoise(step.noised(step.drift(x, denoised, r), drawn, r), step.level(r))
        x = step.noised(step.drift(x, denoised + (inner - denoised) / (2 * r), 1.0), drawn, 1.0)
    return x


def seeds_3(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> Tensor:
    """SEEDS-3 with its inner stages at ``r_1`` and ``r_2`` of the step. Three calls a step."""
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(index, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        step = _Step(sigma, math.log(sigma / sigma_next), (r_1, r_2, 1.0), eta, s_noise)
        drawn = step.draw(noise)
        first = denoise(step.noised(step.drift(x, denoised, r_1), drawn, r_1), step.level(r_1))
        bent = step.drift(x, denoised, r_2) + (first - denoised) * (r_2 / r_1 * step.bend(r_2))
        second = denoise(step.noised(bent, drawn, r_2), step.level(r_2))
        bent = step.drift(x, denoised, 1.0) + (second - denoised) * (step.bend(1.0) / r_2)
        x = step.noised(bent, drawn, 1.0)
    return x
