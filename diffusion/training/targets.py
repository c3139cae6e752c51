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
    network: Any, targets: Targets = "attention and feed-forward", convolutions: bool = False, norms: bool = False
) -> list[str]:
    """The names of the linear layers and convolutions to train, in the network's order.

    convolutions: also those larger than one pixel, and everything else within residual blocks and changes of size, as
    LoCon does. A layer of one pixel counts as a linear layer. norms: also the normalisations among them.
    """
    kinds = (nn.Linear, nn.Conv2d, nn.GroupNorm, nn.LayerNorm) if norms else (nn.Linear, nn.Conv2d)
    modules = dict(network.named_modules())
    if targets != "all layers":
        within = _ATTENTION if targets == "attention" else _TRANSFORMERS
        blocks = (*within, *_CONVOLUTIONS) if convolutions else within
        names = dict.fromkeys(name for block in _blocks(network, blocks) for name in _below(block, network))
        modules = {name: modules[name] for name in names if convolutions or not is_wide(modules[name])}
    return [name for name, module in modules.items() if isinstance(module, kinds) and module.weight is not None]


def target_text_layers(network: Any, targets: Targets = "attention and feed-forward", norms: bool = False) -> list[str]:
    """The same of a text encoder, where all layers are those of its transformer: other programs read no others."""
    return target_layers(network, "attention" if targets == "attention" else "attention and feed-forward", norms=norms)


def is_wide(layer: Any) -> bool:
    """Whether a layer is a convolution that sees more than one pixel."""
    return isinstance(layer, nn.Conv2d) and max(layer.kernel_size) > 1


def _blocks(network: Any, classes: tuple[str, ...]) -> Iterator[str]:
    for name, module in network.named_modules():
        if type(module).__name__ in classes:
            yield name


def _below(block: str, network: Any) -> Iterator[str]:
    for name, _ in network.get_submodule(block).named_modules():
        yield f"{block}.{name}" if name else block
