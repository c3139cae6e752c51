"""Flux.1: everything particular of the family (Black Forest Labs 2024; the network is diffusers').

The dev models are told the scale of guidance, which was distilled into them; schnell is not, and needs few steps.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from diffusers import FluxTransformer2DModel
from torch import Tensor

from diffusion.component import Component, Entry
from diffusion.families.clip_text import EncoderPlace
from diffusion.families.family import EncoderPart, LatentFormat
from diffusion.families.flux_keys import file_entry
from diffusion.families.ldm_shapes import VAE, numbers, required_shape
from diffusion.families.stable_diffusion import autoencoder, pooled_prompt
from diffusion.families.t5_text import T5Place
from diffusion.sampling.conditions import Frame
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import FlowSchedule
from diffusion.sampling.parameterization import Flow, Parameterization
from diffusion.text.encode import Conditioning, Encoded, TextStyle
from diffusion.weights import Header

TRANSFORMER = "model.diffusion_model."
PATCH = 2
DEV_SHIFT = math.exp(1.15)  # at 1024 x 1024 pixels; ModelSamplingFlux sets it for other sizes
GUIDANCE = 3.5  # what the dev models are told if a prompt says nothing

# The linear map from latent to colour of the family's VAE, as ComfyUI uses it.
RGB_FACTORS = (
    (-0.0346, 0.0244, 0.0681),
    (0.0034, 0.0210, 0.0687),
    (0.0275, -0.0668, -0.0433),
    (-0.0174, 0.0160, 0.0617),
    (0.0859, 0.0721, 0.0329),
    (0.0004, 0.0383, 0.0115),
    (0.0405, 0.0861, 0.0915),
    (-0.0236, -0.0185, -0.0259),
    (-0.0245, 0.0250, 0.1180),
    (0.1008, 0.0755, -0.0421),
    (-0.0515, 0.0201, 0.0011),
    (0.0428, -0.0012, -0.0036),
    (0.0817, 0.0765, 0.0749),
    (-0.1264, -0.0522, -0.1103),
    (-0.0280, -0.0881, -0.0499),
    (-0.1262, -0.0982, -0.0778),
)


class Flux1:
    """Flux.1 dev and schnell, and fine-tunes of them: a transformer over patches and T5's tokens, trained as a flow."""

    id = "flux-1"
    label = "Flux.1"
    latent_format = LatentFormat(
        channels=16,
        downscale=8,
        scale=0.3611,
        shift=0.1159,
        rgb_factors=RGB_FACTORS,
        rgb_bias=(-0.0329, -0.0718, -0.0851),
    )
    places = (
        EncoderPlace("l", "text_encoders.clip_l.transformer.", TextStyle()),
        T5Place(),
    )
    vae_prefix = "vae."

    def matches(self, header: Header) -> bool:
        """A file with double blocks, or diffusers' single ones, whose patches are of the latent alone."""
        patches = header.shape(f"{TRANSFORMER}{_layout(header)('x_embedder.weight').name}")
        return patches is not None and patches[1] == self.latent_format.channels * PATCH**2 and _has_blocks(header)

    def has_own_latents(self, header: Header) -> bool:
        """All of them share one VAE."""
        return False

    def parameterization(self, header: Header, weights: Mapping[str, Tensor]) -> Parameterization:
        """A rectified flow, that of the dev models moved towards the noise; the network is told levels from 0 to 1."""
        return Flow(FlowSchedule(DEV_SHIFT if _is_guided(header) else 1.0, multiplier=1.0))

    def denoiser(self, header: Header) -> Component:
        """The transformer under `model.diffusion_model.`."""
        config = _config(header)

        def build() -> Any:
            with torch.device("meta"):
                return FluxTransformer2DModel(**config)

        component = Component("transformer", TRANSFORMER, build, file_entry, config=config)
        return replace(component, file_name=Entry, written=component) if _is_diffusers(header) else component

    def autoencoder(self, header: Header) -> Component:
        """The VAE under `vae.`, or under the prefix that other families have."""
        return autoencoder(header, self.vae_prefix if header.has_prefix(f"{self.vae_prefix}decoder.") else VAE)

    def text_encoders(self, header: Header) -> tuple[EncoderPart, ...]:
        """CLIP-L and T5."""
        return tuple(place.part(header) for place in self.places)

    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """T5's states; of CLIP-L the pooled state alone."""
        return [[encoded["t5"].states, {"pooled_output": encoded["l"].pooled}]]

    def inputs(self, config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Any]:
        """The pooled prompt, and for the dev models the scale of guidance.

        It is `guidance` of the settings; where that is None, the model is told none.
        """
        inputs = {"pooled": pooled_prompt(settings, config["pooled_projection_dim"]).to(frame.device)}
        guidance = settings.get("guidance", GUIDANCE)
        if config["guidance_embeds"] and guidance is not None:
            inputs["guidance"] = torch.tensor([float(guidance)], device=frame.device)
        return inputs

    def activations(self, config: Mapping[str, Any]) -> int:
        """What a single block has at once, for each patch; counted."""
        return int(ACTIVATIONS * config["num_attention_heads"] * config["attention_head_dim"] / PATCH**2)

    @torch.no_grad()
    def evaluate(self, network: Any, call: Call) -> Tensor:
        """Ask the transformer; latents whose sides are no multiple of a patch are filled up and cut again."""
        dtype, device = network.proj_out.weight.dtype, call.x.device
        height, width = call.x.shape[-2:]
        padded = F.pad(call.x, (0, -width % PATCH, 0, -height % PATCH), mode="circular")
        rows, columns = (side // PATCH for side in padded.shape[-2:])
        context = call.context.to(device, dtype)
        with exactly_told(network.time_text_embed, call):
            output = network(
                packed(padded).to(dtype),
                encoder_hidden_states=context,
                pooled_projections=call.inputs["pooled"].to(device, dtype),
                timestep=call.timestep,
                guidance=call.inputs.get("guidance"),
                img_ids=places(rows, columns).to(device),
                txt_ids=torch.zeros(context.shape[1], 3, device=device),
                controlnet_block_samples=_added(call, "joint", network.config.num_layers, dtype),
                controlnet_single_block_samples=_added(call, "single", network.config.num_single_layers, dtype),
                return_dict=False,
            )[0]
        return unpacked(output.float(), rows, columns)[..., :height, :width]


def _added(call: Call, kind: Literal["joint", "single"], blocks: int, dtype: torch.dtype) -> list[Tensor] | None:
    """What control networks add after each block of a kind."""
    total: list[Tensor] | None = None
    for residuals in call.residuals.blocks if call.residuals else ():
        given: tuple[Tensor, ...] = getattr(residuals, kind)
        if given:
            in_a_row = math.ceil(blocks / len(given))
            each = [given[block // in_a_row].to(dtype) for block in range(blocks)]
            total = each if total is None else [one + other for one, other in zip(total, each, strict=True)]
    return total


@contextmanager
def exactly_told(layers: Any, call: Call) -> Iterator[None]:
    """A context in which the embedding of time, guidance and pooled prompt is that of the call.

    The network's own forward rounds time and guidance to the format of its weights, and cannot leave guidance out.
    """

    def embedded(*arguments: Tensor) -> Tensor:
        pooled = arguments[-1]
        total: Tensor = layers.text_embedder(pooled)
        total = total + layers.timestep_embedder(layers.time_proj(call.timestep.float() * 1000).to(pooled))
        if "guidance" in call.inputs:
            guidance = layers.time_proj(call.inputs["guidance"].float() * 1000)
            total = total + layers.guidance_embedder(guidance.to(pooled))
        return total

    layers.forward = embedded
    try:
        yield
    finally:
        del layers.forward


def packed(x: Tensor) -> Tensor:
    """A latent `[B, C, h, w]` as a row of its patches of 2 x 2 cells, `[B, h w / 4, 4 C]`."""
    batch, channels, height, width = x.shape
    cut = x.reshape(batch, channels, height // PATCH, PATCH, width // PATCH, PATCH)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * PATCH**2)


def unpacked(row: Tensor, rows: int, columns: int) -> Tensor:
    """The latent of a row of patches."""
    cut = row.reshape(row.shape[0], rows, columns, -1, PATCH, PATCH)
    return cut.permute(0, 3, 1, 4, 2, 5).reshape(row.shape[0], -1, rows * PATCH, columns * PATCH)


def places(rows: int, columns: int) -> Tensor:
    """Where patches are, `[rows * columns, 3]`: 0, row, column."""
    grid = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).float()
    return F.pad(grid, (1, 0))


def _is_diffusers(header: Header) -> bool:
    """Whether a file has the transformer under diffusers' names."""
    return header.has_prefix(f"{TRANSFORMER}single_transformer_blocks.")


def _layout(header: Header) -> Callable[[str], Entry]:
    """From the names of the module's tensors to where the file has them."""
    return Entry if _is_diffusers(header) else file_entry


def _has_blocks(header: Header) -> bool:
    return any(header.has_prefix(f"{TRANSFORMER}{blocks}.0.") for blocks in ("double_blocks", "transformer_blocks"))


def _is_guided(header: Header) -> bool:
    name = _layout(header)("time_text_embed.guidance_embedder.linear_1.weight").name
    return f"{TRANSFORMER}{name}" in header.tensors


def _config(header: Header) -> dict[str, Any]:
    """Arguments of `FluxTransformer2DModel`, all of which shapes tell."""
    entry = _layout(header)

    def shape(name: str) -> tuple[int, ...]:
        return required_shape(header, TRANSFORMER + entry(name).name)

    def count(block: str, module: str) -> int:
        name = re.escape(TRANSFORMER + entry(f"{block}.0.{module}").name)
        return len(numbers(header, name.replace(r"blocks\.0\.", r"blocks\.(\d+)\.")))

    width, channels = shape("x_embedder.weight")
    (head,) = shape("transformer_blocks.0.attn.norm_q.weight")
    return {
        "in_channels": channels,
        "num_layers": count("transformer_blocks", "norm1.linear.weight"),
        "num_single_layers": count("single_transformer_blocks", "norm.linear.weight"),
        "attention_head_dim": head,
        "num_attention_heads": width // head,
        "joint_attention_dim": shape("context_embedder.weight")[1],
        "pooled_projection_dim": shape("time_text_embed.text_embedder.linear_1.weight")[1],
        "guidance_embeds": _is_guided(header),
        "axes_dims_rope": (head // 8, head * 7 // 16, head * 7 // 16),  # 16, 56 and 56 of 128
    }


ACTIVATIONS = 22
FLUX = Flux1()
