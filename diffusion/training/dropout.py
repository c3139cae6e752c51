"""Dropouts of adapters: what is left out in a step, so that nothing that is learned relies on a single part."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Dropout:
    """Shares of an adapter that are left out in a step, 0 to less than 1; the three dropouts of kohya's scripts.

    neurons: of the numbers between a LoRA's two matrices (network dropout). ranks: of its ranks, for each picture apart
    (rank dropout). What is left of both is made greater by as much. modules: of the layers (module dropout).
    """

    neurons: float = 0.0
    ranks: float = 0.0
    modules: float = 0.0

    @property
    def within(self) -> bool:
        """Whether anything is left out between the two matrices of a LoRA, which other adapters do not have."""
        return self.neurons > 0 or self.ranks > 0

    def skips(self, draw: torch.Generator) -> bool:
        """Whether a layer is left out."""
        return bool(self.modules and torch.rand((), generator=draw) < self.modules)

    def thinned(self, inner: Tensor, draw: torch.Generator, *, ranks_last: bool) -> Tensor:
        """What remains of numbers between two matrices: ``[B, …, rank]``, or ``[B, rank, h, w]`` of convolutions."""
        if self.neurons:
            inner = inner * _kept(inner.shape, self.neurons, draw).to(inner)
        if self.ranks:
            rows, middle, rank = inner.shape[0], [1] * (inner.ndim - 2), inner.shape[-1 if ranks_last else 1]
            sizes = (rows, *middle, rank) if ranks_last else (rows, rank, *middle)
            inner = inner * _kept(sizes, self.ranks, draw).to(inner)
        return inner


def _kept(sizes: tuple[int, ...], share: float, draw: torch.Generator) -> Tensor:
    """0 for what is left out; the rest so great that the mean stays 1."""
    return (torch.rand(sizes, generator=draw) >= share) / (1 - share)


class Chance:
    """The random numbers that adapters draw in a step.

    They come from the step's name and the layer's alone. So they are the same ones when a step is taken again, and when
    gradient checkpointing computes a layer a second time.
    """

    def __init__(self) -> None:
        """There is none until a step begins."""
        self._step: str | None = None

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        """A context in which a step is taken."""
        self._step = step
        try:
            yield
        finally:
            self._step = None

    def draw(self, layer: str) -> torch.Generator | None:
        """Where a layer's random numbers come from; None where no step is taken, as while a loss is measured."""
        if self._step is None:
            return None
        return torch.Generator().manual_seed(random.Random(f"{self._step} {layer}").getrandbits(63))
