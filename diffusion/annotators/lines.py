"""Lines of pictures, white on black: drawings, straight lines, scribbles.

Sources: informative drawings (Chan et al. 2022), M-LSD (Gu et al. 2021), extended difference of Gaussians
(Winnemöller et al. 2012).
"""

import functools
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from diffusion.annotators.networks import NetworkFile, module, tensors
from diffusion.annotators.scaling import Levels

DARK = 127
SCRIBBLE_SIGMA = 3.0
SCRIBBLE_LEVEL = 4


def lineart(levels: Levels, generator: Any) -> Levels:
    """What one of the two networks for line art draws; `lineart_coarse` has the other."""
    from controlnet_aux import LineartDetector

    side = min(levels.shape[:2])
    drawn: Levels = LineartDetector(generator, generator)(
        levels, detect_resolution=side, image_resolution=side, output_type="np"
    )
    return drawn


def lineart_anime(levels: Levels, detector: Any) -> Levels:
    """What the network for drawn pictures draws."""
    side = min(levels.shape[:2])
    drawn: Levels = detector(levels, detect_resolution=side, image_resolution=side, output_type="np")
    return drawn


def lineart_standard(levels: Levels, sigma: float, threshold: float) -> Levels:
    """Lines that are darker than what surrounds them, for drawings in dark lines on a bright ground.

    sigma: Of the blur that gives the surroundings, in pixels.
    threshold: How much darker, of 255, a pixel must be to count for the strength of the lines.
    """
    picture = levels.astype(np.float32)
    darker = (cv2.GaussianBlur(picture, (0, 0), sigma) - picture).min(axis=2).clip(0, 255)
    lines = darker[darker > threshold]
    usual = max(16.0, float(np.median(lines))) if lines.size else 16.0
    drawn: Levels = (darker / usual * DARK).clip(0, 255).astype(np.uint8)
    return drawn


def straight_lines(levels: Levels, detector: Any, score: float, distance: float) -> Levels:
    """The straight lines that M-LSD finds.

    score: How sure it must be of a line.
    distance: How long a line must be, of the network's map.
    """
    side = min(levels.shape[:2])
    drawn: Levels = detector(
        levels, thr_v=score, thr_d=distance, detect_resolution=side, image_resolution=side, output_type="np"
    )
    return drawn


def scribble(levels: Levels) -> Levels:
    """White where a picture is dark, for scribbles on paper."""
    return _white_where(levels.min(axis=2) < DARK)


def scribble_xdog(levels: Levels, threshold: float) -> Levels:
    """Scribbles by an extended difference of Gaussians; more of them with a lower threshold."""
    picture = levels.astype(np.float32)
    narrow, wide = (cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in (0.5, 5.0))
    difference = (255 - (wide - narrow).min(axis=2)).clip(0, 255).astype(np.uint8)
    return _white_where(2 * (255 - difference.astype(np.float32)) > threshold)


def scribble_of_edges(edges: Levels) -> Levels:
    """Thick scribbles along the ridges of a map of soft edges `[H, W, 3]`."""
    ridges = _ridges(edges[..., 0])
    return _white_where(cv2.GaussianBlur(ridges, (0, 0), SCRIBBLE_SIGMA) > SCRIBBLE_LEVEL)


def _ridges(edges: Levels) -> Levels:
    """White on the ridges of soft edges `[H, W]`: pixels that are the brightest of three in one of four directions."""
    blurred = cv2.GaussianBlur(edges.astype(np.float32), (0, 0), SCRIBBLE_SIGMA)
    across, diagonal = np.zeros((3, 3), np.uint8), np.eye(3, dtype=np.uint8)
    across[1] = 1
    directions = (across, across.T.copy(), diagonal, np.fliplr(diagonal).copy())
    highest = np.any([cv2.dilate(blurred, direction) == blurred for direction in directions], axis=0)
    return _white_where(highest & (blurred > DARK))


def _white_where(white: Any) -> Levels:
    return np.where(white, 255, 0).astype(np.uint8)


def _lineart(path: Path) -> Any:
    from controlnet_aux.lineart import Generator

    return module(Generator(3, 1, 3), tensors(path))


def _lineart_anime(path: Path) -> Any:
    import torch
    from controlnet_aux.lineart_anime import LineartAnimeDetector, UnetGenerator

    norm = functools.partial(torch.nn.InstanceNorm2d, affine=False, track_running_stats=False)
    network = UnetGenerator(3, 1, 8, 64, norm_layer=norm, use_dropout=False)
    return LineartAnimeDetector(module(network, tensors(path)))


def _mlsd(path: Path) -> Any:
    from controlnet_aux.mlsd import MLSDdetector, MobileV2_MLSD_Large

    return MLSDdetector(module(MobileV2_MLSD_Large(), tensors(path)))


LINEART = NetworkFile(("sk_model.pth",), _lineart)
LINEART_COARSE = NetworkFile(("sk_model2.pth",), _lineart)
LINEART_ANIME = NetworkFile(("netG.pth",), _lineart_anime)
MLSD = NetworkFile(("mlsd_large_512_fp32.pth",), _mlsd)
