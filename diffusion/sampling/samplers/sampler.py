"""What every sampler takes and gives.

A sampler is a plain function ``(denoise, x, sigmas, noise, on_step) -> x`` that carries ``x`` (``[B, C, h, w]``, at
level ``sigmas[0]``) down the levels. In sigma space the probability-flow ODE is ``dx/dσ = (x - D(x, σ)) / σ`` for the
denoiser D (Karras et al. 2022, arXiv 2206.00364, equations 1 and 3), whatever the model was trained to predict.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Protocol

from torch import Tensor

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.noise_schedule import NoiseLevels

Denoise = Callable[[Tensor, float], Tensor]
"""``denoise(x, sigma)`` gives the model's estimate of the clean latent."""


class Denoiser(Protocol):
    """The denoiser of a run, for samplers that look at more than the guided estimate."""

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """The guided estimate of the clean latent."""

    def guided(self, x: Tensor, sigma: float, *, with_negative: bool = False) -> Any:
        """A `diffusion.sampling.guidance.Guided`: the guided estimate with those of the prompts."""


Noise = Callable[[float, float], Tensor]
"""``noise(sigma, sigma_next)`` gives unit noise in the shape of x for the step between two levels."""

OnStep = Callable[[int, Tensor, Tensor, float], None]
"""``on_step(index, x, denoised, sigma)`` is called once a step, after the model was asked; it may raise to stop."""


NoiseKind = Literal["generator", "brownian", "brownian_on_device"]
"""Where a sampler's noise comes from: one generator that is drawn from again and again, or a Brownian path, whose
increments between two levels do not depend on the number of steps (drawn on the CPU, or where the run takes place)."""

Run = Callable[..., Tensor]
"""``run(denoise, x, sigmas, noise, on_step)``; some samplers take keyword options too."""


class Growth(NamedTuple):
    """A latent that grows within a run, after each of its first steps.

    ratio: how many times as high and wide it is in the end. steps: after how many steps it has grown; None for half of
    them. method: of `diffusion.images.resize`.
    """

    ratio: float
    steps: int | None
    method: str

    def scales(self, steps: int) -> list[float]:
        """How many times as high and wide it is after each of the steps in which it grows, of a run of so many."""
        growing = max((steps + 1) // 2, 1) if self.steps is None else min(self.steps, steps)
        return [1 + (self.ratio - 1) * number / growing for number in range(1, growing + 1)]


def _no_options(schedule: NoiseLevels) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Sampler:
    """A sampler function and what a run has to prepare for it.

    noise: where the noise that is added within the run comes from.
    drops_penultimate: one level more is computed and the last but one left out.
    fresh_inpaint_noise: the kept part of a masked latent is noised with noise of its own.
    calls_per_step: how many times a step asks the model, as prompts that change with the steps count them.
    in_ratio: on models whose level is not noise over signal, such as flows, it works with that ratio in its place.
    mixes: the way of a picture depends on the others of its batch.
    growth: how the latent grows within the run; for samplers that denoise entirely in each step and noise anew.
    options: keyword options of ``run`` that depend on the model's noise schedule.
    """

    run: Run
    noise: NoiseKind = "generator"
    drops_penultimate: bool = False
    fresh_inpaint_noise: bool = False
    calls_per_step: int = 1
    in_ratio: bool = False
    mixes: bool = False
    growth: Growth | None = None
    options: Callable[[NoiseLevels], Mapping[str, Any]] = _no_options

    def with_options(self, **changed: Any) -> Sampler:
        """The same sampler with keyword options of its function.

        Raises SamplingError for one that the function does not have.
        """
        known = list(inspect.signature(self.run).parameters)[_GIVEN:]
        for name in changed:
            if name not in known:
                raise SamplingError(
                    f"This sampler has no option {name!r}; it has {', '.join(known) or 'none'}. Leave the option out."
                )
        given = self.options
        return replace(self, options=lambda schedule: {**given(schedule), **changed})


class AncestralStep(NamedTuple):
    """A step with noise: go ``down`` to a level, multiply with ``kept``, add noise times ``up``."""

    down: float
    kept: float
    up: float


Split = Callable[[float, float, float], AncestralStep]
"""``split(sigma, sigma_next, eta)`` divides a step into a way down and fresh noise."""


def split(sigma: float, sigma_next: float, eta: float) -> AncestralStep:
    """Divide a step of a latent that is data plus noise."""
    down, up = ancestral_levels(sigma, sigma_next, eta)
    return AncestralStep(down, 1.0, up)


def split_flow(sigma: float, sigma_next: float, eta: float) -> AncestralStep:
    """Divide a step of a rectified flow: the part ``eta`` of the step is gone once more, and filled up with noise.

    Signal and noise must come out at ``1 - sigma_next`` and ``sigma_next``, which says what is kept and added.
    """
    down = max(sigma_next * (1 - eta * max(1 - sigma_next / sigma, 0.0)), 0.0)
    kept = (1 - sigma_next) / (1 - down) if down < 1 else 1.0
    return AncestralStep(down, kept, math.sqrt(max(sigma_next**2 - (down * kept) ** 2, 0.0)))


def middle(sigma: float, sigma_next: float) -> float:
    """The level halfway in the logarithm of noise over signal, for a latent that is data plus noise."""
    return math.sqrt(sigma * sigma_next)


def middle_flow(sigma: float, sigma_next: float) -> float:
    """The same for a rectified flow; from the largest level, which has no signal, it is 0.9999."""
    if sigma >= 1:
        return 0.9999
    ratio = math.sqrt(sigma * sigma_next / ((1 - sigma) * (1 - sigma_next)))
    return ratio / (1 + ratio)


def fresh_part(h: float, eta: float) -> float:
    """Return the part of the level that the noise of an SDE of strength ``eta`` has over a step of ``h`` in λ.

    A step to a higher level gets none.
    """
    return math.sqrt(max(-math.expm1(-2 * eta * h), 0.0))


_GIVEN = 5
"""How many parameters of a sampler's function are not options."""


def step_to(x: Tensor, denoised: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """Follow the straight line through ``x`` and ``denoised`` from one level to another.

    This is Euler's step of the ODE, DDIM's step, and the exact solution while the denoised latent stands still.
    """
    return denoised + (x - denoised) * (sigma_next / sigma)


def slope(x: Tensor, denoised: Tensor, sigma: float) -> Tensor:
    """Return ``dx/dσ`` of the probability-flow ODE: the model's estimate of the noise in x."""
    return (x - denoised) / sigma


def ancestral_levels(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """Split a step into the level to go down to and the amount of fresh noise that leads back to ``sigma_next``.

    eta 1 gives the variance of DDPM's posterior (arXiv 2006.11239, equation 7), 0 a deterministic step; so is one to a
    higher level.
    """
    up = min(sigma_next, eta * sigma_next * math.sqrt(max(1 - (sigma_next / sigma) ** 2, 0.0)))
    return math.sqrt(sigma_next**2 - up**2), up


@dataclass(frozen=True)
class Churn:
    """Noise that is added before a step, which then starts from a higher level (arXiv 2206.00364, algorithm 2).

    amount: of noise over all steps. low, high: the levels between which it is added. scale: of the noise.
    """

    amount: float = 0.0
    low: float = 0.0
    high: float = math.inf
    scale: float = 1.0

    def raised(self, x: Tensor, sigma: float, steps: int, noise: Noise) -> tuple[Tensor, float]:
        """Return ``x`` with the noise of one of so many steps, and the level that it is at then."""
        if self.amount <= 0 or not self.low <= sigma <= self.high:
            return x, sigma
        level = sigma * (1 + min(self.amount / steps, math.sqrt(2) - 1))
        return x + noise(sigma, level) * (self.scale * math.sqrt(level**2 - sigma**2)), level
