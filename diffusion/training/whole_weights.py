"""Training of all weights of a model, as DreamBooth does (Ruiz et al. 2022, arXiv 2208.12242)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from diffusion.adapters import Fitted, Report
from diffusion.adapters.extraction import TABLES, Extracted, OnTensor, Size, merge
from diffusion.adapters.kinds import Difference, Kind
from diffusion.component import Patches, Source
from diffusion.model import Clip, Model
from diffusion.training.trained_model import TrainedModel, source_of, text_sources


class TrainedWeights:
    """A copy of a network's weights that is trained. parameters: float32, by their names in the network."""

    def __init__(self, source: Source, patches: Patches) -> None:
        """As they are under `patches`, so that a model with a LoRA on it is trained as it is."""
        self._source = source
        self._before = {name: tensor.cpu() for name, tensor in source.tensors(patches).items()}
        kept = {name for name, _ in source.component.build().named_parameters()}
        self.parameters = {
            name: nn.Parameter(tensor.detach().clone().to(source.device, torch.float32))
            for name, tensor in self._before.items()
            if name in kept
        }
        self._places: list[tuple[nn.Module, str, nn.Parameter | None, nn.Parameter]] = []  # while it is attached

    @classmethod
    def of(cls, model: Model) -> TrainedWeights:
        """Those of a model's denoiser. Raises `TrainingError`."""
        return cls(source_of(model), model.patches)

    @contextmanager
    def attached(self, network: Any) -> Iterator[None]:
        """A context in which the network has these weights, with gradients."""
        for name, parameter in self.parameters.items():
            path, _, leaf = name.rpartition(".")
            module = network.get_submodule(path)
            self._places.append((module, leaf, module._parameters[leaf], parameter))
        try:
            self._put(own=True)
            yield
        finally:
            self._put(own=False)
            self._places.clear()

    @contextmanager
    def off(self) -> Iterator[None]:
        """A context in which the network that has these weights has its own ones."""
        self._put(own=False)
        try:
            yield
        finally:
            self._put(own=True)

    def _put(self, own: bool) -> None:
        for module, leaf, before, parameter in self._places:
            module._parameters[leaf] = parameter if own else before

    def kinds(self) -> dict[str, Kind]:
        """What was learned of each tensor, as a difference."""
        return {
            name: Difference(parameter.detach().cpu() - self._before[name].float(), "diff")
            for name, parameter in self.parameters.items()
        }


def all_weights(model: Model, clip: Clip, texts: bool) -> TrainedModel:
    """Those of a model's denoiser, and of its text encoders, if these are to learn. Raises `TrainingError`."""
    sources = text_sources(clip) if texts else []
    found = {encoder.name: TrainedWeights(source, encoder.patches) for encoder, source in sources}
    return TrainedModel(TrainedWeights.of(model), clip, found)


def as_lora(trained: TrainedModel, model: Model, rank: int, on_tensor: OnTensor | None = None) -> Extracted:
    """What all weights have learned, as a LoRA of at most that rank (see `diffusion.adapters.extraction`).

    Biases, normalisations and tables of tokens, which have no rank, are left out: no program misses them in a LoRA.
    Raises `AdapterError` where nothing was learned.
    """
    kinds = {
        network: {name: kind for name, kind in found.items() if _has_rank(name, kind)}
        for network, found in trained.kinds().items()
    }
    return merge([(Fitted("", kinds, Report({})), 1.0)], model, trained.clip, Size(rank), on_tensor=on_tensor)


def _has_rank(name: str, kind: Kind) -> bool:
    return isinstance(kind, Difference) and kind.value.ndim > 1 and not name.endswith(TABLES)
