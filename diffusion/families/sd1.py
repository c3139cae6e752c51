"""Stable Diffusion 1.x: everything particular of the family (Rombach et al. 2022, arXiv:2112.10752)."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from diffusion.component import Component
from diffusion.families import ldm_shapes, unet
from diffusion.families.family import EncoderPart, LatentFormat, MissingComponent
from diffusion.families.ldm_keys import old_diffusers_vae_name, unet_file_name, vae_file_name
from diffusion.sampling.conditions import Frame
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.parameterization import Epsilon, Parameterization, Velocity
from diffusion.text.encode import Conditioning, Encoded, TextStyle
from diffusion.weights import Header

CLIP = "cond_stage_model.transformer."
HEADS = 8
CLIP_HEADS = 12
NORM_GROUPS = 32
VAE_WIDTH = 128

# What files keep beside the weights that are used: tables that follow from the architecture, and training state.
UNUSED_TEXT = ("text_model.embeddings.position_ids", "embeddings.position_ids", "text_projection", "vision_model.")
UNUSED_VAE = ("loss.", "model_ema.")

# The linear map from latent to colour of the VAE that the family was released with, as ComfyUI uses it.
RGB_FACTORS = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)


class StableDiffusion1:
    """Stable Diffusion 1.1 to 1.5, fine-tunes of it, and smaller models of the same architecture."""

    id = "stable-diffusion-v1"
    label = "Stable Diffusion 1.x"
    latent_format = LatentFormat(
        channels=4, downscale=8, scale=0.18215, rgb_factors=RGB_FACTORS, rgb_bias=(0.0, 0.0, 0.0)
    )

    def matches(self, header: Header) -> bool:
        """An LDM file with a four-channel UNet that reads CLIP-L's states (or has no text encoder, but its width)."""
        conv_in = header.shape(f"{ldm_shapes.UNET}input_blocks.0.0.weight")
        to_k = header.shape(f"{ldm_shapes.UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight")
        if conv_in is None or to_k is None or conv_in[1] != 4 or header.has_prefix(f"{ldm_shapes.UNET}label_emb."):
            return False
        return header.has_prefix(CLIP) or (to_k[1] == 768 and not header.has_prefix("cond_stage_model."))

    def has_own_latents(self, header: Header) -> bool:
        """Fine-tunes keep the VAE or tune its decoder; a VAE of other widths was trained anew."""
        width = header.shape(f"{ldm_shapes.VAE}encoder.conv_in.weight")
        return width is not None and width[0] != VAE_WIDTH

    def parameterization(self, header: Header) -> Parameterization:
        """Epsilon, unless the metadata or the marker tensor `v_pred` says velocity; a thousand steps, betas linear in
        their square roots.
        """
        stored = header.metadata.get("prediction_type") or header.metadata.get("modelspec.prediction_type", "")
        velocity = "v_pred" in header.tensors or stored in ("v", "v_prediction")
        return (Velocity if velocity else Epsilon)(NoiseSchedule.scaled_linear(0.00085, 0.012, 1000))

    def denoiser(self, header: Header) -> Component:
        """The UNet under `model.diffusion_model.`."""
        config = ldm_shapes.unet_config(header, HEADS, NORM_GROUPS)
        layout = ldm_shapes.unet_layout(header)
        build = _on_meta(lambda: UNet2DConditionModel(**config))
        return Component("UNet", ldm_shapes.UNET, build, lambda name: unet_file_name(name, layout), config=config)

    def autoencoder(self, header: Header) -> Component:
        """The VAE, of a checkpoint or of a file of its own, in LDM's or in diffusers' layout."""
        if header.shape("encoder.down_blocks.0.resnets.0.conv1.weight") is not None:
            return _diffusers_vae(header)
        prefix = ldm_shapes.VAE if header.has_prefix(ldm_shapes.VAE) else ""
        if f"{prefix}decoder.conv_in.weight" not in header.tensors:
            raise MissingComponent(f"{header.path.name} holds no VAE: use VAELoader to load one from another file.")
        config = ldm_shapes.vae_config(header, prefix, NORM_GROUPS)
        levels = len(config["block_out_channels"])
        build = _on_meta(lambda: AutoencoderKL(**config))
        return Component("VAE", prefix, build, lambda name: vae_file_name(name, levels), UNUSED_VAE, config)

    def text_encoders(self, header: Header) -> tuple[EncoderPart, ...]:
        """CLIP's text model under `cond_stage_model.transformer.`, with or without `text_model.` before its names."""
        inner = "text_model." if header.has_prefix(f"{CLIP}text_model.") else ""
        if f"{CLIP}{inner}embeddings.token_embedding.weight" not in header.tensors:
            raise MissingComponent(f"{header.path.name} holds no text encoder: choose a checkpoint that has one.")
        config = ldm_shapes.clip_config(header, CLIP + inner, CLIP_HEADS)
        component = Component(
            "text encoder",
            CLIP,
            lambda: _clip(config),
            lambda name: inner + name.removeprefix("text_model."),
            UNUSED_TEXT,
            config,
        )
        return (EncoderPart("l", component, TextStyle(), config["hidden_size"], config["num_hidden_layers"]),)

    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """The states of CLIP-L."""
        states, pooled = encoded["l"]
        return [[states, {"pooled_output": pooled}]]

    def inputs(self, config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Any]:
        """The prompt is all."""
        return {}

    def activations(self, config: Mapping[str, Any]) -> int:
        """Those of the UNet."""
        return unet.activations(config)

    def evaluate(self, network: Any, call: Call) -> torch.Tensor:
        """Ask the UNet."""
        return unet.evaluate(network, call)


def _diffusers_vae(header: Header) -> Component:
    """The VAE of a file that has diffusers' names, of the released size; its attention layers may have older names."""
    widths = [header.shape(f"encoder.down_blocks.{level}.resnets.0.conv1.weight") for level in range(8)]
    block_out_channels = tuple(shape[0] for shape in widths if shape is not None)
    levels = len(block_out_channels)
    blocks = sum(f"encoder.down_blocks.0.resnets.{block}.conv1.weight" in header.tensors for block in range(8))
    config = {
        "block_out_channels": block_out_channels,
        "layers_per_block": blocks,
        "latent_channels": 4,
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
        "norm_num_groups": NORM_GROUPS,
    }
    old = header.shape("decoder.mid_block.attentions.0.query.weight") is not None
    build = _on_meta(lambda: AutoencoderKL(**config))
    return Component("VAE", "", build, old_diffusers_vae_name if old else lambda name: name, UNUSED_VAE, config)


def _clip(config: dict[str, Any]) -> Any:
    with torch.device("meta"):
        model = CLIPTextModel(CLIPTextConfig(**config))
    # a table of positions that is not in the files, and so has to be real from the start
    model.embeddings.position_ids = torch.arange(config["max_position_embeddings"]).unsqueeze(0)
    return model


def _on_meta(make: Callable[[], Any]) -> Callable[[], Any]:
    def build() -> Any:
        with torch.device("meta"):
            return make()

    return build


SD1 = StableDiffusion1()
