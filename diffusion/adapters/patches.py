"""Adapters as changes of a network's weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from diffusion.adapters.kinds import Kind
from diffusion.component import Change


@dataclass(frozen=True, eq=False)
class AdapterPatch:
    """An adapter as a change of one network's weights; a `WeightPatch`.

    kinds: what happens to each tensor, by its name in the network. strength: the multiplier of all of them; factors:
    further ones of single tensors (block weights).
    """

    kinds: Mapping[str, Kind] = field(repr=False)
    strength: float
    factors: Mapping[str, float] = field(default_factory=dict, repr=False)

    def changes(self) -> Mapping[str, Change]:
        """What the adapter does to each tensor: always the same functions, so that what has not changed is seen."""
        return self._changes

    @cached_property
    def _changes(self) -> dict[str, Change]:
        multipliers = {name: self.strength * self.factors.get(name, 1.0) for name in self.kinds}
        return {name: partial(self.kinds[name].apply, multiplier=value) for name, value in multipliers.items() if value}
