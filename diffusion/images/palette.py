"""Reducing pictures to a palette."""

from math import log2, sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import KDTree
from torch import Tensor

MOST_COLOURS = 256
DITHERS = ("none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16")


def quantized(images: Tensor, colours: int, dither: str) -> Tensor:
    """Show each picture `[B, H, W, C]` in so many colours of its own, chosen by median cut.

    dither: How mixed tones are shown: not at all, by spreading the error of each pixel (Floyd and Steinberg), or in the
        ordered pattern of Bayer's matrix of a size.
    """
    return torch.stack([_quantized(picture, colours, dither) for picture in images])


def _quantized(picture: Tensor, colours: int, dither: str) -> Tensor:
    levels = (picture[..., :3].clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    palette = Image.fromarray(levels).quantize(colors=colours)
    spreading = Image.Dither.FLOYDSTEINBERG if dither == "floyd-steinberg" else Image.Dither.NONE
    if dither.startswith("bayer-"):
        levels = _ordered(levels, int(dither.removeprefix("bayer-")), palette)
    shown = Image.fromarray(levels).quantize(palette=palette, dither=spreading).convert("RGB")
    result = torch.from_numpy(np.array(shown, np.float32) / 255).to(picture.device)
    return torch.cat([result, picture[..., 3:].to(result)], -1)


def bayer(side: int) -> NDArray[np.float64]:
    """Thresholds of ordered dithering `[side, side]`, side a power of two: even steps about 0 within a half."""
    matrix = np.zeros((1, 1))
    for _ in range(int(log2(side))):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return (matrix + 0.5) / side**2 - 0.5


def _ordered(levels: NDArray[np.uint8], side: int, palette: Image.Image) -> NDArray[np.uint8]:
    """Add a pattern that is as strong as the colours that a palette uses are apart on average."""
    height, width = levels.shape[:2]
    colours = np.array([colour for _, colour in palette.convert("RGB").getcolors(MOST_COLOURS) or ()], np.float64)
    apart = KDTree(colours).query(colours, 2)[0][:, 1] if len(colours) > 1 else np.zeros(1)
    pattern = np.tile(bayer(side), (-(-height // side), -(-width // side)))[:height, :width, None]
    return (levels + apart.mean() / sqrt(3) * pattern).round().clip(0, 255).astype(np.uint8)
