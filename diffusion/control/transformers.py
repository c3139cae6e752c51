"""ControlNets for Stable Diffusion 3 and Flux, in diffusers' layout: how they are opened, and how they are asked.

They read hints as latents. Those for inpainting (of Alimama) read a mask as well: 1 where the picture stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from diffusers import FluxControlNetModel, SD3ControlNetModel
from torch import Tensor, nn

from diffusion.component import Component
from diffusion.families.flux import PATCH, exactly_told, packed, places
from diffusion.families.ldm_shapes import divisor, numbers, required_shape
from diffusion.families.sd3 import HEAD_CHANNELS
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import BlockResiduals, Call, LatentSpace, Residuals
from diffusion.weights import Header

# What hints show, as union ControlNets for Flux number it, by the names of `diffusion.control.load.TASKS`.
FLUX_MODES = {"canny/lineart/anime_lineart/mlsd": 0, "tile": 1, "depth": 2, "openpose": 4}


@dataclass(frozen=True)
class AsksTransformer:
    """A ControlNet of transformer blocks. masked: whether it reads a mask beside the hint's latent."""

    masked: bool = False
    once: ClassVar[bool] = False
    reads_latents: ClassVar[bool] = True

    def soft(self, outputs: int) -> Sequence[float]:
        """All the same: modes of control are known of UNets alone."""
        return [1.0] * outputs


@dataclass(frozen=True)
class AsksSD3(AsksTransformer):
    """Diffusers' `SD3ControlNetModel`."""

    def to_model(self, latents: Tensor, space: LatentSpace) -> Tensor:
        """Hints in the space that it was trained in, which is not moved as that of the model is."""
        return space.to_model(latents) - space.to_model(torch.zeros_like(latents))

    def ask(self, network: Any, call: Call, hint: Tensor) -> Residuals:
        """Its outputs after each block. It was trained without the pooled prompt."""
        _check(network, call)
        weight = network.pos_embed.proj.weight
        (outputs,) = network(
            _filled_up(call.x).to(weight),
            controlnet_cond=_filled_up(hint).to(weight),
            encoder_hidden_states=call.context.to(weight),
            pooled_projections=torch.zeros_like(call.inputs["pooled"]).to(weight),
            timestep=call.timestep,
            return_dict=False,
        )
        return Residuals(blocks=(BlockResiduals(tuple(outputs)),))


@dataclass(frozen=True)
class AsksFlux(AsksTransformer):
    """Diffusers' `FluxControlNetModel`. mode: what hints show, for union ControlNets (`FLUX_MODES`)."""

    mode: int | None = None

    def to_model(self, latents: Tensor, space: LatentSpace) -> Tensor:
        """Hints in the space of the model."""
        return space.to_model(latents)

    def ask(self, network: Any, call: Call, hint: Tensor) -> Residuals:
        """Its outputs after each block of both kinds."""
        _check(network, call)
        weight, x = network.x_embedder.weight, _filled_up(call.x)
        mode = None
        if network.union:
            if self.mode is None:
                raise SamplingError("This ControlNet has to be told what its hint shows: use SetUnionControlNetType.")
            mode = torch.full((x.shape[0], 1), self.mode, device=x.device)
        rows, columns = (side // PATCH for side in x.shape[-2:])
        guided = "guidance" in call.inputs and network.config.guidance_embeds
        told = call if guided else replace(call, inputs={"pooled": call.inputs["pooled"]})
        with exactly_told(network.time_text_embed, told):
            joint, single = network(
                packed(x).to(weight),
                controlnet_cond=packed(_filled_up(hint)).to(weight),
                controlnet_mode=mode,
                encoder_hidden_states=call.context.to(weight),
                pooled_projections=call.inputs["pooled"].to(weight),
                timestep=call.timestep,
                guidance=told.inputs.get("guidance"),
                img_ids=places(rows, columns).to(x.device),
                txt_ids=torch.zeros(call.context.shape[1], 3, device=x.device),
                return_dict=False,
            )
        return Residuals(blocks=(BlockResiduals(tuple(joint or ()), tuple(single or ())),))


def _check(network: Any, call: Call) -> None:
    """Raise `SamplingError` if a network is for another model."""
    width, pooled = network.config.joint_attention_dim, call.inputs.get("pooled")
    if call.context.shape[-1] != width:
        raise SamplingError(
            f"The ControlNet reads prompts of {width} numbers a word, and this model has {call.context.shape[-1]}: "
            "choose a ControlNet that was made for the model."
        )
    if pooled is None or pooled.shape[-1] != network.config.pooled_projection_dim:
        raise SamplingError("The ControlNet is for another transformer: choose one that was made for the model.")


def _filled_up(x: Tensor) -> Tensor:
    """A latent whose sides are multiples of a patch, as the model's is filled up."""
    return F.pad(x, (0, -x.shape[-1] % PATCH, 0, -x.shape[-2] % PATCH), mode="circular")


def sd3_control_net(header: Header) -> tuple[Component, AsksSD3]:
    """Of a file for Stable Diffusion 3."""
    width, channels, patch, _ = required_shape(header, "pos_embed.proj.weight")
    context = required_shape(header, "context_embedder.weight")
    heads = divisor(header, "transformer_config", "num_attention_heads", max(1, width // HEAD_CHANNELS), [width])
    extra = required_shape(header, "pos_embed_input.proj.weight")[1] - channels
    config = {
        "patch_size": patch,
        "in_channels": channels,
        "num_layers": len(_blocks(header, "transformer_blocks", "attn.to_q.weight")),
        "num_attention_heads": heads,
        "attention_head_dim": width // heads,
        "joint_attention_dim": context[1],
        "caption_projection_dim": context[0],
        "pooled_projection_dim": required_shape(header, "time_text_embed.text_embedder.linear_1.weight")[1],
        "pos_embed_max_size": round(required_shape(header, "pos_embed.pos_embed")[1] ** 0.5),
        "extra_conditioning_channels": extra,
        "dual_attention_layers": tuple(_blocks(header, "transformer_blocks", "attn2.to_q.weight")),
        "qk_norm": "rms_norm" if _blocks(header, "transformer_blocks", "attn.norm_q.weight") else None,
    }
    return _component(lambda: SD3ControlNetModel(**config), config), AsksSD3(masked=extra > 0)


def flux_control_net(header: Header) -> tuple[Component, AsksFlux]:
    """Of a file for Flux."""
    width, channels = required_shape(header, "x_embedder.weight")
    (head,) = required_shape(header, "transformer_blocks.0.attn.norm_q.weight")
    modes = header.shape("controlnet_mode_embedder.weight")
    read = required_shape(header, "controlnet_x_embedder.weight")[1]
    config = {
        "in_channels": channels,
        "num_layers": len(_blocks(header, "transformer_blocks", "norm1.linear.weight")),
        "num_single_layers": len(_blocks(header, "single_transformer_blocks", "norm.linear.weight")),
        "attention_head_dim": head,
        "num_attention_heads": width // head,
        "joint_attention_dim": required_shape(header, "context_embedder.weight")[1],
        "pooled_projection_dim": required_shape(header, "time_text_embed.text_embedder.linear_1.weight")[1],
        "guidance_embeds": "time_text_embed.guidance_embedder.linear_1.weight" in header.tensors,
        "axes_dims_rope": (head // 8, head * 7 // 16, head * 7 // 16),
        "num_mode": None if modes is None else modes[0],
    }

    def build() -> Any:
        network = FluxControlNetModel(**config)
        if read != channels:  # a mask beside the latent, which the module does not know
            network.controlnet_x_embedder = nn.Linear(read, width)
        return network

    return _component(build, config), AsksFlux(masked=read > channels)


def _blocks(header: Header, kind: str, tensor: str) -> list[int]:
    """The numbers of the blocks that have a tensor."""
    return numbers(header, rf"{kind}\.(\d+)\.{re.escape(tensor)}")


def _component(build: Callable[[], Any], config: dict[str, Any]) -> Component:
    def on_meta() -> Any:
        with torch.device("meta"):
            return build()

    return Component("ControlNet", "", on_meta, lambda name: name, config=config)
