"""Masks `[B, H, W]` of what has a colour or a brightness in pictures `[B, H, W, C]`."""

import torch
from torch import Tensor

from diffusion.images.colours import luma, parsed


def near_colour(images: Tensor, colour: str, tolerance: float, softness: float = 0.0) -> Tensor:
    """1 where a picture is at most `tolerance` from a colour, 0 from `tolerance + softness` on.

    Distances are those of CIE Lab: 2 is hardly seen, 100 is from black to white. colour: As `#rrggbb`.
    """
    from kornia.color import rgb_to_lab

    wanted = rgb_to_lab(parsed(colour)[:3, None, None].to(images.device)[None])
    lab = rgb_to_lab(images[..., :3].float().clamp(0, 1).movedim(-1, 1))
    return _falling((lab - wanted).norm(dim=1) - tolerance, softness)


def in_brightness(images: Tensor, low: float, high: float, softness: float = 0.0) -> Tensor:
    """1 where the brightness of a picture is in `low`..`high`, falling to 0 over `softness` beside that."""
    brightness = luma(images.float())
    return _falling(torch.maximum(low - brightness, brightness - high), softness)


def _falling(excess: Tensor, softness: float) -> Tensor:
    """1 up to 0, and 0 from `softness` on."""
    if softness:
        return (1 - excess / softness).clamp(0, 1)
    return (excess <= 1e-6).float()
