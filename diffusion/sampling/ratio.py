"""Samplers for data plus noise on rectified flows: they work on the latent over its signal, at noise over signal.

At level sigma a flow's latent is ``(1 - sigma) x0 + sigma noise``. Divided by its signal ``1 - sigma`` it is ``x0``
plus noise times the ratio ``sigma / (1 - sigma)``, which is what such samplers take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from diffusion.sampling.noise_schedule import NoiseLevels
from diffusion.sampling.samplers import Denoiser, Noise, OnStep, Sampler

_FIRST_PERCENT = 1e-4
"""At the largest level there is no signal to divide by, so that a run begins this part of the timesteps later."""


@dataclass(frozen=True, eq=False)
class _OverSignal:
    """The denoiser of a flow for latents over their signal."""

    denoiser: Denoiser
    levels: dict[float, float]

    def level(self, ratio: float) -> float:
        """The level of a ratio; those of the run come back as they were."""
        return self.levels.get(ratio, ratio / (1 + ratio))

    def __call__(self, x: Tensor, ratio: float) -> Tensor:
        return self.denoiser(x / (1 + ratio), self.level(ratio))

    def guided(self, x: Tensor, ratio: float, *, with_negative: bool = False) -> Any:
        return self.denoiser.guided(x / (1 + ratio), self.level(ratio), with_negative=with_negative)


def run_in_ratio(
    sampler: Sampler,
    schedule: NoiseLevels,
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    on_step: OnStep,
) -> Tensor:
    """Carry the latent ``x`` of a flow down ``sigmas`` with a sampler for data plus noise."""
    first = schedule.percent_to_sigma(_FIRST_PERCENT)
    levels = [min(sigma, first) if sigma >= 1 else sigma for sigma in sigmas]
    over = _OverSignal(denoiser, {level / (1 - level): level for level in levels})
    options = dict(sampler.options(schedule))
    if "tau" in options:  # says where a sampler adds noise, by levels
        tau = options["tau"]
        options["tau"] = lambda ratio: tau(over.level(ratio))

    def step_noise(ratio: float, ratio_next: float) -> Tensor:
        return noise(over.level(ratio), over.level(ratio_next))

    def report(index: int, x: Tensor, denoised: Tensor, ratio: float) -> None:
        on_step(index, x / (1 + ratio), denoised, over.level(ratio))

    ratios = list(over.levels)
    found = sampler.run(over, x / (1 - levels[0]), ratios, step_noise, report, **options)
    return found * (1 - levels[-1])
