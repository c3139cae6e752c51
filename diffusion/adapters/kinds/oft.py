"""OFT and BOFT: rows are turned."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from diffusion.adapters.kinds.kind import Kind, Tensors


@dataclass(frozen=True, eq=False)
class Orthogonal(Kind):
    """Rotations ``R`` of groups of rows, at multiplier m as far as ``I + m (R - I)``.

    blocks: matrices ``b x b`` whose skew part gives the rotation by Cayley's map. limit: of the norm of all skew parts
    together, as a share of the number of rows; 0 for none. rescale: factors of the rows ``(out, 1[, 1, 1])``.
    """

    blocks: Tensor
    limit: float = 0.0
    rescale: Tensor | None = None

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> Self:
        """From ``oft_blocks``, ``alpha`` (the limit) and ``rescale``."""
        limit = float(tensors["alpha"].item()) if "alpha" in tensors else 0.0
        return cls(tensors["oft_blocks"], limit, tensors.get("rescale"))

    def to_tensors(self) -> dict[str, Tensor]:
        """The same names."""
        rescale = {} if self.rescale is None else {"rescale": self.rescale}
        return {"oft_blocks": self.blocks, "alpha": torch.tensor(self.limit), **rescale}

    @property
    def size(self) -> tuple[int, None]:
        """Rows of all blocks of a stage; any number of columns."""
        return self.blocks.shape[-3] * self.blocks.shape[-1], None

    @abstractmethod
    def turned(self, weight: Tensor, rotations: Tensor) -> Tensor:
        """The weight with its rows turned."""

    def apply(self, weight: Tensor, multiplier: float) -> Tensor:
        """Turn the rows, and rescale them."""
        turned = self.turned(weight, self._rotations(weight, multiplier))
        if self.rescale is None:
            return turned
        factors = self.rescale.to(weight).reshape(-1, *[1] * (weight.ndim - 1))
        return turned * (1 + (factors - 1) * multiplier)

    def _rotations(self, weight: Tensor, multiplier: float) -> Tensor:
        blocks = self.blocks.to(weight)
        skew = blocks - blocks.transpose(-1, -2)
        if self.limit > 0:
            longest = self.limit * weight.shape[0]
            skew = skew * (longest / skew.norm().clamp_min(longest))
        identity = torch.eye(skew.shape[-1], device=weight.device, dtype=weight.dtype)
        rotations = torch.linalg.solve(identity - skew, identity + skew, left=False)
        return identity + (rotations - identity) * multiplier


class DiagonalOrthogonal(Orthogonal):
    """OFT (Qiu et al. 2023, arXiv 2306.07280): blocks ``(n, b, b)`` turn rows that lie beside each other."""

    @property
    def linear(self) -> bool:  # type: ignore[override]
        """Rotation and rescaling together are not proportional to the multiplier."""
        return self.rescale is None

    def turned(self, weight: Tensor, rotations: Tensor) -> Tensor:
        """Turn each group of rows."""
        rows = weight.unflatten(0, (rotations.shape[0], -1))
        return torch.einsum("knm,kn...->km...", rotations, rows).flatten(0, 1)


class Butterfly(Orthogonal):
    """BOFT (Liu et al. 2023, arXiv 2311.06243): blocks ``(stages, n, b, b)``; stage s turns rows that lie ``2^s b / 2``
    apart.
    """

    linear = False

    def turned(self, weight: Tensor, rotations: Tensor) -> Tensor:
        """Stage after stage, rows are brought together, turned, and put back."""
        size = rotations.shape[-1]
        for stage, rotation in enumerate(rotations):
            stride = 2**stage * size // 2
            rows = weight.unflatten(0, (-1, 2, stride)).transpose(1, 2)
            groups = rows.flatten(0, 2).unflatten(0, (-1, size))
            turned = torch.einsum("bij,bj...->bi...", rotation, groups)
            weight = turned.flatten(0, 1).unflatten(0, (-1, stride, 2)).transpose(1, 2).flatten(0, 2)
        return weight


def read_orthogonal(tensors: Tensors) -> Orthogonal:
    """OFT or BOFT, which the number of dimensions tells apart."""
    kind = Butterfly if tensors["oft_blocks"].ndim == 4 else DiagonalOrthogonal
    return kind.from_tensors(tensors)
