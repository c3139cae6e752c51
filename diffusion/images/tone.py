"""Curves that change the tones of pictures."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator
from torch import Tensor

LEVELS = 65536
"""Values of the table that pictures are looked up in; between them it is interpolated."""


def curve_table(points: Sequence[Sequence[float]], interpolation: str = "monotone_cubic") -> Tensor:
    """The values of a curve at `LEVELS` even places of 0..1, float32 `[LEVELS]`.

    points: `[x, y]` from left to right, two or more. Beside them the curve is level.
    interpolation: monotone_cubic (PCHIP; Fritsch and Butland, 1984) or linear.
    """
    xs, ys = np.array(points, np.float64).T
    places = np.linspace(0, 1, LEVELS).clip(xs[0], xs[-1])
    values = np.interp(places, xs, ys) if interpolation == "linear" else PchipInterpolator(xs, ys)(places)
    return torch.from_numpy(values.clip(0, 1).astype(np.float32))


def through_table(values: Tensor, table: Tensor) -> Tensor:
    """Look values of 0..1 up in an evenly spaced table; what lies outside is taken as the nearest end."""
    last = len(table) - 1
    place = values.float().clamp(0, 1) * last
    below = place.floor().long().clamp(max=last - 1)
    table = table.to(values.device)
    return torch.lerp(table[below], table[below + 1], place - below)
