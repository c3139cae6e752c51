"""Restart sampling (arXiv 2306.14878): Heun's method that goes back up to a noisier level and down again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep
from diffusion.sampling.samplers.second_order import trapezoid
from diffusion.sampling.sigma_lists import karras_levels


@dataclass(frozen=True)
class Restart:
    """A loop of a run: when it arrives at ``low``, it goes back up to ``high`` and takes ``steps`` steps down again.

    times: how often. low, high: levels; the run's own nearest ones are taken.
    """

    low: float = 0.1
    high: float = 2.0
    steps: int = 9
    times: int = 1


def restart(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    s_noise: float = 1.0,
    restarts: Sequence[Restart] | None = None,
) -> Tensor:
    """Restart with Heun's steps. Two calls a step.

    restarts: None for the loops that Stable Diffusion WebUI makes: none below 20 steps, then one of 9 steps, from 36
        steps on two of a quarter of the steps each. They are a part of the steps, so the rest becomes fewer, on Karras'
        levels. Loops that are given come on top, and leave the levels as they are.
    """
    if restarts is None:
        sigmas, restarts = _usual(sigmas)
    at = sigmas[0]
    for step, (sigma, sigma_next) in enumerate(_way(sigmas, restarts)):
        if sigma > at:
            x = x + noise(at, sigma) * (s_noise * math.sqrt(sigma**2 - at**2))
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        x, at = trapezoid(denoise, x, denoised, sigma, sigma_next), sigma_next
    return x


def _usual(sigmas: Sequence[float]) -> tuple[Sequence[float], Sequence[Restart]]:
    steps = len(sigmas) - 1
    if steps < 20 or sigmas[-1] != 0 or sigmas[-2] > Restart.low:
        return sigmas, ()
    loop = Restart(steps=9) if steps < 36 else Restart(steps=steps // 4, times=2)
    return karras_levels(steps - loop.steps * loop.times, sigmas[-2], sigmas[0]).tolist(), (loop,)


def _way(sigmas: Sequence[float], restarts: Sequence[Restart]) -> list[tuple[float, float]]:
    """Return the steps of a run with its loops, each from a level to the next."""
    way: list[tuple[float, float]] = []
    for sigma, sigma_next in pairwise(sigmas):
        way.append((sigma, sigma_next))
        for loop in restarts:
            high = _nearest(sigmas, loop.high)
            if _nearest(sigmas, loop.low) == sigma_next and high > sigma_next:
                levels = karras_levels(loop.steps + 1, sigma_next, high).tolist()[:-1]
                way += list(pairwise([*levels[:-1], sigma_next])) * loop.times
    return way


def _nearest(sigmas: Sequence[float], level: float) -> float:
    return min((sigma for sigma in sigmas if sigma > 0), key=lambda sigma: abs(sigma - level))
