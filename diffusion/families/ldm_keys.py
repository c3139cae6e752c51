"""Names of weights in LDM files (the first Stable Diffusion release) against those of diffusers' modules.

The translation follows from the number of levels and of blocks a level, so small models of the same architecture and
later families with other levels are served by the same rules. Names are translated one at a time; a table over all
names of a network, turned round, is the way back.
"""

import re
from dataclasses import dataclass

UNET_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
UNET_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "class_embedding.linear_1": "label_emb.0.0",
    "class_embedding.linear_2": "label_emb.0.2",
    "mid_block.attentions.0": "middle_block.1",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
VAE_OLD_ATTENTION = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


@dataclass(frozen=True, slots=True)
class UNetLayout:
    """What decides the numbering of a UNet's blocks: blocks a level, and which levels have attention, top first."""

    blocks: int
    attention: tuple[bool, ...]


def unet_file_name(name: str, layout: UNetLayout) -> str:
    """The LDM name (without `model.diffusion_model.`) of a tensor of diffusers' `UNet2DConditionModel`."""
    for module, ldm in UNET_ENDS.items():
        if name.startswith(module + "."):
            return ldm + name.removeprefix(module)
    if found := _split(name, r"mid_block\.resnets\.(\d)\.(.+)"):
        return f"middle_block.{2 * int(found[0])}.{_renamed(found[1], UNET_RESNET)}"
    found = _split(name, r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)")
    if found is None:
        raise KeyError(f"'{name}' is no tensor of a Stable Diffusion UNet")
    side, kind, rest = found[0], found[2], found[4]
    level, index = int(found[1]), int(found[3])
    first = level * (layout.blocks + 1)
    if kind == "downsamplers":
        return f"input_blocks.{first + layout.blocks + 1}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        place = 2 if layout.attention[-1 - level] else 1
        return f"output_blocks.{first + layout.blocks}.{place}.{rest}"
    block = f"input_blocks.{first + 1 + index}" if side == "down" else f"output_blocks.{first + index}"
    return f"{block}.1.{rest}" if kind == "attentions" else f"{block}.0.{_renamed(rest, UNET_RESNET)}"


def vae_file_name(name: str, levels: int) -> str:
    """The LDM name (without `first_stage_model.`) of a tensor of diffusers' `AutoencoderKL` with `levels` levels."""
    side, _, rest = name.partition(".")
    if side not in ("encoder", "decoder"):
        return name
    if found := _split(rest, r"mid_block\.resnets\.(\d)\.(.+)"):
        return f"{side}.mid.block_{int(found[0]) + 1}.{_vae_resnet(found[1])}"
    if found := _split(rest, r"mid_block\.attentions\.0\.(.+)"):
        return f"{side}.mid.attn_1.{_renamed(found[0], VAE_ATTENTION)}"
    if found := _split(rest, r"(?:down|up)_blocks\.(\d+)\.resnets\.(\d+)\.(.+)"):
        return f"{_vae_level(side, int(found[0]), levels)}.block.{found[1]}.{_vae_resnet(found[2])}"
    if found := _split(rest, r"(?:down|up)_blocks\.(\d+)\.(down|up)samplers\.0\.(.+)"):
        return f"{_vae_level(side, int(found[0]), levels)}.{found[1]}sample.{found[2]}"
    return f"{side}.{rest.replace('conv_norm_out', 'norm_out')}"


def new_diffusers_vae_name(name: str) -> str:
    """The name of a tensor of `AutoencoderKL`, from diffusers' files of before its attention layers were renamed."""
    head, found, rest = name.partition("mid_block.attentions.0.")
    return head + found + (_renamed(rest, {old: new for new, old in VAE_OLD_ATTENTION.items()}) if found else rest)


def _vae_level(side: str, level: int, levels: int) -> str:
    """LDM numbers the decoder's levels from the picture, diffusers from the latent."""
    return f"encoder.down.{level}" if side == "encoder" else f"decoder.up.{levels - 1 - level}"


def _vae_resnet(name: str) -> str:
    return name.replace("conv_shortcut", "nin_shortcut")


def _renamed(name: str, table: dict[str, str]) -> str:
    """Replace the module at the start of a name, if the table has it."""
    module, _, leaf = name.rpartition(".")
    return f"{table.get(module, module)}.{leaf}"


def _split(name: str, pattern: str) -> tuple[str, ...] | None:
    match = re.fullmatch(pattern, name)
    return match.groups() if match else None
