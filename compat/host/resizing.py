"""The part of ComfyUI's `comfy.utils` that changes the size of pictures, latents, masks and batches."""

import math
from collections.abc import Sequence
from typing import TypeVar

import torch.nn.functional as F
from torch import Tensor

from diffusion.images.composite import repeat_to
from diffusion.images.resize import resize

Item = TypeVar("Item")
MODES = {3: "linear", 4: "bilinear", 5: "trilinear"}


def common_upscale(samples: Tensor, width: int, height: int, upscale_method: str, crop: str) -> Tensor:
    """Resize `[B, C, H, W]`, or each frame of `[B, C, T, H, W]`.

    `upscale_method` is a mode of `torch.nn.functional.interpolate`, `lanczos` or `bislerp`; `crop` "center" first cuts
    the middle part that has the new proportions.
    """
    if samples.ndim == 4:
        return resize(samples, width, height, upscale_method, crop)
    batch, channels, frames = samples.shape[:3]
    flat = samples.movedim(2, 1).reshape(batch * frames, channels, *samples.shape[-2:])
    resized = resize(flat, width, height, upscale_method, crop)
    return resized.reshape(batch, frames, channels, height, width).movedim(1, 2)


def bislerp(samples: Tensor, width: int, height: int) -> Tensor:
    """Resize latents `[B, C, H, W]`, interpolating directions on a sphere and lengths linearly."""
    return resize(samples, width, height, "bislerp")


def lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """Resize pictures `[B, C, H, W]` in 0..1 by Lanczos' filter, on 8 bits a channel."""
    return resize(samples, width, height, "lanczos")


def repeat_to_batch_size(tensor: Tensor, batch_size: int, dim: int = 0) -> Tensor:
    """Repeat or cut a dimension so that it has `batch_size` entries."""
    if dim == 0:
        return repeat_to(tensor, batch_size)
    return repeat_to(tensor.movedim(dim, 0), batch_size).movedim(0, dim)


def resize_list_to_batch_size(items: Sequence[Item], batch_size: int) -> list[Item]:
    """So many entries, spread evenly: a shorter list has the first and the last, a longer one repeats each."""
    return [items[index] for index in _spread(len(items), batch_size)]


def resize_to_batch_size(tensor: Tensor, batch_size: int) -> Tensor:
    """`resize_list_to_batch_size` for the first dimension of a tensor."""
    return tensor[list(_spread(tensor.shape[0], batch_size))]


def _spread(size: int, wanted: int) -> Sequence[int]:
    if wanted == size:
        return range(size)
    if wanted <= 1:
        return range(max(wanted, 0))
    if wanted < size:
        return [round(index * (size - 1) / (wanted - 1)) for index in range(wanted)]
    return [min(math.floor((index + 0.5) * size / wanted), size - 1) for index in range(wanted)]


def reshape_mask(input_mask: Tensor, output_shape: Sequence[int]) -> Tensor:
    """Stretch a mask over latents of the shape `[B, C, …]`, which may be sound, pictures or videos.

    A mask of a picture is one of `[H, W]` each; one of a video gives its frames as its batch.
    """
    size, dimensions = list(output_shape[2:]), len(output_shape)
    match dimensions:
        case 3:
            shaped = input_mask.reshape(-1, 1, input_mask.shape[-1])
        case 4:
            shaped = input_mask.reshape(-1, 1, *input_mask.shape[-2:])
        case _:
            shaped = input_mask.reshape(1, 1, -1, *input_mask.shape[-2:])
    mask = F.interpolate(shaped, size=size, mode=MODES[dimensions])
    if mask.shape[1] < output_shape[1]:
        mask = mask.repeat(1, output_shape[1], *[1] * (dimensions - 2))[:, : output_shape[1]]
    return repeat_to(mask, output_shape[0])
