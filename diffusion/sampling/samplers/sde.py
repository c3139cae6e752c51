"""Multistep solvers of the reverse SDE: ER-SDE and SA-Solver."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffusion.sampling.samplers.quadrature import Curve, lagrange_integrals
from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep, fresh_part


def er_noise_scale(sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``σ (exp(σ^0.3) + 10)``, the noise scale that the paper found best."""
    return sigma * (np.exp(sigma**0.3) + 10.0)


def reverse_time_noise_scale(eta: float) -> Curve:
    """Return the noise scale ``σ^(1 + eta)`` of the reverse-time SDE; with eta 0 that of the ODE, which adds none."""
    return lambda sigma: sigma ** (1 + eta)


def _er_integrals(sigma: float, sigma_next: float, scale: Curve) -> tuple[float, float, float]:
    """Return the scale's ratio over a step and the two integrals of ER-SDE-Solver-3.

    The integrals are the left rectangle sums of 200 points that the authors' program takes.
    """
    points = np.linspace(sigma_next, sigma, 201)
    scales = scale(points)
    density = scales[0] / scales[:-1] * (sigma - sigma_next) / 200
    return float(scales[0] / scales[-1]), float(density.sum()), float((density * (points[:-1] - sigma)).sum())


def er_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    s_noise: float = 1.0,
    noise_scaler: Curve = er_noise_scale,
    max_stage: int = 3,
) -> Tensor:
    """VE-ER-SDE-Solver (arXiv 2309.06169) of order ``max_stage``, 1 to 3.

    noise_scaler: how the noise of the SDE grows with the level.
    """
    past: list[tuple[float, Tensor]] = []  # levels and denoised latents, latest first
    last_first: Tensor | None = None
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        ratio, integral, moment = _er_integrals(sigma, sigma_next, noise_scaler)
        h = sigma_next - sigma
        x = denoised + (x - denoised) * ratio
        if past and max_stage > 1:
            first = (denoised - past[0][1]) / (sigma - past[0][0])
            x = x + first * (h + integral)
            if last_first is not None and max_stage > 2:
                second = (first - last_first) / ((sigma - past[1][0]) / 2)
                x = x + second * (h**2 / 2 + moment)
            last_first = first
        strength = math.sqrt(max(sigma_next**2 - (sigma * ratio) ** 2, 0.0)) * s_noise
        if strength > 0:
            x = x + noise(sigma, sigma_next) * strength
        past = [(sigma, denoised), *past[:1]]
    return x


def constant_tau(tau: float) -> Callable[[float], float]:
    """Add noise of strength ``tau`` in every step; 0 solves the ODE."""
    return lambda sigma: tau


def tau_between(high: float, low: float, strength: float = 1.0) -> Callable[[float], float]:
    """Add noise of a strength in the steps that arrive at a level of ``low`` to ``high``, and none outside."""
    return lambda sigma: strength if low <= sigma <= high else 0.0


def _stochastic_adams(past: Sequence[tuple[float, Tensor]], sigma: float, sigma_next: float, tau: float) -> Tensor:
    """Integrate the polynomial through denoised latents, weighted as by the SDE with noise strength ``tau``."""
    rate, end = 1 + tau**2, -math.log(sigma_next)
    weights = lagrange_integrals(
        [-math.log(level) for level, _ in past],
        -math.log(sigma),
        end,
        weight=lambda at: rate * np.exp(rate * (at - end)),
    )
    return _weighted(weights, past)


def _simple_adams(past: Sequence[tuple[float, Tensor]], sigma: float, sigma_next: float, tau: float) -> Tensor:
    """The same for two latents with the simple weights of order 2 (arXiv 2309.05019, appendix D)."""
    rate, h = 1 + tau**2, math.log(sigma / sigma_next)
    whole = -math.expm1(-rate * h)
    if past[0][0] == sigma_next:  # the corrector: the latest estimate is that of the step's end
        newer = rate * h / 2
    else:
        newer = whole + rate * h**2 / 2 / math.log(past[1][0] / sigma)
    return _weighted([newer, whole - newer], past)


def _weighted(weights: Sequence[float], past: Sequence[tuple[float, Tensor]]) -> Tensor:
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
    s_noise: float = 1.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Tensor:
    """SA-Solver (arXiv 2309.05019, algorithm 1): stochastic Adams predictor and corrector.

    The corrector repeats the step that led to x with the denoised latent found there, so a step costs one model call;
    ``use_pece`` asks the model once more for what the corrector made of x. Order 0 leaves the corrector out.
    Orders fall towards the end if the run goes to level 0; the step to 0 takes the denoised latent.

    tau: the strength of the noise in the step that arrives at a level. simple_order_2: other weights at order 2.
    """

    def adams(past: Sequence[tuple[float, Tensor]], sigma: float, sigma_next: float, tau: float) -> Tensor:
        simple = simple_order_2 and len(past) == 2
        return (_simple_adams if simple else _stochastic_adams)(past, sigma, sigma_next, tau)

    past: list[tuple[float, Tensor]] = []  # levels and denoised latents, latest first
    # The last step, for the corrector: from base, shrunk by drift, with noise of this strength, which was grain.
    base, drift, strength, grain = x, 1.0, 0.0, torch.zeros_like(x)
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0 and not use_pece:
            return denoised
        past = [(sigma, denoised), *past[: max(predictor_order, corrector_order) - 1]]
        highest = len(sigmas) - 1 - step if sigmas[-1] == 0 else len(past)
        used = past[: min(corrector_order, highest)]
        if step > 0 and used:
            x = base * drift + adams(used, sigmas[step - 1], sigma, strength) + grain
            if use_pece:
                past[0] = (sigma, denoise(x, sigma))
        if sigma_next == 0:
            return past[0][1]
        base, strength, h = x, tau(sigma_next), math.log(sigma / sigma_next)
        drift = math.exp(-(1 + strength**2) * h)
        # One order less than the corrector's where the run ends at 0, and at least 1.
        used = past[: min(predictor_order, highest - 1 if sigmas[-1] == 0 else highest)]
        x = base * drift + adams(used, sigma, sigma_next, strength)
        if strength > 0:
            grain = noise(sigma, sigma_next) * (sigma_next * fresh_part(h, strength**2) * s_noise)
            x = x + grain
        else:
            grain = torch.zeros_like(x)
    return x
