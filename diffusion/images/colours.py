"""Colours as text, and applying what is meant for colours to pictures that have transparency too."""

import re
from collections.abc import Callable

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
"""How much of what the eye sees as brightness is red, green and blue, in encoded values (ITU-R BT.601)."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""The same in linear light (ITU-R BT.709, sRGB)."""

HEXADECIMAL = re.compile(r"#?([0-9a-fA-F]{6})([0-9a-fA-F]{2})?")


def parsed(colour: str) -> Tensor:
    """Red, green, blue and alpha `[4]` in 0..1 of a colour as text: `#rrggbb` or `#rrggbbaa`.

    Raises ValueError.
    """
    match = HEXADECIMAL.fullmatch(colour.strip())
    if match is None:
        raise ValueError(f"'{colour}' is no colour. Write it as #rrggbb, for example #ff8800.")
    return torch.tensor(list(bytes.fromhex(match[1] + (match[2] or "ff")))) / 255


def levels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of 0 to 255 of a colour as text, as Pillow takes them. Raises ValueError."""
    red, green, blue, _ = (parsed(colour) * 255).round().int().tolist()
    return red, green, blue


def luma(images: Tensor) -> Tensor:
    """The brightness `[B, H, W]` of pictures `[B, H, W, C]`."""
    return (images[..., :3] * images.new_tensor(LUMA)).sum(-1)


def on_colours(images: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a function of `[B, 3, H, W]` to the colours of pictures `[B, H, W, C]`; what else they have stays."""
    changed = change(images[..., :3].float().movedim(-1, 1)).movedim(1, -1)
    return torch.cat([changed, images[..., 3:].to(changed)], -1)
