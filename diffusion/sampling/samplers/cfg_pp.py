"""CFG++ (arXiv 2406.08070): steps towards the guided estimate, with the noise that the negative prompt sees.

Where other samplers renoise a guided estimate D along ``x - D``, these do so along ``x - U``, for the estimate U
without guidance (algorithm 2). From level s to t, scale c then acts as ``c / (1 - t / s)`` does in the
plain sampler, so scales are small: 0.6 to 2. Where D equals U, all but 2S are the samplers whose names they have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.samplers.sampler import Denoiser, Noise, OnStep, ancestral_levels, slope, step_to


def _both(denoise: Denoiser, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Return the guided and the negative estimate."""
    found = denoise.guided(x, sigma, with_negative=True)
    if found.negative is None:
        raise SamplingError(
            "A CFG++ sampler needs a negative prompt; use a guider that has one, or the sampler without CFG++."
        )
    return found.denoised, found.negative


def euler_ancestral_cfg_pp(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Euler's ancestral method (the paper's algorithm 2 with DDIM's noise for eta above 0)."""
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, negative = _both(denoise, x, sigma)
        on_step(step, x, denoised, sigma)
        down, up = ancestral_levels(sigma, sigma_next, eta)
        x = denoised + slope(x, negative, sigma) * down
        if up > 0:
            x = x + noise(sigma, sigma_next) * (up * s_noise)
    return x


def euler_cfg_pp(denoise: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """Euler's method (algorithm 2)."""
    return euler_ancestral_cfg_pp(denoise, x, sigmas, noise, on_step, eta=0.0)


def euler_cfg_pp_alternative(
    denoise: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep
) -> Tensor:
    """Another form in circulation: Euler along the slope of x moved back by the guidance."""
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, negative = _both(denoise, x, sigma)
        on_step(step, x, denoised, sigma)
        x = x + slope(x - denoised + negative, denoised, sigma) * (sigma_next - sigma)
    return x


def dpmpp_2s_ancestral_cfg_pp(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """DPM-Solver++(2S) with noise. Two calls a step.

    As in circulation: for the second half of a step x is moved by the first guided estimate less the second negative
    one, so that it is of order 1.
    """
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, negative = _both(denoise, x, sigma)
        on_step(step, x, denoised, sigma)
        down, up = ancestral_levels(sigma, sigma_next, eta)
        if down == 0:
            return denoised
        middle = math.sqrt(sigma * down)
        inner, negative = _both(denoise, step_to(x + denoised - negative, denoised, sigma, middle), middle)
        x = step_to(x + denoised - negative, inner, sigma, down)
        if up > 0:
            x = x + noise(sigma, sigma_next) * (up * s_noise)
    return x


def dpmpp_2m_cfg_pp(denoise: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """DPM-Solver++(2M); the change over a step is that from the negative estimate before to the guided one now."""
    last, last_h = None, 0.0
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, negative = _both(denoise, x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        h = math.log(sigma / sigma_next)
        x = denoised + slope(x, negative, sigma) * sigma_next
        if last is not None:
            x = x + (denoised - last) * (-math.expm1(-h) * h / last_h / 2)
        last, last_h = negative, h
    return x


def res_multistep_ancestral_cfg_pp(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """`res_multistep_ancestral` on the negative estimates, from x moved by the guidance."""
    last, last_h = None, 1.0
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, negative = _both(denoise, x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        down, up = ancestral_levels(sigma, sigma_next, eta)
        h = math.log(sigma / down)
        if last is None:
            x = denoised + slope(x, negative, sigma) * down
        else:
            x = step_to(x + denoised - negative, negative, sigma, down)
            x = x + (negative - last) * ((h + math.expm1(-h)) / last_h)
        if up > 0:
            x = x + noise(sigma, sigma_next) * (up * s_noise)
        last, last_h = negative, h
    return x


def res_multistep_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep
) -> Tensor:
    """`res_multistep` on the negative estimates, from x moved by the guidance."""
    return res_multistep_ancestral_cfg_pp(denoise, x, sigmas, noise, on_step, eta=0.0)


def gradient_estimation_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep, ge_gamma: float = 2.0
) -> Tensor:
    """`gradient_estimation` with the slopes of the negative estimates."""
    last: Tensor | None = None
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, negative = _both(denoise, x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        current = slope(x, negative, sigma)
        x = denoised + current * sigma_next
        if last is not None:
            x = x + (current - last) * ((ge_gamma - 1) * (sigma_next - sigma))
        last = current
    return x
