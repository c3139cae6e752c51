"""Stable Diffusion 3 and 3.5: everything particular of the family (Esser et al. 2024, arXiv:2403.03206).

The third text encoder, T5, is optional: without it the tokens of the two CLIPs alone are read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import SD3Transformer2DModel
from torch import Tensor

from diffusion.component import Component, Entry
from diffusion.families.clip_text import POSITIONS, EncoderPlace
from diffusion.families.family import EncoderPart, LatentFormat
from diffusion.families.ldm_shapes import VAE, divisor, numbers, required_shape
from diffusion.families.sdxl import BIG_G_STYLE
from diffusion.families.stable_diffusion import autoencoder, pooled_prompt
from diffusion.families.t5_text import T5Place, holds_t5
from diffusion.sampling.conditions import Frame
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import FlowSchedule
from diffusion.sampling.parameterization import Flow, Parameterization
from diffusion.text.encode import Conditioning, Encoded, TextStyle
from diffusion.weights import Header

TRANSFORMER = "model.diffusion_model."
HEAD_CHANNELS = 64
SHIFT = 3.0

# The linear map from latent to colour of the family's VAE, as ComfyUI uses it.
RGB_FACTORS = (
    (-0.0922, -0.0175, 0.0749),
    (0.0311, 0.0633, 0.0954),
    (0.1994, 0.0927, 0.0458),
    (0.0856, 0.0339, 0.0902),
    (0.0587, 0.0272, -0.0496),
    (-0.0006, 0.1104, 0.0309),
    (0.0978, 0.0306, 0.0427),
    (-0.0042, 0.1038, 0.1358),
    (-0.0194, 0.0020, 0.0669),
    (-0.0488, 0.0130, -0.0268),
    (0.0922, 0.0988, 0.0951),
    (-0.0278, 0.0524, -0.0542),
    (0.0332, 0.0456, 0.0895),
    (-0.0069, -0.0030, -0.0810),
    (-0.0596, -0.0465, -0.0293),
    (-0.1448, -0.1463, -0.1189),
)

# Modules outside the blocks: diffusers' names, and those of files.
ENDS = {
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "context_embedder": "context_embedder",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "proj_out": "final_layer.linear",
}
# Modules of a block: of the picture's side, and of the prompt's.
BLOCK = {
    "norm1.linear": "x_block.adaLN_modulation.1",
    "norm1_context.linear": "context_block.adaLN_modulation.1",
    "ff.net.0.proj": "x_block.mlp.fc1",
    "ff.net.2": "x_block.mlp.fc2",
    "ff_context.net.0.proj": "context_block.mlp.fc1",
    "ff_context.net.2": "context_block.mlp.fc2",
    "attn.to_out.0": "x_block.attn.proj",
    "attn.to_add_out": "context_block.attn.proj",
    "attn.norm_q": "x_block.attn.ln_q",
    "attn.norm_k": "x_block.attn.ln_k",
    "attn.norm_added_q": "context_block.attn.ln_q",
    "attn.norm_added_k": "context_block.attn.ln_k",
    "attn2.to_out.0": "x_block.attn2.proj",
    "attn2.norm_q": "x_block.attn2.ln_q",
    "attn2.norm_k": "x_block.attn2.ln_k",
}
# Queries, keys and values, which files have as one tensor.
FUSED = {
    "attn.to_": "x_block.attn.qkv",
    "attn.add_": "context_block.attn.qkv",
    "attn2.to_": "x_block.attn2.qkv",
}


class StableDiffusion3:
    """Stable Diffusion 3 medium, 3.5 medium and large: a transformer over patches and tokens, trained as a flow."""

    id = "stable-diffusion-v3"
    label = "Stable Diffusion 3"
    latent_format = LatentFormat(
        channels=16,
        downscale=8,
        scale=1.5305,
        shift=0.0609,
        rgb_factors=RGB_FACTORS,
        rgb_bias=(0.2394, 0.2135, 0.1925),
    )
    places = (
        EncoderPlace("l", "text_encoders.clip_l.transformer.", TextStyle(layer=-2, final_norm=False)),
        EncoderPlace("g", "text_encoders.clip_g.transformer.", BIG_G_STYLE, config="text_config_2"),
        T5Place(optional=True),
    )
    vae_prefix = VAE

    def matches(self, header: Header) -> bool:
        """A file with joint blocks, under their own names or under diffusers'."""
        return header.has_prefix(f"{TRANSFORMER}joint_blocks.") or _is_diffusers(header)

    def has_own_latents(self, header: Header) -> bool:
        """All of them share one VAE."""
        return False

    def parameterization(self, header: Header, weights: Mapping[str, Tensor]) -> Parameterization:
        """A rectified flow, moved towards the noise."""
        return Flow(FlowSchedule(SHIFT))

    def denoiser(self, header: Header) -> Component:
        """The transformer under `model.diffusion_model.`."""
        config = _config(header)
        last = config["num_layers"] - 1

        def build() -> Any:
            with torch.device("meta"):
                return SD3Transformer2DModel(**config)

        component = Component("transformer", TRANSFORMER, build, partial(_entry, last=last), config=config)
        return replace(component, file_name=Entry, written=component) if _is_diffusers(header) else component

    def autoencoder(self, header: Header) -> Component:
        """The VAE under `first_stage_model.`."""
        return autoencoder(header)

    def text_encoders(self, header: Header) -> tuple[EncoderPart, ...]:
        """CLIP-L and bigG, and T5 where the file has it."""
        needed = [place for place in self.places if not place.optional or holds_t5(header, place.prefix)]
        return tuple(place.part(header) for place in needed)

    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """The states of both CLIPs side by side, filled up to the width of T5's, and T5's tokens after them; the CLIPs'
        pooled states one after the other.
        """
        low, big = encoded["l"], encoded["g"]
        length = max(low.states.shape[1], big.states.shape[1])
        states = torch.cat([F.pad(each.states, (0, 0, 0, length - each.states.shape[1])) for each in (low, big)], -1)
        width = states.shape[-1] * 2  # T5's states are twice as wide as the two CLIPs': 4096 in the released models
        states = F.pad(states, (0, width - states.shape[-1]))
        if "t5" in encoded:
            states = torch.cat((states, encoded["t5"].states), 1)
        states = F.pad(states, (0, 0, 0, 0 if states.shape[1] else POSITIONS))  # no encoder was asked
        return [[states, {"pooled_output": torch.cat((low.pooled, big.pooled), -1)}]]

    def inputs(self, config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Any]:
        """The pooled prompt."""
        return {"pooled": pooled_prompt(settings, config["pooled_projection_dim"]).to(frame.device)}

    def activations(self, config: Mapping[str, Any]) -> int:
        """What the feed-forward layer of a block has at once, for each patch; counted."""
        width = config["num_attention_heads"] * config["attention_head_dim"]
        return int(ACTIVATIONS * width / config["patch_size"] ** 2)

    @torch.no_grad()
    def evaluate(self, network: Any, call: Call) -> Tensor:
        """Ask the transformer; latents whose sides are no multiple of a patch are filled up and cut again."""
        dtype, patch = network.proj_out.weight.dtype, network.config.patch_size
        height, width = call.x.shape[-2:]
        padded = F.pad(call.x, (0, -width % patch, 0, -height % patch), mode="circular")
        output = network(
            padded.to(dtype),
            encoder_hidden_states=call.context.to(call.x.device, dtype),
            pooled_projections=call.inputs["pooled"].to(call.x.device, dtype),
            timestep=call.timestep,
            block_controlnet_hidden_states=_added(call, network.config.num_layers, dtype),
            return_dict=False,
        )[0]
        result: Tensor = output[..., :height, :width].float()
        return result


def _added(call: Call, blocks: int, dtype: torch.dtype) -> list[Tensor] | None:
    """What control networks add after each block."""
    total: list[Tensor] | None = None
    for residuals in call.residuals.blocks if call.residuals else ():
        given = residuals.joint
        each = [given[block * len(given) // blocks].to(dtype) for block in range(blocks)]
        total = each if total is None else [one + other for one, other in zip(total, each, strict=True)]
    return total


def _is_diffusers(header: Header) -> bool:
    """Whether a file has the transformer under diffusers' names; only this family's has positions of its own there."""
    return f"{TRANSFORMER}pos_embed.pos_embed" in header.tensors


def _config(header: Header) -> dict[str, Any]:
    """Arguments of `SD3Transformer2DModel`, from the shapes in a file."""
    entry: Callable[[str], Entry] = Entry if _is_diffusers(header) else partial(_entry, last=-1)

    def name(tensor: str) -> str:
        return TRANSFORMER + entry(tensor).name

    def blocks(tensor: str) -> list[int]:
        pattern = re.escape(name(f"transformer_blocks.0.{tensor}")).replace(r"blocks\.0\.", r"blocks\.(\d+)\.")
        return numbers(header, pattern)

    width, channels, patch, _ = required_shape(header, name("pos_embed.proj.weight"))
    context = required_shape(header, name("context_embedder.weight"))
    positions = required_shape(header, name("pos_embed.pos_embed"))[1]
    heads = divisor(header, "transformer_config", "num_attention_heads", max(1, width // HEAD_CHANNELS), [width])
    return {
        "patch_size": patch,
        "in_channels": channels,
        "out_channels": required_shape(header, name("proj_out.weight"))[0] // patch**2,
        "num_layers": len(blocks("attn.to_q.weight")),
        "num_attention_heads": heads,
        "attention_head_dim": width // heads,
        "joint_attention_dim": context[1],
        "caption_projection_dim": context[0],
        "pooled_projection_dim": required_shape(header, name("time_text_embed.text_embedder.linear_1.weight"))[1],
        "pos_embed_max_size": round(positions**0.5),
        "dual_attention_layers": tuple(blocks("attn2.to_q.weight")),
        "qk_norm": "rms_norm" if blocks("attn.norm_q.weight") else None,
    }


def _entry(name: str, last: int) -> Entry:
    """Where a file has a tensor of the transformer; `last` is the number of the last block.

    The modulation of the last prompt side and of the end has scale and shift the other way round.
    """
    if name == "pos_embed.pos_embed":
        return Entry("pos_embed")
    module, _, leaf = name.rpartition(".")
    if module in ENDS:
        return Entry(f"{ENDS[module]}.{leaf}", swapped=module == "norm_out.linear")
    _, number, inner = module.split(".", 2)
    start = f"joint_blocks.{number}."
    if inner in BLOCK:
        swapped = inner == "norm1_context.linear" and int(number) == last
        return Entry(f"{start}{BLOCK[inner]}.{leaf}", swapped=swapped)
    for side, fused in FUSED.items():
        if inner.startswith(side):
            part = "qkv".index(inner.removeprefix(side)[0])
            return Entry(f"{start}{fused}.{leaf}", part=(part, 3))
    raise KeyError(f"'{name}' is no tensor of a Stable Diffusion 3 transformer")


ACTIVATIONS = 14
SD3 = StableDiffusion3()
