"""What a masked part holds before it is repainted: what was there, what is around it, noise, or nothing."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter
from torch import Tensor

from diffusion.images.composite import repeat_to
from diffusion.images.masks import batched
from diffusion.model import Model, Vae
from diffusion.pictures.masked_area import eight_bits, latent_mask
from diffusion.sampling.noise import BatchNoise

CONTENTS = ("fill", "original", "latent noise", "latent nothing")

BLURS = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))
"""Radius of a Gaussian in pixels, and how often what it gives is laid over the rest."""


def filled(images: Tensor, mask: Tensor) -> Tensor:
    """Pictures whose masked part is painted over with the colours around it, as Stable Diffusion WebUI does.

    The picture without the masked part is blurred less and less, and each laid over the ones before; what is not masked
    stays exactly as it is. A picture that is masked everywhere becomes black. Works in 8 bits.
    """
    planes = eight_bits(repeat_to(batched(mask), len(images)))
    pictures = [_filled(colours, plane) for colours, plane in zip(eight_bits(images[..., :3]), planes, strict=True)]
    result = torch.from_numpy(np.stack(pictures)).to(images) / 255
    untouched = torch.from_numpy(planes == 0)[..., None].to(images.device)
    return torch.where(untouched, images[..., :3], result)


def start(
    model: Model,
    vae: Vae,
    images: Tensor,
    mask: Tensor,
    content: str,
    seed: int,
    soft: bool = False,
    changing: Tensor | None = None,
) -> dict[str, Any]:
    """The latent that repainting starts from, with its mask.

    images, mask: Of one size, a multiple of the VAE's factor.
    content: One of `CONTENTS`. The noise is that of a run with the same `seed`.
    soft: Keep the greys of the mask.
    changing: What is repainted, if that is not the mask of what is filled.
    Raises ValueError for another content.
    """
    if content not in CONTENTS:
        raise ValueError(f"There is no masked content '{content}'; choose one of {', '.join(CONTENTS)}.")
    pixels = images[..., :3] if content == "original" else filled(images, mask)
    samples = vae.encode(pixels)
    cells = latent_mask(mask if changing is None else changing, samples.shape[-2], samples.shape[-1], soft)
    latent: dict[str, Any] = {"samples": samples, "noise_mask": cells}
    if content in ("latent noise", "latent nothing"):
        known = model.latent_format.to_model(samples.float())
        unknown = BatchNoise(seed).make(latent) if content == "latent noise" else torch.zeros_like(known)
        cells = repeat_to(cells, len(known))
        latent["samples"] = model.latent_format.from_model(known * (1 - cells) + unknown * cells)
    return latent


def _filled(colours: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    known = Image.new("RGBa", (mask.shape[1], mask.shape[0]))
    opaque = Image.fromarray(colours).convert("RGBA").convert("RGBa")
    known.paste(opaque, mask=ImageChops.invert(Image.fromarray(mask)))
    result = Image.new("RGBA", known.size)
    for radius, times in BLURS:
        layer = known.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(times):
            result.alpha_composite(layer)
    return np.asarray(result.convert("RGB"))
