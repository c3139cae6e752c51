"""Stable Diffusion 1.x: everything particular of the family (Rombach et al. 2022, arXiv:2112.10752)."""

from collections.abc import Mapping

from diffusion.families.clip_text import EncoderPlace
from diffusion.families.family import LatentFormat
from diffusion.families.ldm_shapes import UNET
from diffusion.families.stable_diffusion import StableDiffusion, is_named
from diffusion.text.encode import Conditioning, Encoded, TextStyle
from diffusion.weights import Header

CLIP = "cond_stage_model.transformer."
WIDTH = 768

# The linear map from latent to colour of the VAE that the family was released with, as ComfyUI uses it.
RGB_FACTORS = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)
LATENTS = LatentFormat(channels=4, downscale=8, scale=0.18215, rgb_factors=RGB_FACTORS, rgb_bias=(0.0, 0.0, 0.0))


class StableDiffusion1(StableDiffusion):
    """Stable Diffusion 1.1 to 1.5, fine-tunes of it (also for inpainting, and InstructPix2Pix), and smaller models of
    the same architecture.
    """

    id = "stable-diffusion-v1"
    label = "Stable Diffusion 1.x"
    latent_format = LATENTS
    places = (EncoderPlace("l", CLIP, TextStyle()),)
    heads = 8

    def is_its_own(self, header: Header, width: int) -> bool:
        """A UNet that reads CLIP-L's states (or has no text encoder, but its width)."""
        if header.has_prefix(f"{UNET}label_emb."):
            return False
        alone = not header.has_prefix("cond_stage_model.")
        return header.has_prefix(CLIP) or (alone and (width == WIDTH or is_named(header, self.id)))

    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """The states of CLIP-L."""
        states, pooled = encoded["l"]
        return [[states, {"pooled_output": pooled}]]


SD1 = StableDiffusion1()
