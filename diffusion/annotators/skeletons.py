"""Drawing poses as OpenPose does, with the functions of controlnet-aux where they need no further package."""

import colorsys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from diffusion.annotators.scaling import Levels

FINGERS, JOINTS = 5, 4  # beside the wrist, which is the first point of a hand
POINT = (0, 0, 255)


def drawn(poses: Sequence[Any], height: int, width: int, *, body: bool, hand: bool, face: bool) -> Levels:
    """Poses (the package's `PoseResult`, with places in 0..1) on black, `[H, W, 3]`."""
    from controlnet_aux.open_pose import util

    canvas: Levels = np.zeros((height, width, 3), np.uint8)
    for pose in poses:
        if body:
            util.draw_bodypose(canvas, pose.body.keypoints)
        if hand:
            for points in filter(None, (pose.left_hand, pose.right_hand)):
                draw_hand(canvas, points)
        if face:
            util.draw_facepose(canvas, pose.face)
    return canvas


def draw_hand(canvas: Levels, points: Sequence[Any]) -> None:
    """The 21 points of a hand, and its fingers as lines of all hues; points at the edge or beyond it are unseen."""
    height, width = canvas.shape[:2]
    places = [(int(point.x * width), int(point.y * height)) for point in points]
    seen = [min(place) > 0 for place in places]
    for finger in range(FINGERS):
        first = 1 + JOINTS * finger
        for joint, (one, other) in enumerate(pairwise((0, *range(first, first + JOINTS)))):
            if seen[one] and seen[other]:
                colour = colorsys.hsv_to_rgb((JOINTS * finger + joint) / (FINGERS * JOINTS), 1, 1)
                cv2.line(canvas, places[one], places[other], [255 * value for value in colour], thickness=2)
    for place, visible in zip(places, seen, strict=True):
        if visible:
            cv2.circle(canvas, place, 4, POINT, thickness=-1)
