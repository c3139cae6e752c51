"""Hypernetworks as Stable Diffusion WebUI trains them: small networks before the keys and values of all attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import AttentionChange, Place
from diffusion.model import Model
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError, load_pickle

Activation = Callable[[Tensor], Tensor]

# By the names of the WebUI; its "swish" is what torch calls Hardswish.
ACTIVATIONS: Mapping[str, Activation | None] = {
    "linear": None,
    "swish": F.hardswish,
    "relu": F.relu,
    "leakyrelu": F.leaky_relu,
    "elu": F.elu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "celu": F.celu,
    "gelu": F.gelu,
    "hardsigmoid": F.hardsigmoid,
    "hardshrink": F.hardshrink,
    "hardswish": F.hardswish,
    "hardtanh": F.hardtanh,
    "logsigmoid": F.logsigmoid,
    "mish": F.mish,
    "relu6": F.relu6,
    "selu": F.selu,
    "silu": F.silu,
    "softplus": F.softplus,
    "softshrink": F.softshrink,
    "softsign": F.softsign,
    "tanhshrink": F.tanhshrink,
}
OLD_NAMES = {"linear1": "linear.0", "linear2": "linear.1"}
_Layer = tuple[Tensor, Tensor | None]  # weight (a matrix, or a vector of a normalization) and bias


@dataclass(frozen=True, eq=False)
class Perceptron:
    """The network of one width: linear layers, each with its activation and then perhaps a normalization.

    activate_output: whether the last linear layer has an activation too.
    """

    layers: tuple[_Layer, ...]
    activation: Activation | None
    activate_output: bool

    def __call__(self, x: Tensor) -> Tensor:
        """What is added to ``x`` ``[…, width]``."""
        last = max(number for number, (weight, _) in enumerate(self.layers) if weight.ndim == 2)
        for number, (weight, bias) in enumerate(self.layers):
            if weight.ndim == 1:
                x = F.layer_norm(x, weight.shape, weight, bias)
                continue
            x = F.linear(x, weight, bias)
            if self.activation is not None and (number < last or self.activate_output):
                x = self.activation(x)
        return x

    def to(self, like: Tensor) -> Perceptron:
        """The same on the device and in the number format of a tensor."""
        layers = tuple((weight.to(like), None if bias is None else bias.to(like)) for weight, bias in self.layers)
        return Perceptron(layers, self.activation, self.activate_output)


_Pairs = dict[int, tuple[Perceptron, Perceptron]]


@dataclass(frozen=True, eq=False)
class Hypernetwork(AttentionChange):
    """Change what keys and values are computed from: ``x + strength * network(x)``, a network for each width of x.

    pairs: the networks of keys and of values, by width.
    """

    pairs: Mapping[int, tuple[Perceptron, Perceptron]] = field(repr=False)
    strength: float = 1.0
    _placed: dict[tuple[torch.device, torch.dtype], _Pairs] = field(default_factory=dict, repr=False)

    def inputs(
        self, hidden: Tensor, keys: Tensor, values: Tensor, place: Place, call: Call
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Change keys and values."""
        pair = self._on(keys).get(keys.shape[-1])
        if pair is None:
            return hidden, keys, values
        return hidden, keys + pair[0](keys) * self.strength, values + pair[1](values) * self.strength

    def _on(self, tensor: Tensor) -> _Pairs:
        where = (tensor.device, tensor.dtype)
        if where not in self._placed:
            self._placed[where] = {
                width: (keys.to(tensor), values.to(tensor)) for width, (keys, values) in self.pairs.items()
            }
        return self._placed[where]


def load_hypernetwork(path: Path) -> Mapping[int, tuple[Perceptron, Perceptron]]:
    """The networks of a hypernetwork's file, by width. Raises `WeightsError`."""
    content = load_pickle(path)
    widths = [key for key in content if isinstance(key, int)] if isinstance(content, Mapping) else []
    if not widths:
        raise WeightsError(
            f"{path.name} is no hypernetwork: it has no networks for widths such as 768. Choose another."
        )
    name = str(content.get("activation_func") or "linear").lower()
    if name not in ACTIVATIONS:
        raise WeightsError(
            f"{path.name} uses the activation '{name}', which is not supported: use a hypernetwork with another one."
        )

    def perceptron(state: Mapping[str, Any]) -> Perceptron:
        return Perceptron(_layers(state), ACTIVATIONS[name], bool(content.get("activate_output", True)))

    try:
        return {width: (perceptron(content[width][0]), perceptron(content[width][1])) for width in widths}
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise WeightsError(f"{path.name} is a damaged hypernetwork ({error}): get the file again.") from error


def with_hypernetwork(model: Model, pairs: Mapping[int, tuple[Perceptron, Perceptron]], strength: float) -> Model:
    """The model with a hypernetwork, after those that it has. Raises `WeightsError` if none of its widths occurs."""
    widths = {*model.config.get("block_out_channels", ()), model.config.get("cross_attention_dim")}
    if not widths & set(pairs):
        raise WeightsError(
            f"The hypernetwork is for widths of {', '.join(map(str, sorted(pairs)))}, none of which this model has: "
            "choose one that was trained on such a model."
        )
    return model.with_attention(Hypernetwork(pairs, strength)) if strength else model


def _layers(state: Mapping[str, Any]) -> tuple[_Layer, ...]:
    """The layers in order. Where numbers are left out there was an activation or a dropout."""
    tensors: dict[int, dict[str, Tensor]] = {}
    for name, tensor in state.items():
        module, _, leaf = name.rpartition(".")
        number = int(OLD_NAMES.get(module, module).removeprefix("linear."))
        tensors.setdefault(number, {})[leaf] = tensor
    return tuple((tensors[number]["weight"], tensors[number].get("bias")) for number in sorted(tensors))
