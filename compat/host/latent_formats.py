"""ComfyUI's `comfy.latent_formats`, for the kinds of latents that Safelight has."""

from collections.abc import Sequence

from torch import Tensor

from diffusion.families.sd1 import SD1


class LatentFormat:
    """A latent space: `process_in` takes latents as nodes have them to those that the model knows."""

    scale_factor = 1.0
    latent_channels = 4
    latent_dimensions = 2
    latent_rgb_factors: Sequence[Sequence[float]] | None = None
    latent_rgb_factors_bias: Sequence[float] | None = None
    latent_rgb_factors_reshape = None
    taesd_decoder_name: str | None = None

    def process_in(self, latent: Tensor) -> Tensor:
        """From VAE space to model space."""
        return latent * self.scale_factor

    def process_out(self, latent: Tensor) -> Tensor:
        """From model space to VAE space."""
        return latent / self.scale_factor


class SD15(LatentFormat):
    """Stable Diffusion 1.x and 2.x."""

    latent_rgb_factors = SD1.latent_format.rgb_factors
    taesd_decoder_name = "taesd_decoder"

    def __init__(self, scale_factor: float = SD1.latent_format.scale) -> None:
        self.scale_factor = scale_factor


class SDXL(LatentFormat):
    """Stable Diffusion XL."""

    scale_factor = 0.13025
    taesd_decoder_name = "taesdxl_decoder"
