"""Merging networks of the same architecture: each weight becomes a mixture of both networks' weights."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.component import Change, Patches, Source, changes_of
from diffusion.model import Clip, Model, TextEncoder, Vae
from diffusion.weights import WeightsError

LATENT_CHANNELS = 4
_LAYER = re.compile(r"(?:layers|resblocks|block)\.(\d+)\.")  # of transformers' CLIP, of OpenCLIP, of T5
_BEFORE_LAYERS = re.compile(r"embed|shared")


class MergeError(WeightsError):
    """Networks cannot be merged; the message says why."""


class Shares(NamedTuple):
    """A merged weight is ``first * own + second * other``."""

    own: float
    other: float


Recipe = Callable[[str], Shares]
"""The shares of a tensor, by its name in checkpoints after the network's prefix (`input_blocks.1.0.…`)."""


def weighted(ratio: float) -> Recipe:
    """``ratio`` of the first network, and the rest of the second."""
    return lambda name: Shares(ratio, 1 - ratio)


def added() -> Recipe:
    """The sum of both."""
    return lambda name: Shares(1.0, 1.0)


def subtracted(multiplier: float) -> Recipe:
    """The difference, multiplied."""
    return lambda name: Shares(multiplier, -multiplier)


def by_block(ratios: Mapping[str, float]) -> Recipe:
    """A ratio for the names that begin with each of the texts, of which the longest counts.

    Names that begin with none of them get the first ratio.
    """

    def shares(name: str) -> Shares:
        longest = max((start for start in ratios if name.startswith(start)), key=len, default=next(iter(ratios)))
        return Shares(ratios[longest], 1 - ratios[longest])

    return shares


def by_depth(ratios: Sequence[float], layers: int) -> Recipe:
    """A ratio for each of some equal parts of a text encoder's layers; see `merge_clips_by_depth`."""

    def shares(name: str) -> Shares:
        layer = _LAYER.search(name)
        if layer is not None:
            ratio = ratios[int(layer[1]) * len(ratios) // layers]
        else:
            ratio = ratios[0 if _BEFORE_LAYERS.search(name) else -1]
        return Shares(ratio, 1 - ratio)

    return shares


@dataclass(frozen=True, eq=False)
class MergePatch:
    """A mixture with another network, as a change of weights (`WeightPatch`).

    The other network's tensors are read one at a time when they are needed, with its own patches, in float32.
    """

    recipe: Mapping[str, Shares]
    other: Source
    patches: Patches = ()

    @classmethod
    def of(cls, recipe: Recipe, own: Source, other: Source, patches: Patches = ()) -> MergePatch:
        """The mixture by a recipe. Raises `MergeError` if the networks are not of the same architecture."""
        _check(own, other)
        names = {name: own.component.entry(name).name.removeprefix(own.component.prefix) for name in own.shapes}
        shares = {name: recipe(in_file) for name, in_file in names.items()}
        changed = {name: each for name, each in shares.items() if each != (1.0, 0.0)}
        return cls(changed, replace(other, dtype=torch.float32, rounded=None, stored=None), patches)

    def changes(self) -> Mapping[str, Change]:
        """The mixture of each tensor whose own share is not all of it."""
        return self._changes

    @cached_property
    def _changes(self) -> dict[str, Change]:
        return {name: partial(self._mixed, name) for name in self.recipe}

    @cached_property
    def _others(self) -> Mapping[str, list[Change]]:
        return changes_of(self.patches)

    def _mixed(self, name: str, weight: Tensor) -> Tensor:
        own, share = self.recipe[name]
        other = self.other.tensor(name, self._others.get(name, ())).to(weight.device)
        if other.shape == weight.shape:
            return weight * own + other * share
        # a UNet that takes a mask and a picture too: they stay as they are
        common = weight[:, : other.shape[1]] * own + other * share
        return torch.cat([common, weight[:, other.shape[1] :]], 1)


def merge_models(first: Model, second: Model, recipe: Recipe) -> Model:
    """The first model with its denoiser's weights mixed with the second's. Raises `MergeError`."""
    return first.patched(MergePatch.of(recipe, _known(first.source), _known(second.source), second.patches))


def merge_clips(first: Clip, second: Clip, recipe: Recipe) -> Clip:
    """The first text encoders with their weights mixed with the second's. Raises `MergeError`."""
    return _merged_clips(first, second, lambda layers: recipe)


def merge_clips_by_depth(first: Clip, second: Clip, ratios: Sequence[float]) -> Clip:
    """The same with a ratio for each of some equal parts of an encoder's layers, from the words to the states.

    The embeddings have the ratio of the first part; what comes after the layers has that of the last.
    """
    return _merged_clips(first, second, lambda layers: by_depth(ratios, layers))


def _merged_clips(first: Clip, second: Clip, recipe: Callable[[int], Recipe]) -> Clip:
    """recipe: of an encoder with so many layers."""
    others = {encoder.name: encoder for encoder in second.encoders}
    if others.keys() != {encoder.name for encoder in first.encoders}:
        raise MergeError("The text encoders are those of different models: merge those of two models of one family.")

    def patch(own: TextEncoder) -> MergePatch:
        other = others[own.name]
        return MergePatch.of(recipe(own.layers), _known(own.source), _known(other.source), other.patches)

    return first.patched({own.name: (patch(own),) for own in first.encoders})


def merge_vaes(first: Vae, second: Vae, recipe: Recipe) -> Vae:
    """The first VAE with its weights mixed with the second's. Raises `MergeError`."""
    return first.patched(MergePatch.of(recipe, _known(first.source), _known(second.source), second.patches))


def _known(source: Source | None) -> Source:
    if source is None:
        raise MergeError("A network without a file of weights (a TAESD) cannot be merged: choose another one.")
    return source


def _check(own: Source, other: Source) -> None:
    """Raise `MergeError` unless the second network has all tensors of the first, in the same shapes.

    Only the first convolution of the second may take fewer channels: those of the latent alone.
    """
    for name, shape in own.shapes.items():
        found = other.shapes.get(name)
        if found == shape:
            continue
        narrower = found is not None and name == "conv_in.weight" and found[1] == LATENT_CHANNELS < shape[1]
        if not narrower:
            raise MergeError(
                f"The second {other.component.title} is of another architecture (see {name}): merge two of one family."
            )
