"""What every sampler takes and gives.

A sampler is a plain function ``(denoise, x, sigmas, noise, on_step) -> x`` that carries ``x`` (``[B, C, h, w]``, at
level ``sigmas[0]``) down the levels. In sigma space the probability-flow ODE is ``dx/dσ = (x - D(x, σ)) / σ`` for the
denoiser D (Karras et al. 2022, arXiv 2206.00364, equations 1 and 3), whatever the model was trained to predict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from diffusion.sampling.noise_schedule import NoiseSchedule

Denoise = Callable[[Tensor, float], Tensor]
"""``denoise(x, sigma)`` gives the model's estimate of the clean latent."""

Noise = Callable[[float, float], Tensor]
"""``noise(sigma, sigma_next)`` gives unit noise in the shape of x for the step between two levels."""

OnStep = Callable[[int, Tensor, Tensor, float], None]
"""``on_step(index, x, denoised, sigma)`` is called once a step, after the model was asked; it may raise to stop."""


Run = Callable[..., Tensor]
"""``run(denoise, x, sigmas, noise, on_step)``; some samplers take keyword options too."""


def _no_options(schedule: NoiseSchedule) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Sampler:
    """A sampler function and what a run has to prepare for it.

    noise: where the noise that is added within the run comes from: one generator that is drawn from again and again,
        or a Brownian path, whose increments between two levels do not depend on the number of steps.
    drops_penultimate: one level more is computed and the last but one left out.
    fresh_inpaint_noise: the kept part of a masked latent is noised with noise of its own.
    options: keyword options of ``run`` that depend on the model's noise schedule.
    """

    run: Run
    noise: Literal["generator", "brownian"] = "generator"
    drops_penultimate: bool = False
    fresh_inpaint_noise: bool = False
    options: Callable[[NoiseSchedule], Mapping[str, Any]] = _no_options


def step_to(x: Tensor, denoised: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """Follow the straight line through ``x`` and ``denoised`` from one level to another.

    This is Euler's step of the ODE, DDIM's step, and the exact solution while the denoised latent stands still.
    """
    return denoised + (x - denoised) * (sigma_next / sigma)


def slope(x: Tensor, denoised: Tensor, sigma: float) -> Tensor:
    """Return ``dx/dσ`` of the probability-flow ODE: the model's estimate of the noise in x."""
    return (x - denoised) / sigma


def ancestral_levels(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """Split a step into the level to go down to and the amount of fresh noise that leads back to ``sigma_next``.

    eta 1 gives the variance of DDPM's posterior (arXiv 2006.11239, equation 7), 0 a deterministic step.
    """
    up = min(sigma_next, eta * math.sqrt(sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2))
    return math.sqrt(sigma_next**2 - up**2), up
