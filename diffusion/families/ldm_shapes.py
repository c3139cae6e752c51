"""Configurations of diffusers' modules, read from the shapes of the tensors in an LDM file.

What shapes cannot say (attention heads, groups of the normalisation) comes from a file's metadata where it has a JSON
object for the part, and otherwise from the values that the released models of the family have.
"""

import re
from collections.abc import Sequence
from typing import Any

from diffusion.families.ldm_keys import UNetLayout
from diffusion.weights import Header, WeightsError

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TOKENS = 49408
POSITIONS = 77


def unet_layout(header: Header) -> UNetLayout:
    """Blocks a level and levels with attention of the UNet in a file."""
    downsamplers = _numbers(header, re.escape(UNET) + r"input_blocks\.(\d+)\.0\.op\.weight")
    last = max(_numbers(header, re.escape(UNET) + r"input_blocks\.(\d+)\.0\.in_layers\.0\.weight"), default=0)
    blocks = (downsamplers[0] if downsamplers else last + 1) - 1
    if blocks < 1 or (last + 1) % (blocks + 1):
        raise WeightsError(f"{header.path.name}: the blocks of its UNet are not numbered as in Stable Diffusion.")
    first_blocks = range(1, last + 1, blocks + 1)
    return UNetLayout(
        blocks, tuple(header.has_prefix(f"{UNET}input_blocks.{block}.1.transformer_blocks.") for block in first_blocks)
    )


def unet_config(header: Header, heads: int, norm_groups: int) -> dict[str, Any]:
    """Arguments of `UNet2DConditionModel`; `heads` and `norm_groups` hold unless the metadata says otherwise."""
    layout = unet_layout(header)
    widths, depths = [], []
    for level, attention in enumerate(layout.attention):
        block = f"{UNET}input_blocks.{1 + level * (layout.blocks + 1)}"
        widths.append(_shape(header, f"{block}.0.in_layers.2.weight")[0])
        found = _numbers(header, re.escape(f"{block}.1.transformer_blocks.") + r"(\d+)\.norm1\.weight")
        depths.append(len(found) if attention else 1)
    inner = f"{UNET}middle_block.1"
    return {
        "in_channels": _shape(header, f"{UNET}input_blocks.0.0.weight")[1],
        "out_channels": _shape(header, f"{UNET}out.2.weight")[0],
        "block_out_channels": tuple(widths),
        "layers_per_block": layout.blocks,
        "down_block_types": tuple("CrossAttnDownBlock2D" if has else "DownBlock2D" for has in layout.attention),
        "up_block_types": tuple("CrossAttnUpBlock2D" if has else "UpBlock2D" for has in reversed(layout.attention)),
        "transformer_layers_per_block": tuple(depths),
        "cross_attention_dim": _shape(header, f"{inner}.transformer_blocks.0.attn2.to_k.weight")[1],
        "use_linear_projection": len(_shape(header, f"{inner}.proj_in.weight")) == 2,
        # diffusers calls the number of heads so
        "attention_head_dim": _divisor(header, "unet_config", "num_heads", heads, widths),
        "norm_num_groups": _divisor(header, "unet_config", "norm_num_groups", norm_groups, widths),
    }


def vae_config(header: Header, prefix: str, norm_groups: int) -> dict[str, Any]:
    """Arguments of `AutoencoderKL`; `norm_groups` holds unless the metadata says otherwise."""
    down = re.escape(f"{prefix}encoder.down.")
    levels = len(_numbers(header, down + r"(\d+)\.block\.0\.conv1\.weight"))
    blocks = len(_numbers(header, down + r"0\.block\.(\d+)\.conv1\.weight"))
    if not levels:
        raise WeightsError(f"{header.path.name}: its VAE has no encoder.")
    widths = [_shape(header, f"{prefix}encoder.down.{level}.block.0.conv1.weight")[0] for level in range(levels)]
    return {
        "in_channels": _shape(header, f"{prefix}encoder.conv_in.weight")[1],
        "out_channels": _shape(header, f"{prefix}decoder.conv_out.weight")[0],
        "latent_channels": _shape(header, f"{prefix}decoder.conv_in.weight")[1],
        "block_out_channels": tuple(widths),
        "layers_per_block": blocks,
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
        "norm_num_groups": _divisor(header, "vae_config", "norm_num_groups", norm_groups, widths),
        "use_quant_conv": f"{prefix}quant_conv.weight" in header.tensors,
        "use_post_quant_conv": f"{prefix}post_quant_conv.weight" in header.tensors,
    }


def clip_config(header: Header, prefix: str, heads: int) -> dict[str, Any]:
    """Arguments of `CLIPTextConfig`; `heads` holds unless the metadata says otherwise."""
    vocabulary, width = _shape(header, f"{prefix}embeddings.token_embedding.weight")
    positions = _shape(header, f"{prefix}embeddings.position_embedding.weight")[0]
    if vocabulary < TOKENS or positions < POSITIONS:
        raise WeightsError(
            f"{header.path.name}: its text encoder knows {vocabulary} tokens at {positions} positions; prompts need "
            f"CLIP's {TOKENS} at {POSITIONS}."
        )
    layers = _numbers(header, re.escape(f"{prefix}encoder.layers.") + r"(\d+)\.layer_norm1\.weight")
    return {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": _shape(header, f"{prefix}encoder.layers.0.mlp.fc1.weight")[0],
        "num_hidden_layers": len(layers),
        "num_attention_heads": _divisor(header, "text_config", "num_attention_heads", heads, [width]),
        "max_position_embeddings": positions,
        "hidden_act": "quick_gelu",
    }


def _shape(header: Header, name: str) -> tuple[int, ...]:
    shape = header.shape(name)
    if shape is None:
        raise WeightsError(f"{header.path.name} lacks {name}: it is incomplete, or of a kind that is not known.")
    return shape


def _divisor(header: Header, config: str, key: str, default: int, widths: Sequence[int]) -> int:
    """A number that the metadata may give, and that has to divide all widths."""
    value = header.config(config).get(key, default)
    if not isinstance(value, int) or value < 1 or any(width % value for width in widths):
        raise WeightsError(
            f"{header.path.name}: layers of width {', '.join(map(str, dict.fromkeys(widths)))} cannot be divided by "
            f"{value!r}; its metadata {config} has to give a {key} that fits."
        )
    return value


def _numbers(header: Header, pattern: str) -> list[int]:
    """The numbers that a pattern's group finds in the tensors' names, ascending."""
    matches = (re.fullmatch(pattern, name) for name in header.tensors)
    return sorted(int(match[1]) for match in matches if match)
