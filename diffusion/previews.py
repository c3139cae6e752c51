"""What a latent looks like while it is sampled."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from diffusion import devices
from diffusion.model import Model
from diffusion.sampling.preview import jpeg, preview_jpeg
from diffusion.taesd import find_decoder, load_tiny_decoder
from diffusion.weights import WeightsError

LARGEST = 128
LARGEST_ON_CPU = 32
"""Cells of a latent's longer side; larger ones are scaled down first, as a preview must cost little."""

Preview = Callable[[Tensor], bytes]
"""From latents `[B, C, h, w]` in model space to a JPEG of the first."""


def preview_of(model: Model, folders: Sequence[Path], warn: Callable[[str], None], method: str = "auto") -> Preview:
    """How a model's latents are shown: by a TAESD decoder if `folders` have one for them, or by a linear map.

    The decoder is read when a preview is first made. A checkpoint whose VAE has latents of its own is not shown by the
    decoder of its family. What is wrong with a decoder is told once to `warn`.

    method: "latent2rgb" for the linear map in any case; with "taesd", `warn` is told that there is no decoder.
    """
    latents = model.latent_format

    def linear(samples: Tensor) -> bytes:
        return preview_jpeg(samples, latents.rgb_factors, latents.rgb_bias)

    if method == "latent2rgb":
        return linear
    path = find_decoder(latents, folders) if latents == model.family.latent_format else None
    if path is None and method == "taesd":
        warn("There is no TAESD decoder for this model in models/vae_approx: its colours are estimated instead.")
    return linear if path is None else _Decoded(path, linear, warn)


class _Decoded:
    """Previews by a TAESD decoder, and by another way where it cannot be used."""

    def __init__(self, path: Path, otherwise: Preview, warn: Callable[[str], None]) -> None:
        self._path: Path | None = path
        self._otherwise = otherwise
        self._warn = warn
        self._decoder: Any | None = None

    def __call__(self, latents: Tensor) -> bytes:
        if self._path is None:
            return self._otherwise(latents)
        try:
            if self._decoder is None:
                self._decoder = load_tiny_decoder(self._path, latents.device)
            return jpeg(_decoded(self._decoder, latents[:1]))
        except WeightsError as error:
            self._warn(str(error))
        except (RuntimeError, MemoryError) as error:
            if not devices.is_out_of_memory(error):
                raise
        self._path = self._decoder = None
        return self._otherwise(latents)


@torch.no_grad()
def _decoded(decoder: Any, latents: Tensor) -> Tensor:
    """The picture, uint8 `[H, W, 3]` on the CPU, of a latent `[1, C, h, w]`."""
    longer, largest = max(latents.shape[-2:]), LARGEST_ON_CPU if latents.device.type == "cpu" else LARGEST
    if longer > largest:
        height, width = (max(1, round(side * largest / longer)) for side in latents.shape[-2:])
        latents = F.interpolate(latents, size=(height, width), mode="area")
    pictures = decoder(latents.to(next(decoder.parameters())))
    return ((pictures[0] + 1) * 127.5).clamp(0, 255).movedim(0, -1).to("cpu", torch.uint8)
