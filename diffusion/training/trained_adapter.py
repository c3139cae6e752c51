"""An adapter while it is trained: its tensors as parameters, and the layers of a network that go through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.adapters.kinds import Kind, LowRank, read_bias, read_weight
from diffusion.adapters.layers import evaluate, factors_of, only_factors, through_factors
from diffusion.changes.unet import replaced_forward
from diffusion.component import Patches, Source, changes_of
from diffusion.training.dropout import Chance, Dropout
from diffusion.training.new_kinds import FIXED, Shape, new_norm, new_tensors

NORMS = (nn.GroupNorm, nn.LayerNorm)
LAYERS = (nn.Linear, nn.Conv2d, *NORMS)
"""Modules that an adapter can be trained on."""


class TrainedAdapter:
    """Adapters of some layers of one network.

    parameters: what is trained, by ``layer:part``, float32 on the network's device.
    """

    def __init__(
        self,
        tensors: Mapping[str, Mapping[str, Tensor]],
        device: torch.device,
        dropout: Dropout | None = None,
        chance: Chance | None = None,
    ) -> None:
        """tensors: of each layer, by its name and the names that files have for the parts.

        dropout: what is left out in a step; chance: where random numbers for it come from.
        """
        self.parameters: dict[str, nn.Parameter] = {}
        self._dropout = dropout or Dropout()
        self._chance = chance or Chance()
        self._off = False
        self._tensors: dict[str, dict[str, Tensor]] = {}
        for layer, parts in tensors.items():
            self._tensors[layer] = {}
            for part, tensor in parts.items():
                if part in FIXED:  # numbers, which are read on the CPU
                    self._tensors[layer][part] = tensor.cpu()
                else:
                    parameter = nn.Parameter(tensor.detach().clone().to(device, torch.float32))
                    self._tensors[layer][part] = self.parameters[f"{layer}:{part}"] = parameter

    @classmethod
    def new(
        cls,
        source: Source,
        layers: Sequence[str],
        shape: Callable[[str], Shape],
        draw: torch.Generator,
        dropout: Dropout | None = None,
        chance: Chance | None = None,
        patches: Patches = (),
    ) -> TrainedAdapter:
        """One that changes nothing yet. `shape` says what it is like on each layer; see also the constructor.

        patches: changes of the weights that the network has when it is trained.
        """
        changes, network = changes_of(patches), source.component.build()

        def begun(layer: str) -> dict[str, Tensor]:
            module, name = network.get_submodule(layer), f"{layer}.weight"
            if isinstance(module, NORMS):
                return new_norm(module)
            return new_tensors(shape(layer), source.tensor(name, changes.get(name, ())), draw)

        return cls({layer: begun(layer) for layer in layers}, source.device, dropout, chance)

    @classmethod
    def of(
        cls, source: Source, kinds: Mapping[str, Kind], dropout: Dropout | None = None, chance: Chance | None = None
    ) -> TrainedAdapter:
        """One that goes on from what another has learned, by the names of a network's tensors; see the constructor."""
        tensors: dict[str, dict[str, Tensor]] = {}
        for name, kind in kinds.items():
            tensors.setdefault(name.rpartition(".")[0], {}).update(kind.to_tensors())
        return cls(tensors, source.device, dropout, chance)

    def kinds(self) -> dict[str, Kind]:
        """What it does now to each tensor, by the tensor's name in the network; a copy on the CPU."""
        return {
            f"{layer}.{leaf}": kind
            for layer, parts in self._tensors.items()
            for leaf, kind in _kinds({name: each.detach().cpu().clone() for name, each in parts.items()}).items()
        }

    @contextmanager
    def attached(self, network: Any) -> Iterator[None]:
        """A context in which the network's layers go through it, with gradients."""
        with ExitStack() as stack:
            for layer in self._tensors:
                module = network.get_submodule(layer)
                stack.enter_context(replaced_forward(module, partial(self._forward, layer, module, module.forward)))
            yield

    @contextmanager
    def off(self) -> Iterator[None]:
        """A context in which layers that go through it do what they do without it."""
        self._off = True
        try:
            yield
        finally:
            self._off = False

    @torch.no_grad()
    def shorten(self, most: float) -> None:
        """Bring what LoRAs add to a layer to at most that length, all their matrices by the same factor.

        That is `scale_weight_norms` of kohya's scripts: a norm ``|alpha / r B A|`` above the limit is brought to it.
        """
        for parts in self._tensors.values():
            kind = read_weight(parts)
            if isinstance(kind, LowRank):
                factors = [parts[name] for name in _FACTORS if name in parts]
                ratio = (most / (_length(kind) * kind.scale)).clamp_max(1)
                for factor in factors:
                    factor.mul_(ratio ** (1 / len(factors)))

    def _forward(self, layer: str, module: nn.Module, forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        if self._off:
            return forward(x)
        draw = self._chance.draw(layer) if self._dropout != Dropout() else None
        if draw is not None and self._dropout.skips(draw):
            return forward(x)
        kinds = _kinds(self._tensors[layer])
        low_rank = only_factors(kinds)
        if low_rank is not None:
            factors = [factor.to(x) for factor in factors_of(low_rank, module)]
            return forward(x) + through_factors(module, x, factors, self._between(module, draw)) * low_rank.scale
        changed: dict[str, Any] = {"weight": module.weight, "bias": module.bias}
        for leaf, kind in kinds.items():
            changed[leaf] = kind.apply(changed[leaf].float(), 1.0).to(x.dtype)
        return evaluate(module, x, **changed)

    def _between(self, module: nn.Module, draw: torch.Generator | None) -> Callable[[Tensor], Tensor]:
        """What happens to the numbers between the two matrices of a LoRA."""
        if draw is None:
            return lambda inner: inner
        return partial(self._dropout.thinned, draw=draw, ranks_last=isinstance(module, nn.Linear))


_FACTORS = ("lora_up.weight", "lora_mid.weight", "lora_down.weight")


def _kinds(parts: Mapping[str, Tensor]) -> dict[str, Kind]:
    """What is done to a layer's weight, and to its bias."""
    read = {"weight": read_weight(parts), "bias": read_bias(parts)}
    return {leaf: kind for leaf, kind in read.items() if kind is not None}


def _length(kind: LowRank) -> Tensor:
    """The norm of a LoRA's product, without making it: the trace of a product of two matrices of its rank."""
    up, down = kind.up.flatten(1), kind.down.flatten(1)
    if kind.mid is not None:
        down = torch.einsum("ab...,bj->aj...", kind.mid, down).flatten(1)
    return ((up.T @ up) * (down @ down.T)).sum().clamp_min(0).sqrt()
