"""CLIP's text models in the layouts that files have: transformers' (with or without `text_model.`) and OpenCLIP's.

OpenCLIP keeps query, key and value of a layer as one tensor, and the projection with rows and columns exchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from diffusion.component import Component, Entry
from diffusion.families.family import EncoderPart, MissingComponent
from diffusion.families.ldm_shapes import divisor, numbers, required_shape
from diffusion.text.encode import TextStyle
from diffusion.weights import Header, WeightsError

TOKENS = 49408
POSITIONS = 77
CLIP_L_HEADS = 12
HEAD_CHANNELS = 64
WIDTHS = {768: "l", 1024: "h", 1280: "g"}
PRUNED_LAYERS = 23  # of OpenCLIP-H in files that leave the last of its layers out, as nothing uses it
NAME = "text_encoder"  # what the metadata of a text encoder's file calls it: l, h or g

# What files keep beside the weights that are used.
UNUSED = ("text_model.embeddings.position_ids", "embeddings.position_ids", "logit_scale", "vision_model.", "visual.")
UNUSED_OPEN_CLIP = ("logit_scale", "attn_mask", "visual.")

OPEN_CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
OPEN_CLIP_ENDS = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
QUERY_KEY_VALUE = ("q_proj", "k_proj", "v_proj")


@dataclass(frozen=True)
class EncoderPlace:
    """A text encoder of a family, and where the family's checkpoints keep it.

    name: see `diffusion.text.clip.TextEncoder`. prefix: before its tensors' names. open_clip: whether checkpoints have
    it in OpenCLIP's layout. config: the entry of a file's metadata that says what shapes cannot.
    """

    name: str
    prefix: str
    style: TextStyle
    open_clip: bool = False
    config: str = "text_config"
    optional: ClassVar[bool] = False

    def part(self, header: Header, prefix: str | None = None) -> EncoderPart:
        """The encoder in a file, in any layout. Raises `MissingComponent` if there is none."""
        prefix = self.prefix if prefix is None else prefix
        layout = find_layout(header, prefix)
        if layout is None:
            raise MissingComponent(f"{header.path.name} holds no text encoder: choose a checkpoint that has one.")
        config = text_config(header, prefix, layout, self.name, self.config)
        component = text_component(prefix, config, layout)
        layers = config["num_hidden_layers"]
        style = replace(self.style, projected="projection_dim" in config)
        if self.name == "h" and layers == PRUNED_LAYERS:
            style = replace(style, layer=-1)
        return EncoderPart(self.name, component, style, config["hidden_size"], layers)

    def written(self, config: Mapping[str, Any]) -> Component:
        """The encoder as the family's checkpoints have it."""
        return text_component(self.prefix, config, Layout(open_clip=self.open_clip, inner="text_model."))


@dataclass(frozen=True)
class Layout:
    """How a file names the tensors of a text model. inner: what is before them in transformers' layout."""

    open_clip: bool
    inner: str = ""


def find_layout(header: Header, prefix: str) -> Layout | None:
    """The layout of the text model under a prefix, or None if there is none."""
    if f"{prefix}token_embedding.weight" in header.tensors:
        return Layout(open_clip=True)
    for inner in ("text_model.", ""):
        if f"{prefix}{inner}embeddings.token_embedding.weight" in header.tensors:
            return Layout(open_clip=False, inner=inner)
    return None


def encoder_name(header: Header) -> str:
    """Which text encoder a file of its own holds: l, h or g. Raises `WeightsError` if it holds none of them."""
    layout = find_layout(header, "")
    if layout is None:
        raise WeightsError(
            f"{header.path.name} holds no text encoder that is supported: choose a file of CLIP-L, OpenCLIP-H or "
            "OpenCLIP-bigG."
        )
    width = required_shape(header, _tables(layout)[0])[1]
    name = header.metadata.get(NAME) or WIDTHS.get(width, "")
    if name not in WIDTHS.values():
        raise WeightsError(
            f"{header.path.name} holds a text encoder of {width} channels, which no supported model has: choose a "
            "file of CLIP-L, OpenCLIP-H or OpenCLIP-bigG."
        )
    return name


def text_config(header: Header, prefix: str, layout: Layout, name: str, metadata: str) -> dict[str, Any]:
    """Arguments of `CLIPTextConfig`, with `projection_dim` where the file has a projection that is used."""
    tokens, positions = (prefix + table for table in _tables(layout))
    vocabulary, width = required_shape(header, tokens)
    length = required_shape(header, positions)[0]
    if vocabulary < TOKENS or length < POSITIONS:
        raise WeightsError(
            f"{header.path.name}: its text encoder knows {vocabulary} tokens at {length} positions; prompts need "
            f"CLIP's {TOKENS} at {POSITIONS}."
        )
    layer, first = ("transformer.resblocks.", "mlp.c_fc") if layout.open_clip else ("encoder.layers.", "mlp.fc1")
    start = prefix + layout.inner + layer
    heads = CLIP_L_HEADS if name == "l" else max(1, width // HEAD_CHANNELS)
    config = {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": required_shape(header, f"{start}0.{first}.weight")[0],
        "num_hidden_layers": len(numbers(header, _escaped(start) + rf"(\d+)\.{first}\.weight")),
        "num_attention_heads": divisor(header, metadata, "num_attention_heads", heads, [width]),
        "max_position_embeddings": length,
        "hidden_act": "quick_gelu" if name == "l" else "gelu",
    }
    projection = header.shape(prefix + ("text_projection" if layout.open_clip else "text_projection.weight"))
    if name == "g" or (name == "h" and projection is not None):
        config["projection_dim"] = projection[1 if layout.open_clip else 0] if projection else width
    return config


def text_component(prefix: str, config: Mapping[str, Any], layout: Layout) -> Component:
    """A text model whose weights a file keeps in a layout under a prefix."""
    projected = "projection_dim" in config
    unused = UNUSED_OPEN_CLIP if layout.open_clip else UNUSED
    return Component(
        "text encoder",
        prefix,
        lambda: _build(config),
        _open_clip_entry if layout.open_clip else lambda name: _transformers_name(name, layout.inner),
        unused if projected else (*unused, "text_projection"),
        config,
    )


def _build(config: Mapping[str, Any]) -> Any:
    make = CLIPTextModelWithProjection if "projection_dim" in config else CLIPTextModel
    with torch.device("meta"):
        model = make(CLIPTextConfig(**config))
    # a table of positions that is not in the files, and so has to be real from the start
    inner = getattr(model, "text_model", model)
    inner.embeddings.position_ids = torch.arange(config["max_position_embeddings"]).unsqueeze(0)
    return model


def _transformers_name(name: str, inner: str) -> str:
    return name if name.startswith("text_projection") else inner + name.removeprefix("text_model.")


def _open_clip_entry(name: str) -> Entry:
    if name == "text_projection.weight":
        return Entry("text_projection", transposed=True)
    name = name.removeprefix("text_model.")
    if name in OPEN_CLIP_ENDS:
        return Entry(OPEN_CLIP_ENDS[name])
    number, _, rest = name.removeprefix("encoder.layers.").partition(".")
    block = f"transformer.resblocks.{number}."
    module, _, leaf = rest.rpartition(".")
    if module in OPEN_CLIP_LAYER:
        return Entry(f"{block}{OPEN_CLIP_LAYER[module]}.{leaf}")
    part = QUERY_KEY_VALUE.index(module.removeprefix("self_attn."))
    return Entry(f"{block}attn.in_proj_{leaf}", part=(part, len(QUERY_KEY_VALUE)))


def _tables(layout: Layout) -> tuple[str, str]:
    """The names of the tables of tokens and of positions."""
    if layout.open_clip:
        return "token_embedding.weight", "positional_embedding"
    return f"{layout.inner}embeddings.token_embedding.weight", f"{layout.inner}embeddings.position_embedding.weight"


def _escaped(text: str) -> str:
    return text.replace(".", r"\.")
