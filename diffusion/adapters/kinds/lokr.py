"""LoKr: Kronecker products."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from diffusion.adapters.kinds.kind import Additive, Tensors, alpha_of, magnitude_of, residual_of, tucker


@dataclass(frozen=True, eq=False)
class Factor:
    """One side of a Kronecker product: a whole matrix, or ``a @ b`` of rank r, or with a core ``(r, r, k, k)``
    ``a`` ``(r, rows)`` and ``b`` ``(r, columns)``.
    """

    whole: Tensor | None = None
    a: Tensor | None = None
    b: Tensor | None = None
    core: Tensor | None = None

    @classmethod
    def from_tensors(cls, tensors: Tensors, name: str, core: str) -> Self:
        """From ``name``, or from ``name_a``, ``name_b`` and perhaps a core."""
        if name in tensors:
            return cls(tensors[name])
        return cls(None, tensors[f"{name}_a"], tensors[f"{name}_b"], tensors.get(core))

    def to_tensors(self, name: str, core: str) -> dict[str, Tensor]:
        """The same names."""
        tensors = {name: self.whole, f"{name}_a": self.a, f"{name}_b": self.b, core: self.core}
        return {key: tensor for key, tensor in tensors.items() if tensor is not None}

    @property
    def rank(self) -> int | None:
        """None if it is whole."""
        return None if self.b is None else self.b.shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        if self.whole is not None:
            return self.whole.shape[0], math.prod(self.whole.shape[1:])
        assert self.a is not None
        assert self.b is not None
        if self.core is None:
            return self.a.shape[0], self.b.shape[1]
        return self.a.shape[1], self.b.shape[1] * math.prod(self.core.shape[2:])

    def value(self, like: Tensor) -> Tensor:
        """The matrix, in the format and place of another tensor."""
        if self.whole is not None:
            return self.whole.to(like)
        assert self.a is not None
        assert self.b is not None
        a, b = self.a.to(like), self.b.to(like)
        return a @ b if self.core is None else tucker(self.core.to(like), a, b)


@dataclass(frozen=True, eq=False)
class Kronecker(Additive):
    """``kron(w1, w2)`` (Yeh et al. 2023, arXiv 2309.14859, section 4.2): w1 ``(o1, i1)``, w2 ``(o2, i2[, k, k])``.

    rows: the numbers of those that it is for, where the product is that of a larger weight; None for all.
    """

    small: Factor
    large: Factor
    rows: Tensor | None = None

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> Self:
        """From ``lokr_w1`` and ``lokr_w2``, each whole or as ``_a`` and ``_b``, and perhaps ``lokr_t2``."""
        small = Factor.from_tensors(tensors, "lokr_w1", "lokr_t1")
        large = Factor.from_tensors(tensors, "lokr_w2", "lokr_t2")
        rank = large.rank or small.rank
        # Where both are whole there is no rank, and trainers write an alpha that means nothing.
        told = tensors if rank else {name: tensors[name] for name in ("scale",) if name in tensors}
        return cls(
            small=small,
            large=large,
            alpha=alpha_of(told, rank or 1),
            magnitude=magnitude_of(tensors),
            residual=residual_of(tensors),
        )

    def to_tensors(self) -> dict[str, Tensor]:
        """The same names. Where both factors are whole, alpha is multiplied into the first, as it would not be read.

        Some rows are no Kronecker product, and are written as a difference.
        """
        if self.rows is not None:
            return {"diff": self.product(torch.zeros(self.size)) * self.scale}
        small, shared = self.small, self.shared_tensors()
        if self.large.rank is None and small.whole is not None:
            small = Factor(small.whole * self.alpha) if self.alpha != 1 else small
            del shared["alpha"]
        return small.to_tensors("lokr_w1", "lokr_t1") | self.large.to_tensors("lokr_w2", "lokr_t2") | shared

    @property
    def rank(self) -> int:
        """Of the second factor, or else of the first; 1 if both are whole."""
        return self.large.rank or self.small.rank or 1

    @property
    def size(self) -> tuple[int, int]:
        """The factors' sizes, multiplied."""
        (rows, columns), (more_rows, more_columns) = self.small.size, self.large.size
        return len(self.rows) if self.rows is not None else rows * more_rows, columns * more_columns

    def of_rows(self, rows: Tensor) -> Kronecker | None:
        """The same product, of which only these rows are used."""
        shared = self.shared_of_rows(rows)
        return None if shared is None else replace(self, rows=rows if self.rows is None else self.rows[rows], **shared)

    def product(self, weight: Tensor) -> Tensor:
        """The Kronecker product, of each place of a convolution's kernel."""
        small, large = self.small.value(weight), self.large.value(weight)
        if weight.ndim > 2 and large.ndim == 2:  # a factor without its kernel's shape
            large = large.unflatten(1, (-1, *weight.shape[2:]))
        small = small.reshape(*small.shape[:2], *[1] * (large.ndim - 2))
        product = torch.kron(small, large.contiguous())
        return (product if self.rows is None else product[self.rows]).reshape(weight.shape)
