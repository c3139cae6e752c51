"""HyperTile: self-attention within tiles of the picture, where it would be too large for all of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.attention import Attend, AttentionChange, Place, grid
from diffusion.sampling.network import Call

CELL = 8  # pixels of a cell
SMALLEST_TILE = 32  # pixels


@dataclass(frozen=True)
class HyperTile(AttentionChange):
    """Let the layers at full resolution attend within tiles only.

    Seams do not build up where the number of tiles changes from call to call. It is drawn from the first `variants`
    numbers of the right size, from the call and the layer alone, so that a run gives the same picture each time.

    tile: the smallest side of a tile, in pixels. variants: how many sizes of tiles there may be.
    depth: at how many halvings of the resolution too. scaled: with tiles that grow with the depth.
    """

    tile: int = 256
    variants: int = 2
    depth: int = 0
    scaled: bool = False

    def attend(self, q: Tensor, k: Tensor, v: Tensor, place: Place, call: Call, attend: Attend) -> Tensor:
        """Attend in tiles."""
        height, width = grid(call, q.shape[1])
        halvings = _halvings(call, height)
        if place.kind != "self" or halvings > self.depth or height * width != q.shape[1]:
            return attend(q, k, v)
        least = max(SMALLEST_TILE, self.tile) // CELL * (2**halvings if self.scaled else 1)
        generator = torch.Generator().manual_seed(zlib.crc32(f"{call.index} {place.name}".encode()))
        rows = _choose(tile_counts(height, least, self.variants), generator)
        columns = _choose(tile_counts(width, least, self.variants), generator)
        size = height // rows, width // columns
        tiles = [_in_tiles(tensor, (rows, columns), size) for tensor in (q, k, v)]
        return _together(attend(*tiles), (rows, columns), size)


def tile_counts(length: int, least: int, variants: int) -> list[int]:
    """Into how many equal tiles of at least `least` cells a side can be cut: at most `variants` numbers, most first."""
    sizes = [size for size in range(min(least, length), length + 1) if length % size == 0]
    return [length // size for size in sizes[: max(1, variants)]]


def _choose(counts: list[int], generator: torch.Generator) -> int:
    return counts[int(torch.randint(len(counts), (), generator=generator))]


def _halvings(call: Call, height: int) -> int:
    count, side = 0, call.x.shape[-2]
    while side > height:
        count, side = count + 1, (side + 1) // 2
    return count


def _in_tiles(tokens: Tensor, counts: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """From ``[B, T, C]`` to ``[B rows columns, t, C]``."""
    cells = tokens.unflatten(1, (counts[0], size[0], counts[1], size[1]))
    return cells.transpose(2, 3).flatten(3, 4).flatten(0, 2)


def _together(tiles: Tensor, counts: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """The way back."""
    cells = tiles.unflatten(0, (-1, *counts)).unflatten(3, size)
    return cells.transpose(2, 3).flatten(1, 4)
