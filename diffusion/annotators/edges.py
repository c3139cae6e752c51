"""Edges of pictures, white on black: Canny, Sobel, and networks for soft edges.

Sources: Canny 1986; HED (Xie and Tu 2015); PiDiNet (Su et al. 2021); TEED (Soria et al. 2023).
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from diffusion.annotators.networks import NetworkFile, module, tensors
from diffusion.annotators.scaling import Levels


def canny_tensor(images: Tensor, low: float, high: float) -> Tensor:
    """Maps `[B, H, W, 3]` of pictures `[B, H, W, 3]` as ComfyUI's Canny node makes them, with kornia.

    low, high: Of the gradient of the brightness, which is in 0..1; `low` must not be above `high`.
    """
    from kornia.filters import canny as kornia_canny

    _, edges = kornia_canny(images[..., :3].float().movedim(-1, 1), low, high)
    maps: Tensor = edges.repeat(1, 3, 1, 1).movedim(1, -1)
    return maps


def canny(levels: Levels, low_threshold: float, high_threshold: float) -> Levels:
    """OpenCV's Canny, on all three channels: of each pixel the one with the steepest gradient counts."""
    edges: Levels = cv2.Canny(levels, low_threshold, high_threshold)
    return edges


def sobel(levels: Levels) -> Levels:
    """The length of the gradient of the brightness, so that a step from black to white is white."""
    brightness = cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    across, down = (cv2.Sobel(brightness, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    length: Levels = (
        (np.hypot(across, down) / 4).clip(0, 255).astype(np.uint8)
    )  # the kernel's weights of a side add to 4
    return length


def soft_edges(levels: Levels, detector: Any, *, safe: bool = False) -> Levels:
    """What HED or PiDiNet sees; `safe` knows only black, grey and white, which hides faint detail."""
    side = min(levels.shape[:2])
    edges: Levels = detector(
        levels, detect_resolution=side, image_resolution=side, safe=safe, output_type="np", scribble=False
    )
    return edges


def teed(levels: Levels, detector: Any, safe_steps: int) -> Levels:
    """What TEED sees, in `safe_steps` + 1 levels; 0 leaves all of them."""
    edges: Levels = detector(
        levels, detect_resolution=min(levels.shape[:2]), safe_steps=int(safe_steps), output_type="np"
    )
    return edges


def anyline(levels: Levels, detector: Any) -> Levels:
    """TEED's edges joined with the lines that `lineart_standard` finds, as TheMisto's Anyline."""
    lines: Levels = detector(levels, detect_resolution=min(levels.shape[:2]), output_type="np")
    return lines


def _hed(path: Path) -> Any:
    from controlnet_aux.hed import ControlNetHED_Apache2, HEDdetector

    return HEDdetector(module(ControlNetHED_Apache2(), tensors(path)))


def _pidinet(path: Path) -> Any:
    from controlnet_aux.pidi import PidiNetDetector
    from controlnet_aux.pidi.model import pidinet

    return PidiNetDetector(module(pidinet(), tensors(path)))


def _teed(path: Path) -> Any:
    from controlnet_aux.teed import TEEDdetector
    from controlnet_aux.teed.ted import TED

    return TEEDdetector(module(TED(), tensors(path)))


def _anyline(path: Path) -> Any:
    from controlnet_aux.anyline import AnylineDetector
    from controlnet_aux.teed.ted import TED

    return AnylineDetector(module(TED(), tensors(path)))


HED = NetworkFile(("ControlNetHED.pth",), _hed)
PIDINET = NetworkFile(("table5_pidinet.pth",), _pidinet)
TEED = NetworkFile(("7_model.pth",), _teed)
ANYLINE = NetworkFile(("MTEED.pth",), _anyline)
