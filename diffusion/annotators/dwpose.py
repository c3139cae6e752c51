"""Poses of people by DWPose (Yang et al. 2023, arXiv 2307.15880): a detector of people (YOLOX, Ge et al. 2021, arXiv
2107.08430) and a network that finds 133 points of each. They are drawn as OpenPose's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from diffusion.annotators.boxes import Boxes, distinct
from diffusion.annotators.networks import NetworkFile
from diffusion.annotators.scaling import Levels
from diffusion.annotators.skeletons import drawn
from diffusion.onnx_file import Numbers, OnnxNetwork

Run = Callable[[Numbers], list[Numbers]]

DETECTOR_SIDE, STRIDES = 640, (8, 16, 32)
FILLING = 114  # level beside the picture in the detector's square
PERSON, CERTAIN, OVERLAP = 0, 0.3, 0.45
MARGIN = 1.25  # how much larger than a person's box is what the second network sees
MEAN, DEVIATION = (np.array(values, np.float32) for values in ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)))
SPLIT = 2  # places that the second network tells apart in a pixel, a side
VISIBLE = 0.3

# OpenPose's points of the body, by the numbers of COCO's; the second is the neck, between the shoulders.
SHOULDERS = (5, 6)
BODY = (0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
FACE, LEFT_HAND, RIGHT_HAND = slice(23, 91), slice(91, 112), slice(112, 133)
EYES = slice(14, 16)  # of OpenPose's body, which also has them at the end of the face


def dwpose(
    levels: Levels, detector: Run, estimator: Any, *, body: bool = True, hand: bool = False, face: bool = False
) -> Levels:
    """Skeletons, hands and faces of all people in a picture `[H, W, 3]`."""
    height, width = levels.shape[:2]
    boxes = people(detector, levels)
    if not len(boxes):
        boxes = np.array([[0, 0, width, height]], np.float32)  # somebody may be too near to be seen as a whole
    poses = [_pose(*points(estimator, levels, box), width, height) for box in boxes]
    return drawn(poses, height, width, body=body, hand=hand, face=face)


def people(detector: Run, levels: Levels) -> Boxes:
    """The boxes of people `[n, 4]` in pixels, the surest first."""
    scale = DETECTOR_SIDE / max(levels.shape[:2])
    height, width = (max(1, int(side * scale)) for side in levels.shape[:2])
    square = np.full((DETECTOR_SIDE, DETECTOR_SIDE, 3), FILLING, np.uint8)
    square[:height, :width] = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    bgr = np.ascontiguousarray(square[..., ::-1].transpose(2, 0, 1)[None], np.float32)
    found = detector(bgr)[0][0]  # a row for each cell of the three grids: centre, size, certainty, kinds
    grids = [np.indices((DETECTOR_SIDE // stride,) * 2)[::-1].reshape(2, -1).T for stride in STRIDES]
    stride = np.repeat(STRIDES, [len(grid) for grid in grids])[:, None]
    centres = (found[:, :2] + np.concatenate(grids)) * stride
    halves = np.exp(found[:, 2:4]) * stride / 2
    scores = found[:, 4] * found[:, 5 + PERSON]
    sure = scores > CERTAIN
    boxes = np.concatenate((centres - halves, centres + halves), axis=1)[sure].astype(np.float32) / np.float32(scale)
    kept: Boxes = boxes[distinct(boxes, scores[sure], OVERLAP)]
    return kept


def points(estimator: Any, levels: Levels, box: Numbers) -> tuple[Numbers, Numbers]:
    """The points of the person in a box, `[133, 2]` in pixels, and how sure they are `[133]`."""
    height, width = estimator.input_shape[2:]
    corner, size = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * MARGIN
    scale = 1 / max(size[0] / width, size[1] / height)  # the box is widened to the network's proportions
    shift = np.array([width, height]) / 2 - corner * scale
    window = cv2.warpAffine(
        levels, np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), (width, height), flags=cv2.INTER_LINEAR
    )
    pixels = ((window.astype(np.float32) - MEAN) / DEVIATION).transpose(2, 0, 1)[None]
    columns, rows = (each[0] for each in estimator(np.ascontiguousarray(pixels))[:2])  # `[133, places]`
    places = np.stack((columns.argmax(1), rows.argmax(1)), 1) / SPLIT
    sure = np.minimum(columns.max(1), rows.max(1))
    return ((places - shift) / scale).astype(np.float32), sure


def _pose(places: Numbers, sure: Numbers, width: int, height: int) -> Any:
    """The points as the package draws them: in 0..1, None for those that are not seen."""
    from controlnet_aux.open_pose import PoseResult
    from controlnet_aux.open_pose.body import BodyResult, Keypoint

    def point(place: Numbers) -> Any:
        return Keypoint(x=float(place[0]) / width, y=float(place[1]) / height)

    every = [point(place) if score > VISIBLE else None for place, score in zip(places, sure, strict=True)]
    left, right = SHOULDERS
    neck = point(places[[left, right]].mean(0)) if every[left] and every[right] else None
    body = [neck if number is None else every[number] for number in BODY]
    hands = [_whole(every[part]) for part in (LEFT_HAND, RIGHT_HAND)]
    face = _whole([*every[FACE], *body[EYES]])
    seen = sum(each is not None for each in body)
    return PoseResult(BodyResult(body, float(sure.sum()), seen), *hands, face)


def _whole(part: list[Any]) -> list[Any] | None:
    """The points of a hand or face, where the package wants a place of each: unseen ones at the edge, undrawn."""
    from controlnet_aux.open_pose.body import Keypoint

    if not any(part):
        return None
    return [Keypoint(x=-1.0, y=-1.0) if point is None else point for point in part]


DETECTOR = NetworkFile(("yolox_l.onnx",), OnnxNetwork)
ESTIMATOR = NetworkFile(("dw-ll_ucoco_384.onnx",), OnnxNetwork)
