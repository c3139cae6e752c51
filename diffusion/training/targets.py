"""Which layers of a network an adapter is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from torch import nn

Targets = Literal["attention", "attention and feed-forward", "all layers"]
TARGETS: tuple[Targets, ...] = get_args(Targets)
"""Of a UNet: the projections of attention; everything within its transformers, as kohya's scripts have it; all."""

_ATTENTION = ("Attention", "CLIPAttention")
_TRANSFORMERS = ("Transformer2DModel", "CLIPAttention", "CLIPMLP")
_CONVOLUTIONS = ("ResnetBlock2D", "Downsample2D", "Upsample2D")


def target_layers(
    network: Any, targets: Targets = "attention and feed-forward", convolutions: bool = False
) -> list[str]:
    """The names of the linear layers and convolutions to train, in the network's order.

    convolutions: also those larger than one pixel, and everything else within residual blocks and changes of size, as
    LoCon does. A layer of one pixel counts as a linear layer.
    """
    if targets == "all layers":
        return [name for name, layer in network.named_modules() if _is_layer(layer)]
    within = _ATTENTION if targets == "attention" else _TRANSFORMERS
    blocks = (*within, *_CONVOLUTIONS) if convolutions else within
    found = {name: None for block in _blocks(network, blocks) for name in _layers(block, network)}
    return [name for name in found if convolutions or not is_wide(network.get_submodule(name))]


def target_text_layers(network: Any, targets: Targets = "attention and feed-forward") -> list[str]:
    """The same of a text encoder, where all layers are those of its transformer: other programs read no others."""
    return target_layers(network, "attention" if targets == "attention" else "attention and feed-forward")


def is_wide(layer: Any) -> bool:
    """Whether a layer is a convolution that sees more than one pixel."""
    return isinstance(layer, nn.Conv2d) and max(layer.kernel_size) > 1


def _is_layer(module: Any) -> bool:
    return isinstance(module, (nn.Linear, nn.Conv2d))


def _blocks(network: Any, classes: tuple[str, ...]) -> Iterator[str]:
    for name, module in network.named_modules():
        if type(module).__name__ in classes:
            yield name


def _layers(block: str, network: Any) -> Iterator[str]:
    for name, module in network.get_submodule(block).named_modules():
        if _is_layer(module):
            yield f"{block}.{name}" if name else block
