"""The region of a picture in which an adapter acts, on the grid of each layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import grid
from diffusion.sampling.conditions import Area
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call


class Region:
    """A mask of the whole picture, resized to the grids of a network's layers and cut to the areas of prompts.

    It is averaged over each cell, so a cell that lies half within counts half.
    """

    def __init__(self, mask: Tensor) -> None:
        """mask: ``[H, W]`` or ``[b, H, W]``; of fewer masks than pictures, the first ones come again."""
        self._mask = mask.reshape(-1, 1, *mask.shape[-2:]).float()
        self._fitted: dict[tuple[object, ...], Tensor] = {}

    def on(self, difference: Tensor, call: Call) -> Tensor:
        """What a layer adds, within the region: ``[n B, C, h, w]``, or ``[n B, tokens, C]``.

        Raises `SamplingError` where the layer's tokens are not the cells of a grid.
        """
        if difference.ndim == 4:
            return difference * self._at(call, difference.shape[-2:]).to(difference)
        height, width = grid(call, difference.shape[1])
        if len(difference) != len(call.x) or height * width != difference.shape[1]:
            raise SamplingError(
                "An adapter in a region needs to see where in the picture each part of a layer lies: use it without "
                "token merging and tiled attention."
            )
        return difference * self._at(call, (height, width)).to(difference).flatten(2).transpose(1, 2)

    def _at(self, call: Call, size: Sequence[int]) -> Tensor:
        """The mask of each row of a call, ``[n B, 1, h, w]`` or one for all."""
        places = [(condition.area, condition.whole) for condition in call.conditions]
        key = (tuple(size), call.rows, tuple(places))
        if key not in self._fitted:
            masks = [self._cut(area, whole, size) for area, whole in places] or [_resized(self._mask, size)]
            rows = [mask[torch.arange(call.rows) % len(mask)] for mask in masks]
            self._fitted[key] = torch.cat(rows).to(call.x.device)
        return self._fitted[key]

    def _cut(self, area: Area, whole: tuple[int, int] | None, size: Sequence[int]) -> Tensor:
        """The part of the mask that a prompt's area has."""
        if whole is None or (area.height, area.width) == whole:
            return _resized(self._mask, size)
        return _resized(area.crop(_resized(self._mask, whole)), size)


def _resized(mask: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(mask, size=(size[0], size[1]), mode="area")
