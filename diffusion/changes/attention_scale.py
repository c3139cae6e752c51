"""Scaling what attention layers compute with."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

from torch import Tensor

from diffusion.attention import Attend, AttentionChange, Place
from diffusion.component import Change, Source
from diffusion.sampling.network import Call


@dataclass(frozen=True)
class ScaledAttention(AttentionChange):
    """Scale what attention to the picture ("self") or to the prompt ("cross") computes with, and its output."""

    kind: Literal["self", "cross"]
    q: float = 1.0
    k: float = 1.0
    v: float = 1.0
    out: float = 1.0

    def attend(self, q: Tensor, k: Tensor, v: Tensor, place: Place, call: Call, attend: Attend) -> Tensor:
        """Attend with scaled tensors."""
        return attend(q * self.q, k * self.k, v * self.v) if place.kind == self.kind else attend(q, k, v)

    def output(self, output: Tensor, place: Place, call: Call) -> Tensor:
        """Scale the result."""
        return output * self.out if place.kind == self.kind else output


@dataclass(frozen=True, eq=False)
class ScaledTextAttention:
    """Scale the same in a text encoder, as a change of its weights (`WeightPatch`)."""

    source: Source
    q: float = 1.0
    k: float = 1.0
    v: float = 1.0
    out: float = 1.0

    def changes(self) -> Mapping[str, Change]:
        """The projections, scaled."""
        return self._changes

    @cached_property
    def _changes(self) -> dict[str, Change]:
        factors = {"q_proj": self.q, "k_proj": self.k, "v_proj": self.v, "out_proj": self.out}
        found: dict[str, Change] = {}
        for name in self.source.shapes:
            module = name.split(".")[-2] if ".self_attn." in name else ""
            if factors.get(module, 1.0) != 1.0:
                found[name] = partial(operator.mul, factors[module])
        return found
