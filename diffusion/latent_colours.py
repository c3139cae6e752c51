"""Estimating pictures from latents without a decoder, for models whose VAE is their own."""

from dataclasses import replace

import torch
from torch.nn import functional as F

from diffusion.families.family import LatentFormat
from diffusion.model import Vae

PICTURES = 16
SIDE = 64  # pixels
PATCHES = 3  # colours a side of a picture


def with_fitted_colours(latent_format: LatentFormat, vae: Vae) -> LatentFormat:
    """The format with the linear map from latent to colour that fits this VAE best, by least squares.

    It is fitted to pictures of soft random patches of colour and what the encoder makes of them: always the same ones,
    so that the same VAE always gives the same map.
    """
    generator = torch.Generator().manual_seed(0)
    patches = torch.rand(PICTURES, 3, PATCHES, PATCHES, generator=generator)
    pictures = F.interpolate(patches, size=(SIDE, SIDE), mode="bilinear", align_corners=True)
    latents = latent_format.to_model(vae.encode(pictures.movedim(1, -1)))
    known = latents.movedim(1, -1).reshape(-1, latent_format.channels)
    known = torch.cat([known, torch.ones(len(known), 1)], dim=1)
    wanted = (
        F.adaptive_avg_pool2d(pictures, (latents.shape[2], latents.shape[3])).movedim(1, -1).reshape(-1, 3) * 2.0 - 1.0
    )
    rows = [(red, green, blue) for red, green, blue in torch.linalg.lstsq(known, wanted).solution.tolist()]
    return replace(latent_format, rgb_factors=tuple(rows[:-1]), rgb_bias=rows[-1])
