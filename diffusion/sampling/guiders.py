"""Guiders beside classifier-free guidance: which prompts a run has, and how the estimates under them become one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from diffusion.sampling.conditions import Conditioning
from diffusion.sampling.guidance import Guider

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


def perpendicular(part: Tensor, to: Tensor) -> Tensor:
    """Return what of ``part`` (``[B, …]``) is perpendicular to the other, picture by picture."""
    dimensions = tuple(range(1, to.ndim))
    along = (part * to).sum(dimensions, keepdim=True) / to.square().sum(dimensions, keepdim=True).clamp(min=1e-12)
    return part - along * to
