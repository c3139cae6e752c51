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
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.samplers import Sampler

Scheduler = Callable[[NoiseSchedule, int], Tensor]
"""Returns the descending levels of ``steps`` steps, float32 ``[steps + 1]``; the last is 0."""


def _ending_in_zero(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas.float(), torch.zeros(1)])


def normal(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even in training timesteps, from the first to the last."""
    return _ending_in_zero(schedule.sigma(torch.linspace(len(schedule.sigmas) - 1, 0, steps)))


def sgm_uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even in training timesteps without the last: the spacing of Stability's generative-models."""
    return _ending_in_zero(schedule.sigma(torch.linspace(len(schedule.sigmas) - 1, 0, steps + 1)[:-1]))


def simple(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Every ``T / steps``-th trained level, counted from the noisiest."""
    total = len(schedule.sigmas)
    return _ending_in_zero(schedule.sigmas[[total - 1 - int(i * (total / steps)) for i in range(steps)]])


def ddim_uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Every ``T // steps``-th trained level from index 1 up (DDIM, arXiv 2010.02502, appendix D.2).

    Where ``steps`` does not divide T there are more steps than asked for.
    """
    stride = max(len(schedule.sigmas) // steps, 1)
    return _ending_in_zero(schedule.sigmas[1::stride].flip(0))


def karras(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even in ``sigma ** (1 / 7)`` (Karras et al. 2022, arXiv 2206.00364, equation 5)."""
    rho = 7.0
    start, end = schedule.sigma_max ** (1 / rho), schedule.sigma_min ** (1 / rho)
    return _ending_in_zero((start + torch.linspace(0, 1, steps) * (end - start)) ** rho)


def exponential(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even in log sigma."""
    return _ending_in_zero(torch.linspace(math.log(schedule.sigma_max), math.log(schedule.sigma_min), steps).exp())


def beta(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Timesteps at the quantiles of Beta(0.6, 0.6) (arXiv 2407.12173); levels hit twice are visited once."""
    quantiles = beta_distribution.ppf(1 - np.linspace(0, 1, steps, endpoint=False), 0.6, 0.6)
    timesteps = np.rint(quantiles * (len(schedule.sigmas) - 1)).astype(np.int64)
    return _ending_in_zero(schedule.sigmas[torch.from_numpy(timesteps).unique_consecutive()])


def linear_quadratic(schedule: NoiseSchedule, steps: int) -> Tensor:
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
    return _ending_in_zero((1 - removed[:-1]) * schedule.sigma_max)


def kl_optimal(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even in the arc tangent of sigma, the best for Gaussian data (Align Your Steps, arXiv 2404.14507)."""
    start, end = math.atan(schedule.sigma_max), math.atan(schedule.sigma_min)
    return _ending_in_zero((start + torch.linspace(0, 1, steps, dtype=torch.float64) * (end - start)).tan())


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


def sigmas_for(schedule: NoiseSchedule, scheduler: str, steps: int, denoise: float, sampler: Sampler) -> Tensor:
    """Return the levels, float32 and descending, that ``sampler`` visits in a run of ``steps`` steps.

    denoise: below 1, the last ``steps`` steps of a run of ``int(steps / denoise)``; 0 gives an empty list.

    Raises SamplingError for a scheduler that does not exist and for fewer steps than one.
    """
    if scheduler not in SCHEDULERS:
        raise SamplingError(f"There is no scheduler {scheduler!r}; choose one of {', '.join(SCHEDULERS)}.")
    if steps < 1:
        raise SamplingError(f"steps is {steps}; a run needs at least 1.")
    if denoise <= 0:
        return torch.zeros(0)
    total = steps if denoise > 0.9999 else int(steps / denoise)
    if sampler.drops_penultimate:
        sigmas = SCHEDULERS[scheduler](schedule, total + 1)
        sigmas = torch.cat([sigmas[:-2], sigmas[-1:]])
    else:
        sigmas = SCHEDULERS[scheduler](schedule, total)
    return sigmas if denoise > 0.9999 else sigmas[-(steps + 1) :]


def distinct(sigmas: Tensor) -> list[float]:
    """Return the levels as numbers, repeated ones once.

    More steps than trained levels make some schedules repeat a level: such a step moves nothing, but a multistep
    sampler would divide by its length.
    """
    levels = sigmas.tolist()
    return levels[:1] + [following for level, following in pairwise(levels) if following != level]
