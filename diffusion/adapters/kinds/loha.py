"""LoHa: elementwise products of two low-rank products."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from diffusion.adapters.kinds.kind import Additive, Tensors, alpha_of, magnitude_of, residual_of, tucker


@dataclass(frozen=True, eq=False)
class Hadamard(Additive):
    """``(w1_a @ w1_b) * (w2_a @ w2_b)`` (Hyeon-Woo et al. 2021, arXiv 2108.06098).

    first, second: ``(out, r), (r, in k k)``; with cores ``(r, r, k, k)`` ``(r, out), (r, in)``.
    """

    first: tuple[Tensor, Tensor]
    second: tuple[Tensor, Tensor]
    cores: tuple[Tensor, Tensor] | None = None

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> Self:
        """From ``hada_w1_a``, ``hada_w1_b``, ``hada_w2_a``, ``hada_w2_b``, and perhaps ``hada_t1``, ``hada_t2``."""
        first = tensors["hada_w1_a"], tensors["hada_w1_b"]
        second = tensors["hada_w2_a"], tensors["hada_w2_b"]
        return cls(
            first=first,
            second=second,
            cores=(tensors["hada_t1"], tensors["hada_t2"]) if "hada_t1" in tensors else None,
            alpha=alpha_of(tensors, first[1].shape[0]),
            magnitude=magnitude_of(tensors),
            residual=residual_of(tensors),
        )

    def to_tensors(self) -> dict[str, Tensor]:
        """The same names."""
        names = ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
        tensors = dict(zip(names, (*self.first, *self.second), strict=True))
        if self.cores is not None:
            tensors["hada_t1"], tensors["hada_t2"] = self.cores
        return tensors | self.shared_tensors()

    @property
    def rank(self) -> int:
        """Rows of ``w1_b``."""
        return self.first[1].shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """What the products have."""
        left, right = self.first
        if self.cores is None:
            return left.shape[0], right.shape[1]
        return left.shape[1], right.shape[1] * math.prod(self.cores[0].shape[2:])

    def of_rows(self, rows: Tensor) -> Hadamard | None:
        """Rows of the left factors."""
        shared = self.shared_of_rows(rows)
        if shared is None:
            return None
        axis = 0 if self.cores is None else 1
        (left, right), (other_left, other_right) = self.first, self.second
        first, second = left.index_select(axis, rows), other_left.index_select(axis, rows)
        return replace(self, first=(first, right), second=(second, other_right), **shared)

    def product(self, weight: Tensor) -> Tensor:
        """Both products, multiplied."""
        pairs = [(left.to(weight), right.to(weight)) for left, right in (self.first, self.second)]
        if self.cores is None:
            one, other = (left @ right for left, right in pairs)
        else:
            one, other = (tucker(core.to(weight), *pair) for core, pair in zip(self.cores, pairs, strict=True))
        return (one * other).reshape(weight.shape)
