"""Two (heunpp2: three) model calls a step: Heun, Heun++, DPM2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from diffusion.sampling.samplers.sampler import Churn, Denoise, Noise, OnStep, Split, slope, split, step_to


def heun(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = math.inf,
    s_noise: float = 1.0,
) -> Tensor:
    """Heun's trapezoidal method (arXiv 2206.00364, algorithm 2); the step to 0 is Euler's. Order 2.

    The options are those of `Churn`.
    """
    churn = Churn(s_churn, s_tmin, s_tmax, s_noise)
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        x, level = churn.raised(x, sigma, len(sigmas) - 1, noise)
        denoised = denoise(x, level)
        on_step(step, x, denoised, level)
        x = trapezoid(denoise, x, denoised, level, sigma_next)
    return x


def trapezoid(denoise: Denoise, x: Tensor, denoised: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """One step along the mean of the slopes at both of its ends; ``denoised`` is the estimate in x."""
    predicted = step_to(x, denoised, sigma, sigma_next)
    if sigma_next == 0:
        return predicted
    after = slope(predicted, denoise(predicted, sigma_next), sigma_next)
    return x + (slope(x, denoised, sigma) + after) * ((sigma_next - sigma) / 2)


def heunpp2(denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """Heun++: average the slopes of up to two looks ahead, weighted by their level over the first level.

    After the sampler of that name that circulates among Stable Diffusion programs; no paper. The weights depend on the
    level alone, so the method is of order 1, with a smaller error than Euler's at few steps.
    """
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        ahead = sigmas[step + 1 : -1][:2]
        look, seen, at = x, denoised, sigma
        slopes, weights = [slope(x, denoised, sigma)], []
        for level in ahead:
            look = step_to(look, seen, at, level)
            seen, at = denoise(look, level), level
            slopes.append(slope(look, seen, level))
            weights.append(level / ((len(ahead) + 1) * sigmas[0]))
        mean = slopes[0] * (1 - sum(weights))
        for weight, direction in zip(weights, slopes[1:], strict=True):
            mean = mean + direction * weight
        x = x + mean * (sigma_next - sigma)
    return x


def _midpoint(denoise: Denoise, x: Tensor, denoised: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """One DPM-Solver-2 step: the slope halfway in log sigma carries x the whole way; the step to 0 is Euler's."""
    if sigma_next == 0:
        return step_to(x, denoised, sigma, 0.0)
    middle = math.sqrt(sigma * sigma_next)
    halfway = step_to(x, denoised, sigma, middle)
    return x + slope(halfway, denoise(halfway, middle), middle) * (sigma_next - sigma)


def dpm_2(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = math.inf,
    s_noise: float = 1.0,
) -> Tensor:
    """DPM-Solver-2 (arXiv 2206.00927, algorithm 1 with r = 1/2). Order 2. The options are those of `Churn`."""
    churn = Churn(s_churn, s_tmin, s_tmax, s_noise)
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        x, level = churn.raised(x, sigma, len(sigmas) - 1, noise)
        denoised = denoise(x, level)
        on_step(step, x, denoised, level)
        x = _midpoint(denoise, x, denoised, level, sigma_next)
    return x


def dpm_2_ancestral(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    split: Split = split,
) -> Tensor:
    """DPM-Solver-2 steps below the next level, then noise up to it."""
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        down, kept, up = split(sigma, sigma_next, eta)
        x = _midpoint(denoise, x, denoised, sigma, down) * kept
        if up > 0:
            x = x + noise(sigma, sigma_next) * (up * s_noise)
    return x
