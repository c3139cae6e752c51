"""Keeping a network's weights in fewer bits than it computes in: each layer widens its own while it runs."""

import re
from typing import Any

import torch
from torch import nn

_BLOCKS = re.compile(
    r"(?:(?:down_blocks|mid_block|up_blocks|(?:single_)?transformer_blocks)\..*"
    r"|block\.\d+\.layer\.\d+\.(?:SelfAttention\.[qkvo]|DenseReluDense\.wi(?:_\d)?))\.weight"  # of T5
)
_NORM = re.compile(r"(?:\bnorm|\bgroup_norm)(?!\w*\.linear\.)")  # transformers have a large layer within some


def is_storable(name: str) -> bool:
    """Whether a tensor of a network is one that may be kept in fewer bits: a matrix or a kernel within its blocks.

    Normalisations, biases and the layers at the ends are few, and a network suffers most where they are rounded.
    """
    return _BLOCKS.fullmatch(name) is not None and _NORM.search(name) is None


def cast_on_use(network: nn.Module, dtype: torch.dtype) -> None:
    """Let the layers whose weights are stored have them in `dtype` while they run."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d) and is_storable(f"{name}.weight"):
            widening = _Widening(dtype)
            module.register_forward_pre_hook(widening.before)
            module.register_forward_hook(widening.after, always_call=True)  # even if the layer raises


class _Widening:
    """The hooks of one layer."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._stored: torch.Tensor | None = None

    def before(self, module: Any, arguments: Any) -> None:
        self._stored = module.weight.data
        module.weight.data = self._stored.to(self._dtype)

    def after(self, module: Any, arguments: Any, output: Any) -> None:
        if self._stored is not None:
            module.weight.data, self._stored = self._stored, None
