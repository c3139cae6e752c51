"""Finding faces, with what scikit-image ships: no weights have to be fetched."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffusion.images.regions import Box

FINEST_STEP = 1.1  # ratio of the sizes that are searched one after the other
STRIDE = 1.5
SHAPES = ("ellipse", "rectangle")
TILTS = (0.0, 20.0, -20.0, 40.0, -40.0)  # degrees; the cascade finds faces up to about 12 degrees beside each
SAME = 0.3  # faces of which so much is shared (intersection over union) are one


@lru_cache(maxsize=1)
def _cascade() -> Any:
    """Boosted cascade of local binary patterns for faces seen from the front (Liao et al., 2007), trained by OpenCV."""
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def find_faces(picture: Tensor, smallest: float = 0.08, certainty: int = 4, tilted: bool = False) -> list[Box]:
    """The faces in a picture `[H, W, C]` that look at the viewer, largest first.

    smallest: Side of the smallest face, as a share of the shorter side of the picture.
    certainty: How many detections must agree; more finds fewer faces and errs less.
    tilted: Also look for faces that are inclined to a side; the upright ones count first.
    """
    pixels = np.ascontiguousarray((picture[..., :3].clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy())
    found: list[Box] = []
    for tilt in TILTS if tilted else TILTS[:1]:
        for box in sorted(_inclined(pixels, tilt, smallest, certainty), key=_area, reverse=True):
            if all(_shared(box, other) < SAME for other in found):
                found.append(box)
    return sorted(found, key=_area, reverse=True)


def _inclined(pixels: NDArray[np.uint8], tilt: float, smallest: float, certainty: int) -> list[Box]:
    """The faces that are upright when the picture is turned by an angle, where they are in the picture."""
    height, width = pixels.shape[:2]
    shorter = min(height, width)
    least = max(8, round(smallest * shorter))
    turned, back = _turned(pixels, tilt)
    found = _cascade().detect_multi_scale(
        img=turned,
        scale_factor=FINEST_STEP,
        step_ratio=STRIDE,
        min_size=(least, least),
        max_size=(shorter, shorter),
        min_neighbor_number=certainty,
    )
    boxes = []
    for face in found:
        centre = back @ np.array([face["c"] + face["width"] / 2, face["r"] + face["height"] / 2, 1])
        left, top = round(centre[0] - face["width"] / 2), round(centre[1] - face["height"] / 2)
        box = Box(max(left, 0), max(top, 0), min(left + face["width"], width), min(top + face["height"], height))
        if box.width > 0 and box.height > 0:
            boxes.append(box)
    return boxes


def _turned(pixels: NDArray[np.uint8], tilt: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A picture turned about its middle, and what leads from its places to those of the picture as it was."""
    height, width = pixels.shape[:2]
    if not tilt:
        return pixels, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    there = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
    turned = cv2.warpAffine(pixels, there, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8), np.asarray(cv2.invertAffineTransform(there), np.float64)


def _area(box: Box) -> int:
    return box.width * box.height


def _shared(box: Box, other: Box) -> float:
    across = max(0, min(box.right, other.right) - max(box.left, other.left))
    down = max(0, min(box.bottom, other.bottom) - max(box.top, other.top))
    return across * down / (_area(box) + _area(other) - across * down)


def face_mask(box: Box, height: int, width: int, growth: float = 1.0, shape: str = "ellipse") -> Tensor:
    """The mask `[1, H, W]` of a face: the ellipse in its rectangle, or the rectangle, larger by a factor."""
    x, y = (box.left + box.right - 1) / 2, (box.top + box.bottom - 1) / 2
    across = (torch.arange(width) - x).abs() / (box.width * growth / 2)
    down = (torch.arange(height) - y).abs()[:, None] / (box.height * growth / 2)
    inside = across**2 + down**2 <= 1 if shape == "ellipse" else torch.maximum(across, down) <= 1
    return inside.float()[None]
