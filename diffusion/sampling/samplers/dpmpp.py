"""DPM-Solver++ (arXiv 2211.01095): exponential integrators on the denoised latent, in ``λ = -log σ``.

With ``h = λ_next - λ``, ``exp(-h)`` is ``sigma_next / sigma``. The SDE forms add noise; ``eta`` scales it, 0 leaves
the ODE.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

from torch import Tensor

from diffusion.sampling.samplers.sampler import (
    Denoise,
    Noise,
    OnStep,
    Split,
    ancestral_levels,
    fresh_part,
    middle,
    split,
    step_to,
)


def dpmpp_2s_ancestral(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    split: Split = split,
    middle: Callable[[float, float], float] = middle,
) -> Tensor:
    """DPM-Solver++(2S) (algorithm 1, r = 1/2) below the next level, then noise up to it. Two calls a step."""
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        down, kept, up = split(sigma, sigma_next, eta)
        if down > 0:
            halfway = middle(sigma, down)
            denoised = denoise(step_to(x, denoised, sigma, halfway), halfway)
        x = step_to(x, denoised, sigma, down) * kept
        if up > 0:
            x = x + noise(sigma, sigma_next) * (up * s_noise)
    return x


def dpmpp_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r: float = 0.5,
) -> Tensor:
    """DPM-Solver++ (SDE), singlestep: like 2S with noise at the point in the middle too. Two calls a step.

    r: where in the step, in λ, that point is.
    """

    def moved(x: Tensor, target: Tensor, sigma: float, sigma_next: float) -> Tensor:
        down, up = ancestral_levels(sigma, sigma_next, eta)
        x = step_to(x, target, sigma, down)
        return x + noise(sigma, sigma_next) * (up * s_noise) if up > 0 else x

    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        middle = sigma ** (1 - r) * sigma_next**r
        inner = denoise(moved(x, denoised, sigma, middle), middle)
        x = moved(x, denoised + (inner - denoised) / (2 * r), sigma, sigma_next)
    return x


def dpmpp_2m(denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """DPM-Solver++(2M) (algorithm 2): extrapolate the denoised latent from two steps. Order 2."""
    last, last_h = None, 0.0
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        h = math.log(sigma / sigma_next)
        target = denoised if last is None else denoised + (denoised - last) * (h / last_h / 2)
        x = step_to(x, target, sigma, sigma_next)
        last, last_h = denoised, h
    return x


def dpmpp_2m_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    solver_type: Literal["midpoint", "heun"] = "midpoint",
) -> Tensor:
    """SDE-DPM-Solver++(2M). One call a step.

    solver_type: what the change of the denoised latent over the last step counts; both are of order 2.
    """
    last, last_h = None, 0.0
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        h = math.log(sigma / sigma_next)
        g = (1 + eta) * h
        x = denoised + (x - denoised) * math.exp(-g)
        if last is not None:
            weight = -math.expm1(-g) / 2 if solver_type == "midpoint" else math.expm1(-g) / g + 1
            x = x + (denoised - last) * (h / last_h * weight)
        if eta > 0:
            x = x + noise(sigma, sigma_next) * (sigma_next * fresh_part(h, eta) * s_noise)
        last, last_h = denoised, h
    return x


def dpmpp_3m_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Third-order multistep SDE-DPM-Solver++: the denoised latent extrapolated from three steps. One call a step.

    To the first-order step it adds ``(1 - φ) h D' - ((1 - φ) / g - 1/2) h² D''`` with ``g = (1 + eta) h`` and
    ``φ = (1 - exp(-g)) / g``; D' is the derivative in λ of the parabola through the three denoised latents and D'' its
    second divided difference. (That is half of its second derivative, so the order is 2, as in the authors' program.)
    """
    past: list[tuple[Tensor, float]] = []  # the denoised latent before, and the length in λ of the step that followed
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        on_step(step, x, denoised, sigma)
        if sigma_next == 0:
            return denoised
        h = math.log(sigma / sigma_next)
        g = (1 + eta) * h
        x = denoised + (x - denoised) * math.exp(-g)
        if past:
            second = math.expm1(-g) / g + 1
            (before, h_1) = past[-1]
            first_derivative = (denoised - before) * (h / h_1)
            if len(past) == 2:
                (earlier, h_2) = past[-2]
                older = (before - earlier) * (h / h_2)
                bend = (first_derivative - older) * (h / (h_1 + h_2))
                first_derivative = first_derivative + bend * (h_1 / h)
                x = x - bend * (second / g - 0.5)
            x = x + first_derivative * second
        if eta > 0:
            x = x + noise(sigma, sigma_next) * (sigma_next * fresh_part(h, eta) * s_noise)
        past = [*past[-1:], (denoised, h)]
    return x
