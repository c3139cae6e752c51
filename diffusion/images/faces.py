"""Finding faces, with what scikit-image ships: no weights have to be fetched."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffusion.images.regions import Box

FINEST_STEP = 1.1  # ratio of the sizes that are searched one after the other
STRIDE = 1.5
SHAPES = ("ellipse", "rectangle")


@lru_cache(maxsize=1)
def _cascade() -> Any:
    """Boosted cascade of local binary patterns for faces seen from the front (Liao et al., 2007), trained by OpenCV."""
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def find_faces(picture: Tensor, smallest: float = 0.08, certainty: int = 4) -> list[Box]:
    """The faces in a picture `[H, W, C]` that look at the viewer, largest first.

    smallest: Side of the smallest face, as a share of the shorter side of the picture.
    certainty: How many detections must agree; more finds fewer faces and errs less.
    """
    height, width = picture.shape[:2]
    shorter = min(height, width)
    least = max(8, round(smallest * shorter))
    found = _cascade().detect_multi_scale(
        img=np.ascontiguousarray((picture[..., :3].clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()),
        scale_factor=FINEST_STEP,
        step_ratio=STRIDE,
        min_size=(least, least),
        max_size=(shorter, shorter),
        min_neighbor_number=certainty,
    )
    boxes = [Box(face["c"], face["r"], face["c"] + face["width"], face["r"] + face["height"]) for face in found]
    return sorted(boxes, key=lambda box: -box.width * box.height)


def face_mask(box: Box, height: int, width: int, growth: float = 1.0, shape: str = "ellipse") -> Tensor:
    """The mask `[1, H, W]` of a face: the ellipse in its rectangle, or the rectangle, larger by a factor."""
    x, y = (box.left + box.right - 1) / 2, (box.top + box.bottom - 1) / 2
    across = (torch.arange(width) - x).abs() / (box.width * growth / 2)
    down = (torch.arange(height) - y).abs()[:, None] / (box.height * growth / 2)
    inside = across**2 + down**2 <= 1 if shape == "ellipse" else torch.maximum(across, down) <= 1
    return inside.float()[None]
