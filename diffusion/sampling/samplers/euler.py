"""One model call a step, no memory: Euler, its ancestral form, DDPM and LCM."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor

from diffusion.sampling.samplers.sampler import Churn, Denoise, Noise, OnStep, Split, split, step_to


def euler(
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
    """Euler's method on the probability-flow ODE (arXiv 2206.00364, algorithm 2 without its correction).

    In sigma space this is DDIM with eta 0 (arXiv 2010.02502, equation 13). Order 1. The options are those of `Churn`.
    """
    churn = Churn(s_churn, s_tmin, s_tmax, s_noise)
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        x, level = churn.raised(x, sigma, len(sigmas) - 1, noise)
        denoised = denoise(x, level)
        on_step(step, x, denoised, level)
        x = step_to(x, denoised, level, sigma_next)
    return x


def euler_ancestral(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    split: Split = split,
) -> Tensor:
    """Euler steps that go below the next level and add noise up to it (arXiv 2010.02502, equation 16)."""
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        down, kept, up = split(sigma, sigma_next, eta)
        x = step_to(x, denoised, sigma, down) * kept
        if up > 0:
            x = x + noise(sigma, sigma_next) * (up * s_noise)
    return x


def ddim(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 0.0,
    s_noise: float = 1.0,
    split: Split = split,
) -> Tensor:
    """DDIM (arXiv 2010.02502): Euler's method, and with eta above 0 its ancestral form (equation 16)."""
    return euler_ancestral(denoise, x, sigmas, noise, on_step, eta, s_noise, split)


def ddpm(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep, s_noise: float = 1.0
) -> Tensor:
    """Draw from the Gaussian ``q(x_next | x, x0)`` (arXiv 2006.11239, equations 6 and 7) with x0 as the model sees it.

    In sigma space its mean divides the way from x0 to x by the ratio of the variances.
    """
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        kept = (sigma_next / sigma) ** 2
        x = denoised + (x - denoised) * kept
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * (sigma_next * math.sqrt(max(1 - kept, 0.0)) * s_noise)
    return x


def lcm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    s_noise: float = 1.0,
    signal: Callable[[float], float] = lambda sigma: 1.0,
) -> Tensor:
    """Multistep latent consistency sampling (arXiv 2310.04378): denoise entirely, noise anew, repeat.

    signal: how much of the clean latent there is at a level.
    """
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        x = denoised
        if sigma_next > 0:
            x = x * signal(sigma_next) + noise(sigma, sigma_next) * (sigma_next * s_noise)
    return x
