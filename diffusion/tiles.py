"""Running a function over overlapping tiles of a picture or latent, and blending the results."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

OnTile = Callable[[int, int], None]
"""Called after each tile with the number of tiles done and of all tiles; may raise to stop."""


class Tile(NamedTuple):
    """A rectangle in latent units."""

    y: int
    x: int
    height: int
    width: int


def blend(
    run: Callable[[Tile], Tensor],
    size: tuple[int, int],
    shapes: Sequence[tuple[int, int]],
    overlap: int,
    scale: int,
    on_tile: OnTile | None = None,
) -> Tensor:
    """The mean over several tilings of what `run` returns for each tile, with linear ramps where tiles overlap.

    size: height and width of the whole in latent units; shapes: height and width of the tiles of each tiling;
    overlap: in latent units, less than any side of a tile; scale: what `run` returns for a tile is
    `[1, C, tile.height * scale, tile.width * scale]`. Different tilings have their seams at different places.
    """
    tilings = [list(tiles(size, shape, overlap)) for shape in shapes]
    total, done = sum(map(len, tilings)), 0
    results: list[Tensor] = []
    for tiling in tilings:
        blended, weights = torch.zeros(()), torch.zeros(1, 1, size[0] * scale, size[1] * scale)
        for tile in tiling:
            piece = run(tile)
            if blended.ndim == 0:
                blended = torch.zeros(1, piece.shape[1], size[0] * scale, size[1] * scale)
            ramp = _ramp(tile.height * scale, overlap * scale)[:, None] * _ramp(tile.width * scale, overlap * scale)
            rows = slice(tile.y * scale, (tile.y + tile.height) * scale)
            columns = slice(tile.x * scale, (tile.x + tile.width) * scale)
            blended[:, :, rows, columns] += piece * ramp
            weights[:, :, rows, columns] += ramp
            done += 1
            if on_tile:
                on_tile(done, total)
        results.append(blended / weights)
    return torch.stack(results).mean(0)


def tiles(size: tuple[int, int], shape: tuple[int, int], overlap: int) -> Iterator[Tile]:
    """Tiles of `shape` (smaller at the far edges) that cover `size`, neighbours sharing `overlap` units."""
    for y in _starts(size[0], shape[0], overlap):
        for x in _starts(size[1], shape[1], overlap):
            yield Tile(y, x, min(shape[0], size[0] - y), min(shape[1], size[1] - x))


def _starts(size: int, tile: int, overlap: int) -> Sequence[int]:
    return range(0, size - overlap, tile - overlap) if size > tile else (0,)


def _ramp(length: int, feather: int) -> Tensor:
    """Weights of a row of a tile: rising over `feather` at both ends, 1 between."""
    if not 0 < feather < length:
        return torch.ones(length)
    rising = (torch.arange(1, length + 1) / feather).clamp(max=1.0)
    return rising * rising.flip(0)
