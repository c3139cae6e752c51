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
from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep, ancestral_levels, slope


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

    def pair(self, order: int, x: Tensor, start: float, h: float, eps: Tensor) -> tuple[Tensor, Tensor]:
        """The solvers of the order and of the one below it."""
        if order == 2:
            return self.first(x, start, h, eps), self.second(x, start, h, eps)
        return self.second_and_third(x, start, h, eps)

    def second_and_third(self, x: Tensor, start: float, h: float, eps: Tensor) -> tuple[Tensor, Tensor]:
        """The pair of DPM-Solver-23: they share the noise at 1/3 of the step."""
        inner = self.eps(self.first(x, start, h / 3, eps), start + h / 3)
        second = self.first(x, start, h, eps) - (inner - eps) * (math.exp(-(start + h)) * math.expm1(h) * 1.5)
        return second, self.third(x, start, h, eps, inner)


def _span(sigmas: Sequence[float]) -> tuple[float, float]:
    """Return λ at the first level and at the last one above 0."""
    return -math.log(sigmas[0]), -math.log(sigmas[-1] or sigmas[-2])


def dpm_fast(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """DPM-Solver-fast: third-order steps, the last one or two of lower order.

    There are as many model calls as steps were asked for. Ends at the last level above 0; only a run of one step to 0
    takes its denoised latent. With eta above 0 every step goes lower, and noise leads up again.
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
        sigma, sigma_next = math.exp(-at), math.exp(-(at + h))
        denoised = denoise(x, sigma)
        on_step(sum(orders[:index]), x, denoised, sigma)
        lower, up = _lower(at, at + h, end, eta)
        x = (solver.first, solver.second, solver.third)[order - 1](x, at, lower - at, slope(x, denoised, sigma))
        if up > 0:
            x = x + noise(sigma, sigma_next) * (up * s_noise)
    return x


def _lower(at: float, following: float, end: float, eta: float) -> tuple[float, float]:
    """Return the λ that an ancestral step to ``following`` goes to, not past the end, and the noise from there."""
    if eta == 0:
        return following, 0.0
    sigma_next = math.exp(-following)
    down, _ = ancestral_levels(math.exp(-at), sigma_next, eta)
    lower = min(end, -math.log(down)) if down > 0 else end
    return lower, math.sqrt(max(sigma_next**2 - math.exp(-lower) ** 2, 0.0))


class _StepSize:
    """A PID controller of the step size (Söderlind 2003, "Digital filters in adaptive time-stepping").

    Its state is the last length and the inverse errors of the last three accepted steps.
    """

    def __init__(self, length: float, order: float, gains: tuple[float, float, float], accept: float) -> None:
        proportional, integral, derivative = gains
        self.length = length
        self._accept = accept
        self._exponents = (
            (proportional + integral + derivative) / order,
            -(proportional + 2 * derivative) / order,
            derivative / order,
        )
        self._past: list[float] = []

    def accepts(self, error: float) -> bool:
        """Set the next length from the error of a step, and say whether that step is taken."""
        inverse = 1 / (error + 1e-8)
        past = [inverse, *(self._past or [inverse, inverse])]
        factor = math.prod(value**exponent for value, exponent in zip(past, self._exponents, strict=True))
        factor = 1 + math.atan(factor - 1)
        taken = factor >= self._accept
        if taken or not self._past:
            self._past = [inverse, past[1]]
        self.length *= factor
        return taken


def dpm_adaptive(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """DPM-Solver-23 (order 2: 12) with steps as long as the error allows (appendix C): ``steps`` plays no part.

    The error is the root mean square of the difference of the two orders over the tolerance (``rtol`` of the values, at
    least ``atol``). The next step is ``1 + atan(f - 1)`` times as long, where f is ``error^(-1/order)`` or what a PID
    controller with these coefficients makes of the errors; a step whose factor is below ``accept_safety`` is taken
    back. Ends at the last level above 0.

    Raises SamplingError when the model returns values that are not numbers.
    """
    at, end = _span(sigmas)
    if at == end:
        return dpm_fast(denoise, x, sigmas, noise, on_step)
    solver, previous, taken = _DPMSolver(denoise), x, 0
    size = _StepSize(h_init, 1.5 if eta else order, (pcoeff, icoeff, dcoeff), accept_safety)
    while at < end - 1e-5:
        following = at + min(size.length, end - at)
        sigma = math.exp(-at)
        denoised = denoise(x, sigma)
        lower, up = _lower(at, following, end, eta)
        low, high = solver.pair(order, x, at, lower - at, slope(x, denoised, sigma))
        tolerance = (torch.maximum(low.abs(), previous.abs()) * rtol).clamp(min=atol)
        error = float(((low - high) / tolerance).square().mean().sqrt())
        if not math.isfinite(error):
            raise SamplingError(
                "The model returned values that are not numbers; try a higher precision or a lower cfg."
            )
        if size.accepts(error):
            on_step(taken, x, denoised, sigma)
            x, previous, at, taken = high, low, following, taken + 1
            if up > 0:
                x = x + noise(sigma, math.exp(-following)) * (up * s_noise)
    return x
