"""GLoRA: a low-rank change of the weight's input beside one of the weight."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from diffusion.adapters.kinds.kind import Kind, Tensors, alpha_of

PARTS = ("a1.weight", "a2.weight", "b1.weight", "b2.weight")


@dataclass(frozen=True, eq=False)
class Generalized(Kind):
    """``W + m s (W (a1 @ a2) + b1 @ b2)`` (Chavan et al. 2023, arXiv 2306.07967).

    a1: ``(in, r)``; a2: ``(r, in)``; b1: ``(out, r)``; b2: ``(r, in[, k, k])``.
    """

    a1: Tensor
    a2: Tensor
    b1: Tensor
    b2: Tensor
    alpha: float

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> Self:
        """From ``a1.weight``, ``a2.weight``, ``b1.weight``, ``b2.weight`` and ``alpha``.

        Files of LyCORIS before 2.0 have 1 and 2 the other way round, and no scale.
        """
        a1, a2, b1, b2 = (tensors[part] for part in PARTS)
        rank = a1.shape[1]
        if rank == a2.shape[0] == b1.shape[1] == b2.shape[0]:
            return cls(a1, a2, b1, b2, alpha_of(tensors, rank))
        return cls(a2, a1, b2, b1, float(a1.shape[0]))

    def to_tensors(self) -> dict[str, Tensor]:
        """The names of today."""
        factors = zip(PARTS, (self.a1, self.a2, self.b1, self.b2), strict=True)
        return {**dict(factors), "alpha": torch.tensor(float(self.alpha))}

    @property
    def rank(self) -> int:
        """Columns of `a1`."""
        return self.a1.shape[1]

    @property
    def size(self) -> tuple[int, int]:
        """Rows of `b1`, columns of `b2`."""
        return self.b1.shape[0], math.prod(self.b2.shape[1:])

    def of_rows(self, rows: Tensor) -> Generalized:
        """Rows of `b1`; what acts on the weight's input is the same for all."""
        return replace(self, b1=self.b1[rows])

    def apply(self, weight: Tensor, multiplier: float) -> Tensor:
        """Add both parts."""
        a1, a2, b1, b2 = (factor.to(weight).flatten(1) for factor in (self.a1, self.a2, self.b1, self.b2))
        mixed = torch.einsum("oc...,ci->oi...", weight, a1 @ a2)
        return weight + (mixed + (b1 @ b2).reshape(weight.shape)) * (self.alpha / self.rank * multiplier)
