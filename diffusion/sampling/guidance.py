"""Guided denoising: from a network and the conditions of a run to one estimate of the clean latent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from diffusion.sampling.conditions import Condition
from diffusion.sampling.network import Network, Prediction, denoised_by
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.samplers import Denoise

_LONGEST_REPEAT = 4  # how often a shorter prompt may be repeated to share a call with a longer one


class Guidance(Protocol):
    """How the predictions of the positive and the negative prompts become one.

    Other kinds of guidance, and changes before or after this one, are objects of this form.
    """

    @property
    def needs_negative(self) -> bool:
        """Whether the negative prompts have to be evaluated at all."""

    def combine(self, positive: Tensor, negative: Tensor | None, x: Tensor, sigma: float) -> Tensor:
        """Return the guided estimate; ``x`` is the noisy latent that both estimates were made of."""


@dataclass(frozen=True)
class ClassifierFreeGuidance:
    """Extrapolate from the negative through the positive estimate (arXiv 2207.12598, equation 6)."""

    scale: float

    @property
    def needs_negative(self) -> bool:
        """At scale 1 the negative prompts cancel out."""
        return not math.isclose(self.scale, 1.0)

    def combine(self, positive: Tensor, negative: Tensor | None, x: Tensor, sigma: float) -> Tensor:
        """Return ``negative + scale * (positive - negative)``."""
        if negative is None:
            return positive
        return negative + (positive - negative) * self.scale


@dataclass(frozen=True, eq=False)
class GuidedDenoiser:
    """The denoiser that samplers see: all prompts evaluated in as few network calls as possible, then combined."""

    network: Network
    prediction: Prediction
    schedule: NoiseSchedule
    positive: Sequence[Condition]
    negative: Sequence[Condition]
    guidance: Guidance

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """Return the guided estimate of the clean latent in ``x`` (``[B, C, h, w]``)."""
        sides = [self.positive, self.negative] if self.guidance.needs_negative else [self.positive]
        active = [[condition for condition in side if condition.active(sigma)] for side in sides]
        # The negative prompts lead a batch: the order that ComfyUI has, and with it its rounding.
        every = [condition for side in reversed(active) for condition in reversed(side)]
        estimates = self._estimate(x, sigma, every)
        averages = [_average(x, side, estimates) for side in active]
        return self.guidance.combine(averages[0], averages[1] if len(averages) > 1 else None, x, sigma)

    def _estimate(self, x: Tensor, sigma: float, conditions: list[Condition]) -> dict[Condition, Tensor]:
        estimates: dict[Condition, Tensor] = {}
        remaining = conditions
        while remaining:
            first = remaining[-1]
            batch = [condition for condition in remaining if _fit_together(first, condition)]
            remaining = [condition for condition in remaining if condition not in batch]
            estimates |= self._call(x, sigma, batch)
        return estimates

    def _call(self, x: Tensor, sigma: float, batch: list[Condition]) -> dict[Condition, Tensor]:
        crops = torch.cat([condition.area.crop(x) for condition in batch])
        tokens = math.lcm(*(condition.context.shape[1] for condition in batch))
        context = torch.cat([c.context.repeat(1, tokens // c.context.shape[1], 1) for c in batch])
        try:
            denoised = denoised_by(self.network, self.prediction, self.schedule, crops, sigma, context)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
            half = len(batch) // 2
            return self._call(x, sigma, batch[:half]) | self._call(x, sigma, batch[half:])
        return dict(zip(batch, denoised.chunk(len(batch)), strict=True))


def _fit_together(one: Condition, other: Condition) -> bool:
    """Whether two conditions can share a network call: crops of one size, prompts that repeat to one length."""
    if (one.area.height, one.area.width) != (other.area.height, other.area.width):
        return False
    lengths = one.context.shape[1], other.context.shape[1]
    same_width = one.context.shape[2] == other.context.shape[2]
    return same_width and math.lcm(*lengths) <= _LONGEST_REPEAT * min(lengths)


def _average(x: Tensor, conditions: Sequence[Condition], estimates: dict[Condition, Tensor]) -> Tensor:
    """Return the mean of the estimates under their weights; 0 where no condition counts."""
    total, weights = torch.zeros_like(x), torch.full_like(x, 1e-37)
    for condition in conditions:
        condition.area.crop(total).add_(estimates[condition] * condition.weight)
        condition.area.crop(weights).add_(condition.weight)
    return total / weights


@dataclass(frozen=True, eq=False)
class MaskedDenoiser:
    """Keeps a part of a latent: there the network sees it noised to the level, and the estimate is the latent itself.

    mask: ``[B, 1, h, w]``, 1 where to denoise. latent, noise: ``[B, C, h, w]``.
    """

    denoise: Denoise
    mask: Tensor
    latent: Tensor
    noise: Tensor

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """Return the estimate of the clean latent, with the kept part in place."""
        kept = self.latent + self.noise * sigma
        denoised = self.denoise(x * self.mask + kept * (1 - self.mask), sigma)
        return denoised * self.mask + self.latent * (1 - self.mask)
