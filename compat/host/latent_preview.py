"""ComfyUI's `latent_preview`: pictures of latents while they are sampled."""

from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image
from torch import Tensor

from compat.host.arguments import LatentPreviewMethod, args
from compat.host.toolbox import ProgressBar
from diffusion.model import Model
from diffusion.sampling.preview import latent_to_rgb

__all__ = [
    "Latent2RGBPreviewer",
    "LatentPreviewMethod",
    "LatentPreviewer",
    "default_preview_method",
    "get_previewer",
    "prepare_callback",
]

MAX_PREVIEW_RESOLUTION = 512
default_preview_method = args.preview_method


class LatentPreviewer:
    """Makes pictures of latents in model space."""

    def decode_latent_to_preview(self, x0: Tensor) -> Image.Image:
        """A picture of the first latent of a batch."""
        raise NotImplementedError

    def decode_latent_to_preview_image(self, preview_format: str, x0: Tensor) -> tuple[str, Image.Image, int]:
        """The picture with its format and its longest side, as progress bars take it."""
        return "JPEG", self.decode_latent_to_preview(x0), MAX_PREVIEW_RESOLUTION


class Latent2RGBPreviewer(LatentPreviewer):
    """A linear estimate of the colours, a pixel for each latent pixel."""

    def __init__(
        self, latent_rgb_factors: Sequence[Sequence[float]], latent_rgb_factors_bias: Sequence[float] | None = None
    ) -> None:
        self.latent_rgb_factors = latent_rgb_factors
        self.latent_rgb_factors_bias = latent_rgb_factors_bias or (0.0, 0.0, 0.0)

    def decode_latent_to_preview(self, x0: Tensor) -> Image.Image:
        """A picture of the first latent of a batch."""
        pixels = latent_to_rgb(x0[:1], self.latent_rgb_factors, self.latent_rgb_factors_bias)[0]
        return Image.fromarray(pixels.numpy())


def get_previewer(device: Any, latent_format: Any) -> LatentPreviewer | None:
    """What makes pictures of latents in a format of ComfyUI or of Safelight; None if nothing does."""
    factors = getattr(latent_format, "latent_rgb_factors", None) or getattr(latent_format, "rgb_factors", None)
    bias = getattr(latent_format, "latent_rgb_factors_bias", None) or getattr(latent_format, "rgb_bias", None)
    return Latent2RGBPreviewer(factors, bias) if factors else None


def prepare_callback(
    model: Model, steps: int, x0_output_dict: dict[str, Any] | None = None
) -> Callable[[int, Tensor, Tensor, int], None]:
    """A function to be called after each step, which tells the editor; `x0_output_dict` gets the latent as `x0`."""
    previewer = get_previewer(model.device, model.latent_format)
    bar = ProgressBar(steps)

    def callback(step: int, x0: Tensor, x: Tensor, total_steps: int) -> None:
        if x0_output_dict is not None:
            x0_output_dict["x0"] = x0
        wanted = previewer if bar.wants_preview() else None
        preview = wanted.decode_latent_to_preview_image("JPEG", x0) if wanted else None
        bar.update_absolute(step + 1, total_steps, preview)

    return callback
