"""Multistep solvers of the reverse SDE: ER-SDE and SA-Solver."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffusion.sampling.samplers.quadrature import lagrange_integrals
from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep


def _er_noise_scale(sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    return sigma * (np.exp(sigma**0.3) + 10.0)


def _er_integrals(sigma: float, sigma_next: float) -> tuple[float, float, float]:
    """Return the scale's ratio over a step and the two integrals of ER-SDE-Solver-3.

    The integrals are the left rectangle sums of 200 points that the authors' program takes.
    """
    points = np.linspace(sigma_next, sigma, 201)
    scales = _er_noise_scale(points)
    density = scales[0] / scales[:-1] * (sigma - sigma_next) / 200
    return float(scales[0] / scales[-1]), float(density.sum()), float((density * (points[:-1] - sigma)).sum())


def er_sde(denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """VE-ER-SDE-Solver-3 (arXiv 2309.06169), noise scale ``σ (exp(σ^0.3) + 10)``."""
    past: list[tuple[float, Tensor]] = []  # levels and denoised latents, latest first
    last_first: Tensor | None = None
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        ratio, integral, moment = _er_integrals(sigma, sigma_next)
        h = sigma_next - sigma
        x = denoised + (x - denoised) * ratio
        if past:
            first = (denoised - past[0][1]) / (sigma - past[0][0])
            x = x + first * (h + integral)
            if last_first is not None:
                second = (first - last_first) / ((sigma - past[1][0]) / 2)
                x = x + second * (h**2 / 2 + moment)
            last_first = first
        x = x + noise(sigma, sigma_next) * math.sqrt(max(sigma_next**2 - (sigma * ratio) ** 2, 0.0))
        past = [(sigma, denoised), *past[:1]]
    return x


def constant_tau(tau: float) -> Callable[[float], float]:
    """Add noise of strength ``tau`` in every step; 0 solves the ODE."""
    return lambda sigma: tau


def tau_between(high: float, low: float) -> Callable[[float], float]:
    """Add noise of strength 1 in the steps that arrive at a level of ``low`` to ``high``, and none outside."""
    return lambda sigma: 1.0 if low <= sigma <= high else 0.0


def _stochastic_adams(past: Sequence[tuple[float, Tensor]], sigma: float, sigma_next: float, tau: float) -> Tensor:
    """Integrate the polynomial through denoised latents, weighted as by the SDE with noise strength ``tau``."""
    rate, end = 1 + tau**2, -math.log(sigma_next)
    weights = lagrange_integrals(
        [-math.log(level) for level, _ in past],
        -math.log(sigma),
        end,
        weight=lambda at: rate * np.exp(rate * (at - end)),
    )
    total = past[0][1] * weights[0]
    for weight, (_, denoised) in zip(weights[1:], past[1:], strict=True):
        total = total + denoised * weight
    return total


def sa_solver(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    tau: Callable[[float], float],
) -> Tensor:
    """SA-Solver (arXiv 2309.05019, algorithm 1): stochastic Adams predictor of order 3 with a corrector of order 4.

    The corrector repeats the step that led to x with the denoised latent found there, so a step costs one model call.
    Orders fall towards the end if the run goes to level 0; the step to 0 takes the denoised latent.

    tau: the strength of the noise in the step that arrives at a level.
    """
    past: list[tuple[float, Tensor]] = []  # levels and denoised latents, latest first
    # The last step, for the corrector: from base, shrunk by drift, with noise of this strength, which was grain.
    base, drift, strength, grain = x, 1.0, 0.0, torch.zeros_like(x)
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        past = [(sigma, denoised), *past[:3]]
        highest = len(sigmas) - 1 - step if sigmas[-1] == 0 else 4
        if step > 0:
            x = base * drift + _stochastic_adams(past[: min(4, highest)], sigmas[step - 1], sigma, strength) + grain
        base, strength, h = x, tau(sigma_next), math.log(sigma / sigma_next)
        drift = math.exp(-(1 + strength**2) * h)
        x = base * drift + _stochastic_adams(past[: min(3, highest - 1)], sigma, sigma_next, strength)
        if strength > 0:
            grain = noise(sigma, sigma_next) * (sigma_next * math.sqrt(-math.expm1(-2 * strength**2 * h)))
            x = x + grain
        else:
            grain = torch.zeros_like(x)
    return x
