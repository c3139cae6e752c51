"""LoRA, and LoCon, which is the same for convolutions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from diffusion.adapters.kinds.kind import Additive, Tensors, alpha_of, magnitude_of, residual_of, tucker


@dataclass(frozen=True, eq=False)
class LowRank(Additive):
    """``up @ down`` (Hu et al. 2021, arXiv 2106.09685); with `mid` a Tucker decomposition.

    up: ``(out, r[, 1, 1])``; down: ``(r, in[, k, k])``, or ``(r, in[, 1, 1])`` beside mid ``(r, r, k, k)``.
    """

    up: Tensor
    down: Tensor
    mid: Tensor | None = None

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> Self:
        """From ``lora_up.weight``, ``lora_down.weight`` and, of convolutions, ``lora_mid.weight``."""
        up, down = tensors["lora_up.weight"], tensors["lora_down.weight"]
        return cls(
            up=up,
            down=down,
            mid=tensors.get("lora_mid.weight"),
            alpha=alpha_of(tensors, down.shape[0]),
            magnitude=magnitude_of(tensors),
            residual=residual_of(tensors),
        )

    def to_tensors(self) -> dict[str, Tensor]:
        """The same names."""
        core = {} if self.mid is None else {"lora_mid.weight": self.mid}
        return {"lora_up.weight": self.up, "lora_down.weight": self.down, **core, **self.shared_tensors()}

    @property
    def rank(self) -> int:
        """Rows of `down`."""
        return self.down.shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """Rows of `up`, columns of `down`."""
        kernel = 1 if self.mid is None else math.prod(self.mid.shape[2:])
        return self.up.shape[0], math.prod(self.down.shape[1:]) * kernel

    def of_rows(self, rows: Tensor) -> LowRank | None:
        """Rows of `up`."""
        shared = self.shared_of_rows(rows)
        return None if shared is None else replace(self, up=self.up[rows], **shared)

    def of_rank(self, rank: int) -> LowRank:
        """The first columns of `up` with the first rows of `down`, at the same scale; a decomposition stays whole."""
        if self.mid is not None or rank >= self.rank:
            return self
        return replace(self, up=self.up[:, :rank], down=self.down[:rank], alpha=self.scale * rank)

    def product(self, weight: Tensor) -> Tensor:
        """The product of the factors."""
        up, down = self.up.to(weight).flatten(1), self.down.to(weight).flatten(1)
        if self.mid is not None:
            return tucker(self.mid.to(weight), up.T, down).reshape(weight.shape)
        return (up @ down).reshape(weight.shape)
