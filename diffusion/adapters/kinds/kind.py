"""What all kinds of adapters have in common: a change of one weight, made of the tensors that a file has for it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]
"""The tensors of one module, by what follows the module's name in the file (`lora_up.weight`, `alpha` …)."""


class Kind(ABC):
    """A change of one weight ``W`` ``(out, in[, k, k])``, or of a bias or a normalisation ``(out,)``.

    linear: whether what it adds is proportional to the multiplier.
    """

    linear: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def from_tensors(cls, tensors: Tensors) -> Self:
        """From the tensors of a file. Raises KeyError where one is missing."""

    @abstractmethod
    def to_tensors(self) -> dict[str, Tensor]:
        """The tensors that a file has for it."""

    @property
    @abstractmethod
    def size(self) -> tuple[int | None, int | None]:
        """Rows and columns ``(out, in k k)`` of the weights that it is for; None where any number is right."""

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether it can change a weight of that shape."""
        rows, columns = self.size
        return rows in (None, shape[0]) and columns in (None, math.prod(shape[1:]))

    def of_rows(self, rows: Tensor) -> Kind | None:
        """The change of some rows of the weight alone, by their numbers; None where rows depend on each other."""
        return None

    def of_rank(self, rank: int) -> Kind:
        """The same with no more than the first components of its product, where these can be told apart."""
        return self

    @abstractmethod
    def apply(self, weight: Tensor, multiplier: float) -> Tensor:
        """The weight (float32) changed: at multiplier 0 it is as it was, at 1 as the adapter was trained.

        The argument is not written into, and gradients flow through both weight and adapter.
        """


@dataclass(frozen=True, eq=False, kw_only=True)
class Additive(Kind):
    """Kinds that add a product of small matrices of rank ``r``, times ``alpha / r`` (arXiv 2106.09685, section 4.1).

    magnitude: with it what comes out is rescaled ("DoRA", arXiv 2402.09353): ``W' = W + m (V M / |V| - W)`` where ``V``
    is W with everything added. Of the rows ``(out, 1[, 1, 1])``, or of the columns ``(1, in[, 1, 1])`` as LyCORIS had
    it before 3.2.
    residual: what else is added to the product, sparse, in the weight's shape.
    """

    alpha: float
    magnitude: Tensor | None = None
    residual: Tensor | None = None

    @property
    @abstractmethod
    def rank(self) -> int:
        """The size of the inner side of the product."""

    @abstractmethod
    def product(self, weight: Tensor) -> Tensor:
        """The product of the matrices, in the shape, format and place of a weight."""

    @property
    def scale(self) -> float:
        """What the product is multiplied by."""
        return self.alpha / self.rank

    def added(self, weight: Tensor) -> Tensor:
        """What is added to a weight at multiplier 1."""
        product = self.product(weight)
        if self.residual is not None:
            product = product + self.residual.to(weight).to_dense().reshape(weight.shape)
        return product * self.scale

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether the product and the magnitude have the shape's sizes."""
        if self.magnitude is not None:
            rows, columns = self.magnitude.shape[:2]
            if (rows, columns) not in ((shape[0], 1), (1, *shape[1:2])):
                return False
        return super().fits(shape)

    def apply(self, weight: Tensor, multiplier: float) -> Tensor:
        """Add, and rescale."""
        added = self.added(weight)
        if self.magnitude is None:
            return weight + added * multiplier
        return weight + (rescaled(weight + added, self.magnitude) - weight) * multiplier

    def shared_of_rows(self, rows: Tensor) -> dict[str, Any] | None:
        """Magnitude and residual of some rows; None if the magnitude is of the columns, and so of all rows together."""
        magnitude, residual = self.magnitude, self.residual
        if magnitude is not None and magnitude.shape[0] == 1:
            return None
        return {
            "magnitude": None if magnitude is None else magnitude[rows],
            "residual": None if residual is None else residual.index_select(0, rows),
        }

    def shared_tensors(self) -> dict[str, Tensor]:
        """The tensors of a file that do not depend on the kind."""
        tensors = {"alpha": torch.tensor(float(self.alpha))}
        if self.magnitude is not None:
            tensors["dora_scale"] = self.magnitude
        if self.residual is not None:
            sparse = self.residual.coalesce()
            tensors["bias_indices"], tensors["bias_values"] = sparse.indices(), sparse.values()
            tensors["bias_size"] = torch.tensor(sparse.shape)
        return tensors


def magnitude_of(tensors: Tensors) -> Tensor | None:
    """The magnitude that a file has, if it has one: LyCORIS' with its axis in its shape, peft's always of the rows."""
    if "lora_magnitude_vector" in tensors:
        return tensors["lora_magnitude_vector"].reshape(-1, 1)
    stored = tensors.get("dora_scale")
    return stored[:, None] if stored is not None and stored.ndim == 1 else stored


def residual_of(tensors: Tensors) -> Tensor | None:
    """The sparse part of a change, if a file has one."""
    if "bias_indices" not in tensors:
        return None
    size = [int(number) for number in tensors["bias_size"].tolist()]
    return torch.sparse_coo_tensor(tensors["bias_indices"].long(), tensors["bias_values"], size, check_invariants=True)


def alpha_of(tensors: Tensors, rank: int) -> float:
    """The alpha of a file: `scale`, where it is given, says what ``alpha / rank`` is; without either that is 1."""
    if "scale" in tensors:
        return float(tensors["scale"].item()) * rank
    return float(tensors["alpha"].item()) if "alpha" in tensors else float(rank)


def rescaled(directions: Tensor, magnitude: Tensor) -> Tensor:
    """A weight whose rows or columns are brought to given lengths."""
    of_rows = magnitude.shape[0] == directions.shape[0] and magnitude.shape[1] == 1
    axis = 0 if of_rows else 1
    others = [dimension for dimension in range(directions.ndim) if dimension != axis]
    lengths = torch.linalg.vector_norm(directions, dim=others, keepdim=True).clamp_min(
        torch.finfo(directions.dtype).eps
    )
    return directions * (magnitude.to(directions).reshape(lengths.shape) / lengths)


def tucker(core: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """``sum_ij core[i, j, …] left[i, p] right[j, q]``: ``(p, q, …)``."""
    return torch.einsum("ij...,ip,jq->pq...", core, left, right)
