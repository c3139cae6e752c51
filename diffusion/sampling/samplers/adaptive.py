"""DPM-Solver (arXiv 2206.00927): exponential integrators on the predicted noise, with mixed or adaptive steps.

Both samplers see of the schedule only its first and its last level above 0, and end at the latter; the run's own levels
between them are even in, or adapt in, ``λ = -log σ``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep, slope


@dataclass
class _DPMSolver:
    """The singlestep solvers of order 1 to 3 from λ = ``start`` over ``h``; ``eps`` is the noise predicted there."""

    denoise: Denoise

    def eps(self, x: Tensor, at: float) -> Tensor:
        """Return the noise that the model sees in x at λ = ``at``."""
        sigma = math.exp(-at)
        return slope(x, self.denoise(x, sigma), sigma)

    def first(self, x: Tensor, start: float, h: float, eps: Tensor) -> Tensor:
        """DPM-Solver-1, equation 3.7."""
        return x - eps * (math.exp(-(start + h)) * math.expm1(h))

    def second(self, x: Tensor, start: float, h: float, eps: Tensor, r: float = 1 / 2) -> Tensor:
        """DPM-Solver-2, with its intermediate point at ``r`` of the step."""
        inner = self.eps(self.first(x, start, r * h, eps), start + r * h)
        return self.first(x, start, h, eps) - (inner - eps) * (math.exp(-(start + h)) * math.expm1(h) / (2 * r))

    def third(self, x: Tensor, start: float, h: float, eps: Tensor, inner: Tensor | None = None) -> Tensor:
        """DPM-Solver-3 with its points at 1/3 and 2/3; ``inner`` is the noise at the first where it is known."""
        r1, r2 = 1 / 3, 2 / 3
        if inner is None:
            inner = self.eps(self.first(x, start, r1 * h, eps), start + r1 * h)
        bend = math.exp(-(start + r2 * h)) * (r2 / r1) * (math.expm1(r2 * h) / (r2 * h) - 1)
        outer = self.eps(self.first(x, start, r2 * h, eps) - (inner - eps) * bend, start + r2 * h)
        bend = math.exp(-(start + h)) / r2 * (math.expm1(h) / h - 1)
        return self.first(x, start, h, eps) - (outer - eps) * bend

    def second_and_third(self, x: Tensor, start: float, h: float, eps: Tensor) -> tuple[Tensor, Tensor]:
        """The pair of DPM-Solver-23: they share the noise at 1/3 of the step."""
        inner = self.eps(self.first(x, start, h / 3, eps), start + h / 3)
        second = self.first(x, start, h, eps) - (inner - eps) * (math.exp(-(start + h)) * math.expm1(h) * 1.5)
        return second, self.third(x, start, h, eps, inner)


def _span(sigmas: Sequence[float]) -> tuple[float, float]:
    """Return λ at the first level and at the last one above 0."""
    return -math.log(sigmas[0]), -math.log(sigmas[-1] or sigmas[-2])


def dpm_fast(denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnStep) -> Tensor:
    """DPM-Solver-fast: third-order steps, the last one or two of lower order.

    There are as many model calls as steps were asked for. Ends at the last level above 0; only a run of one step to 0
    takes its denoised latent.
    """
    start, end = _span(sigmas)
    calls = len(sigmas) - 1
    if start == end:
        denoised = denoise(x, sigmas[0])
        on_step(0, x, denoised, sigmas[0])
        return denoised
    orders = [3] * (calls // 3 - 1) + [2, 1] if calls % 3 == 0 else [3] * (calls // 3) + [calls % 3]
    solver = _DPMSolver(denoise)
    h = (end - start) / len(orders)
    for index, order in enumerate(orders):
        at = start + index * h
        sigma = math.exp(-at)
        denoised = denoise(x, sigma)
        on_step(sum(orders[:index]), x, denoised, sigma)
        x = (solver.first, solver.second, solver.third)[order - 1](x, at, h, slope(x, denoised, sigma))
    return x


def dpm_adaptive(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    relative_tolerance: float = 0.05,
    absolute_tolerance: float = 0.0078,
) -> Tensor:
    """DPM-Solver-23 with steps as long as the error allows (appendix C): ``steps`` plays no part.

    The error is the root mean square of the difference of the two orders over the tolerance; the next step is
    ``1 + atan(error^(-1/3) - 1)`` times as long, and a step whose factor is below 0.81 is taken back. Ends at the last
    level above 0.

    Raises SamplingError when the model returns values that are not numbers.
    """
    at, end = _span(sigmas)
    if at == end:
        return dpm_fast(denoise, x, sigmas, noise, on_step)
    solver, length, previous, taken = _DPMSolver(denoise), 0.05, x, 0
    while at < end - 1e-5:
        h = min(length, end - at)
        sigma = math.exp(-at)
        denoised = denoise(x, sigma)
        low, high = solver.second_and_third(x, at, h, slope(x, denoised, sigma))
        tolerance = (torch.maximum(low.abs(), previous.abs()) * relative_tolerance).clamp(min=absolute_tolerance)
        error = float(((low - high) / tolerance).square().mean().sqrt())
        if not math.isfinite(error):
            raise SamplingError(
                "The model returned values that are not numbers; try a higher precision or a lower cfg."
            )
        factor = 1 + math.atan((error + 1e-8) ** (-1 / 3) - 1)
        if factor >= 0.81:
            on_step(taken, x, denoised, sigma)
            x, previous, at, taken = high, low, at + h, taken + 1
        length *= factor
    return x
