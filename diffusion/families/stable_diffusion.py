"""What the families that descend from Stable Diffusion 1 have in common: a UNet, a VAE, and CLIP's text models."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor

from diffusion.component import Component, Entry
from diffusion.families import extra_channels, ldm_shapes, unet
from diffusion.families.clip_text import EncoderPlace
from diffusion.families.family import EncoderPart, LatentFormat, MissingComponent
from diffusion.families.ldm_keys import unet_file_name, vae_file_name
from diffusion.sampling.conditions import Frame
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.model_sampling import discrete
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.parameterization import Parameterization
from diffusion.text.encode import Conditioning, Encoded
from diffusion.weights import Header

NORM_GROUPS = 32
VAE_WIDTH = 128
ARCHITECTURE = "modelspec.architecture"
VELOCITY, ZERO_SNR = "v_pred", "ztsnr"  # tensors that mark a checkpoint
UNUSED_VAE = ("loss.", "model_ema.")


class StableDiffusion(ABC):
    """A family of UNets in the layout of the first release; what is left to say is said by subclasses.

    heads: of every attention layer of the UNet; None where each has 64 channels. places: the text encoders, the one
    that prompts are mostly written for first. channels: how many the UNet may take.
    """

    id: ClassVar[str]
    label: ClassVar[str]
    latent_format: ClassVar[LatentFormat]
    places: ClassVar[tuple[EncoderPlace, ...]]
    heads: ClassVar[int | None] = None
    vae_prefix: ClassVar[str] = ldm_shapes.VAE
    channels: ClassVar[tuple[int, ...]] = (4, extra_channels.INSTRUCTION, extra_channels.INPAINTING)

    @abstractmethod
    def is_its_own(self, header: Header, width: int) -> bool:
        """Whether a file with a UNet that reads states of this width belongs to the family."""

    @abstractmethod
    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """The conditioning of a prompt."""

    def matches(self, header: Header) -> bool:
        """A file with a UNet of the family; what the metadata says counts where shapes leave it open."""
        conv_in = header.shape(f"{ldm_shapes.UNET}input_blocks.0.0.weight")
        to_k = header.shape(f"{ldm_shapes.UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight")
        return (
            conv_in is not None
            and to_k is not None
            and conv_in[1] in self.channels
            and self.is_its_own(header, to_k[1])
        )

    def has_own_latents(self, header: Header) -> bool:
        """Fine-tunes keep the VAE or tune its decoder; a VAE of other widths was trained anew."""
        width = header.shape(f"{ldm_shapes.VAE}encoder.conv_in.weight")
        return width is not None and width[0] != VAE_WIDTH

    def parameterization(self, header: Header, weights: Mapping[str, Tensor]) -> Parameterization:
        """Epsilon, unless the file says velocity; a thousand steps, betas linear in their square roots."""
        return trained_as(header, bool(predicts_velocity(header)))

    def denoiser(self, header: Header) -> Component:
        """The UNet under `model.diffusion_model.`."""
        return self.unet(header, self.unet_config(header))

    def unet_config(self, header: Header) -> dict[str, Any]:
        """Arguments of `UNet2DConditionModel`."""
        return ldm_shapes.unet_config(header, self.heads, NORM_GROUPS)

    def unet(self, header: Header, config: dict[str, Any], beside: tuple[str, ...] = ()) -> Component:
        """A UNet of that configuration, in the layout of the file; see `Component` for `beside`."""
        layout = ldm_shapes.unet_layout(header)
        build = _on_meta(lambda: UNet2DConditionModel(**config))
        name = partial(unet_file_name, layout=layout)
        return Component("UNet", ldm_shapes.UNET, build, name, config=config, beside=beside)

    def autoencoder(self, header: Header) -> Component:
        """The VAE under `first_stage_model.`."""
        return autoencoder(header)

    def text_encoders(self, header: Header) -> tuple[EncoderPart, ...]:
        """CLIP's text models at the family's places."""
        return tuple(place.part(header) for place in self.places)

    def inputs(self, config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Any]:
        """The picture that a UNet of more channels sees beside the latent."""
        concat = extra_channels.concat(config, settings, frame, self.latent_format)
        return {} if concat is None else {"concat": concat}

    def activations(self, config: Mapping[str, Any]) -> int:
        """Those of the UNet."""
        return unet.activations(config)

    def evaluate(self, network: Any, call: Call) -> Tensor:
        """Ask the UNet."""
        return unet.evaluate(network, call)


def autoencoder(header: Header, prefix: str = ldm_shapes.VAE) -> Component:
    """The VAE of a checkpoint of any family. Raises `MissingComponent`."""
    if f"{prefix}decoder.conv_in.weight" not in header.tensors:
        raise MissingComponent(f"{header.path.name} holds no VAE: use VAELoader to load one from another file.")
    config = ldm_shapes.vae_config(header, prefix, NORM_GROUPS)
    build = _on_meta(lambda: AutoencoderKL(**config))
    levels = len(config["block_out_channels"])
    return Component("VAE", prefix, build, lambda name: _vae_entry(name, levels), UNUSED_VAE, config)


def pooled_prompt(settings: Mapping[str, Any], width: int) -> Tensor:
    """The pooled prompt `[b, width]` among the settings of a prompt. Raises `SamplingError` if it has another width."""
    pooled: Tensor | None = settings.get("pooled_output")
    if pooled is None or pooled.shape[-1] != width:
        had = "none" if pooled is None else f"one of {pooled.shape[-1]} numbers"
        raise SamplingError(
            f"This model needs a pooled prompt of {width} numbers, and the prompt has {had}: encode it with the text "
            "encoders of the model's checkpoint."
        )
    return pooled


def predicts_velocity(header: Header) -> bool | None:
    """What a file says of the prediction, by the marker tensor `v_pred` or its metadata; None if it says nothing."""
    if VELOCITY in header.tensors:
        return True
    names = ("prediction_type", "modelspec.prediction_type", "modelspec.predict_key")
    stored = next((header.metadata[name] for name in names if header.metadata.get(name)), None)
    return None if stored is None else stored in ("v", "v_prediction")


def trained_as(header: Header, velocity: bool) -> Parameterization:
    """Velocity or epsilon on the schedule of Stable Diffusion; for velocity the marker tensor `ztsnr` says that it
    was scaled so that the last step is noise alone.
    """
    schedule = NoiseSchedule.scaled_linear(0.00085, 0.012, 1000)
    zero_snr = velocity and (ZERO_SNR in header.tensors or header.metadata.get(ZERO_SNR) == "true")
    return discrete(schedule, "v_prediction" if velocity else "eps", zero_snr)


def is_named(header: Header, family: str) -> bool:
    """Whether the metadata names a family."""
    return header.metadata.get(ARCHITECTURE, "").startswith(family)


def _vae_entry(name: str, levels: int) -> Entry:
    """Attention layers are 1x1 convolutions in the file."""
    linear = ".attentions." in name and name.endswith(".weight") and ".group_norm." not in name
    return Entry(vae_file_name(name, levels), convolution=linear)


def _on_meta(make: Callable[[], Any]) -> Callable[[], Any]:
    def build() -> Any:
        with torch.device("meta"):
            return make()

    return build
