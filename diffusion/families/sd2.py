"""Stable Diffusion 2.x: OpenCLIP-H's states, and two kinds of prediction that files hardly tell apart."""

from collections.abc import Mapping

from torch import Tensor

from diffusion.families.clip_text import EncoderPlace
from diffusion.families.ldm_shapes import UNET, numbers
from diffusion.families.sd1 import LATENTS
from diffusion.families.stable_diffusion import StableDiffusion, is_named, predicts_velocity, trained_as
from diffusion.sampling.parameterization import Parameterization
from diffusion.text.encode import Conditioning, Encoded, TextStyle
from diffusion.weights import Header

OPEN_CLIP = "cond_stage_model.model."
WIDTH = 1024
VELOCITY_DEVIATION = 0.09


class StableDiffusion2(StableDiffusion):
    """Stable Diffusion 2.0 and 2.1, for 512 and 768 pixels, and fine-tunes of them, also for inpainting."""

    id = "stable-diffusion-v2"
    label = "Stable Diffusion 2.x"
    latent_format = LATENTS
    places = (EncoderPlace("h", OPEN_CLIP, TextStyle(padding=0, layer=-2), open_clip=True),)

    def is_its_own(self, header: Header, width: int) -> bool:
        """A UNet that reads OpenCLIP-H's states (or has no text encoder, but its width)."""
        if header.has_prefix(f"{UNET}label_emb."):
            return False
        alone = not header.has_prefix("cond_stage_model.")
        return header.has_prefix(OPEN_CLIP) or (alone and (width == WIDTH or is_named(header, self.id)))

    def parameterization(self, header: Header, weights: Mapping[str, Tensor]) -> Parameterization:
        """Velocity for the models of 768 pixels, epsilon for those of 512 and for inpainting.

        Where the file does not say it, the biases of the UNet's last attention layer do: they spread more in models of
        velocity (ComfyUI's rule).
        """
        velocity = predicts_velocity(header)
        if velocity is None:
            velocity = _looks_like_velocity(header, weights)
        return trained_as(header, velocity)

    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """The states of OpenCLIP-H."""
        states, pooled = encoded["h"]
        return [[states, {"pooled_output": pooled}]]


def _looks_like_velocity(header: Header, weights: Mapping[str, Tensor]) -> bool:
    conv_in = header.shape(f"{UNET}input_blocks.0.0.weight")
    if conv_in is None or conv_in[1] != LATENTS.channels:
        return False  # the released model for inpainting predicts noise
    blocks = r"model\.diffusion_model\.output_blocks\.(\d+)\.1\.transformer_blocks\.0\.norm1\.bias"
    last = max(numbers(header, blocks), default=0)
    bias = weights.get(f"{UNET}output_blocks.{last}.1.transformer_blocks.0.norm1.bias")
    return bias is not None and float(bias.float().std(correction=0)) > VELOCITY_DEVIATION


SD2 = StableDiffusion2()
