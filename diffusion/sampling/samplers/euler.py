"""One model call a step, no memory: Euler, its ancestral form, DDPM and LCM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep, ancestral_levels, step_to


def euler(denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """Euler's method on the probability-flow ODE (arXiv 2206.00364, algorithm 1 without its correction).

    In sigma space this is DDIM with eta 0 (arXiv 2010.02502, equation 13). Order 1.
    """
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        x = step_to(x, denoised, sigma, sigma_next)
    return x


def euler_ancestral(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep, eta: float = 1.0
) -> Tensor:
    """Euler steps that go below the next level and add noise up to it (arXiv 2010.02502, equation 16)."""
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        down, up = ancestral_levels(sigma, sigma_next, eta)
        x = step_to(x, denoised, sigma, down)
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * up
    return x


def ddpm(denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """Draw from the Gaussian ``q(x_next | x, x0)`` (arXiv 2006.11239, equations 6 and 7) with x0 as the model sees it.

    In sigma space its mean divides the way from x0 to x by the ratio of the variances.
    """
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        kept = (sigma_next / sigma) ** 2
        x = denoised + (x - denoised) * kept
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * (sigma_next * math.sqrt(1 - kept))
    return x


def lcm(denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """Multistep latent consistency sampling (arXiv 2310.04378): denoise entirely, noise anew, repeat."""
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        x = denoised
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * sigma_next
    return x
