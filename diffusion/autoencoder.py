"""Pictures to latents and back with a VAE, whole or in tiles.

Pictures are float32 `[B, H, W, 3]` in 0..1; latents are float32 `[B, C, h, w]` in VAE space. Pictures of a batch go
through the network one at a time: more at once costs memory and gains nothing.
"""

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from diffusion import devices
from diffusion.tiles import OnTile, Tile, blend

TILE = 512
OVERLAP = 64

# The peak of activations, measured: this many numbers for each pixel and channel of the level of full size.
ACTIVATIONS = 6

log = logging.getLogger(__name__)


@torch.no_grad()
def decode(network: Any, latents: Tensor) -> Tensor:
    """Pictures of latents; in tiles where the memory for a whole one cannot be had."""
    pixels = latents.shape[-2] * latents.shape[-1] * downscale(network) ** 2
    return _whole_or_tiled(
        network,
        pixels * ACTIVATIONS,
        lambda: torch.cat([_to_pictures(_decode(network, latent)) for latent in latents.split(1)]),
        lambda: decode_tiled(network, latents),
    )


@torch.no_grad()
def encode(network: Any, images: Tensor) -> Tensor:
    """Latents of pictures: the mean of the encoder's distribution. Sides are cropped to multiples of the downscale."""
    pictures = _to_network(images, downscale(network))
    return _whole_or_tiled(
        network,
        pictures.shape[-2] * pictures.shape[-1] * ACTIVATIONS,
        lambda: torch.cat([_encode(network, picture) for picture in pictures.split(1)]),
        lambda: encode_tiled(network, images),
    )


@torch.no_grad()
def decode_tiled(
    network: Any, latents: Tensor, tile: int = TILE, overlap: int = OVERLAP, on_tile: OnTile | None = None
) -> Tensor:
    """Pictures of latents, by overlapping tiles of about `tile` pixels; the result hardly depends on their size."""
    scale = downscale(network)
    shapes, shared = _tilings(tile, overlap, scale)
    pictures = []
    for index, latent in enumerate(latents.split(1)):

        def run(place: Tile, latent: Tensor = latent) -> Tensor:
            return _decode(network, _cut(latent, place, 1))

        progress = _in_batch(on_tile, index, len(latents))
        pictures.append(_to_pictures(blend(run, (latent.shape[2], latent.shape[3]), shapes, shared, scale, progress)))
    return torch.cat(pictures)


@torch.no_grad()
def encode_tiled(
    network: Any, images: Tensor, tile: int = TILE, overlap: int = OVERLAP, on_tile: OnTile | None = None
) -> Tensor:
    """Latents of pictures, by overlapping tiles of about `tile` pixels."""
    scale = downscale(network)
    shapes, shared = _tilings(tile, overlap, scale)
    latents = []
    pictures = _to_network(images, scale)
    for index, picture in enumerate(pictures.split(1)):

        def run(place: Tile, picture: Tensor = picture) -> Tensor:
            return _encode(network, _cut(picture, place, scale))

        size = (picture.shape[2] // scale, picture.shape[3] // scale)
        latents.append(blend(run, size, shapes, shared, 1, _in_batch(on_tile, index, len(pictures))))
    return torch.cat(latents)


def downscale(network: Any) -> int:
    """How many pixels a side of the picture a latent pixel stands for."""
    return int(2 ** (len(network.config.block_out_channels) - 1))


def _decode(network: Any, latent: Tensor) -> Tensor:
    weight = next(network.parameters())
    return network.decode(latent.to(weight), return_dict=False)[0].float().cpu()


def _encode(network: Any, picture: Tensor) -> Tensor:
    weight = next(network.parameters())
    return network.encode(picture.to(weight)).latent_dist.mode().float().cpu()


def _to_network(images: Tensor, multiple: int) -> Tensor:
    """`[B, H, W, C]` in 0..1 to `[B, 3, H, W]` in -1..1, cropped about the centre."""
    height, width = (side // multiple * multiple for side in images.shape[1:3])
    if not height or not width:
        size = f"{images.shape[2]}x{images.shape[1]}"
        raise ValueError(f"An image of {size} is too small for the VAE: give it at least {multiple} pixels a side.")
    top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
    return images[:, top : top + height, left : left + width, :3].movedim(-1, 1) * 2.0 - 1.0


def _to_pictures(decoded: Tensor) -> Tensor:
    return ((decoded + 1.0) / 2.0).clamp(0.0, 1.0).movedim(1, -1).contiguous()


def _cut(tensor: Tensor, place: Tile, scale: int) -> Tensor:
    y, x, height, width = (value * scale for value in place)
    return tensor[:, :, y : y + height, x : x + width]


def _tilings(tile: int, overlap: int, scale: int) -> tuple[list[tuple[int, int]], int]:
    """A square, a tall and a wide tiling, and their overlap, in latent units; at most a quarter of a tile overlaps."""
    side = max(tile // scale, 4)
    shapes = [(side, side), (side * 2, side // 2), (side // 2, side * 2)]
    return shapes, min(overlap // scale, side // 4)


def _in_batch(on_tile: OnTile | None, index: int, count: int) -> OnTile | None:
    if on_tile is None:
        return None
    return lambda done, total: on_tile(index * total + done, count * total)


def _whole_or_tiled(network: Any, numbers: int, whole: Callable[[], Tensor], tiled: Callable[[], Tensor]) -> Tensor:
    weight = next(network.parameters())
    needed = numbers * network.config.block_out_channels[0] * weight.element_size()
    if needed > devices.free_bytes(weight.device):
        log.warning("The VAE works in tiles: a whole picture would need %.1f GB of memory.", needed / 1e9)
        return tiled()
    try:
        return whole()
    except (RuntimeError, MemoryError) as error:
        if not devices.is_out_of_memory(error):
            raise
    log.warning("The VAE works in tiles: there was not enough memory for a whole picture.")
    return tiled()
