"""Guided denoising: from a network and the prompts of a run to one estimate of the clean latent."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from diffusion.sampling.conditions import Condition, Conditioning
from diffusion.sampling.network import Call, Control, Network, Residuals, RunningControl
from diffusion.sampling.noise_schedule import NoiseLevels
from diffusion.sampling.parameterization import Parameterization, timesteps

_LONGEST_REPEAT = 4  # how often a shorter prompt may be repeated to share a call with a longer one


class Guider(Protocol):
    """Prompts, and how the estimates under them become one.

    The prompts come in sides: lists that are averaged within. Side 0 is positive, side 1 negative.
    """

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """The prompts, a list a side."""

    def needed(self, sigma: float, index: int) -> tuple[bool, ...]:
        """Which sides have to be evaluated at a level, when the model was asked ``index`` times before."""

    def combine(self, estimates: Sequence[Tensor | None], x: Tensor, sigma: float) -> Tensor:
        """The guided estimate from those of the sides (None: not evaluated); ``x`` is what they were made of."""


@dataclass(frozen=True, eq=False)
class ClassifierFreeGuidance:
    """Extrapolate from the negative through the positive estimate (arXiv 2207.12598, equation 6)."""

    positive: Conditioning
    negative: Conditioning
    scale: float

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """Positive and negative."""
        return self.positive, self.negative

    def needed(self, sigma: float, index: int) -> tuple[bool, ...]:
        """At scale 1 the negative prompts cancel out."""
        return True, not math.isclose(self.scale, 1.0)

    def combine(self, estimates: Sequence[Tensor | None], x: Tensor, sigma: float) -> Tensor:
        """Return ``negative + scale * (positive - negative)``."""
        positive, negative = estimates
        assert positive is not None
        return positive if negative is None else negative + (positive - negative) * self.scale


@dataclass(frozen=True, eq=False)
class Step:
    """What a change of guidance may look at.

    x: the noisy latent ``[B, C, h, w]`` at level ``sigma``; index: how many times the model was asked before.
    estimates: those of the sides, as they are after the changes made so far; None for one that was not evaluated.
    """

    denoiser: GuidedDenoiser
    x: Tensor
    sigma: float
    index: int
    estimates: tuple[Tensor | None, ...]

    @property
    def parameterization(self) -> Parameterization:
        """What the network predicts."""
        return self.denoiser.parameterization

    @property
    def memory(self) -> dict[GuidanceChange, Any]:
        """What changes remember from step to step of the run."""
        return self.denoiser.memory

    def own(self, change: GuidanceChange, number: int = 0) -> Tensor:
        """The estimate under one of the prompts that a change has of its own."""
        changes = self.denoiser.changes
        before = sum(len(other.conditionings) for other in changes[: changes.index(change)])
        return self.evaluate(len(self.denoiser.guider.conditionings) + before + number)

    def evaluate(self, side: int, x: Tensor | None = None, attention: tuple[Any, ...] = ()) -> Tensor:
        """Ask the model once more for a side, with other attention (`diffusion.attention`) or of another latent."""
        return self.denoiser.estimate(self.x if x is None else x, self.sigma, (side,), attention)[0]


class GuidanceChange:
    """A change of how estimates become one, of which a model carries any number; by itself it changes nothing.

    Subclasses are frozen dataclasses that override what they need.
    """

    needs_negative = False
    """Whether the negative prompts have to be evaluated, even at scale 1."""

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """Prompts of its own, a list each; `Step.own` gives the estimates under them."""
        return ()

    def wanted(self, needed: tuple[bool, ...], sigma: float, index: int, calls: int) -> tuple[bool, ...]:
        """Which sides are to be evaluated at a level, of those that are needed; ``calls`` is the run's length."""
        return needed

    def before(self, step: Step) -> tuple[Tensor | None, ...]:
        """The estimates of the sides, changed before they are combined."""
        return step.estimates

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """The guided estimate, changed."""
        return denoised

    def mask(self, mask: Tensor, sigma: float, levels: Sequence[float], schedule: NoiseLevels) -> Tensor:
        """What of a masked latent is denoised at one of the run's levels, 0..1; see `MaskedDenoiser`."""
        return mask

    def blended(self, result: Tensor, denoised: Tensor, latent: Tensor, mask: Tensor) -> Tensor:
        """The estimate of a masked latent, which is ``denoised`` where the mask is 1 and ``latent`` where it is 0."""
        return result


class Guided(NamedTuple):
    """A guided estimate, and those that it was made of; None for a side that was not evaluated."""

    denoised: Tensor
    positive: Tensor | None
    negative: Tensor | None


@dataclass(eq=False)
class GuidedDenoiser:
    """The denoiser that samplers see: all prompts evaluated in as few network calls as possible, then combined.

    sides: the fitted prompts of the guider's conditionings, then of those of the changes.
    controls: the control networks of the prompts, running.
    calls: how many there are going to be. has_room: whether so many rows of so many cells can be asked for at once.
    most: how many prompts share a call at most; less after one for which memory was short.
    """

    network: Network
    parameterization: Parameterization
    sides: Sequence[Sequence[Condition]]
    guider: Guider
    changes: tuple[GuidanceChange, ...] = ()
    controls: Mapping[Control, RunningControl] = field(default_factory=dict)
    calls: int = 0
    has_room: Callable[[int, int], bool] = lambda rows, cells: True
    index: int = 0
    memory: dict[GuidanceChange, Any] = field(default_factory=dict)
    most: int = sys.maxsize

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """Return the guided estimate of the clean latent in ``x`` (``[B, C, h, w]``)."""
        return self.guided(x, sigma).denoised

    def guided(self, x: Tensor, sigma: float, *, with_negative: bool = False) -> Guided:
        """The same with the estimates of the sides; ``with_negative``: evaluate the negative one in any case."""
        needed = self.guider.needed(sigma, self.index)
        composed = any(condition.composition is not None for condition in self.sides[0])
        if len(needed) > 1 and (with_negative or composed or any(change.needs_negative for change in self.changes)):
            needed = (needed[0], True, *needed[2:])
        for change in self.changes:
            needed = change.wanted(needed, sigma, self.index, self.calls)
        found = self.estimate(x, sigma, [side for side, is_needed in enumerate(needed) if is_needed])
        remaining = iter(found)
        estimates: tuple[Tensor | None, ...] = tuple(next(remaining) if is_needed else None for is_needed in needed)
        for change in self.changes:
            estimates = change.before(Step(self, x, sigma, self.index, estimates))
        denoised = self.guider.combine(estimates, x, sigma)
        for change in self.changes:
            denoised = change.after(denoised, Step(self, x, sigma, self.index, estimates))
        self.index += 1
        return Guided(denoised, estimates[0], estimates[1] if len(estimates) > 1 else None)

    def estimate(self, x: Tensor, sigma: float, sides: Sequence[int], attention: tuple[Any, ...] = ()) -> list[Tensor]:
        """The estimates under the prompts of some sides, in that order."""
        active = {side: [c for c in self.sides[side] if c.active(sigma, self.index)] for side in sides}
        # The last side leads a batch: the order that ComfyUI has, and with it its rounding.
        every = [condition for side in reversed(sides) for condition in reversed(active[side])]
        estimates = self._evaluate(x, sigma, every, attention)
        averages = {side: _average(x, active[side], estimates) for side in sides}
        if 0 in averages and 1 in averages:
            averages[0] = _composed(averages[0], averages[1], active[0], estimates)
        return [averages[side] for side in sides]

    def _evaluate(
        self, x: Tensor, sigma: float, conditions: list[Condition], attention: tuple[Any, ...]
    ) -> dict[Condition, Tensor]:
        estimates: dict[Condition, Tensor] = {}
        remaining = conditions
        while remaining:
            batch = self._largest(_fitting(remaining), x)
            remaining = [condition for condition in remaining if condition not in batch]
            estimates |= self._call(x, sigma, batch, attention)
        return estimates

    def _largest(self, batch: list[Condition], x: Tensor) -> list[Condition]:
        """The end of a batch that there is memory for; one condition at least."""
        count, cells = min(len(batch), self.most), batch[-1].area.height * batch[-1].area.width
        rows = x[batch[-1].rows].shape[0]
        while count > 1 and not self.has_room(count * rows, cells):
            count = (count + 1) // 2
        return batch[-count:]

    def _call(
        self, x: Tensor, sigma: float, batch: list[Condition], attention: tuple[Any, ...]
    ) -> dict[Condition, Tensor]:
        crops = torch.cat([condition.area.crop(x[condition.rows]) for condition in batch])
        tokens = math.lcm(*(condition.context.shape[1] for condition in batch))
        call = Call(
            x=self.parameterization.network_input(crops, sigma),
            timestep=timesteps(self.parameterization, sigma, crops.shape[0], crops.device),
            sigma=sigma,
            context=torch.cat([c.context.repeat(1, tokens // c.context.shape[1], 1) for c in batch]),
            inputs={name: torch.cat([c.inputs[name] for c in batch]) for name in batch[0].inputs},
            conditions=tuple(batch),
            index=self.index,
            attention=attention,
        )
        try:
            output = self.network(self._controlled(call, batch[0].controls)).float()
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
            half = self.most = (len(batch) + 1) // 2
            return self._call(x, sigma, batch[:half], attention) | self._call(x, sigma, batch[half:], attention)
        denoised = self.parameterization.denoised(crops, output, sigma)
        return dict(zip(batch, denoised.chunk(len(batch)), strict=True))

    def _controlled(self, call: Call, controls: Sequence[Control]) -> Call:
        """The call with what the control networks add to it."""
        total: Residuals | None = None
        for control in controls:
            residuals = self.controls[control].residuals(call)
            if residuals is not None:
                total = residuals if total is None else total + residuals
        return call if total is None else replace(call, residuals=total)


def _fitting(conditions: Sequence[Condition]) -> list[Condition]:
    """Those of some conditions that can share a network call with the last one: their prompts repeat to one length."""
    batch: list[Condition] = []
    lengths = {conditions[-1].context.shape[1]}
    for condition in reversed(conditions):
        together = lengths | {condition.context.shape[1]}
        if _fit_together(conditions[-1], condition) and math.lcm(*together) <= _LONGEST_REPEAT * min(together):
            batch.insert(0, condition)
            lengths = together
    return batch


def _fit_together(one: Condition, other: Condition) -> bool:
    """Whether two conditions can share a network call, but for the lengths of their prompts."""
    if (one.area.height, one.area.width) != (other.area.height, other.area.width) or one.controls != other.controls:
        return False
    if {n: t.shape for n, t in one.inputs.items()} != {n: t.shape for n, t in other.inputs.items()}:
        return False
    return one.context.shape[2] == other.context.shape[2]


def _average(x: Tensor, conditions: Sequence[Condition], estimates: dict[Condition, Tensor]) -> Tensor:
    """Return the mean of the estimates under their weights; 0 where no condition counts."""
    total, weights = torch.zeros_like(x), torch.full_like(x, 1e-37)
    for condition in conditions:
        condition.area.crop(total[condition.rows]).add_(estimates[condition] * condition.weight)
        condition.area.crop(weights[condition.rows]).add_(condition.weight)
    return total / weights


def _composed(
    positive: Tensor, negative: Tensor, conditions: Sequence[Condition], estimates: dict[Condition, Tensor]
) -> Tensor:
    """Prompts with a weight of their own each: the way from the negative estimate to each, added up (arXiv 2206.01714).

    Where only some have such a weight, the average of the others counts as one prompt of weight 1.
    """
    composed = [condition for condition in conditions if condition.composition is not None]
    if not composed:
        return positive
    averaged = [condition for condition in conditions if condition.composition is None]
    total = negative.clone() if not averaged else _average(positive, averaged, estimates)
    for condition in composed:
        assert condition.composition is not None
        way = estimates[condition] - condition.area.crop(negative)
        condition.area.crop(total).add_(way * condition.weight * condition.composition)
    return total


@dataclass(frozen=True, eq=False)
class MaskedDenoiser:
    """Keeps a part of a latent: there the network sees it noised to the level, and the estimate is the latent itself.

    mask: ``[B, 1, h, w]``, 1 where to denoise. latent, noise: ``[B, C, h, w]``. levels: those of the run.
    changes: may change the mask from level to level, and how both parts are put together.
    """

    denoiser: GuidedDenoiser
    mask: Tensor
    latent: Tensor
    noise: Tensor
    levels: Sequence[float] = ()
    changes: tuple[GuidanceChange, ...] = ()

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """Return the estimate of the clean latent, with the kept part in place."""
        return self.guided(x, sigma).denoised

    def guided(self, x: Tensor, sigma: float, *, with_negative: bool = False) -> Guided:
        """The same with the estimates of the sides, as the network gave them."""
        parameterization, mask = self.denoiser.parameterization, self.mask
        for change in self.changes:
            mask = change.mask(mask, sigma, self.levels, parameterization.schedule)
        kept = parameterization.noised(self.latent, self.noise, sigma)
        found = self.denoiser.guided(x * mask + kept * (1 - mask), sigma, with_negative=with_negative)
        result = found.denoised * mask + self.latent * (1 - mask)
        for change in self.changes:
            result = change.blended(result, found.denoised, self.latent, mask)
        return found._replace(denoised=result)
