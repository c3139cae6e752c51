"""ControlNet-LLLite (Kohya S.): small networks beside a UNet's attention that add to what it is computed from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import AttentionChange, Place
from diffusion.control.hints import SCALE, fitted
from diffusion.control.layouts import Kind, kind_of
from diffusion.model import Model
from diffusion.sampling.conditions import Area
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError, load_weights, read_header

PREFIX = "lllite_unet_"
PROJECTIONS = ("to_q", "to_k", "to_v")
SIDES = {"down": "input_blocks_{}_1", "mid": "middle_block_1", "up": "output_blocks_{}_1"}


class Layer(NamedTuple):
    """The network beside one projection.

    reading: convolutions that read the hint; each steps as far as it reaches. down, mid, up: matrices and biases.
    """

    reading: tuple[tuple[Tensor, Tensor], ...]
    down: tuple[Tensor, Tensor]
    mid: tuple[Tensor, Tensor]
    up: tuple[Tensor, Tensor]

    def read(self, hint: Tensor) -> Tensor:
        """What the hint says to each token, ``[B, T, width]``; hint: ``[B, 3, H, W]`` in -1..1."""
        for number, (weight, bias) in enumerate(self.reading):
            hint = F.relu(hint) if number else hint
            hint = F.conv2d(hint, weight.to(hint), bias.to(hint), stride=weight.shape[-1])
        return hint.flatten(2).transpose(1, 2)

    def addition(self, hidden: Tensor, read: Tensor) -> Tensor:
        """What is added to the tokens ``[B, T, C]``."""
        narrow = F.relu(_linear(hidden, self.down))
        return _linear(F.relu(_linear(torch.cat((read, narrow), -1), self.mid)), self.up)


def _linear(x: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    return F.linear(x, layer[0].to(x), layer[1].to(x))


def load_lllite(path: Path) -> dict[str, Layer]:
    """The networks of a file by the projections beside which they stand, in LDM's names. Raises `WeightsError`."""
    header = read_header(path)
    if kind_of(header) is not Kind.LLLITE:
        raise WeightsError(f"{path.name} is a {kind_of(header).value}, not a ControlNet-LLLite: use ControlNetLoader.")
    weights = load_weights(path)
    names = sorted({name.split(".")[0] for name in weights})
    try:
        return {name.removeprefix(PREFIX): _layer(weights, name) for name in names}
    except KeyError as error:
        raise WeightsError(f"{path.name} lacks {error}. Get the file again, or choose another one.") from None


def _layer(weights: Mapping[str, Tensor], name: str) -> Layer:
    def pair(part: str) -> tuple[Tensor, Tensor]:
        return weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"]

    pattern = re.compile(re.escape(name) + r"\.conditioning1\.(\d+)\.weight")
    numbers = sorted(int(found[1]) for found in map(pattern.fullmatch, weights) if found)
    reading = tuple(pair(f"conditioning1.{number}") for number in numbers)
    return Layer(reading, pair("down.0"), pair("mid.0"), pair("up.0"))


def with_lllite(
    model: Model,
    layers: Mapping[str, Layer],
    images: Tensor,
    *,
    strength: float = 1.0,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
) -> Model:
    """A model that is held to hints ``[b, H, W, 3]`` in 0..1, during a part of the training timesteps."""
    schedule = model.schedule
    first, last = schedule.percent_to_sigma(start_percent), schedule.percent_to_sigma(end_percent)
    return model.with_attention(LLLite(dict(layers), images, strength, first, last))


@dataclass(frozen=True, eq=False)
class LLLite(AttentionChange):
    """The change of attention; it acts at noise levels from first to last."""

    layers: Mapping[str, Layer]
    images: Tensor
    strength: float
    first: float
    last: float
    _read: dict[tuple[object, ...], Tensor] = field(default_factory=dict)

    def inputs(
        self, hidden: Tensor, keys: Tensor, values: Tensor, place: Place, call: Call
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Add to what queries, keys and values are computed from."""
        if self.strength == 0 or not self.last <= call.sigma <= self.first:
            return hidden, keys, values
        block = SIDES[place.side].format(place.block)
        layer = 1 if place.kind == "self" else 2
        names = (f"{block}_transformer_blocks_{place.index}_attn{layer}_{part}" for part in PROJECTIONS)
        queries, keys, values = (
            self._added(name, tensor, call) for name, tensor in zip(names, (hidden, keys, values), strict=True)
        )
        return queries, keys, values

    def _added(self, name: str, tokens: Tensor, call: Call) -> Tensor:
        if name not in self.layers:
            return tokens
        layer = self.layers[name]
        read = self._read_hint(name, layer, call).to(tokens)
        return tokens + self.strength * layer.addition(tokens, read)

    def _read_hint(self, name: str, layer: Layer, call: Call) -> Tensor:
        """Read once for each part of a picture; forgotten when the parts change."""
        areas = tuple(condition.area for condition in call.conditions)
        key = (areas, call.rows, call.x.device)
        if self._read and next(iter(self._read))[1:] != key:
            self._read.clear()
        if (name, *key) not in self._read:
            size = call.conditions[0].whole or areas[0][:2]
            hint = fitted(self.images.to(call.x.device), call.rows, *size, "crop") * 2 - 1
            pieces = [Area(*(SCALE * value for value in area)).crop(hint) for area in areas]
            self._read[name, *key] = layer.read(torch.cat(pieces))
        return self._read[name, *key]
