"""Arithmetic on masks: `[B, H, W]` in 0..1. A single mask may also come as `[H, W]`."""

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.images.composite import feathered_edges, repeat_to

OPERATIONS = ("multiply", "add", "subtract", "and", "or", "xor")


def batched(mask: Tensor) -> Tensor:
    """The mask as `[B, H, W]`."""
    return mask.reshape(-1, *mask.shape[-2:])


def combine(destination: Tensor, source: Tensor, x: int, y: int, operation: str) -> Tensor:
    """Combine `source`, with its left upper corner at (x, y), with what it covers of `destination`.

    "and", "or" and "xor" take a value for true if it rounds to 1.
    """
    result = batched(destination).clone()
    source = repeat_to(batched(source).to(result), result.shape[0])
    window = result[:, y : y + source.shape[1], x : x + source.shape[2]]
    source = source[:, : window.shape[1], : window.shape[2]]
    true, other = window.round().bool(), source.round().bool()
    match operation:
        case "multiply":
            combined = window * source
        case "add":
            combined = window + source
        case "subtract":
            combined = window - source
        case "and":
            combined = (true & other).to(result)
        case "or":
            combined = (true | other).to(result)
        case "xor":
            combined = (true ^ other).to(result)
        case _:
            raise ValueError(f"There is no mask operation '{operation}'; there are {', '.join(OPERATIONS)}.")
    window.copy_(combined)
    return result.clamp(0, 1)


def feather(mask: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """Let the mask rise linearly from so many pixels of each edge."""
    mask = batched(mask)
    height, width = mask.shape[1:]
    edges = feathered_edges(width, height, min(left, width), min(top, height), min(right, width), min(bottom, height))
    return mask * edges.to(mask)


def grow(mask: Tensor, pixels: int, tapered_corners: bool) -> Tensor:
    """Grow the bright parts by so many pixels, or shrink them if negative.

    Tapered corners grow in four directions, so that a point becomes a diamond; otherwise it becomes a square.
    """
    if pixels < 0:
        return 1 - grow(1 - mask, -pixels, tapered_corners)
    grown = batched(mask)
    for _ in range(pixels):
        if tapered_corners:
            grown = torch.maximum(F.max_pool2d(grown, (3, 1), 1, (1, 0)), F.max_pool2d(grown, (1, 3), 1, (0, 1)))
        else:
            grown = F.max_pool2d(grown, 3, 1, 1)
    return grown


def of_colour(images: Tensor, colour: int) -> Tensor:
    """1 where an image `[B, H, W, C]` has exactly the colour 0xRRGGBB in 8 bits, 0 elsewhere."""
    wanted = torch.tensor([colour >> 16 & 255, colour >> 8 & 255, colour & 255], device=images.device)
    levels = (images[..., :3].clamp(0, 1) * 255).round().long()
    return (levels == wanted).all(-1).float()


def to_images(mask: Tensor) -> Tensor:
    """The mask as grey images `[B, H, W, 3]`."""
    return batched(mask)[..., None].expand(-1, -1, -1, 3)
