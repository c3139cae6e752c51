"""Adapters as training begins with them: of every algorithm, so made that they change nothing yet."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

Algorithm = Literal["LoRA", "LoHa", "LoKr", "GLoRA", "IA3", "OFT", "BOFT", "full"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
DECOMPOSED: tuple[Algorithm, ...] = ("LoRA", "LoHa", "LoKr")
"""Those that learn the lengths of weights apart (DoRA), and that have cores for convolutions."""
SCALED: tuple[Algorithm, ...] = (*DECOMPOSED, "GLoRA")
"""Those whose change is multiplied by alpha / rank."""


@dataclass(frozen=True)
class Shape:
    """What an adapter of one layer is like.

    rank: of its products; of OFT and BOFT, the greatest size of a block. alpha: what the change is multiplied by, times
    rank; or, if it is `stabilized`, times the root of rank (Kalajdzievski 2023, arXiv 2312.03732), where files have a
    greater alpha to the same effect.
    factor: of LoKr, the greatest size of the smaller factor; -1 for factors of about the same size. both: of LoKr,
    whether the smaller factor is a product too, where that is smaller.
    magnitude: whether it is decomposed into directions and lengths (DoRA). on_input: of IA3, whether it scales columns.
    tucker: whether LoRA, LoHa and LoKr have a small core for the places of a convolution's kernel (Hyeon-Woo et al.
    2021, arXiv 2108.06098, section 2.2), so that their other factors are as those of linear layers.
    """

    algorithm: Algorithm = "LoRA"
    rank: int = 16
    alpha: float = 16.0
    factor: int = -1
    magnitude: bool = False
    on_input: bool = False
    stabilized: bool = False
    both: bool = False
    tucker: bool = False


def new_tensors(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    """The tensors of an adapter for a weight ``(out, in[, k, k])``, float32 on the CPU, by the names of files.

    With them the layer does what it did without, to the last bit, but for DoRA, which rounds. Random numbers come from
    `draw`. The inits are those of LyCORIS.
    """
    tensors = _NEW[shape.algorithm](shape, weight, draw)
    if shape.algorithm in SCALED:
        alpha = shape.alpha * math.sqrt(shape.rank) if shape.stabilized else shape.alpha
        tensors.setdefault("alpha", torch.tensor(float(alpha)))
        if shape.magnitude and shape.algorithm in DECOMPOSED:
            lengths = weight.detach().float().flatten(1).norm(dim=1)
            tensors["dora_scale"] = lengths.reshape(-1, *[1] * (weight.ndim - 1))
    return tensors


def new_norm(layer: nn.Module) -> dict[str, Tensor]:
    """The same for a normalisation, whose weight and bias are learned whole."""
    tensors = {"w_norm": layer.weight, "b_norm": layer.bias}
    return {part: torch.zeros(each.shape) for part, each in tensors.items() if isinstance(each, Tensor)}


FIXED = ("alpha", "on_input", "bias_indices", "bias_size")
"""Tensors of an adapter that are not trained."""


def _low_rank(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    rank, ones = shape.rank, [1] * (weight.ndim - 2)
    up = torch.zeros(weight.shape[0], rank, *ones)
    if not _has_core(shape, weight):
        return {"lora_down.weight": _uniform((rank, *weight.shape[1:]), draw), "lora_up.weight": up}
    down, core = _uniform((rank, weight.shape[1], *ones), draw), _uniform((rank, rank, *weight.shape[2:]), draw)
    return {"lora_down.weight": down, "lora_mid.weight": core, "lora_up.weight": up}


def _hadamard(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    rank, rows = shape.rank, weight.shape[0]
    if _has_core(shape, weight):  # whose left factors are transposed in files
        columns, core = weight.shape[1], (rank, rank, *weight.shape[2:])
        return {
            "hada_t1": 0.1 * torch.randn(core, generator=draw),
            "hada_w1_a": 0.1 * torch.randn(rank, rows, generator=draw),
            "hada_w1_b": torch.randn(rank, columns, generator=draw),
            "hada_t2": 0.1 * torch.randn(core, generator=draw),
            "hada_w2_a": torch.zeros(rank, rows),
            "hada_w2_b": torch.randn(rank, columns, generator=draw),
        }
    columns = math.prod(weight.shape[1:])
    return {
        "hada_w1_a": 0.1 * torch.randn(rows, shape.rank, generator=draw),
        "hada_w1_b": torch.randn(shape.rank, columns, generator=draw),
        "hada_w2_a": torch.zeros(rows, shape.rank),
        "hada_w2_b": torch.randn(shape.rank, columns, generator=draw),
    }


def _kronecker(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    rows, columns = factors(weight.shape[0], shape.factor), factors(weight.shape[1], shape.factor)
    rank, kernel, tensors = shape.rank, weight.shape[2:], {}
    if shape.both and rank < max(rows[0], columns[0]) / 2:
        tensors["lokr_w1_a"] = _uniform((rows[0], rank), draw)
        tensors["lokr_w1_b"] = _uniform((rank, columns[0]), draw)
    else:
        tensors["lokr_w1"] = _uniform((rows[0], columns[0]), draw)
    if rank >= max(rows[1], columns[1]) / 2:
        tensors["lokr_w2"] = torch.zeros(rows[1], columns[1], *kernel)
        if "lokr_w1" in tensors:
            tensors["alpha"] = torch.tensor(1.0)  # of two whole factors it is not read
    elif _has_core(shape, weight):
        tensors["lokr_t2"] = _uniform((rank, rank, *kernel), draw)
        tensors["lokr_w2_a"] = _uniform((rank, rows[1]), draw)
        tensors["lokr_w2_b"] = torch.zeros(rank, columns[1])
    else:
        tensors["lokr_w2_a"] = _uniform((rows[1], rank), draw)
        tensors["lokr_w2_b"] = torch.zeros(rank, columns[1] * math.prod(kernel))
    return tensors


def _generalized(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    (rows, columns), kernel = weight.shape[:2], weight.shape[2:]
    ones = [1] * len(kernel)
    return {
        "a1.weight": _uniform((columns, shape.rank, *ones), draw),
        "a2.weight": torch.zeros(shape.rank, columns, *ones),
        "b1.weight": _uniform((rows, shape.rank, *ones), draw),
        "b2.weight": torch.zeros(shape.rank, columns, *kernel),
    }


def _rescaling(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    channels = weight.shape[1] if shape.on_input else weight.shape[0]
    sizes = (channels,) if weight.ndim == 2 else (1, channels, 1, 1)
    return {"weight": torch.zeros(sizes), "on_input": torch.tensor(int(shape.on_input))}


def _orthogonal(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    size = max(size for size in range(1, max(1, shape.rank) + 1) if weight.shape[0] % size == 0)
    return {"oft_blocks": torch.zeros(weight.shape[0] // size, size, size), "alpha": torch.tensor(0.0)}


def _butterfly(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    """Blocks of LyCORIS' sizes: a power of two of them, and so many stages that each row meets all others."""
    rows = weight.shape[0]
    sizes = [size for size in range(2, shape.rank + 1, 2) if rows % size == 0 and (rows // size).bit_count() == 1]
    if not sizes:  # turned as one block, or not at all
        return _orthogonal(shape, weight, draw)
    size = sizes[-1]
    stages = (rows // size - 1).bit_count() + 1
    return {"oft_blocks": torch.zeros(stages, rows // size, size, size), "alpha": torch.tensor(0.0)}


def _full(shape: Shape, weight: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
    return {"diff": torch.zeros(weight.shape)}


_NEW: dict[Algorithm, Callable[[Shape, Tensor, torch.Generator], dict[str, Tensor]]] = {
    "LoRA": _low_rank,
    "LoHa": _hadamard,
    "LoKr": _kronecker,
    "GLoRA": _generalized,
    "IA3": _rescaling,
    "OFT": _orthogonal,
    "BOFT": _butterfly,
    "full": _full,
}


def _has_core(shape: Shape, weight: Tensor) -> bool:
    return shape.tucker and math.prod(weight.shape[2:]) > 1


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
