"""Whole tensors: differences to add, and values to put in place."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from diffusion.adapters.kinds.kind import Kind, Tensors


@dataclass(frozen=True, eq=False)
class Difference(Kind):
    """``W + m D``. part: how files call it: ``diff`` and ``diff_b``, or ``w_norm`` and ``b_norm`` of normalisations."""

    value: Tensor
    part: str = "diff"

    @classmethod
    def from_tensors(cls, tensors: Tensors, part: str = "diff") -> Self:
        """From the tensor of that name."""
        return cls(tensors[part], part)

    def to_tensors(self) -> dict[str, Tensor]:
        """The same name."""
        return {self.part: self.value}

    @property
    def size(self) -> tuple[int, int]:
        """The value's."""
        return self.value.shape[0], math.prod(self.value.shape[1:])

    def of_rows(self, rows: Tensor) -> Difference:
        """Rows of the value."""
        return replace(self, value=self.value[rows])

    def apply(self, weight: Tensor, multiplier: float) -> Tensor:
        """Add."""
        return weight + self.value.to(weight).reshape(weight.shape) * multiplier


@dataclass(frozen=True, eq=False)
class Replacement(Kind):
    """``W + m (V - W)``. part: how files call it: ``set_weight`` or ``set_bias``."""

    value: Tensor
    part: str = "set_weight"

    @classmethod
    def from_tensors(cls, tensors: Tensors, part: str = "set_weight") -> Self:
        """From the tensor of that name."""
        return cls(tensors[part], part)

    def to_tensors(self) -> dict[str, Tensor]:
        """The same name."""
        return {self.part: self.value}

    @property
    def size(self) -> tuple[int, int]:
        """The value's."""
        return self.value.shape[0], math.prod(self.value.shape[1:])

    def of_rows(self, rows: Tensor) -> Replacement:
        """Rows of the value."""
        return replace(self, value=self.value[rows])

    def apply(self, weight: Tensor, multiplier: float) -> Tensor:
        """Go from the one to the other."""
        return weight + (self.value.to(weight).reshape(weight.shape) - weight) * multiplier
