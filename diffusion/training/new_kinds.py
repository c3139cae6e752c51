"""Adapters as training begins with them: of every algorithm, so made that they change nothing yet."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

Algorithm = Literal["LoRA", "LoHa", "LoKr", "IA3", "OFT", "full"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)


@dataclass(frozen=True)
class Shape:
    """What an adapter of one layer is like.

    rank: of its products; of OFT, the greatest size of a block. alpha: what the change is multiplied by, times rank.
    factor: of LoKr, the greatest size of the smaller factor; -1 for factors of about the same size.
    magnitude: whether it is decomposed into directions and lengths (DoRA). on_input: of IA3, whether it scales columns.
    """

    algorithm: Algorithm = "LoRA"
    rank: int = 16
    alpha: float = 16.0
    factor: int = -1
    magnitude: bool = False
    on_input: bool = False


def new_tensors(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    """The tensors of an adapter for a weight ``(out, in[, k, k])``, float32 on the CPU, by the names of files.

    With them the layer does what it did without, to the last bit, but for DoRA, which rounds. Random numbers come from
    `draw`. The inits are those of LyCORIS.
    """
    tensors = _NEW[shape.algorithm](shape, weight, draw)
    if shape.algorithm in ("LoRA", "LoHa", "LoKr"):
        tensors.setdefault("alpha", torch.tensor(float(shape.alpha)))
        if shape.magnitude:
            lengths = weight.detach().float().flatten(1).norm(dim=1)
            tensors["dora_scale"] = lengths.reshape(-1, *[1] * (weight.ndim - 1))
    return tensors


FIXED = ("alpha", "on_input")
"""Tensors of an adapter that are not trained."""


def _low_rank(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    up = torch.zeros(weight.shape[0], shape.rank, *[1] * (weight.ndim - 2))
    return {"lora_down.weight": _uniform((shape.rank, *weight.shape[1:]), draw), "lora_up.weight": up}


def _hadamard(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    rows, columns = weight.shape[0], math.prod(weight.shape[1:])
    return {
        "hada_w1_a": 0.1 * torch.randn(rows, shape.rank, generator=draw),
        "hada_w1_b": torch.randn(shape.rank, columns, generator=draw),
        "hada_w2_a": torch.zeros(rows, shape.rank),
        "hada_w2_b": torch.randn(shape.rank, columns, generator=draw),
    }


def _kronecker(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    rows, columns = factors(weight.shape[0], shape.factor), factors(weight.shape[1], shape.factor)
    kernel = weight.shape[2:]
    tensors = {"lokr_w1": _uniform((rows[0], columns[0]), draw)}
    if shape.rank >= max(rows[1], columns[1]) / 2:
        tensors["lokr_w2"] = torch.zeros(rows[1], columns[1], *kernel)
        tensors["alpha"] = torch.tensor(1.0)  # of two whole factors it is not read
    else:
        tensors["lokr_w2_a"] = _uniform((rows[1], shape.rank), draw)
        tensors["lokr_w2_b"] = torch.zeros(shape.rank, columns[1] * math.prod(kernel))
    return tensors


def _rescaling(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    channels = weight.shape[1] if shape.on_input else weight.shape[0]
    sizes = (channels,) if weight.ndim == 2 else (1, channels, 1, 1)
    return {"weight": torch.zeros(sizes), "on_input": torch.tensor(int(shape.on_input))}


def _orthogonal(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    size = max(size for size in range(1, max(1, shape.rank) + 1) if weight.shape[0] % size == 0)
    return {"oft_blocks": torch.zeros(weight.shape[0] // size, size, size), "alpha": torch.tensor(0.0)}


def _full(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    return {"diff": torch.zeros(weight.shape)}


_NEW: dict[Algorithm, Callable[[Shape, Tensor, torch.Generator], dict[str, Tensor]]] = {
    "LoRA": _low_rank,
    "LoHa": _hadamard,
    "LoKr": _kronecker,
    "IA3": _rescaling,
    "OFT": _orthogonal,
    "full": _full,
}


def factors(size: int, most: int) -> tuple[int, int]:
    """A size as a product, the smaller factor first: the most even one, or that with the largest one up to `most`."""
    if most > 0 and size % most == 0:
        return min(most, size // most), max(most, size // most)
    pairs = [(small, size // small) for small in range(1, math.isqrt(size) + 1) if size % small == 0]
    allowed = [pair for pair in pairs if most < 0 or pair[0] <= most]
    return allowed[-1]


def _uniform(sizes: tuple[int, ...], draw: torch.Generator) -> Tensor:
    """Kaiming's uniform distribution with a = sqrt(5), which is 1 / sqrt(columns) to both sides."""
    bound = 1 / math.sqrt(math.prod(sizes[1:]))
    return (2 * torch.rand(sizes, generator=draw) - 1) * bound
