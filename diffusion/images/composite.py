"""Putting one image on another, in batches, with masks; padding for outpainting. For latents too: `[B, C, H, W]`."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.images.resize import resize, resize_images


def repeat_to(batch: Tensor, size: int) -> Tensor:
    """Repeat or cut a batch so that it has `size` items."""
    if batch.shape[0] == size:
        return batch
    times = -(-size // batch.shape[0])
    return batch.repeat(times, *[1] * (batch.ndim - 1))[:size]


class Padded(NamedTuple):
    """A picture with grey added around, and the mask `[1, H, W]` that is 1 where it has to be painted."""

    images: Tensor
    mask: Tensor


def composite(
    destination: Tensor, source: Tensor, x: int, y: int, mask: Tensor | None = None, resize_source: bool = False
) -> Tensor:
    """Put `source` `[B, C, H, W]` on `destination` with its left upper corner at (x, y); what stands out is cut off.

    Where `mask` `[B, H, W]` is 0 the destination stays; it is stretched to the size of the source. `resize_source`
    stretches the source over the whole destination first.
    """
    height, width = destination.shape[-2:]
    source = source.to(destination)
    if resize_source:
        source = resize(source, width, height, "bilinear")
    source = repeat_to(source, destination.shape[0])
    if mask is None:
        weights = torch.ones_like(source[:, :1])
    else:
        weights = mask.to(destination).reshape(-1, 1, *mask.shape[-2:])
        weights = repeat_to(resize(weights, source.shape[-1], source.shape[-2], "bilinear"), source.shape[0])
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + source.shape[-1]), min(height, y + source.shape[-2])
    result = destination.clone()
    if right <= left or bottom <= top:
        return result
    part = (..., slice(top - y, bottom - y), slice(left - x, right - x))
    window = result[..., top:bottom, left:right]
    window.copy_(source[part] * weights[part] + window * (1 - weights[part]))
    return result


def feathered_edges(width: int, height: int, left: int, top: int, right: int, bottom: int) -> Tensor:
    """A mask `[H, W]` that rises linearly to 1 over so many pixels from each edge; 0 leaves an edge hard."""

    def ramp(length: int, start: int, end: int) -> Tensor:
        position = torch.arange(1, length + 1, dtype=torch.float32)
        rising = (position / start).clamp(max=1) if start else torch.ones(length)
        falling = (position / end).clamp(max=1).flip(0) if end else torch.ones(length)
        return rising * falling

    return ramp(height, top, bottom)[:, None] * ramp(width, left, right)


def pad_for_outpainting(images: Tensor, left: int, top: int, right: int, bottom: int, feathering: int) -> Padded:
    """Add grey at the edges of `[B, H, W, C]`.

    The mask is 1 in the new parts and falls, over `feathering` pixels into the picture from the edges that were
    extended, as the square of the distance; a picture that is smaller than twice the feathering gets none.
    """
    height, width = images.shape[1:3]
    padded = F.pad(images, (0, 0, left, right, top, bottom), value=0.5)
    inner = torch.zeros(height, width)
    if 0 < feathering < min(height, width) / 2:
        rows, columns = torch.arange(height)[:, None], torch.arange(width)[None]
        far = torch.full((height, width), max(height, width))
        distances = [
            distance.expand(height, width)
            for distance, extended in (
                (rows, top), (height - rows, bottom), (columns, left), (width - columns, right)
            )
            if extended
        ]  # fmt: skip
        nearest = torch.stack([far, *distances]).amin(0)
        inner = ((feathering - nearest).clamp(min=0) / feathering) ** 2
    mask = F.pad(inner, (left, right, top, bottom), value=1.0)
    return Padded(padded, mask[None].to(images.device))


def join_batches(first: Tensor, second: Tensor) -> Tensor:
    """Append a batch of images; the second is cut and resized to the size of the first where it differs.

    Where only one has an alpha channel, the other is made opaque.
    """
    if first.shape[1:3] != second.shape[1:3]:
        second = resize_images(second, first.shape[2], first.shape[1], "bilinear", "center")
    channels = max(first.shape[-1], second.shape[-1])
    return torch.cat([with_channels(first, channels), with_channels(second.to(first), channels)])


def rebatched(batches: Iterable[Tensor], size: int) -> Iterator[Tensor]:
    """The images of batches in batches of a size; one ends early where the images end or change their shape."""
    for _, same in groupby((image for batch in batches for image in batch), key=lambda image: image.shape):
        images = list(same)
        for start in range(0, len(images), size):
            yield torch.stack(images[start : start + size])


def with_channels(images: Tensor, channels: int) -> Tensor:
    """Images `[B, H, W, C]` with so many channels: a missing alpha is 1, one that is too many is dropped."""
    return F.pad(images, (0, channels - images.shape[-1]), value=1.0)
