"""The part of ComfyUI's `comfy.utils` that runs a network over tiles."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

Amount = float | Callable[[int], float]
"""How many times longer a side gets, or a function from its length to the new one."""


def get_tiled_scale_steps(width: int, height: int, tile_x: int, tile_y: int, overlap: int) -> int:
    """How many tiles `tiled_scale` needs for one picture."""
    rows = 1 if height <= tile_y else math.ceil((height - overlap) / (tile_y - overlap))
    columns = 1 if width <= tile_x else math.ceil((width - overlap) / (tile_x - overlap))
    return rows * columns


def tiled_scale(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    tile_x: int = 64,
    tile_y: int = 64,
    overlap: int = 8,
    upscale_amount: float = 4,
    out_channels: int = 3,
    output_device: torch.device | str = "cpu",
    pbar: Any = None,
) -> Tensor:
    """Run `function` over overlapping tiles of `[B, C, H, W]` and blend what it makes of them.

    `function` returns `[1, out_channels, H * upscale_amount, W * upscale_amount]`. Where tiles overlap they fade
    linearly into each other. `pbar` is told each tile.
    """
    return tiled_scale_multidim(
        samples, function, (tile_y, tile_x), overlap, upscale_amount, out_channels, output_device, pbar=pbar
    )


def tiled_scale_multidim(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    tile: Sequence[int] = (64, 64),
    overlap: int | Sequence[int] = 8,
    upscale_amount: Amount | Sequence[Amount] = 4,
    out_channels: int = 3,
    output_device: torch.device | str = "cpu",
    downscale: bool = False,
    index_formulas: Amount | Sequence[Amount] | None = None,
    pbar: Any = None,
) -> Tensor:
    """`tiled_scale` for any number of dimensions; amounts may be given for each.

    With `downscale` the amounts say how many times shorter sides get. `index_formulas` are amounts for the places of
    tiles, where these differ from those for lengths.
    """
    overlaps = _each(overlap, len(tile))
    amounts = _each(upscale_amount, len(tile))
    formulas = amounts if index_formulas is None else _each(index_formulas, len(tile))
    scaled = _shorter if downscale else _longer
    sides = samples.shape[2:]
    size = [round(scaled(amount, side)) for amount, side in zip(amounts, sides, strict=True)]
    fades = [round(scaled(amount, shared)) for amount, shared in zip(amounts, overlaps, strict=True)]
    places = list(_places(sides, tile, overlaps))
    results = []
    for sample in samples.split(1):
        total = torch.zeros(1, out_channels, *size, device=output_device)
        weights = torch.zeros(1, 1, *size, device=output_device)
        for place in places:
            piece = function(sample[(..., *place)]).to(output_device)
            ramp = _ramp(piece.shape[2:], fades, output_device) if len(places) > 1 else torch.ones_like(piece[:, :1])
            starts = [round(scaled(formula, part.start)) for formula, part in zip(formulas, place, strict=True)]
            ends = [start + length for start, length in zip(starts, piece.shape[2:], strict=True)]
            target: Any = (..., *map(slice, starts, ends))
            total[target] += piece * ramp
            weights[target] += ramp
            if pbar is not None:
                pbar.update(1)
        results.append(total / weights)
    return torch.cat(results)


def _each(value: Any, count: int) -> list[Any]:
    return list(value) if isinstance(value, Sequence) else [value] * count


def _longer(amount: Amount, length: float) -> float:
    return amount(int(length)) if callable(amount) else amount * length


def _shorter(amount: Amount, length: float) -> float:
    return amount(int(length)) if callable(amount) else length / amount


def _places(sides: Sequence[int], tile: Sequence[int], overlaps: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """The tiles that cover a picture, neighbours sharing `overlaps`; those at the far edges are smaller."""
    ranges = []
    for side, length, shared in zip(sides, tile, overlaps, strict=True):
        starts = range(0, side - shared, length - shared) if side > length else range(1)
        ranges.append([slice(start, min(start + length, side)) for start in starts])
    yield from itertools.product(*ranges)


def _ramp(lengths: Sequence[int], fades: Sequence[int], device: torch.device | str) -> Tensor:
    """The weights of a tile, `[1, 1, …]`: rising over so many entries from both ends of each dimension."""
    weights = torch.ones(1, 1, *lengths, device=device)
    for dimension, (length, fade) in enumerate(zip(lengths, fades, strict=True), start=2):
        if 0 < fade < length:
            rising = (torch.arange(1, length + 1, device=device) / fade).clamp(max=1)
            shape = [1] * weights.ndim
            shape[dimension] = length
            weights = weights * (rising * rising.flip(0)).reshape(shape)
    return weights
