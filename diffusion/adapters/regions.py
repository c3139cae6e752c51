"""The region of a picture in which an adapter acts, on the grid of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import as_tokens, grid
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

    def on(self, difference: Tensor, call: Call, attention: Any = None) -> Tensor:
        """What a layer adds, within the region: ``[n B, C, h, w]``, or ``[n B, tokens, C]``.

        attention: the self-attention that the layer is a part of, whose tokens may be merged.
        Raises `SamplingError` where the layer's tokens are not the cells of a grid.
        """
        if difference.ndim == 4:
            return difference * self._at(call, difference.shape[-2:]).to(difference)
        tokens = difference.shape[1]
        if len(difference) == len(call.x):
            if attention is not None:
                cells = self._of_cells(call, (call.x.shape[-2], call.x.shape[-1]))
                merged = as_tokens(attention, cells, call)
                if merged is not cells and merged.shape[1] == tokens:
                    return difference * merged.to(difference)
            size = grid(call, tokens)
            if size[0] * size[1] == tokens:
                return difference * self._of_cells(call, size).to(difference)
        raise SamplingError(
            "An adapter in a region needs to see where in the picture each part of a layer lies, which another change "
            "of the model's attention hides: use one of both."
        )

    def _of_cells(self, call: Call, size: tuple[int, int]) -> Tensor:
        """The mask of each row of a call, ``[n B, tokens, 1]``."""
        return self._at(call, size).flatten(2).transpose(1, 2).expand(len(call.x), -1, -1)

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
