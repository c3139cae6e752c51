"""Preparing a picture and a mask for inpainting, with any model or with one that was trained for it."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from diffusion.model import Vae


def fit_mask(mask: Tensor, height: int, width: int) -> Tensor:
    """A mask `[B, H, W]` (or `[H, W]`) scaled to a size, as `[B, 1, height, width]`."""
    return F.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]).float(), size=(height, width), mode="bilinear")


def crop_to_multiple(tensor: Tensor, multiple: int, rows: int, columns: int) -> Tensor:
    """A view of the centre whose sides, dimensions `rows` and `columns`, are multiples of `multiple`."""
    for dimension in (rows, columns):
        side = tensor.shape[dimension]
        tensor = tensor.narrow(dimension, side % multiple // 2, side // multiple * multiple)
    return tensor


def grey_out(images: Tensor, mask: Tensor) -> Tensor:
    """Pictures `[B, H, W, C]` with middle grey where the mask `[B, 1, H, W]` is set, so that what was there is gone."""
    kept = 1.0 - mask.round().movedim(1, -1)
    return (images - 0.5) * kept + 0.5


def grow(mask: Tensor, pixels: int) -> Tensor:
    """A mask `[B, 1, H, W]` made black and white and wider by about `pixels`, so that the seam is painted too."""
    mask = mask.round()
    if pixels > 0:
        before = pixels // 2
        padded = F.pad(mask, (before, pixels - 1 - before, before, pixels - 1 - before))
        mask = F.max_pool2d(padded, kernel_size=pixels, stride=1)
    return torch.clamp(mask, 0.0, 1.0)


class Picture(NamedTuple):
    """What a model for inpainting is given, VAE space: the latent, the one with grey under the mask, and the mask."""

    latent: Tensor
    masked: Tensor
    mask: Tensor


def for_model(vae: Vae, images: Tensor, mask: Tensor) -> Picture:
    """Prepare pictures `[B, H, W, C]` and a mask of any size for a model that was trained for inpainting."""
    fitted = crop_to_multiple(fit_mask(mask, images.shape[1], images.shape[2]), vae.downscale, rows=2, columns=3)
    cropped = crop_to_multiple(images, vae.downscale, rows=1, columns=2)[..., :3]
    return Picture(vae.encode(cropped), vae.encode(grey_out(cropped, fitted)), fitted)
