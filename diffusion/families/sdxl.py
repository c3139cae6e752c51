"""Stable Diffusion XL, base and refiner: all that is particular of them (Podell et al. 2023, arXiv:2307.01952)."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from diffusion.families.clip_text import EncoderPlace
from diffusion.families.family import LatentFormat
from diffusion.families.ldm_shapes import UNET
from diffusion.families.stable_diffusion import StableDiffusion, is_named, pooled_prompt
from diffusion.families.unclip import SEEN, statistics, told
from diffusion.sampling.conditions import Frame
from diffusion.text.encode import Conditioning, Encoded, TextStyle
from diffusion.weights import Header

CLIP = "conditioner.embedders.0.transformer."
BIG_G = "conditioner.embedders.1.model."
REFINER_BIG_G = "conditioner.embedders.0.model."
WIDTH, REFINER_WIDTH = 2048, 1280
PLAYGROUND = "edm_mean"  # Playground 2.5 has latents of its own mean and deviation, and another preconditioning

# The linear map from latent to colour of the family's VAE, as ComfyUI uses it.
RGB_FACTORS = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)
LATENTS = LatentFormat(
    channels=4, downscale=8, scale=0.13025, rgb_factors=RGB_FACTORS, rgb_bias=(0.1084, -0.0175, -0.0011)
)
BIG_G_STYLE = TextStyle(padding=0, layer=-2, final_norm=False, projected=True)

POSITIVE_SCORE, NEGATIVE_SCORE = 6.0, 2.5  # aesthetic scores that the refiner is told of what to show and what not


class StableDiffusionXL(StableDiffusion):
    """SDXL 1.0 base and fine-tunes of it, also for inpainting, with velocity and with zero terminal SNR."""

    id = "stable-diffusion-xl-v1-base"
    label = "SDXL"
    latent_format = LATENTS
    places = (
        EncoderPlace("l", CLIP, TextStyle(layer=-2, final_norm=False)),
        EncoderPlace("g", BIG_G, BIG_G_STYLE, open_clip=True, config="text_config_2"),
    )

    def is_its_own(self, header: Header, width: int) -> bool:
        """A UNet that is told sizes and reads the states of two encoders (or has none, but their width)."""
        if not header.has_prefix(f"{UNET}label_emb.") or PLAYGROUND in header.tensors:
            return False
        alone = not header.has_prefix("conditioner.")
        return header.has_prefix(BIG_G) or (alone and (width == WIDTH or is_named(header, self.id)))

    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """The states of both encoders side by side, and what bigG makes of the prompt as a whole."""
        low, big = encoded["l"], encoded["g"]
        length = min(low.states.shape[1], big.states.shape[1])
        states = torch.cat((low.states[:, :length], big.states[:, :length]), -1)
        return [[states, {"pooled_output": big.pooled}]]

    def inputs(self, config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Any]:
        """Pooled prompt and sizes in pixels: of the picture before it was cut, where it was cut, and what is wanted.

        Of the settings `width`, `height`, `crop_w`, `crop_h`, `target_width` and `target_height`, those that are not
        given are the picture's own.
        """
        width, height = _size(settings, frame)
        target = (settings.get("target_height", height), settings.get("target_width", width))
        sizes = (height, width, settings.get("crop_h", 0), settings.get("crop_w", 0), *target)
        return {**super().inputs(config, settings, frame, side), **_told(config, settings, frame, sizes)}


class StableDiffusionXLRefiner(StableDiffusion):
    """The SDXL 1.0 refiner, which ends what the base model began."""

    id = "stable-diffusion-xl-v1-refiner"
    label = "the SDXL refiner"
    latent_format = LATENTS
    places = (EncoderPlace("g", REFINER_BIG_G, BIG_G_STYLE, open_clip=True, config="text_config_2"),)
    channels = (4,)

    def is_its_own(self, header: Header, width: int) -> bool:
        """A UNet that is told sizes and reads bigG's states alone (or has no text encoder, but its width)."""
        if not header.has_prefix(f"{UNET}label_emb."):
            return False
        alone = not header.has_prefix("conditioner.")
        return header.has_prefix(REFINER_BIG_G) or (alone and (width == REFINER_WIDTH or is_named(header, self.id)))

    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """The states of bigG."""
        states, pooled = encoded["g"]
        return [[states, {"pooled_output": pooled}]]

    def inputs(self, config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Any]:
        """Pooled prompt, sizes, and the `aesthetic_score`: 6, or 2.5 for a negative prompt, if none is given."""
        width, height = _size(settings, frame)
        score = settings.get("aesthetic_score", NEGATIVE_SCORE if side == 1 else POSITIVE_SCORE)
        sizes = (height, width, settings.get("crop_h", 0), settings.get("crop_w", 0), score)
        return _told(config, settings, frame, sizes)


def _size(settings: Mapping[str, Any], frame: Frame) -> tuple[int, int]:
    height, width = (side * LATENTS.downscale for side in frame.shape[-2:])
    return settings.get("width", width), settings.get("height", height)


def _told(
    config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, numbers: Sequence[float]
) -> dict[str, Tensor]:
    """The inputs `text_embeds` `[b, width]` and `time_ids` `[1, n]`."""
    width = config["projection_class_embeddings_input_dim"] - len(numbers) * config["addition_time_embed_dim"]
    seen = settings.get(SEEN)  # pictures in place of the prompt as a whole, which Stability AI calls Revision
    pooled = (
        told(seen, statistics(frame.model, width), frame.seed)[:, :width] if seen else pooled_prompt(settings, width)
    )
    sizes = torch.tensor([list(numbers)], dtype=torch.float32, device=frame.device)
    return {"text_embeds": pooled.to(frame.device), "time_ids": sizes}


SDXL = StableDiffusionXL()
REFINER = StableDiffusionXLRefiner()
