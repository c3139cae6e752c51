"""Boxes around what a detector found: `[n, 4]`, left, top, right and bottom in pixels."""

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float32]


def distinct(boxes: Boxes, scores: npt.NDArray[np.float32], overlap: float) -> npt.NDArray[np.intp]:
    """The numbers of the boxes that are no repetition of a better one, the best first.

    overlap: how much of the area of two boxes together both may share.
    """
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.argsort(-scores, kind="stable")
    kept = []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(best)
        low, high = np.maximum(boxes[best, :2], boxes[left, :2]), np.minimum(boxes[best, 2:], boxes[left, 2:])
        shared = np.prod((high - low).clip(0), axis=1)
        left = left[shared <= overlap * (areas[best] + areas[left] - shared)]
    return np.array(kept, np.intp)
