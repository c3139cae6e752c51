"""Sigma schedules: which noise levels a run of n steps visits."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from scipy.stats import beta as beta_distribution
from torch import Tensor

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.noise_schedule import NoiseLevels
from diffusion.sampling.samplers import Sampler
from diffusion.sampling.sigma_lists import ending_in_zero, exponential_levels, karras_levels, last_steps

Scheduler = Callable[[NoiseLevels, int], Tensor]
"""Returns the descending levels of ``steps`` steps, float32 ``[steps + 1]``; the last is 0."""


def normal(schedule: NoiseLevels, steps: int) -> Tensor:
    """Even in training timesteps, from the first to the last."""
    last, first = schedule.timestep_range
    return ending_in_zero(schedule.sigma(torch.linspace(first, last, steps)))


def sgm_uniform(schedule: NoiseLevels, steps: int) -> Tensor:
    """Even in training timesteps without the last: the spacing of Stability's generative-models."""
    last, first = schedule.timestep_range
    return ending_in_zero(schedule.sigma(torch.linspace(first, last, steps + 1)[:-1]))


def simple(schedule: NoiseLevels, steps: int) -> Tensor:
    """Every ``T / steps``-th trained level, counted from the noisiest."""
    total = len(schedule.sigmas)
    return ending_in_zero(schedule.sigmas[[total - 1 - int(i * (total / steps)) for i in range(steps)]])


def ddim_uniform(schedule: NoiseLevels, steps: int) -> Tensor:
    """Every ``T // steps``-th trained level from index 1 up (DDIM, arXiv 2010.02502, appendix D.2).

    Where ``steps`` does not divide T there are more steps than asked for.
    """
    stride = max(len(schedule.sigmas) // steps, 1)
    return ending_in_zero(schedule.sigmas[1::stride].flip(0))


def karras(schedule: NoiseLevels, steps: int) -> Tensor:
    """Even in ``sigma ** (1 / 7)`` between the trained ends."""
    return karras_levels(steps, schedule.sigma_min, schedule.sigma_max)


def exponential(schedule: NoiseLevels, steps: int) -> Tensor:
    """Even in log sigma between the trained ends."""
    return exponential_levels(steps, schedule.sigma_min, schedule.sigma_max)


def beta(schedule: NoiseLevels, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    """Timesteps at the quantiles of a beta distribution (arXiv 2407.12173); levels hit twice are visited once."""
    quantiles = beta_distribution.ppf(1 - np.linspace(0, 1, steps, endpoint=False), alpha, beta)
    timesteps = np.rint(quantiles * (len(schedule.sigmas) - 1)).astype(np.int64)
    return ending_in_zero(schedule.sigmas[torch.from_numpy(timesteps).unique_consecutive()])


def turbo(schedule: NoiseLevels, steps: int, denoise: float = 1.0) -> Tensor:
    """The first ``steps`` of timesteps 999, 899 … 99, of which SD-Turbo was distilled (arXiv 2311.17042, section 3.2).

    denoise: below 1, leave out the first ``10 - int(10 * denoise)`` of them.
    """
    timesteps = torch.arange(999, 0, -100)[10 - int(10 * denoise) :][:steps]
    return ending_in_zero(schedule.sigma(timesteps))


def linear_quadratic(schedule: NoiseLevels, steps: int) -> Tensor:
    """Linear down to 97.5 % of the largest level, then quadratic to 0 (Movie Gen, arXiv 2410.13720, section 3.4.2).

    With ``p`` the part of the noise that is removed, the first half of the steps goes evenly to p = 0.025; the
    second half is the parabola that continues it with the same slope and value and reaches p = 1.
    """
    if steps == 1:
        return torch.tensor([schedule.sigma_max, 0.0])
    threshold, linear_steps = 0.025, steps // 2
    quadratic_steps = steps - linear_steps
    slope = threshold / linear_steps
    curvature = (1 - threshold - slope * quadratic_steps) / quadratic_steps**2
    step = torch.arange(steps + 1, dtype=torch.float64)
    removed = slope * step + curvature * (step - linear_steps).clamp(min=0) ** 2
    return ending_in_zero((1 - removed[:-1]) * schedule.sigma_max)


def kl_optimal(schedule: NoiseLevels, steps: int) -> Tensor:
    """Even in the arc tangent of sigma, the best for Gaussian data (Align Your Steps, arXiv 2404.14507)."""
    start, end = math.atan(schedule.sigma_max), math.atan(schedule.sigma_min)
    return ending_in_zero((start + torch.linspace(0, 1, steps, dtype=torch.float64) * (end - start)).tan())


_ABOVE_EVERY_LEVEL = 999999999.9

SCHEDULERS: dict[str, Scheduler] = {
    "simple": simple,
    "sgm_uniform": sgm_uniform,
    "karras": karras,
    "exponential": exponential,
    "ddim_uniform": ddim_uniform,
    "beta": beta,
    "normal": normal,
    "linear_quadratic": linear_quadratic,
    "kl_optimal": kl_optimal,
}


def sigmas_for(
    schedule: NoiseLevels, scheduler: str, steps: int, denoise: float = 1.0, sampler: Sampler | None = None
) -> Tensor:
    """Return the levels, float32 and descending, of a run of ``steps`` steps.

    denoise: below 1, the last ``steps`` steps of a run of ``int(steps / denoise)``; 0 gives an empty list.
    sampler: one that leaves out the last level but one gets one more.

    Raises SamplingError for a scheduler that does not exist and for fewer steps than one.
    """
    if scheduler not in SCHEDULERS:
        raise SamplingError(f"There is no scheduler {scheduler!r}; choose one of {', '.join(SCHEDULERS)}.")
    if steps < 1:
        raise SamplingError(f"steps is {steps}; a run needs at least 1.")
    if denoise <= 0:
        return torch.zeros(0)
    total = steps if denoise > 0.9999 else int(steps / denoise)
    if sampler is not None and sampler.drops_penultimate:
        sigmas = SCHEDULERS[scheduler](schedule, total + 1)
        sigmas = torch.cat([sigmas[:-2], sigmas[-1:]])
    else:
        sigmas = SCHEDULERS[scheduler](schedule, total)
    return sigmas if denoise > 0.9999 else last_steps(sigmas, steps)


def sigma_at(schedule: NoiseLevels, percent: float, *, trained: bool = False) -> float:
    """Return the level at which ``percent`` (0..1) of the training timesteps lie behind.

    The ends are 999999999.9 and 0, so that a range of 0..1 holds every level; ``trained``: the largest and the smallest
    trained level.
    """
    if trained and percent <= 0:
        return schedule.sigma_max
    if trained and percent >= 1:
        return schedule.sigma_min
    return min(schedule.percent_to_sigma(percent), _ABOVE_EVERY_LEVEL)


def distinct(sigmas: Tensor) -> list[float]:
    """Return the levels as numbers, repeated ones once.

    More steps than trained levels make some schedules repeat a level: such a step moves nothing, but a multistep
    sampler would divide by its length.
    """
    levels = sigmas.tolist()
    return levels[:1] + [following for level, following in pairwise(levels) if following != level]
