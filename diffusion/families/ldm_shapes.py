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
HEAD_CHANNELS = 64
SIZE_CHANNELS = 256  # for each number that says a size


def unet_layout(header: Header) -> UNetLayout:
    """Blocks a level and levels with attention of the UNet in a file."""
    downsamplers = numbers(header, re.escape(UNET) + r"input_blocks\.(\d+)\.0\.op\.weight")
    last = max(numbers(header, re.escape(UNET) + r"input_blocks\.(\d+)\.0\.in_layers\.0\.weight"), default=0)
    blocks = (downsamplers[0] if downsamplers else last + 1) - 1
    if blocks < 1 or (last + 1) % (blocks + 1):
        raise WeightsError(f"{header.path.name}: the blocks of its UNet are not numbered as in Stable Diffusion.")
    first_blocks = range(1, last + 1, blocks + 1)
    return UNetLayout(
        blocks, tuple(header.has_prefix(f"{UNET}input_blocks.{block}.1.proj_in.") for block in first_blocks)
    )


def unet_config(header: Header, heads: int | None, norm_groups: int) -> dict[str, Any]:
    """Arguments of `UNet2DConditionModel`; `heads` and `norm_groups` hold unless the metadata says otherwise.

    heads: of every attention layer; None where each head has 64 channels.
    """
    attention = unet_layout(header).attention
    return {
        **encoder_config(header, heads, norm_groups),
        "out_channels": required_shape(header, f"{UNET}out.2.weight")[0],
        "up_block_types": tuple("CrossAttnUpBlock2D" if has else "UpBlock2D" for has in reversed(attention)),
    }


def encoder_config(header: Header, heads: int | None, norm_groups: int) -> dict[str, Any]:
    """Those of `unet_config` that are of the encoder and the middle, which is all that a ControlNet has of a UNet."""
    layout = unet_layout(header)
    middle = f"{UNET}middle_block.1"
    attended = header.has_prefix(f"{middle}.proj_in.")
    widths, depths, transformers = [], [], [middle] if attended else []
    for level, attention in enumerate(layout.attention):
        block = f"{UNET}input_blocks.{1 + level * (layout.blocks + 1)}"
        widths.append(required_shape(header, f"{block}.0.in_layers.2.weight")[0])
        depths.append(_depth(header, f"{block}.1") if attention else 1)
        transformers += [f"{block}.1"] if attention else []
    if attended:
        depths[-1] = _depth(header, middle)  # diffusers makes the middle block as deep as the last level
    return {
        "in_channels": required_shape(header, f"{UNET}input_blocks.0.0.weight")[1],
        "block_out_channels": tuple(widths),
        "layers_per_block": layout.blocks,
        "down_block_types": tuple("CrossAttnDownBlock2D" if has else "DownBlock2D" for has in layout.attention),
        "transformer_layers_per_block": tuple(depths),
        "cross_attention_dim": prompt_width(header),
        "use_linear_projection": any(len(header.shape(f"{name}.proj_in.weight") or ()) == 2 for name in transformers),
        # diffusers calls the number of heads so
        "attention_head_dim": _heads(header, heads, widths),
        "norm_num_groups": divisor(header, "unet_config", "norm_num_groups", norm_groups, widths),
        **({} if attended else {"mid_block_type": "UNetMidBlock2D"}),
        **_size_conditioning(header),
    }


def prompt_width(header: Header) -> int:
    """The width of the encoded prompts that a UNet or a ControlNet reads; 0 if it reads none."""
    layers = (name for name in header.tensors if name.startswith(UNET) and name.endswith(".attn2.to_k.weight"))
    first = next(layers, None)
    return 0 if first is None else required_shape(header, first)[1]


def _depth(header: Header, name: str) -> int:
    """How many layers a transformer has."""
    return len(numbers(header, re.escape(f"{name}.transformer_blocks.") + r"(\d+)\.norm1\.weight"))


def _heads(header: Header, heads: int | None, widths: Sequence[int]) -> int | tuple[int, ...]:
    """Heads of all levels, or of each."""
    config = header.config("unet_config")
    if "num_head_channels" in config or (heads is None and "num_heads" not in config):
        channels = divisor(header, "unet_config", "num_head_channels", HEAD_CHANNELS, widths)
        return tuple(width // channels for width in widths)
    return divisor(header, "unet_config", "num_heads", heads or 1, widths)


def _size_conditioning(header: Header) -> dict[str, Any]:
    """What a UNet that is told the size of the picture has more."""
    shape = header.shape(f"{UNET}label_emb.0.0.weight")
    if shape is None:
        return {}
    width = header.config("unet_config").get("addition_time_embed_dim", SIZE_CHANNELS)
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": width,
        "projection_class_embeddings_input_dim": shape[1],
    }


def vae_config(header: Header, prefix: str, norm_groups: int) -> dict[str, Any]:
    """Arguments of `AutoencoderKL`; `norm_groups` holds unless the metadata says otherwise."""
    down = re.escape(f"{prefix}encoder.down.")
    levels = len(numbers(header, down + r"(\d+)\.block\.0\.conv1\.weight"))
    blocks = len(numbers(header, down + r"0\.block\.(\d+)\.conv1\.weight"))
    if not levels:
        raise WeightsError(f"{header.path.name}: its VAE has no encoder.")
    widths = [
        required_shape(header, f"{prefix}encoder.down.{level}.block.0.conv1.weight")[0] for level in range(levels)
    ]
    return {
        "in_channels": required_shape(header, f"{prefix}encoder.conv_in.weight")[1],
        "out_channels": required_shape(header, f"{prefix}decoder.conv_out.weight")[0],
        "latent_channels": required_shape(header, f"{prefix}decoder.conv_in.weight")[1],
        "block_out_channels": tuple(widths),
        "layers_per_block": blocks,
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
        "norm_num_groups": divisor(header, "vae_config", "norm_num_groups", norm_groups, widths),
        "use_quant_conv": f"{prefix}quant_conv.weight" in header.tensors,
        "use_post_quant_conv": f"{prefix}post_quant_conv.weight" in header.tensors,
    }


def required_shape(header: Header, name: str) -> tuple[int, ...]:
    """The shape of a tensor. Raises `WeightsError` if there is none."""
    shape = header.shape(name)
    if shape is None:
        raise WeightsError(f"{header.path.name} lacks {name}: it is incomplete, or of a kind that is not known.")
    return shape


def divisor(header: Header, config: str, key: str, default: int, widths: Sequence[int]) -> int:
    """A number that the metadata may give, and that has to divide all widths. Raises `WeightsError`."""
    value = header.config(config).get(key, default)
    if not isinstance(value, int) or value < 1 or any(width % value for width in widths):
        raise WeightsError(
            f"{header.path.name}: layers of width {', '.join(map(str, dict.fromkeys(widths)))} cannot be divided by "
            f"{value!r}; its metadata {config} has to give a {key} that fits."
        )
    return value


def numbers(header: Header, pattern: str) -> list[int]:
    """The numbers that a pattern's group finds in the tensors' names, ascending."""
    matches = (re.fullmatch(pattern, name) for name in header.tensors)
    return sorted(int(match[1]) for match in matches if match)
