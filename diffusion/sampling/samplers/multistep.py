"""One model call a step and a memory of earlier ones: LMS, iPNDM, DEIS, RES and gradient estimation.

All but RES extrapolate the slope ``dx/dσ`` (the predicted noise); their last step, to level 0, returns the denoised
latent, because the slope is not defined there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from diffusion.sampling.samplers.quadrature import lagrange_integrals
from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep, ancestral_levels, slope, step_to

Weights = Callable[[Sequence[float], float], Sequence[float]]
"""Of the visited levels (latest first) and the next one: what to multiply the slopes with (latest first)."""


def _adams(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], on_step: OnStep, order: int, weights: Weights
) -> Tensor:
    slopes: list[Tensor] = []  # latest first
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        slopes = [slope(x, denoised, sigma), *slopes[: order - 1]]
        visited = [sigmas[step - back] for back in range(len(slopes))]
        for weight, direction in zip(weights(visited, sigma_next), slopes, strict=True):
            x = x + direction * weight
    return x


def lms(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    order: int = 4,
) -> Tensor:
    """Linear multistep: integrate the polynomial in sigma through the last ``order`` slopes (Adams-Bashforth)."""

    def weights(visited: Sequence[float], following: float) -> Sequence[float]:
        return lagrange_integrals(visited, visited[0], following)

    return _adams(denoise, x, sigmas, on_step, order, weights)


_EVEN_STEP_WEIGHTS = ((1,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))


def ipndm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    max_order: int = 4,
) -> Tensor:
    """iPNDM (arXiv 2204.13902, appendix; after PNDM, arXiv 2202.09778).

    Adams-Bashforth with the weights of even steps, whatever the schedule: order 4 on even levels, 2 on smooth ones.
    """

    def weights(visited: Sequence[float], following: float) -> Sequence[float]:
        return [weight * (following - visited[0]) for weight in _EVEN_STEP_WEIGHTS[len(visited) - 1]]

    return _adams(denoise, x, sigmas, on_step, min(max_order, 4), weights)


def _uneven_step_weights(visited: Sequence[float], following: float) -> Sequence[float]:
    h = following - visited[0]
    h1, h2, h3 = [*(near - far for near, far in pairwise(visited)), math.inf, math.inf, math.inf][:3]
    first = h / h1 / 2
    second = (1 - h**2 / (3 * h1 * (h1 + h2))) / 2 if len(visited) > 2 else 0.0
    third, ratio = 0.0, h1 / h2
    if len(visited) > 3:
        reach, span = h + h1, h + h1 + h2
        half = (1 - h / (3 * reach)) / 2 + (1 - h / (2 * reach)) * h / (6 * span)
        third = half * (h * reach * span) / (h1 * (h1 + h2) * (h1 + h2 + h3))
    curve = h1 * (h1 + h2) / (h2 * (h2 + h3)) if len(visited) > 3 else 0.0
    weights = [
        1 + first + second + third,
        -first - (1 + ratio) * second - (1 + ratio + curve) * third,
        ratio * second + (ratio + curve * (1 + h2 / h3)) * third,
        -curve * ratio * third,
    ]
    return [weight * h for weight in weights[: len(visited)]]


def ipndm_v(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    max_order: int = 4,
) -> Tensor:
    """iPNDM with weights that follow the lengths of the steps (diff-sampler's ``ipndm_v``).

    The weights are the ones in circulation. That of the first difference is Adams-Bashforth's; that of the second is so
    on even levels alone, and that of the third is 11/24 there where Adams-Bashforth has 3/8 (``lms`` has the exact
    weights for any levels). They are kept, because published workflows owe their pictures to them.
    """
    return _adams(denoise, x, sigmas, on_step, min(max_order, 4), _uneven_step_weights)


def _vp_time(sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Time of a level in the VP process with linear β(t) that has σ(0.001) = 0.002 and σ(1) = 80 (EDM's settings)."""
    log_start, log_end, start = math.log1p(0.002**2), math.log1p(80.0**2), 0.001
    slope_of_beta = 2 * (log_start / start - log_end) / (start - 1)
    beta_0 = log_end - slope_of_beta / 2
    return (np.sqrt(beta_0**2 + 2 * slope_of_beta * np.log1p(sigma**2)) - beta_0) / slope_of_beta


def deis(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    max_order: int = 3,
) -> Tensor:
    """tAB-DEIS (arXiv 2204.13902, equations 14 and 15): the polynomial through three slopes is in VP time. Order 3."""

    def weights(visited: Sequence[float], following: float) -> Sequence[float]:
        return lagrange_integrals(visited, visited[0], following, abscissa=_vp_time)

    return _adams(denoise, x, sigmas, on_step, max_order, weights)


def res_multistep(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Second-order multistep Refined Exponential Solver (arXiv 2308.02157), with eta above 0 in an ancestral form.

    Integrates exactly, in ``λ = -log σ``, the line through the last two denoised latents. Order 2.
    """
    last, last_h = None, 1.0
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        down, up = ancestral_levels(sigma, sigma_next, eta)
        h = math.log(sigma / down)
        x = step_to(x, denoised, sigma, down)
        if last is not None:
            x = x + (denoised - last) * ((h + math.expm1(-h)) / last_h)
        if up > 0:
            x = x + noise(sigma, sigma_next) * (up * s_noise)
        last, last_h = denoised, h
    return x


def res_multistep_ancestral(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """`res_multistep` below the next level, then noise up to it."""
    return res_multistep(denoise, x, sigmas, noise, on_step, eta, s_noise)


def gradient_estimation(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep, ge_gamma: float = 2.0
) -> Tensor:
    """Euler along ``ge_gamma * slope + (1 - ge_gamma) * the slope before`` (arXiv 2306.04848)."""
    last: Tensor | None = None
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        current = slope(x, denoised, sigma)
        direction = current if last is None else current * ge_gamma + last * (1 - ge_gamma)
        x = x + direction * (sigma_next - sigma)
        last = current
    return x
