"""IP-Adapter (Ye et al. 2023, arXiv 2308.06721): a picture as a prompt, by keys and values of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.adapters.blocks import label_of
from diffusion.attention import Attend, AttentionChange, Place, grid, scaled_dot_product
from diffusion.component import Change
from diffusion.image_prompts.projections import Tokens, face_tokens, tokens_of
from diffusion.image_prompts.vision import EncodedPicture
from diffusion.image_prompts.weighting import LINEAR, factors, named_factors, product
from diffusion.model import Model
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError, is_pickle, load_pickle, load_weights

PROJECTION, ATTENTION = "image_proj.", "ip_adapter."
COMBINATIONS = ("concat", "average")
SECOND_PLUS = "plusv2"  # in the names of adapters for faces whose tensors are named as those of the first version


@dataclass(frozen=True)
class IPAdapterFile:
    """An IP-Adapter as its file has it.

    projection: makes tokens of a picture. attention: ``N.to_k_ip.weight`` and ``N.to_v_ip.weight``, where N is 1, 3 …
    for the layers that look at the prompt, in the order of diffusers' modules; of adapters for faces also
    ``N.to_q_lora.up.weight`` and the like of all attention layers.
    """

    name: str
    projection: Mapping[str, Tensor] = field(repr=False)
    attention: Mapping[str, Tensor] = field(repr=False)


@dataclass(frozen=True)
class Use:
    """How pictures are used.

    weight: how much they count; weight_type: in which blocks (`weighting.WEIGHT_TYPES`); block_weights: factors of
    single ones beside that (`weighting.named_factors`). start_percent, end_percent: the part of the run.
    mask: ``[1, H, W]`` where they count. combination: of several pictures: all their tokens ("concat"), or the mean of
    each token ("average").
    """

    weight: float = 1.0
    weight_type: str = LINEAR
    block_weights: str = ""
    start_percent: float = 0.0
    end_percent: float = 1.0
    mask: Tensor | None = None
    combination: str = "concat"


@dataclass(frozen=True, eq=False)
class ImagePrompt(AttentionChange):
    """Let the layers that look at the prompt look at a picture as well.

    projections: the matrices ``[width, tokens' width]`` of keys and values, by the layer's name.
    weights: how much the picture counts in each layer. mask: where, ``[1, 1, H, W]``; None for everywhere.
    sigma_start, sigma_end: the levels at which it acts, both included.
    """

    tokens: Tokens
    projections: Mapping[str, tuple[Tensor, Tensor]] = field(repr=False)
    weights: Mapping[str, float]
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
        seen = scaled_dot_product(q, keys, values, place.heads) * self.weights[place.name]
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


def with_image_prompt(model: Model, adapter: IPAdapterFile, picture: EncodedPicture, use: Use | None = None) -> Model:
    """The model with a picture as a further prompt.

    Raises `WeightsError` for an adapter of another family or for faces, `BlockFactorError` for unknown blocks.
    """
    use = use or Use()
    if not use.weight:
        return model
    tokens = tokens_of(adapter.projection, picture, model.config["cross_attention_dim"], adapter.name)
    return _with_tokens(model, adapter, tokens, use)


def with_face(
    model: Model,
    adapter: IPAdapterFile,
    face: Tensor,
    picture: EncodedPicture | None = None,
    use: Use | None = None,
    *,
    likeness: float = 1.0,
    lora_strength: float = 1.0,
) -> Model:
    """The model with a face as a further prompt, by an adapter for faces (FaceID).

    face: what a recogniser sees, ``[B, 512]`` (`diffusion.image_prompts.faces`); picture: the cropped faces, encoded,
    for "plus" adapters. likeness: how much their look counts, for those of the second version.
    lora_strength: of the changes that the file makes to the model's own attention.

    Raises `WeightsError` for what does not belong together, `BlockFactorError` for unknown blocks.
    """
    use = use or Use()
    version = likeness if SECOND_PLUS in adapter.name.lower() else None
    tokens = face_tokens(adapter.projection, face, picture, model.config["cross_attention_dim"], adapter.name, version)
    if lora_strength:
        model = model.patched(FaceLora.of(model, adapter, lora_strength))
    return _with_tokens(model, adapter, tokens, use) if use.weight else model


@dataclass(frozen=True, eq=False)
class FaceLora:
    """What an adapter for faces adds to the model's own attention: products of two matrices."""

    added: Mapping[str, Change] = field(repr=False)

    @classmethod
    def of(cls, model: Model, adapter: IPAdapterFile, strength: float) -> FaceLora:
        """Of a file; without such matrices it changes nothing. Raises `WeightsError` if they do not fit the model."""
        added: dict[str, Change] = {}
        for number, layer in enumerate(_layers(model)):
            for offset, kind in enumerate(("attn1", "attn2")):
                for part, module in (("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("out", "to_out.0")):
                    start = f"{2 * number + offset}.to_{part}_lora"
                    up, down = (adapter.attention.get(f"{start}.{half}.weight") for half in ("up", "down"))
                    if up is not None and down is not None:
                        name = f"{layer.removesuffix('attn2')}{kind}.{module}.weight"
                        _check_shape(model, adapter, name, (up.shape[0], down.shape[1]))
                        added[name] = Product(up, down, strength)
        return cls(added)

    def changes(self) -> Mapping[str, Change]:
        """By the names of the network's weights."""
        return self.added


@dataclass(frozen=True, eq=False)
class Product:
    """Adds the product of two matrices to a weight."""

    up: Tensor
    down: Tensor
    strength: float

    def __call__(self, weight: Tensor) -> Tensor:
        """The changed weight."""
        return weight + self.strength * (self.up.to(weight) @ self.down.to(weight))


def _with_tokens(model: Model, adapter: IPAdapterFile, tokens: Tokens, use: Use) -> Model:
    weights = _layer_weights(model, use)
    projections = _projections(model, adapter)
    prompt = ImagePrompt(
        _combined(tokens, use.combination),
        {layer: pair for layer, pair in projections.items() if weights[layer]},
        weights,
        model.schedule.percent_to_sigma(use.start_percent),
        model.schedule.percent_to_sigma(use.end_percent),
        None if use.mask is None else use.mask.reshape(-1, 1, *use.mask.shape[-2:])[:1].float(),
    )
    return model.with_attention(prompt)


def _layers(model: Model) -> list[str]:
    """The layers that look at the prompt, in the order of diffusers' modules."""
    assert model.source is not None
    end = ".to_k.weight"
    return [name.removesuffix(end) for name in model.source.shapes if name.endswith(f".attn2{end}")]


def _layer_weights(model: Model, use: Use) -> dict[str, float]:
    """How much the picture counts in each layer."""
    assert model.source is not None
    layers = _layers(model)
    labels = [label_of(model.source.component, f"{layer}.to_k.weight") or "" for layer in layers]
    blocks = sorted(set(labels), key=lambda label: ("IMO".index(label[0]), label))
    counts = product(factors(use.weight_type, blocks), named_factors(use.block_weights, blocks))
    return {layer: use.weight * counts[label] for layer, label in zip(layers, labels, strict=True)}


def _combined(tokens: Tokens, combination: str) -> Tokens:
    count = len(tokens.picture)
    if combination == "average":
        return Tokens(tokens.picture.mean(0, keepdim=True), tokens.nothing)
    return Tokens(tokens.picture.flatten(0, 1).unsqueeze(0), tokens.nothing.repeat(1, count, 1))


def _projections(model: Model, adapter: IPAdapterFile) -> dict[str, tuple[Tensor, Tensor]]:
    """The matrices of each layer that looks at the prompt, by its name."""
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for number, layer in enumerate(_layers(model)):
        names = [f"{2 * number + 1}.to_{part}_ip.weight" for part in "kv"]
        for name in names:
            tensor = adapter.attention.get(name)
            _check_shape(model, adapter, f"{layer}.to_k.weight", None if tensor is None else tensor.shape)
        found[layer] = (adapter.attention[names[0]], adapter.attention[names[1]])
    return found


def _check_shape(model: Model, adapter: IPAdapterFile, name: str, shape: Sequence[int] | None) -> None:
    assert model.source is not None
    if shape is None or tuple(shape) != tuple(model.source.shapes[name]):
        raise WeightsError(f"{adapter.name} is for a model of another family: choose the IP-Adapter for this one.")


def _flat(content: Any) -> dict[str, Tensor]:
    """The tensors of tables within a table, by their joined names."""
    tables = content.items() if isinstance(content, Mapping) else ()
    inner = [(name, table) for name, table in tables if isinstance(table, Mapping)]
    return {
        f"{name}.{key}": value for name, table in inner for key, value in table.items() if isinstance(value, Tensor)
    }
