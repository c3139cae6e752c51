"""T5's encoder in the layout that files have, which is transformers'."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from transformers import T5Config
from transformers.models.t5.modeling_t5 import T5Stack

from diffusion.component import Component
from diffusion.families.family import EncoderPart, MissingComponent
from diffusion.families.ldm_shapes import numbers, required_shape
from diffusion.text.t5 import T5Style
from diffusion.weights import Header

NAME = "t5"
PREFIX = "text_encoders.t5xxl.transformer."
FIRST = "encoder.block.0.layer.0.SelfAttention."
UNUSED = ("encoder.embed_tokens.", "decoder.", "lm_head.")  # the table of tokens again, and what writes text


@dataclass(frozen=True)
class T5Place:
    """T5's encoder in a family. optional: whether the family's models do without it."""

    style: T5Style = field(default_factory=T5Style)
    optional: bool = False
    name: str = NAME
    prefix: str = PREFIX
    config: str = "t5_config"

    def part(self, header: Header, prefix: str | None = None) -> EncoderPart:
        """The encoder in a file. Raises `MissingComponent` if there is none."""
        prefix = self.prefix if prefix is None else prefix
        if not holds_t5(header, prefix):
            raise MissingComponent(
                f"{header.path.name} holds no T5 text encoder: load the text encoders from files of their own."
            )
        config = t5_config(header, prefix)
        component = t5_component(prefix, config)
        style = replace(self.style, optional=self.optional)
        return EncoderPart(self.name, component, style, config["d_model"], config["num_layers"], large=True)

    def written(self, config: Mapping[str, Any]) -> Component:
        """The encoder as the family's checkpoints have it."""
        return t5_component(self.prefix, config)


def holds_t5(header: Header, prefix: str = "") -> bool:
    """Whether there is a T5 encoder under a prefix."""
    return f"{prefix}{FIRST}q.weight" in header.tensors


def t5_config(header: Header, prefix: str) -> dict[str, Any]:
    """Arguments of `T5Config`, all of which shapes tell."""
    tokens, width = required_shape(header, f"{prefix}shared.weight")
    buckets, heads = required_shape(header, f"{prefix}{FIRST}relative_attention_bias.weight")
    layer = "encoder.block.0.layer.1.DenseReluDense."
    gated = f"{prefix}{layer}wi_0.weight" in header.tensors
    pattern = prefix.replace(".", r"\.") + r"encoder\.block\.(\d+)\.layer\.0\.SelfAttention\.q\.weight"
    return {
        "vocab_size": tokens,
        "d_model": width,
        "d_kv": required_shape(header, f"{prefix}{FIRST}q.weight")[0] // heads,
        "d_ff": required_shape(header, f"{prefix}{layer}wo.weight")[1],
        "num_layers": len(numbers(header, pattern)),
        "num_heads": heads,
        "relative_attention_num_buckets": buckets,
        "feed_forward_proj": "gated-gelu" if gated else "relu",
    }


def t5_component(prefix: str, config: Mapping[str, Any]) -> Component:
    """T5's encoder whose weights a file keeps under a prefix."""
    return Component("T5 text encoder", prefix, lambda: _build(config), _file_name, UNUSED, config)


def _build(config: Mapping[str, Any]) -> Any:
    with torch.device("meta"):
        return T5Stack(T5Config(**config, is_decoder=False, is_encoder_decoder=False, use_cache=False))


def _file_name(name: str) -> str:
    return "shared.weight" if name == "embed_tokens.weight" else f"encoder.{name}"
