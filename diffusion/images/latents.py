"""Operations on latents, and files of them.

Latents are dicts with `samples` `[B, C, h, w]` and optionally `noise_mask` and `batch_index`. Sizes and places are in
pixels of the picture, 8 to a latent cell. No operation changes the dict that it is given; other entries are handed on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from diffusion.images.composite import composite, feathered_edges, repeat_to
from diffusion.images.resize import resize

PIXELS = 8
SMALLEST = 64
VERSION_MARK = "latent_format_version_0"
OLDEST_SCALE = 0.18215

Latent = dict[str, Any]


def empty(width: int, height: int, batch_size: int, channels: int = 4) -> Latent:
    """Latents of zeros."""
    return {"samples": torch.zeros(batch_size, channels, height // PIXELS, width // PIXELS)}


def changed(latent: Mapping[str, Any], samples: Tensor, **entries: Any) -> Latent:
    """The same latent with other samples."""
    return {**latent, "samples": samples, **entries}


def upscale(latent: Mapping[str, Any], width: int, height: int, method: str, crop: str) -> Latent:
    """Resize to a size in pixels, at least 64 each way; a width or height of 0 keeps the proportions."""
    if width == 0 and height == 0:
        return dict(latent)
    samples = latent["samples"]
    cells_down, cells_across = samples.shape[-2:]
    if width == 0:
        height = max(SMALLEST, height)
        width = max(SMALLEST, round(cells_across * height / cells_down))
    elif height == 0:
        width = max(SMALLEST, width)
        height = max(SMALLEST, round(cells_down * width / cells_across))
    else:
        width, height = max(SMALLEST, width), max(SMALLEST, height)
    return changed(latent, resize(samples, width // PIXELS, height // PIXELS, method, crop))


def upscale_by(latent: Mapping[str, Any], scale: float, method: str) -> Latent:
    """Resize by a factor."""
    samples = latent["samples"]
    width, height = max(1, round(samples.shape[-1] * scale)), max(1, round(samples.shape[-2] * scale))
    return changed(latent, resize(samples, width, height, method))


def crop(latent: Mapping[str, Any], width: int, height: int, x: int, y: int) -> Latent:
    """Cut out a part; the corner is moved so that at least 64 pixels of the picture are left each way."""
    samples = latent["samples"]
    left = max(0, min(x // PIXELS, samples.shape[-1] - SMALLEST // PIXELS))
    top = max(0, min(y // PIXELS, samples.shape[-2] - SMALLEST // PIXELS))
    return changed(latent, samples[..., top : top + height // PIXELS, left : left + width // PIXELS])


def paste(destination: Mapping[str, Any], source: Mapping[str, Any], x: int, y: int, feather: int) -> Latent:
    """Put one latent on another, fading over `feather` pixels at the edges that lie inside the destination."""
    target, samples = destination["samples"], source["samples"]
    _check_channels(target, samples)
    left, top, fade = x // PIXELS, y // PIXELS, feather // PIXELS
    visible = samples[..., : max(0, target.shape[-2] - top), : max(0, target.shape[-1] - left)]
    height, width = visible.shape[-2:]
    mask = feathered_edges(
        width,
        height,
        left=fade if left else 0,
        top=fade if top else 0,
        right=fade if left + width < target.shape[-1] else 0,
        bottom=fade if top + height < target.shape[-2] else 0,
    )
    return changed(destination, composite(target, visible, left, top, mask) if mask.numel() else target)


def composite_masked(
    destination: Mapping[str, Any],
    source: Mapping[str, Any],
    x: int,
    y: int,
    resize_source: bool,
    mask: Tensor | None,
) -> Latent:
    """Put one latent on another where the mask `[B, H, W]`, stretched over the source, is 1."""
    target, samples = destination["samples"], source["samples"]
    _check_channels(target, samples)
    return changed(destination, composite(target, samples, x // PIXELS, y // PIXELS, mask, resize_source))


def blend(first: Mapping[str, Any], second: Mapping[str, Any], factor: float) -> Latent:
    """`factor` of the first and the rest of the second, which is fitted to the first in size and number."""
    samples = _fitted(second["samples"], first["samples"], "bicubic")
    return changed(first, first["samples"] * factor + repeat_to(samples, len(first["samples"])) * (1 - factor))


def join(first: Mapping[str, Any], second: Mapping[str, Any]) -> Latent:
    """One batch of two; the second is fitted to the size of the first. Each keeps the noise that its place gave it."""
    samples = torch.cat([first["samples"], _fitted(second["samples"], first["samples"], "bilinear")])
    places = [*_places(first), *_places(second)]
    return changed(first, samples, batch_index=places)


def take(latent: Mapping[str, Any], index: int, length: int) -> Latent:
    """A part of a batch, with the noise and the masks that these pictures have in the whole; cut to what is there."""
    samples = latent["samples"]
    index = min(len(samples) - 1, index)
    part = slice(index, min(len(samples), index + length))
    taken = changed(latent, samples[part].clone(), batch_index=list(_places(latent))[part])
    mask = latent.get("noise_mask")
    if mask is not None and len(mask) > 1:
        taken["noise_mask"] = repeat_to(mask, len(samples))[part].clone()
    return taken


def repeat(latent: Mapping[str, Any], amount: int) -> Latent:
    """The batch so many times over; with a `batch_index`, each repetition gets noise of its own."""
    samples = latent["samples"]
    repeated = changed(latent, samples.repeat(amount, *[1] * (samples.ndim - 1)))
    mask = latent.get("noise_mask")
    if mask is not None and len(mask) > 1:
        repeated["noise_mask"] = repeat_to(mask, len(samples)).repeat(amount, *[1] * (mask.ndim - 1))
    places = latent.get("batch_index")
    if places is not None:
        span = max(places) - min(places) + 1
        repeated["batch_index"] = [place + span * turn for turn in range(amount) for place in places]
    return repeated


def save(latent: Mapping[str, Any], path: Path, metadata: Mapping[str, str]) -> None:
    """Write the samples into a file in ComfyUI's format: safetensors with the tensor `latent_tensor`."""
    tensors = {"latent_tensor": latent["samples"].contiguous(), VERSION_MARK: torch.tensor([])}
    save_file(tensors, path, metadata=dict(metadata))


def load(path: Path) -> Latent:
    """Read such a file; files of the oldest format hold samples in the scale of Stable Diffusion 1.

    Raises ValueError for a file that holds no latents.
    """
    try:
        with safe_open(path, framework="pt") as file:
            samples = file.get_tensor("latent_tensor").float()
            return {"samples": samples if VERSION_MARK in file.keys() else samples / OLDEST_SCALE}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"{path.name} holds no latents ({error}). Choose a file that Save Latent has written."
        ) from None


def _fitted(samples: Tensor, target: Tensor, method: str) -> Tensor:
    _check_channels(target, samples)
    if samples.shape[-2:] == target.shape[-2:]:
        return samples
    return resize(samples, target.shape[-1], target.shape[-2], method, "center")


def _check_channels(first: Tensor, second: Tensor) -> None:
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"Latents of {first.shape[1]} and of {second.shape[1]} channels come from different kinds of models and "
            "cannot be put together."
        )


def _places(latent: Mapping[str, Any]) -> list[int]:
    return latent.get("batch_index") or list(range(len(latent["samples"])))
