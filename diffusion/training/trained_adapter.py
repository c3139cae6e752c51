"""An adapter while it is trained: its tensors as parameters, and the layers of a network that go through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.adapters.kinds import Kind, LowRank, read_weight
from diffusion.adapters.layers import evaluate, factors_of, only_factors, through_factors
from diffusion.changes.unet import replaced_forward
from diffusion.component import Patches, Source, changes_of
from diffusion.training.dropout import Chance, Dropout
from diffusion.training.new_kinds import FIXED, Shape, new_tensors


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
        changes = changes_of(patches)
        tensors = {
            layer: new_tensors(shape(layer), source.tensor(name, changes.get(name, ())), draw)
            for layer, name in ((layer, f"{layer}.weight") for layer in layers)
        }
        return cls(tensors, source.device, dropout, chance)

    def kinds(self) -> dict[str, Kind]:
        """What it does now to each tensor, by the tensor's name in the network; a copy on the CPU."""
        return {
            f"{layer}.weight": self._kind({part: tensor.detach().cpu().clone() for part, tensor in parts.items()})
            for layer, parts in self._tensors.items()
        }

    @contextmanager
    def attached(self, network: Any) -> Iterator[None]:
        """A context in which the network's layers go through it, with gradients."""
        with ExitStack() as stack:
            for layer in self._tensors:
                module = network.get_submodule(layer)
                stack.enter_context(replaced_forward(module, partial(self._forward, layer, module, module.forward)))
            yield

    def _forward(self, layer: str, module: nn.Module, forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        draw = self._chance.draw(layer) if self._dropout != Dropout() else None
        if draw is not None and self._dropout.skips(draw):
            return forward(x)
        kind = self._kind(self._tensors[layer])
        if only_factors({"weight": kind}) is not None:
            assert isinstance(kind, LowRank)
            factors = [factor.to(x) for factor in factors_of(kind, module)]
            return forward(x) + through_factors(module, x, factors, self._between(module, draw)) * kind.scale
        layer_weight: Any = module.weight
        bias: Any = module.bias
        return evaluate(module, x, kind.apply(layer_weight.float(), 1.0).to(x.dtype), bias)

    def _between(self, module: nn.Module, draw: torch.Generator | None) -> Callable[[Tensor], Tensor]:
        """What happens to the numbers between the two matrices of a LoRA."""
        if draw is None:
            return lambda inner: inner
        return partial(self._dropout.thinned, draw=draw, ranks_last=isinstance(module, nn.Linear))

    @staticmethod
    def _kind(tensors: Mapping[str, Tensor]) -> Kind:
        kind = read_weight(tensors)
        assert kind is not None
        return kind
