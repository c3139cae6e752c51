"""Changing the size of images and latents, with the methods and the rounding of ComfyUI."""

from math import sqrt

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
LATENT_METHODS = (
    *("nearest-exact", "bilinear", "area", "bicubic", "bislerp"),
    *("nearest", "bilinear-antialiased", "bicubic-antialiased"),
)
CROPS = ("disabled", "center")
FITS = ("stretch", "crop", "fill")


def resize(samples: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Resize `[B, C, H, W]` to `width` x `height`.

    `crop` "center" first cuts the middle part that has the new proportions; "disabled" distorts. `lanczos` works on
    8 bits a channel, so it is for pictures; `bislerp` interpolates the direction of the channel vector on a sphere, so
    it is for latents. Antialiased methods average over more cells where they make something smaller.
    """
    if crop == "center":
        samples = _centered(samples, width, height)
    if method == "lanczos":
        return _lanczos(samples, width, height)
    if method == "bislerp":
        return _bislerp(samples, width, height)
    mode, antialiased, _ = method.partition("-antialiased")
    return F.interpolate(samples, size=(height, width), mode=mode, antialias=bool(antialiased))


def resize_images(images: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """`resize` for `[B, H, W, C]`."""
    return resize(images.movedim(-1, 1), width, height, method, crop).movedim(1, -1)


def fit(images: Tensor, width: int, height: int, how: str, method: str = "lanczos") -> Tensor:
    """Fit pictures `[B, H, W, C]` to a size, as Stable Diffusion WebUI does.

    "stretch" distorts them; "crop" covers the size and cuts off what stands out; "fill" shows all of them and stretches
    the outermost pixels over what is left. Raises ValueError for another way.
    """
    across, down = fitted_size(images.shape[2], images.shape[1], width, height, how)
    resized = images if images.shape[1:3] == (down, across) else resize_images(images, across, down, method)
    columns = torch.arange(width, device=images.device) - (width // 2 - across // 2)
    rows = torch.arange(height, device=images.device) - (height // 2 - down // 2)
    return resized[:, rows.clamp(0, down - 1)][:, :, columns.clamp(0, across - 1)]


def unfilled(images: Tensor, width: int, height: int, method: str = "lanczos") -> Tensor:
    """Undo `fit(..., "fill")`: cut off what was filled in, and resize the rest to the size that it had before."""
    new_height, new_width = images.shape[1:3]
    across, down = _proportional(width, height, new_width, new_height, cover=False)
    left, top = new_width // 2 - across // 2, new_height // 2 - down // 2
    part = images[:, top : top + down, left : left + across]
    return part if (across, down) == (width, height) else resize_images(part, width, height, method)


def fitted_size(old_width: int, old_height: int, width: int, height: int, how: str) -> tuple[int, int]:
    """The width and height that `fit` resizes a picture to, before it cuts off or fills in. Raises ValueError."""
    if how not in FITS:
        raise ValueError(f"There is no way '{how}' to fit a picture to a size; choose one of {', '.join(FITS)}.")
    if how == "stretch":
        return width, height
    return _proportional(old_width, old_height, width, height, cover=how == "crop")


def _proportional(old_width: int, old_height: int, width: int, height: int, cover: bool) -> tuple[int, int]:
    """The size of the old proportions that covers a size, or lies within it, and touches it on two sides."""
    wide = old_width * height > width * old_height
    if wide == cover:
        return max(1, old_width * height // old_height), height
    return width, max(1, old_height * width // old_width)


def completed_size(width: int, height: int, old_width: int, old_height: int) -> tuple[int, int]:
    """Replace a width or height of 0 by what keeps the proportions; two zeros keep the old size."""
    if width == 0 and height == 0:
        return old_width, old_height
    if width == 0:
        return max(1, round(old_width * height / old_height)), height
    if height == 0:
        return width, max(1, round(old_height * width / old_width))
    return width, height


def size_of_megapixels(megapixels: float, width: int, height: int) -> tuple[int, int]:
    """The size with the proportions of `width` x `height` that has about `megapixels` times 1024 x 1024 pixels."""
    scale = sqrt(megapixels * 1024 * 1024 / (width * height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _centered(samples: Tensor, width: int, height: int) -> Tensor:
    old_height, old_width = samples.shape[-2:]
    old_aspect, new_aspect = old_width / old_height, width / height
    x = y = 0
    if old_aspect > new_aspect:
        x = round((old_width - old_width * (new_aspect / old_aspect)) / 2)
    elif old_aspect < new_aspect:
        y = round((old_height - old_height * (old_aspect / new_aspect)) / 2)
    return samples[..., y : old_height - y, x : old_width - x]


def _lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """Each channel by itself, so that any number of them will do."""
    levels = (samples.float().clamp(0, 1) * 255).to(torch.uint8).cpu().numpy()
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS))
        for plane in levels.reshape(-1, *levels.shape[-2:])
    ]
    resized = torch.from_numpy(np.stack(planes)).reshape(*samples.shape[:2], height, width)
    return (resized.float() / 255).to(samples.device, samples.dtype)


def _bislerp(samples: Tensor, width: int, height: int) -> Tensor:
    across = _slerp_rows(samples.float().movedim(1, -1), width)
    down = _slerp_rows(across.transpose(1, 2), height).transpose(1, 2)
    return down.movedim(-1, 1).to(samples.dtype)


def _slerp_rows(vectors: Tensor, width: int) -> Tensor:
    """Resize `[B, H, W, C]` along W; what bilinear interpolation would mix is mixed by `_slerp`."""
    old_width = vectors.shape[2]
    positions = ((torch.arange(width, device=vectors.device) + 0.5) * (old_width / width) - 0.5).clamp(0, old_width - 1)
    left = positions.floor().long()
    right = (left + 1).clamp(max=old_width - 1)
    return _slerp(vectors[:, :, left], vectors[:, :, right], (positions - left)[:, None])


def _slerp(first: Tensor, second: Tensor, ratio: Tensor) -> Tensor:
    """Interpolate directions on the great circle and lengths linearly, over the last dimension.

    Vectors that point (almost) the same way give the first, opposite ones are mixed linearly.
    """
    first_length, second_length = first.norm(dim=-1, keepdim=True), second.norm(dim=-1, keepdim=True)
    first_direction = torch.nan_to_num(first / first_length)
    second_direction = torch.nan_to_num(second / second_length)
    cosine = (first_direction * second_direction).sum(-1, keepdim=True)
    angle = cosine.clamp(-1, 1).acos()
    weights = ((1 - ratio) * angle).sin() / angle.sin(), (ratio * angle).sin() / angle.sin()
    turned = weights[0] * first_direction + weights[1] * second_direction
    result = turned * (first_length * (1 - ratio) + second_length * ratio)
    result = torch.where(cosine > 1 - 1e-5, first, result)
    return torch.where(cosine < 1e-5 - 1, first * (1 - ratio) + second * ratio, result)
