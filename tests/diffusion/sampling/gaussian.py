"""Analytic stand-ins for models: data whose denoiser and whose probability-flow ODE have closed forms."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from diffusion.sampling.conditions import Frame
from diffusion.sampling.guidance import GuidanceChange
from diffusion.sampling.network import Call, Network
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.parameterization import Epsilon, Parameterization, Velocity

CPU = torch.device("cpu")
SCHEDULE = NoiseSchedule.scaled_linear()


@dataclass(frozen=True)
class Gaussian:
    """Data with independent values ~ N(mean, deviation²)."""

    mean: float = 0.7
    deviation: float = 0.6

    def denoise(self, x: Tensor, sigma: float) -> Tensor:
        variance = self.deviation**2
        return (x * variance + self.mean * sigma**2) / (variance + sigma**2)

    def flow(self, x: Tensor, sigma: float, sigma_next: float) -> Tensor:
        """The exact solution of the probability-flow ODE."""
        ratio = (self.deviation**2 + sigma_next**2) / (self.deviation**2 + sigma**2)
        return self.mean + (x - self.mean) * ratio**0.5

    def noisy(self, sigma: float, count: int, seed: int = 0) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        unit = torch.randn(1, 1, 1, count, generator=generator, dtype=torch.float64)
        return self.mean + unit * (self.deviation**2 + sigma**2) ** 0.5


@dataclass(frozen=True)
class Space:
    """A latent space with a scale, as model families have one."""

    channels: int = 4
    scale: float = 0.5

    def to_model(self, samples: Tensor) -> Tensor:
        return samples * self.scale

    def from_model(self, latents: Tensor) -> Tensor:
        return latents / self.scale


@dataclass
class PromptedModel:
    """A model whose data is N(mean of the prompt's first token, deviation²), and that records its calls.

    Its network is the exact noise (or v) predictor on the trained levels.
    """

    prediction: str = "epsilon"
    deviation: float = 0.3
    latent_format: Space = Space()
    schedule: NoiseSchedule = SCHEDULE
    device: torch.device = CPU
    guidance: tuple[GuidanceChange, ...] = ()
    calls: list[Call] = field(default_factory=list)

    @property
    def parameterization(self) -> Parameterization:
        return (Epsilon if self.prediction == "epsilon" else Velocity)(self.schedule)

    def inputs(self, settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Tensor]:
        return {}

    def has_room(self, rows: int, cells: int) -> bool:
        return True

    @contextmanager
    def loaded(self) -> Iterator[Network]:
        yield self.predict

    def predict(self, call: Call) -> Tensor:
        self.calls.append(call)
        x, context = call.x, call.context
        sigma = self.schedule.sigmas[call.timestep].view(-1, 1, 1, 1)
        scale = (sigma**2 + 1).sqrt()
        noisy = x * scale
        mean = context.mean(dim=(1, 2)).view(-1, 1, 1, 1)
        variance = self.deviation**2
        denoised = (noisy * variance + mean * sigma**2) / (variance + sigma**2)
        eps = (noisy - denoised) / sigma
        return eps if self.prediction == "epsilon" else (eps - sigma * denoised) / scale


def prompt(value: float, tokens: int = 77, **settings: object) -> list[list[object]]:
    """Conditioning whose data has the mean ``value``."""
    return [[torch.full((1, tokens, 8), value), settings]]


def no_noise(sigma: float, sigma_next: float) -> Tensor:
    raise AssertionError("a deterministic sampler asked for noise")


def silent(index: int, x: Tensor, denoised: Tensor, sigma: float) -> None:
    """Report to nobody."""
