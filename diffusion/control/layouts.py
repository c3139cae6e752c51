"""What kind of control network a file holds, told by its tensors' names, and where the file keeps each tensor."""

from __future__ import annotations

import re
from enum import Enum

from diffusion.families.layouts import Opened
from diffusion.families.ldm_keys import UNetLayout, unet_file_name
from diffusion.families.ldm_shapes import UNET, numbers
from diffusion.weights import Header, WeightsError


class Kind(Enum):
    """What a file can hold."""

    CONTROL_NET = "ControlNet"
    UNION = "union ControlNet"
    CONTROL_LORA = "control-LoRA"
    DIFFERENCE = "ControlNet of differences"
    ADAPTER = "T2I-Adapter"
    LIGHT_ADAPTER = "light T2I-Adapter"
    LLLITE = "ControlNet-LLLite"
    SD3 = "ControlNet for Stable Diffusion 3"
    FLUX = "ControlNet for Flux"


HINT = "controlnet_cond_embedding"
WHOLE = "control_model."  # before the names of a ControlNet within a whole checkpoint

# What only a union ControlNet has; its files use diffusers' names.
UNION_PARTS = ("task_embedding", "transformer_layes.", "spatial_ch_projs.", "control_add_embedding.")

# The first entry of which any mark occurs at the start of a tensor's name is what the file is.
ELSEWHERE = (
    (("style_embedding",), "a T2I style adapter: move it to models/style_models and open it by StyleModelLoader"),
    (
        ("ip_adapter.", "image_proj."),
        "an IP-Adapter and no control network: open it by the loader of IP-Adapters",
    ),
    (("lora_unet_", "lora_te"), "a LoRA: move it to models/loras and open it by LoraLoader"),
    (
        ("controlnet_x_embedder.", "controlnet_blocks.", "pos_embed_input.", "controlnet_pos_embed."),
        "for a transformer, in an unsupported form: take one for Stable Diffusion 3 or Flux in diffusers' layout",
    ),
    (("model.diffusion_model.", "down_blocks.", "input_blocks."), "a diffusion model without a control network"),
)


def kind_of(header: Header) -> Kind:
    """What the file holds. Raises `WeightsError` that says what it is, if it is no control network that can be used."""
    names = header.tensors
    bare = {name.removeprefix(WHOLE) for name in names}
    if "lora_controlnet" in bare:
        return Kind.CONTROL_LORA
    if any(name.startswith("lllite_") for name in names):
        return Kind.LLLITE
    if bare & {"control_add_embedding.linear_1.weight", "task_embedding"}:
        return Kind.UNION
    if f"{HINT}.conv_in.weight" in bare or "input_hint_block.0.weight" in bare:
        return Kind.DIFFERENCE if "difference" in bare else Kind.CONTROL_NET
    if {"controlnet_x_embedder.weight", "transformer_blocks.0.attn.norm_q.weight"} <= bare:
        return Kind.FLUX
    if {"pos_embed_input.proj.weight", "pos_embed.pos_embed", "context_embedder.weight"} <= bare:
        return Kind.SD3
    adapter = {name.removeprefix("adapter.") for name in names}
    if "body.0.in_conv.weight" in adapter:
        return Kind.LIGHT_ADAPTER
    if "conv_in.weight" in adapter and adapter & {"body.0.block1.weight", "body.0.resnets.0.block1.weight"}:
        return Kind.ADAPTER
    raise WeightsError(f"{header.path.name} cannot be loaded as a ControlNet: it is {_elsewhere(header)}.")


def _elsewhere(header: Header) -> str:
    for marks, kind in ELSEWHERE:
        if any(name.startswith(marks) for name in header.tensors):
            return kind
    return f"of no known kind (tensors: {len(header.tensors)}, the first is '{next(iter(header.tensors))}')"


def as_ldm(file: Opened) -> Opened:
    """A ControlNet's tensors under the names that ControlNets were first published with, below `UNET`.

    Those of a whole checkpoint are picked out; diffusers' names are translated.
    """
    header = file.header
    if header.has_prefix(WHOLE):
        file = file.renamed(lambda name: name.removeprefix(WHOLE) if name.startswith(WHOLE) else None)
        header = file.header
    if f"{HINT}.conv_in.weight" not in header.tensors:
        return file.renamed(lambda name: UNET + name)
    layout = _diffusers_layout(header)
    blocks = len(numbers(header, re.escape(HINT) + r"\.blocks\.(\d+)\.weight"))
    return file.renamed(lambda name: UNET + _translated(name, layout, blocks))


def _translated(name: str, layout: UNetLayout, blocks: int) -> str:
    try:
        return control_file_name(name, layout, blocks)
    except KeyError:
        return name  # so that it is named as unexpected


def control_file_name(name: str, layout: UNetLayout, hint_blocks: int) -> str:
    """The name in LDM's layout of a tensor of diffusers' `ControlNetModel` or `ControlNetUnionModel`.

    hint_blocks: how many layers the network that reads the hint has between its first and its last.
    """
    if name.startswith(UNION_PARTS):
        return name
    if found := re.fullmatch(re.escape(HINT) + r"\.blocks\.(\d+)\.(\w+)", name):
        return f"input_hint_block.{2 + 2 * int(found[1])}.{found[2]}"
    if found := re.fullmatch(r"controlnet_down_blocks\.(\d+)\.(\w+)", name):
        return f"zero_convs.{found[1]}.0.{found[2]}"
    ends = {
        f"{HINT}.conv_in.": "input_hint_block.0.",
        f"{HINT}.conv_out.": f"input_hint_block.{2 + 2 * hint_blocks}.",
        "controlnet_mid_block.": "middle_block_out.0.",
    }
    for module, ldm in ends.items():
        if name.startswith(module):
            return ldm + name.removeprefix(module)
    return unet_file_name(name, layout)


def as_adapter(file: Opened) -> Opened:
    """A T2I-Adapter's tensors under diffusers' names, which differ in how blocks are numbered."""
    names = [name.removeprefix("adapter.") for name in file.header.tensors]
    if any(".resnets." in name for name in names):
        return file
    light = "body.0.in_conv.weight" in names
    return file.renamed(lambda name: "adapter." + (_light_name(name) if light else _full_name(name)))


def _full_name(name: str) -> str:
    """`body.N.…` counts the layers of all levels; there are two on each."""
    found = re.fullmatch(r"body\.(\d+)\.(in_conv|block\d)\.(\w+)", name)
    if found is None:
        return name
    level, layer = divmod(int(found[1]), 2)
    within = "" if found[2] == "in_conv" else f"resnets.{layer}."
    return f"body.{level}.{within}{found[2]}.{found[3]}"


def _light_name(name: str) -> str:
    return re.sub(r"^(body\.\d+)\.body\.", r"\1.resnets.", name)


def _diffusers_layout(header: Header) -> UNetLayout:
    levels = len(numbers(header, r"down_blocks\.(\d+)\.resnets\.0\.conv1\.weight"))
    blocks = len(numbers(header, r"down_blocks\.0\.resnets\.(\d+)\.conv1\.weight"))
    return UNetLayout(blocks, tuple(header.has_prefix(f"down_blocks.{level}.attentions.") for level in range(levels)))
