"""Cutting pictures into overlapping tiles of one size, and putting them together as Stable Diffusion WebUI does."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor


@dataclass(frozen=True)
class TileGrid:
    """Where tiles of `tile_width` x `tile_height` lie in a picture, in pixels.

    A picture that is smaller than a tile lies in the middle of one (`left`, `top`), surrounded by its outermost pixels.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    overlap: int

    @property
    def columns(self) -> tuple[int, ...]:
        """The left edges."""
        return _starts(max(self.width, self.tile_width), self.tile_width, self.overlap)

    @property
    def rows(self) -> tuple[int, ...]:
        """The upper edges."""
        return _starts(max(self.height, self.tile_height), self.tile_height, self.overlap)

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self.columns) * len(self.rows)

    @property
    def left(self) -> int:
        """Where the picture begins in a tile that is wider."""
        return max(0, self.tile_width - self.width) // 2

    @property
    def top(self) -> int:
        """Where the picture begins in a tile that is higher."""
        return max(0, self.tile_height - self.height) // 2

    def split(self, images: Tensor) -> list[Tensor]:
        """The tiles `[B, tile_height, tile_width, C]` of pictures, row by row."""
        rows = torch.arange(max(self.height, self.tile_height), device=images.device) - self.top
        columns = torch.arange(max(self.width, self.tile_width), device=images.device) - self.left
        whole = images[:, rows.clamp(0, self.height - 1)][:, :, columns.clamp(0, self.width - 1)]
        return [
            whole[:, y : y + self.tile_height, x : x + self.tile_width] for y in self.rows for x in self.columns
        ]  # fmt: skip

    def combine(self, tiles: Sequence[Tensor]) -> Tensor:
        """The picture of tiles: each fades into what is left of it and above it over `overlap` pixels.

        Equal pixels stay bit for bit what they are.
        """
        width, height = max(self.width, self.tile_width), max(self.height, self.tile_height)
        ramp = (torch.arange(self.overlap) * 255 / max(1, self.overlap)).floor().to(tiles[0]) / 255
        whole = tiles[0].new_zeros(tiles[0].shape[0], height, width, tiles[0].shape[-1])
        across = len(self.columns)
        for number, y in enumerate(self.rows):
            row = whole.new_zeros(len(whole), self.tile_height, width, whole.shape[-1])
            for x, tile in zip(self.columns, tiles[number * across : (number + 1) * across], strict=True):
                _lay(row[:, :, x : x + self.tile_width], tile, ramp[:, None] if x else None, self.overlap, 2)
            _lay(whole[:, y : y + self.tile_height], row, ramp[:, None, None] if y else None, self.overlap, 1)
        return whole[:, self.top : self.top + self.height, self.left : self.left + self.width]


def _lay(window: Tensor, tile: Tensor, ramp: Tensor | None, overlap: int, dimension: int) -> None:
    """Put a tile into a window of the picture; where a ramp is given its first `overlap` pixels fade in."""
    old = window.narrow(dimension, 0, min(overlap, window.shape[dimension])).clone()
    window.copy_(tile)
    if ramp is not None and overlap:
        start = window.narrow(dimension, 0, overlap)
        start.copy_(torch.lerp(old, start, ramp.expand_as(start)))


def _starts(side: int, tile: int, overlap: int) -> tuple[int, ...]:
    count = ceil((side - overlap) / (tile - overlap))
    if count < 2:
        return (0,)
    return tuple(number * (side - tile) // (count - 1) for number in range(count))
