"""Guiders beside classifier-free guidance: which prompts a run has, and how the estimates under them become one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import Tensor

from diffusion.sampling.conditions import Conditioning
from diffusion.sampling.guidance import Guider
from diffusion.sampling.parameterization import Flow, Parameterization

if TYPE_CHECKING:
    from diffusion.model import Model


@dataclass(frozen=True, eq=False)
class GuidedModel:
    """A model with the guider of its run: what travels between nodes as GUIDER."""

    model: Model
    guider: Guider


@dataclass(frozen=True, eq=False)
class Unguided:
    """One list of prompts, whose estimate is taken as it is."""

    conditioning: Conditioning

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """The prompts."""
        return (self.conditioning,)

    def needed(self, sigma: float, index: int) -> tuple[bool, ...]:
        """All there is."""
        return (True,)

    def combine(self, estimates: Sequence[Tensor | None], x: Tensor, sigma: float) -> Tensor:
        """Return the estimate."""
        (only,) = estimates
        assert only is not None
        return only


@dataclass(frozen=True, eq=False)
class DualGuidance:
    """Two lists of prompts, with a negative one (the two scales of arXiv 2211.09800, equation 3).

    scale: how far to go from ``second`` to ``first``. second_scale: how far from ``negative`` to ``second``.
    nested: go to ``first`` from ``second`` before, and from the negative one to what that gives.
    """

    first: Conditioning
    second: Conditioning
    negative: Conditioning
    scale: float
    second_scale: float
    nested: bool = False

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """First, negative and second."""
        return self.first, self.negative, self.second

    def needed(self, sigma: float, index: int) -> tuple[bool, ...]:
        """At scales of 1 the others cancel out."""
        if self.nested:
            return True, True, True
        negative = not math.isclose(self.second_scale, 1.0)
        return True, negative, negative or not math.isclose(self.scale, 1.0)

    def combine(self, estimates: Sequence[Tensor | None], x: Tensor, sigma: float) -> Tensor:
        """Return the guided estimate; without a negative one ``second_scale`` is 1."""
        first, negative, second = estimates
        assert first is not None
        if second is None:
            return first
        towards_first = (first - second) * self.scale
        if negative is None:
            return second + towards_first
        if self.nested:
            return negative + (second + towards_first - negative) * self.second_scale
        return negative + (second - negative) * self.second_scale + towards_first


@dataclass(frozen=True, eq=False)
class PerpendicularNegative:
    """Perp-Neg (arXiv 2304.04968): of the negative prompt only what is perpendicular to the positive one counts.

    empty: the prompt that both are compared with.
    """

    positive: Conditioning
    negative: Conditioning
    empty: Conditioning
    scale: float
    negative_scale: float = 1.0

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """Positive, negative and empty."""
        return self.positive, self.negative, self.empty

    def needed(self, sigma: float, index: int) -> tuple[bool, ...]:
        """All of them."""
        return True, True, True

    def combine(self, estimates: Sequence[Tensor | None], x: Tensor, sigma: float) -> Tensor:
        """Return the guided estimate; where the negative one is left out, guide by the positive one alone."""
        positive, negative, empty = estimates
        assert positive is not None
        assert empty is not None
        way = positive - empty
        if negative is not None:
            way = way - perpendicular(negative - empty, way) * self.negative_scale
        return empty + way * self.scale


_SAME_LEVEL = 1e-6
"""Levels that differ by no more than this part of them are one: no step is between them."""


@dataclass(frozen=True, eq=False)
class CFGPlusPlus:
    """CFG++ (arXiv 2406.08070) for samplers that know nothing of it.

    A step of CFG++ leads from ``x`` at level σ to ``G + r (x - U)``, for the guided estimate ``G = U + λ (P - U)`` of
    the positive P and the negative U, and ``r = σ' / σ`` of the next level σ' (algorithm 2). Euler's step under the
    estimate D is ``D + r (x - D)``. They are equal for ``(1 - r) D = G - r U``, so for ``D = U + λ / (1 - r) (P - U)``:
    classifier-free guidance whose scale falls from step to step, to λ in the step to level 0. Of a flow r is that of
    noise over signal.

    So a sampler of the first order without fresh noise (``euler``, ``ddim``) makes CFG++ of it. For others it is an
    approximation: those that ask within a step get the scale of a step from there to the next level of the run, those
    that look back mix estimates of several scales, and those that add noise step further than to the next level.

    scale: λ, 0 to 1 and a little more. levels: those of the run, see `over`; flow: whether they are a flow's.
    """

    positive: Conditioning
    negative: Conditioning
    scale: float
    levels: Sequence[float] = ()
    flow: bool = False

    def over(self, levels: Sequence[float], parameterization: Parameterization) -> CFGPlusPlus:
        """The guider of a run down (or up) these levels."""
        return replace(self, levels=levels, flow=isinstance(parameterization, Flow))

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """Positive and negative."""
        return self.positive, self.negative

    def needed(self, sigma: float, index: int) -> tuple[bool, ...]:
        """Both: the scale is 1 nowhere but by chance."""
        return True, True

    def combine(self, estimates: Sequence[Tensor | None], x: Tensor, sigma: float) -> Tensor:
        """Guide with the scale of the level; where the negative estimate is left out, by the positive one alone."""
        positive, negative = estimates
        assert positive is not None
        return positive if negative is None else negative + (positive - negative) * self.scale_at(sigma)

    def scale_at(self, sigma: float) -> float:
        """The scale ``λ / (1 - r)`` that plain guidance has to have at a level."""
        following = self._following(sigma)
        signal = 1 - following if self.flow else 1.0
        return self.scale * signal * sigma / (sigma - following)

    def _following(self, sigma: float) -> float:
        """The level that a step from here goes to; 0 where the run has none."""
        if len(self.levels) > 1 and self.levels[0] < self.levels[-1]:
            above = [level for level in self.levels if level > sigma * (1 + _SAME_LEVEL)]
            return min(above, default=0.0)
        return max((level for level in self.levels if level < sigma * (1 - _SAME_LEVEL)), default=0.0)


def perpendicular(part: Tensor, to: Tensor) -> Tensor:
    """Return what of ``part`` (``[B, …]``) is perpendicular to the other, picture by picture."""
    dimensions = tuple(range(1, to.ndim))
    along = (part * to).sum(dimensions, keepdim=True) / to.square().sum(dimensions, keepdim=True).clamp(min=1e-12)
    return part - along * to
