"""The operators of Porter and Duff, and of Android's PorterDuff.Mode, on pictures with transparency."""

from collections.abc import Callable
from types import MappingProxyType

import torch
from torch import Tensor

SMALLEST_ALPHA = 1e-5

ColoursAndAlpha = tuple[Tensor, Tensor]
Operator = Callable[[Tensor, Tensor, Tensor, Tensor], ColoursAndAlpha]
"""Of colour and alpha of the source, colour and alpha of the destination; colours are multiplied by their alpha."""


def compose(source: Tensor, source_alpha: Tensor, target: Tensor, target_alpha: Tensor, mode: str) -> ColoursAndAlpha:
    """Colours `[B, H, W, 3]` and alpha `[B, H, W]` of a source on a destination of the same size.

    Colours go in and come out unmultiplied; where nothing is, they are black. Raises ValueError for an unknown mode.
    """
    if mode not in OPERATORS:
        raise ValueError(f"There is no way '{mode}' to compose pictures; there are {', '.join(OPERATORS)}.")
    sa, da = source_alpha[..., None], target_alpha[..., None]
    colours, alpha = OPERATORS[mode](source * sa, sa, target * da, da)
    alpha = alpha.expand(*colours.shape[:-1], 1)
    plain = torch.where(alpha > SMALLEST_ALPHA, colours / alpha.clamp(min=SMALLEST_ALPHA), torch.zeros_like(colours))
    return plain.clamp(0, 1), alpha[..., 0].clamp(0, 1)


def _overlay(s: Tensor, sa: Tensor, d: Tensor, da: Tensor) -> ColoursAndAlpha:
    return torch.where(2 * d < da, 2 * s * d, sa * da - 2 * (da - s) * (sa - d)), _union(sa, da)


def _union(sa: Tensor, da: Tensor) -> Tensor:
    return sa + da - sa * da


OPERATORS: MappingProxyType[str, Operator] = MappingProxyType(
    {
        "ADD": lambda s, sa, d, da: ((s + d).clamp(0, 1), (sa + da).clamp(0, 1)),
        "CLEAR": lambda s, sa, d, da: (torch.zeros_like(d), torch.zeros_like(da)),
        "DARKEN": lambda s, sa, d, da: ((1 - da) * s + (1 - sa) * d + torch.minimum(s, d), _union(sa, da)),
        "DST": lambda s, sa, d, da: (d, da),
        "DST_ATOP": lambda s, sa, d, da: (sa * d + (1 - da) * s, sa),
        "DST_IN": lambda s, sa, d, da: (d * sa, sa * da),
        "DST_OUT": lambda s, sa, d, da: ((1 - sa) * d, (1 - sa) * da),
        "DST_OVER": lambda s, sa, d, da: (d + (1 - da) * s, da + (1 - da) * sa),
        "LIGHTEN": lambda s, sa, d, da: ((1 - da) * s + (1 - sa) * d + torch.maximum(s, d), _union(sa, da)),
        "MULTIPLY": lambda s, sa, d, da: (s * d, sa * da),
        "OVERLAY": _overlay,
        "SCREEN": lambda s, sa, d, da: (s + d - s * d, _union(sa, da)),
        "SRC": lambda s, sa, d, da: (s, sa),
        "SRC_ATOP": lambda s, sa, d, da: (da * s + (1 - sa) * d, da),
        "SRC_IN": lambda s, sa, d, da: (s * da, sa * da),
        "SRC_OUT": lambda s, sa, d, da: ((1 - da) * s, (1 - da) * sa),
        "SRC_OVER": lambda s, sa, d, da: (s + (1 - sa) * d, sa + (1 - sa) * da),
        "XOR": lambda s, sa, d, da: ((1 - da) * s + (1 - sa) * d, (1 - da) * sa + (1 - sa) * da),
    }
)
