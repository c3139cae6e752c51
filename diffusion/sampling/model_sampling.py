"""What a model is taken to have been trained as, where that differs from what its family says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.noise_schedule import FlowSchedule, NoiseLevels, NoiseSchedule
from diffusion.sampling.parameterization import Epsilon, Flow, Parameterization, Sample, VarianceExploding, Velocity

DiscretePrediction = Literal["eps", "v_prediction", "lcm", "x0"]


ContinuousPrediction = Literal["v_prediction", "edm", "eps"]

_Kind = Callable[[NoiseLevels], Parameterization]

_DATA_DEVIATION = 0.5
_LAST_ALPHA = 4.8973451890853435e-08
"""The cumulative alpha in place of 0, whose level would be infinite; ComfyUI's number."""


def discrete(schedule: NoiseLevels, prediction: DiscretePrediction, zero_snr: bool = False) -> Parameterization:
    """The parameterization of a model with discrete timesteps.

    schedule: the levels of the model. prediction: lcm is epsilon on 50 of the timesteps, with the boundary of latent
    consistency models. zero_snr: as trained with levels that end in pure noise.

    Raises SamplingError for a model whose levels are continuous.
    """
    if isinstance(schedule, DistilledSchedule):
        schedule = schedule.whole
    if not isinstance(schedule, NoiseSchedule):
        raise SamplingError("This model has no discrete timesteps; use the node that sets the shift of flow models.")
    if zero_snr:
        schedule = with_zero_snr(schedule)
    if prediction == "lcm":
        return Consistency(DistilledSchedule(schedule))
    kinds: dict[str, _Kind] = {"eps": Epsilon, "v_prediction": Velocity, "x0": Sample}
    return kinds[prediction](schedule)


def continuous_edm(prediction: ContinuousPrediction, sigma_min: float, sigma_max: float) -> Parameterization:
    """The parameterization of a model that was trained on any level between two, told as ``log(sigma) / 4``."""
    kinds: dict[str, _Kind] = {"eps": Epsilon, "v_prediction": Velocity, "edm": Preconditioned}
    return kinds[prediction](LogLevels(sigma_min, sigma_max))


def continuous_v(sigma_min: float, sigma_max: float) -> Parameterization:
    """The parameterization of a velocity model that is told levels as angles, 0 to 1 for a right one."""
    return Velocity(AngleLevels(sigma_min, sigma_max))


def flow(shift: float, multiplier: float = 1000.0) -> Parameterization:
    """The parameterization of a rectified flow; see `FlowSchedule`."""
    return Flow(FlowSchedule(shift=shift, multiplier=multiplier))


def flux_shift(width: int, height: int, base_shift: float = 0.5, max_shift: float = 1.15) -> float:
    """The shift of Flux for a picture in pixels.

    Its logarithm is linear in the tokens, of 16 by 16 pixels: ``base_shift`` at 256, ``max_shift`` at 4096.
    """
    tokens = width * height / 16**2
    return math.exp(base_shift + (max_shift - base_shift) * (tokens - 256) / (4096 - 256))


def with_zero_snr(schedule: NoiseSchedule) -> NoiseSchedule:
    """Shift and scale the levels so that the last timestep is noise alone (arXiv 2305.08891, algorithm 1)."""
    roots = (1 / (schedule.sigmas.double() ** 2 + 1)).sqrt()
    roots = (roots - roots[-1]) * (roots[0] / (roots[0] - roots[-1]))
    alphas = roots**2
    alphas[-1] = _LAST_ALPHA
    return NoiseSchedule.from_alphas_cumprod(alphas)


@dataclass(frozen=True, eq=False)
class DistilledSchedule:
    """Some of the timesteps of a schedule, evenly spaced up to the last, as consistency models are distilled on."""

    whole: NoiseSchedule
    count: int = 50

    @cached_property
    def _stride(self) -> int:
        return len(self.whole.sigmas) // self.count

    @cached_property
    def _some(self) -> NoiseSchedule:
        every = slice(self._stride - 1, None, self._stride)
        return NoiseSchedule(self.whole.sigmas[every], self.whole.log_sigmas[every])

    @property
    def sigmas(self) -> Tensor:
        """Float32 ``[count]``, ascending."""
        return self._some.sigmas

    @property
    def sigma_min(self) -> float:
        """The smallest of them."""
        return self._some.sigma_min

    @property
    def sigma_max(self) -> float:
        """The largest level."""
        return self._some.sigma_max

    @property
    def timestep_range(self) -> tuple[float, float]:
        """The first and the last of the timesteps."""
        return self._stride - 1, len(self.whole.sigmas) - 1

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the nearest of the timesteps (int64)."""
        return self._some.timestep(sigma) * self._stride + self._stride - 1

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level at a timestep, interpolated in log sigma between the distilled ones."""
        return self._some.sigma((timestep.float() - (self._stride - 1)) / self._stride)

    def percent_to_sigma(self, percent: float) -> float:
        """The level at which ``percent`` (0..1) of the training timesteps lie behind; 0 and less give infinity."""
        if 0 < percent < 1:
            return float(self.sigma(torch.tensor((1 - percent) * (len(self.whole.sigmas) - 1))))
        return self.whole.percent_to_sigma(percent)


@dataclass(frozen=True, eq=False)
class LogLevels:
    """Any level between two; the network is told ``log(sigma) / 4`` (arXiv 2206.00364, table 1, column EDM)."""

    sigma_min: float
    sigma_max: float

    @cached_property
    def sigmas(self) -> Tensor:
        """Float32 ``[1000]``, ascending, even in log sigma, for schedules that choose among trained levels."""
        return torch.linspace(math.log(self.sigma_min), math.log(self.sigma_max), 1000).exp()

    @property
    def timestep_range(self) -> tuple[float, float]:
        """What the network is told at the ends."""
        ends = self.timestep(torch.tensor([self.sigma_min, self.sigma_max])).tolist()
        return ends[0], ends[1]

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return a quarter of log sigma."""
        return sigma.float().log() / 4

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level at a timestep."""
        return (timestep.float() * 4).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """The level at which ``percent`` (0..1) of the range of log sigma lies behind; 0 and less give infinity."""
        if percent <= 0:
            return math.inf
        if percent >= 1:
            return 0.0
        return self.sigma_max * (self.sigma_min / self.sigma_max) ** percent


class AngleLevels(LogLevels):
    """Any level between two, which the network is told as the part of a right angle whose tangent it is."""

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the arc tangent over that of infinity."""
        return sigma.float().atan() / (math.pi / 2)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level at a timestep."""
        return (timestep.float() * (math.pi / 2)).tan()


class Consistency(VarianceExploding):
    """A latent consistency model (arXiv 2310.04378, equation 9): predicts noise, with a boundary at timestep 0."""

    def denoised(self, x: Tensor, output: Tensor, sigma: float) -> Tensor:
        """Take the noise away, and mix in as much of ``x`` as the boundary wants."""
        time = float(self.schedule.timestep(torch.tensor([sigma]))) * 10
        length = time**2 + _DATA_DEVIATION**2
        return (x - output * sigma) * (time / length**0.5) + x * (_DATA_DEVIATION**2 / length)


class Preconditioned(VarianceExploding):
    """EDM's preconditioning for data of deviation 0.5 (arXiv 2206.00364, table 1, column EDM)."""

    def network_input(self, x: Tensor, sigma: float) -> Tensor:
        """Scale to unit variance."""
        return x / (sigma**2 + _DATA_DEVIATION**2) ** 0.5

    def denoised(self, x: Tensor, output: Tensor, sigma: float) -> Tensor:
        """Mix the latent and the output."""
        variance = sigma**2 + _DATA_DEVIATION**2
        return x * (_DATA_DEVIATION**2 / variance) + output * (sigma * _DATA_DEVIATION / variance**0.5)
