"""IP-Adapter (Ye et al. 2023, arXiv 2308.06721): a picture as a prompt, by keys and values of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import Attend, AttentionChange, Place, grid, scaled_dot_product
from diffusion.image_prompts.projections import Tokens, tokens_of
from diffusion.image_prompts.vision import EncodedPicture
from diffusion.model import Model
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError, is_pickle, load_pickle, load_weights

PROJECTION, ATTENTION = "image_proj.", "ip_adapter."
COMBINATIONS = ("concat", "average")


@dataclass(frozen=True)
class IPAdapterFile:
    """An IP-Adapter as its file has it.

    projection: makes tokens of a picture. attention: ``N.to_k_ip.weight`` and ``N.to_v_ip.weight``, where N is 1, 3 …
    for the layers that look at the prompt, in the order of diffusers' modules.
    """

    name: str
    projection: Mapping[str, Tensor] = field(repr=False)
    attention: Mapping[str, Tensor] = field(repr=False)


@dataclass(frozen=True, eq=False)
class ImagePrompt(AttentionChange):
    """Let the layers that look at the prompt look at a picture as well.

    projections: the matrices ``[width, tokens' width]`` of keys and values, by the layer's name.
    weight: how much the picture counts. mask: where, ``[1, 1, H, W]``; None for everywhere.
    sigma_start, sigma_end: the levels at which it acts, both included.
    """

    tokens: Tokens
    projections: Mapping[str, tuple[Tensor, Tensor]] = field(repr=False)
    weight: float = 1.0
    sigma_start: float = float("inf")
    sigma_end: float = 0.0
    mask: Tensor | None = None
    _computed: dict[Any, tuple[Tensor, Tensor]] = field(default_factory=dict, repr=False)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, place: Place, call: Call, attend: Attend) -> Tensor:
        """Attend to the prompt, and add what the attention to the picture gives."""
        output = attend(q, k, v)
        if place.name not in self.projections or not self.sigma_end <= call.sigma <= self.sigma_start:
            return output
        keys, values = (self._rows(tensor, call) for tensor in self._keys_and_values(place, q))
        seen = scaled_dot_product(q, keys, values, place.heads) * self.weight
        if self.mask is not None:
            size = grid(call, q.shape[1])
            seen = seen * F.interpolate(self.mask.to(q), size, mode="bilinear").flatten(1).unsqueeze(-1)
        return output + seen

    def _keys_and_values(self, place: Place, q: Tensor) -> tuple[Tensor, Tensor]:
        """Those of the picture's tokens; the last row is that of no picture. They stay the same in all steps."""
        where = (place.name, q.device, q.dtype)
        if where not in self._computed:
            tokens = torch.cat([self.tokens.picture, self.tokens.nothing]).to(q)
            keys, values = (F.linear(tokens, matrix.to(q)) for matrix in self.projections[place.name])
            self._computed[where] = keys, values
        return self._computed[where]

    def _rows(self, tensor: Tensor, call: Call) -> Tensor:
        """A row of keys or values for each row of the call: the picture for positive prompts, none for others."""
        pictures = torch.arange(call.rows, device=tensor.device) % (len(tensor) - 1)
        nothing = torch.full_like(pictures, len(tensor) - 1)
        sides = [condition.side for condition in call.conditions] or [0]
        return tensor[torch.cat([pictures if side == 0 else nothing for side in sides])]


def load_ip_adapter(path: Path) -> IPAdapterFile:
    """Open an IP-Adapter. Raises `WeightsError`."""
    tensors = _flat(load_pickle(path)) if is_pickle(path) else load_weights(path)
    parts = [
        {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
        for start in (PROJECTION, ATTENTION)
    ]
    if not parts[0] or not any(name.endswith("to_k_ip.weight") for name in parts[1]):
        raise WeightsError(f"{path.name} is no IP-Adapter: choose a file with image_proj and ip_adapter in it.")
    return IPAdapterFile(path.name, parts[0], parts[1])


def with_image_prompt(
    model: Model,
    adapter: IPAdapterFile,
    picture: EncodedPicture,
    *,
    weight: float = 1.0,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
    mask: Tensor | None = None,
    combination: str = "concat",
) -> Model:
    """The model with a picture as a further prompt.

    combination: of several pictures: all their tokens ("concat"), or the mean of each token ("average").
    mask: ``[1, H, W]`` where the picture counts. Raises `WeightsError` for an adapter of another family.
    """
    if not weight:
        return model
    tokens = tokens_of(adapter.projection, picture, model.config["cross_attention_dim"], adapter.name)
    prompt = ImagePrompt(
        _combined(tokens, combination),
        _projections(model, adapter),
        weight,
        model.schedule.percent_to_sigma(start_percent),
        model.schedule.percent_to_sigma(end_percent),
        None if mask is None else mask.reshape(-1, 1, *mask.shape[-2:])[:1].float(),
    )
    return model.with_attention(prompt)


def _combined(tokens: Tokens, combination: str) -> Tokens:
    count = len(tokens.picture)
    if combination == "average":
        return Tokens(tokens.picture.mean(0, keepdim=True), tokens.nothing)
    return Tokens(tokens.picture.flatten(0, 1).unsqueeze(0), tokens.nothing.repeat(1, count, 1))


def _projections(model: Model, adapter: IPAdapterFile) -> dict[str, tuple[Tensor, Tensor]]:
    """The matrices of each layer that looks at the prompt, by its name."""
    assert model.source is not None
    end = ".attn2.to_k.weight"
    layers = [name.removesuffix(".to_k.weight") for name in model.source.shapes if name.endswith(end)]
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for number, layer in enumerate(layers):
        pair = [adapter.attention.get(f"{2 * number + 1}.to_{part}_ip.weight") for part in "kv"]
        shape = model.source.shapes[f"{layer}.to_k.weight"]
        if pair[0] is None or pair[1] is None or pair[0].shape != shape:
            raise WeightsError(f"{adapter.name} is for a model of another family: choose the IP-Adapter for this one.")
        found[layer] = (pair[0], pair[1])
    return found


def _flat(content: Any) -> dict[str, Tensor]:
    """The tensors of tables within a table, by their joined names."""
    tables = content.items() if isinstance(content, Mapping) else ()
    inner = [(name, table) for name, table in tables if isinstance(table, Mapping)]
    return {
        f"{name}.{key}": value for name, table in inner for key, value in table.items() if isinstance(value, Tensor)
    }
