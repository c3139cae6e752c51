"""Training of hypernetworks, in the files of Stable Diffusion WebUI: small networks before keys and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from diffusion.hypernetwork import ACTIVATIONS, Hypernetwork, Perceptron
from diffusion.model import Model
from diffusion.training.trainer import TrainingError
from diffusion.weights import UnwritableError

Initialization = Literal["zero", "normal", "xavier", "kaiming"]
INITIALIZATIONS: tuple[Initialization, ...] = get_args(Initialization)
_SIDES = ("keys", "values")
Pairs = Mapping[int, tuple[Perceptron, Perceptron]]
"""The networks of keys and values, by width."""


@dataclass(frozen=True)
class Structure:
    """What the network of each width is like.

    layers: sizes in multiples of the width; the first and the last are 1. activation: by its name in the WebUI, after
    each linear layer but the last, or with `activate_output` after all. layer_norm: whether each is normalised.
    initialization: "zero" leaves the model as it is until something is learned.
    """

    layers: tuple[float, ...] = (1, 2, 1)
    activation: str = "linear"
    layer_norm: bool = False
    activate_output: bool = False
    initialization: Initialization = "zero"

    @classmethod
    def of(
        cls, layers: str, activation: str, layer_norm: bool, activate_output: bool, initialization: str
    ) -> Structure:
        """From sizes as people write them: ``1, 2, 1``. Raises `TrainingError`."""
        try:
            sizes = tuple(float(size) for size in layers.split(","))
        except ValueError:
            sizes = ()
        if len(sizes) < 2 or sizes[0] != 1 or sizes[-1] != 1 or min(sizes) <= 0:
            raise TrainingError(
                f"'{layers}' are no sizes of layers: write multiples of the width that begin and end with 1.",
                option="layers",
            )
        chosen = next(each for each in INITIALIZATIONS if each == initialization)
        return cls(sizes, activation, layer_norm, activate_output, chosen)

    @classmethod
    def of_pairs(cls, pairs: Pairs) -> Structure:
        """That of networks which were trained before."""
        width, (keys, _) = next(iter(pairs.items()))
        sizes = [weight.shape[0] / width for weight, _ in keys.layers if weight.ndim == 2]
        activation = next(name for name, each in ACTIVATIONS.items() if each is keys.activation)
        return cls((1, *sizes), activation, any(weight.ndim == 1 for weight, _ in keys.layers), keys.activate_output)


@dataclass(frozen=True, eq=False)
class LiveHypernetwork(Hypernetwork):
    """One whose numbers change from step to step, so that no copy of them is kept. off: whether it does nothing now."""

    off: Callable[[], bool] = lambda: False

    def _on(self, tensor: Tensor) -> dict[int, tuple[Perceptron, Perceptron]]:
        if self.off():
            return {}
        return {width: (keys.to(tensor), values.to(tensor)) for width, (keys, values) in self.pairs.items()}


class TrainedHypernetwork:
    """A hypernetwork while it is trained. parameters: by width, side, and the name that the file has for it."""

    def __init__(self, model: Model, structure: Structure, seed: int, begin: Pairs | None = None) -> None:
        """For all widths that the model's attention reads, or those of the networks to begin with.

        begin: what was trained before, which is gone on from; it has the structure. Raises `TrainingError` for a model
        that is no UNet, and for networks that are not for its widths.
        """
        config = model.config
        if "cross_attention_dim" not in config:
            raise TrainingError(f"{model.family.label} has no UNet, which a hypernetwork is for: train a LoRA.")
        blocks = zip(config["block_out_channels"], config["down_block_types"], strict=True)
        widths = {width for width, block in blocks if "CrossAttn" in block} | {config["cross_attention_dim"]}
        widths.add(config["block_out_channels"][-1])  # the middle block's
        if begin is not None and not widths & set(begin):
            named = ", ".join(map(str, sorted(begin)))
            raise TrainingError(
                f"The hypernetwork is for widths of {named}, none of which this model has: choose one that was trained "
                "on such a model.",
                option="begin_with",
            )
        self.structure = structure
        self._off = False
        self.parameters: dict[str, nn.Parameter] = {}
        draw = torch.Generator().manual_seed(seed)
        self._names: dict[tuple[int, str], list[str]] = {}
        for width in sorted(begin or widths):
            for side in _SIDES:
                self._add(width, side, draw, model.device)
        for width, perceptrons in (begin or {}).items():
            for side, perceptron in zip(_SIDES, perceptrons, strict=True):
                self._take(width, side, perceptron)

    def _add(self, width: int, side: str, draw: torch.Generator, device: torch.device) -> None:
        """The layers of one network, numbered as the WebUI's are, whose activations have numbers too."""
        structure, number = self.structure, 0
        active = ACTIVATIONS[structure.activation] is not None
        names = self._names[width, side] = []
        pairs = list(zip(structure.layers, structure.layers[1:], strict=False))
        for at, (before, after) in enumerate(pairs):
            last = at == len(pairs) - 1
            rows, columns = round(width * after), round(width * before)
            tensors = {
                f"linear.{number}": (_weight(structure.initialization, rows, columns, last, draw), torch.zeros(rows))
            }
            number += 1
            if active and (structure.activate_output or not last):
                number += 1
            if structure.layer_norm:
                tensors[f"linear.{number}"] = torch.ones(rows), torch.zeros(rows)
                number += 1
            for name, (weight, bias) in tensors.items():
                names.append(name)
                for leaf, tensor in (("weight", weight), ("bias", bias)):
                    self.parameters[f"{width}.{side}.{name}.{leaf}"] = nn.Parameter(tensor.to(device))

    @torch.no_grad()
    def _take(self, width: int, side: str, perceptron: Perceptron) -> None:
        """Begin one network as another one. Raises `TrainingError` where that has other layers."""
        layers = dict(zip(self._names[width, side], perceptron.layers, strict=False))
        wanted = [self.parameters[f"{width}.{side}.{name}.weight"].shape for name in self._names[width, side]]
        if [weight.shape for weight, _ in perceptron.layers] != wanted:
            raise TrainingError(
                "The networks of this hypernetwork have different structures: choose one whose networks are alike.",
                option="begin_with",
            )
        for name, tensors in layers.items():
            for leaf, tensor in zip(("weight", "bias"), tensors, strict=True):
                if tensor is not None:
                    self.parameters[f"{width}.{side}.{name}.{leaf}"].copy_(tensor)

    def pairs(self, *, copies: bool = False) -> dict[int, tuple[Perceptron, Perceptron]]:
        """The networks of keys and values by width: of the parameters themselves, or of copies of their values."""

        def perceptron(width: int, side: str) -> Perceptron:
            layers = []
            for name in self._names[width, side]:
                weight, bias = (self.parameters[f"{width}.{side}.{name}.{leaf}"] for leaf in ("weight", "bias"))
                layers.append((weight.detach().clone(), bias.detach().clone()) if copies else (weight, bias))
            return Perceptron(tuple(layers), ACTIVATIONS[self.structure.activation], self.structure.activate_output)

        widths = dict.fromkeys(width for width, _ in self._names)
        return {width: (perceptron(width, _SIDES[0]), perceptron(width, _SIDES[1])) for width in widths}

    def on(self, model: Model) -> Model:
        """The model, which goes through it as it is now."""
        return model.with_attention(LiveHypernetwork(self.pairs(), off=lambda: self._off))

    def kept(self, model: Model) -> Model:
        """The model with what was learned."""
        return model.with_attention(Hypernetwork(self.pairs(copies=True)))

    @contextmanager
    def attached(self, network: Any) -> Iterator[None]:
        """The model that it is `on` has it already."""
        yield

    @contextmanager
    def off(self) -> Iterator[None]:
        """A context in which a model that it is `on` is as it was before."""
        self._off = True
        try:
            yield
        finally:
            self._off = False

    def save(self, path: Path, name: str, steps: int, more: Mapping[str, str]) -> None:
        """Write the WebUI's file; more: further entries that it has for texts."""

        def state(width: int, side: str) -> dict[str, Tensor]:
            prefix = f"{width}.{side}."
            return {
                key.removeprefix(prefix): parameter.detach().cpu().clone()
                for key, parameter in self.parameters.items()
                if key.startswith(prefix)
            }

        structure = self.structure
        content: dict[int | str, Any] = {
            width: tuple(state(width, side) for side in _SIDES) for width, _ in self._names
        }
        content |= {
            "step": steps,
            "name": name,
            "layer_structure": list(structure.layers),
            "activation_func": structure.activation,
            "is_layer_norm": structure.layer_norm,
            "weight_initialization": "Normal",
            "use_dropout": False,
            "activate_output": structure.activate_output,
            "last_layer_dropout": False,
        }
        for key, text in more.items():
            content[key] = text
        partial = path.with_name(path.name + ".part")
        try:
            torch.save(content, partial)
            partial.replace(path)
        except (OSError, RuntimeError) as error:
            partial.unlink(missing_ok=True)
            raise UnwritableError(
                f"{path.name} cannot be written ({error}): make room for it, and try again."
            ) from error


def _weight(kind: Initialization, rows: int, columns: int, last: bool, draw: torch.Generator) -> Tensor:
    weight = torch.empty(rows, columns)
    match kind:
        case "zero" if last:
            return weight.zero_()
        case "xavier":
            return nn.init.xavier_uniform_(weight, generator=draw)
        case "kaiming":
            return nn.init.kaiming_uniform_(weight, generator=draw)
    return (
        weight.normal_(0, 0.01, generator=draw) if kind == "normal" else nn.init.xavier_uniform_(weight, generator=draw)
    )
