"""Maps of colours and tones that need no network."""

from typing import Any

import cv2
import numpy as np

from diffusion.annotators.scaling import Levels

SHUFFLE_CELL = 256  # pixels between the points at which a shuffle's places are drawn
GRID_CELL = 64
KEPT_RATE = 1.1  # a smaller rate of tile_resample leaves the picture as it is


def unchanged(levels: Levels) -> Levels:
    """The picture itself."""
    return levels


def inverted(levels: Levels) -> Levels:
    """The negative: for drawings in black on white, as control networks want white on black."""
    return 255 - levels


def threshold(levels: Levels, threshold: float) -> Levels:
    """White where all of a pixel's channels are above the threshold."""
    return _white_where(levels.min(axis=2) > threshold)


def binary(levels: Levels, threshold: float) -> Levels:
    """White where a picture is dark; a threshold of 0 is found by Otsu's method."""
    grey = cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY)
    method = cv2.THRESH_BINARY_INV | (0 if threshold else cv2.THRESH_OTSU)
    _, black_and_white = cv2.threshold(grey, threshold, 255, method)
    return np.asarray(black_and_white, np.uint8)


def shuffled(levels: Levels, seed: int) -> Levels:
    """The picture's content at smoothly random places, so that colours remain and the composition does not."""
    height, width = levels.shape[:2]
    random = np.random.default_rng(int(seed))
    across = _smooth_noise(random, height, width) * (width - 1)
    down = _smooth_noise(random, height, width) * (height - 1)
    moved: Levels = cv2.remap(levels, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR)
    return moved


def _smooth_noise(random: np.random.Generator, height: int, width: int) -> Any:
    """Noise in 0..1 `[H, W]` that changes over the length of a cell."""
    cell = SHUFFLE_CELL
    points = random.uniform(size=(height // cell + 2, width // cell + 2))
    noise = cv2.resize(points, (width + 2 * cell, height + 2 * cell), interpolation=cv2.INTER_CUBIC)
    noise = noise[cell : cell + height, cell : cell + width]
    noise = noise - noise.min()
    return noise / max(noise.max(), 1e-9)


def tile_resample(levels: Levels, down_rate: float) -> Levels:
    """The picture in less detail: averaged over squares of `down_rate` pixels, and enlarged again."""
    if down_rate < KEPT_RATE:
        return levels
    height, width = levels.shape[:2]
    smaller = (max(1, int(width / down_rate)), max(1, int(height / down_rate)))
    averaged = cv2.resize(levels, smaller, interpolation=cv2.INTER_AREA)
    enlarged: Levels = cv2.resize(averaged, (width, height), interpolation=cv2.INTER_CUBIC)
    return enlarged


def tile_pyramid(levels: Levels, halvings: float) -> Levels:
    """The picture in less detail: averaged until its sides are `halvings` times halved, then doubled as often.

    Sides are never made smaller than a pixel.
    """
    height, width = levels.shape[:2]
    count = min(int(halvings), min(height, width).bit_length() - 1)
    small = cv2.resize(levels, (width >> count, height >> count), interpolation=cv2.INTER_AREA)
    for _ in range(count):
        small = cv2.pyrUp(small)
    if small.shape[:2] != (height, width):
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    enlarged: Levels = small
    return enlarged


def blurred(levels: Levels, sigma: float) -> Levels:
    """The picture under a Gaussian blur of `sigma` pixels."""
    blur: Levels = cv2.GaussianBlur(levels, (0, 0), sigma)
    return blur


def luminance(levels: Levels, gamma: float) -> Levels:
    """How bright a picture is to the eye: L of CIE Lab, to the power of `gamma`.

    Red and blue are taken for each other, as the networks for recolouring were trained with maps of this kind.
    """
    return _to_the_power(cv2.cvtColor(levels, cv2.COLOR_BGR2LAB)[..., 0], gamma)


def intensity(levels: Levels, gamma: float) -> Levels:
    """The brightest channel of each pixel (V of HSV), to the power of `gamma`."""
    return _to_the_power(levels.max(axis=2), gamma)


def _to_the_power(grey: Any, gamma: float) -> Levels:
    result: Levels = ((grey / 255.0) ** gamma * 255).round().clip(0, 255).astype(np.uint8)
    return result


def colour_grid(levels: Levels) -> Levels:
    """The picture as squares of 64 pixels, each of one colour."""
    height, width = levels.shape[:2]
    cells = (max(1, width // GRID_CELL), max(1, height // GRID_CELL))
    small = cv2.resize(levels, cells, interpolation=cv2.INTER_CUBIC)
    grid: Levels = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return grid


def _white_where(white: Any) -> Levels:
    return np.where(white, 255, 0).astype(np.uint8)
