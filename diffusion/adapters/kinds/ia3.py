"""(IA)³: rows or columns are scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from diffusion.adapters.kinds.kind import Kind, Tensors


@dataclass(frozen=True, eq=False)
class Rescaling(Kind):
    """Rows, or with `on_input` columns, times ``1 + m v`` (Liu et al. 2022, arXiv 2205.05638, as LyCORIS has it)."""

    value: Tensor
    on_input: bool

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> Self:
        """From ``weight`` ``(out,)`` or ``(in,)``, of convolutions ``(1, …, 1, 1)``, and ``on_input``."""
        return cls(tensors["weight"], bool(tensors["on_input"].item()))

    def to_tensors(self) -> dict[str, Tensor]:
        """The same names."""
        return {"weight": self.value, "on_input": torch.tensor(int(self.on_input))}

    @property
    def size(self) -> tuple[int | None, int | None]:
        """One side is given by the value; of convolutions the other says nothing, as kernels do not count."""
        return (None, self.value.numel()) if self.on_input else (self.value.numel(), None)

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether that side of the shape is right."""
        axis = int(self.on_input)
        return len(shape) > axis and shape[axis] == self.value.numel()

    def of_rows(self, rows: Tensor) -> Rescaling:
        """The rows' own factors, or those of the columns."""
        return self if self.on_input else replace(self, value=self.value[rows])

    def apply(self, weight: Tensor, multiplier: float) -> Tensor:
        """Scale."""
        shape = [1] * weight.ndim
        shape[int(self.on_input)] = -1
        return weight * (1 + self.value.to(weight).reshape(shape) * multiplier)
