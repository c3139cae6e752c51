"""UniPC (arXiv 2302.04867): a predictor and a corrector of the same order from one model call a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep, step_to

_LAST_LEVEL = 0.001
"""Stands for level 0, whose logarithm does not exist."""


def _combination(rs: Sequence[float], h: float, b_h: float) -> list[float]:
    """Solve ``R(h) a B(h) = φ(h)`` for the weights ``a`` of the differences (theorem 3.1)."""
    count = len(rs)
    rows, right = [], []
    phi = math.expm1(-h) / -h - 1
    for power in range(count):
        factorial = math.factorial(power + 1)
        rows.append([r**power for r in rs])
        right.append(phi * factorial / b_h)
        phi = phi / -h - 1 / math.factorial(power + 2)
    return np.linalg.solve(np.array(rows), np.array(right)).tolist()


def _run(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], on_step: OnStep, b: Callable[[float], float], most: int
) -> Tensor:
    levels = [*sigmas[:-1], sigmas[-1] or _LAST_LEVEL]
    steps = len(levels) - 1
    highest = max(1, min(most, steps - 1))
    denoised = denoise(x, levels[0])
    on_step(0, x, denoised, levels[0])
    past = [(levels[0], denoised)]  # latest first
    for step in range(1, steps + 1):
        sigma, sigma_next = levels[step - 1], levels[step]
        order = min(highest, step, steps + 1 - step)
        h = math.log(sigma / sigma_next)
        base = step_to(x, past[0][1], sigma, sigma_next)
        rs = [math.log(sigma / level) / h for level, _ in past[1:order]]
        differences = [(other - past[0][1]) / r for r, (_, other) in zip(rs, past[1:order], strict=True)]
        # At order 2 the weight 1/2 keeps the order for any B(h).
        weights = [0.5] if order == 2 else _combination(rs, h, b(h)) if rs else []
        x = base
        for weight, difference in zip(weights, differences, strict=True):
            x = x - difference * (b(h) * weight)
        if step == steps:
            break
        denoised = denoise(x, sigma_next)
        on_step(step, x, denoised, sigma_next)
        corrector = [0.5] if order == 1 else _combination([*rs, 1.0], h, b(h))
        x = base
        for weight, difference in zip(corrector, [*differences, denoised - past[0][1]], strict=True):
            x = x - difference * (b(h) * weight)
        past = [(sigma_next, denoised), *past[: most - 1]]
    return x


def uni_pc(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep, order: int = 3
) -> Tensor:
    """UniPC with ``B1(h) = h``; orders fall towards the end, which is level 0.001 in place of 0."""
    return _run(denoise, x, sigmas, on_step, lambda h: -h, order)


def uni_pc_bh2(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep, order: int = 3
) -> Tensor:
    """UniPC with ``B2(h) = exp(h) - 1``; orders fall towards the end, which is level 0.001 in place of 0."""
    return _run(denoise, x, sigmas, on_step, lambda h: math.expm1(-h), order)
