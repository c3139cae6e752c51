"""Faces as numbers, for adapters that keep a person's identity: the networks of insightface's package buffalo_l.

A detector (SCRFD, Guo et al. 2021, arXiv 2105.04714) finds faces and five points in each: eyes, nose, corners of the
mouth. By these a face is turned and scaled, and a recogniser (ArcFace, Deng et al. 2018, arXiv 1801.07698) makes 512
numbers of it, which are similar for pictures of one person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffusion.annotators.boxes import Boxes, distinct
from diffusion.annotators.networks import NetworkFile, loaded
from diffusion.onnx_file import Numbers, OnnxNetwork

DETECTOR = NetworkFile(("det_10g.onnx",), OnnxNetwork)
RECOGNISER = NetworkFile(("w600k_r50.onnx",), OnnxNetwork)

SIDES = (640, 512, 384, 256)  # at which a picture is looked at in turn: very large faces are found in small ones alone
STRIDES = (8, 16, 32)
ANCHORS = 2  # in each cell
CERTAIN, OVERLAP = 0.5, 0.4
SEEN, SHOWN = 112, 224  # sides of the picture that the recogniser sees, and of the one for CLIP
# Where the five points are in the picture that the recogniser was trained with.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)

Levels = npt.NDArray[np.uint8]
Run = Callable[[Numbers], list[Numbers]]


class FaceError(ValueError):
    """A picture in which no face was found."""


class Faces(NamedTuple):
    """The largest face of each picture: its numbers ``[B, 512]``, of length 1, and itself ``[B, 224, 224, 3]``."""

    embedding: Tensor
    crops: Tensor


def encode_faces(images: Tensor, folders: Sequence[Path]) -> Faces:
    """The largest face of each of the pictures ``[B, H, W, 3]`` in 0..1.

    folders: where the networks are. Raises `FaceError`, and `WeightsError` for a file that is missing or unusable.
    """
    levels = (images[..., :3].clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    numbers, crops = [], []
    with loaded((DETECTOR, RECOGNISER), folders, torch.device("cpu")) as (detect, recognise):
        for index, picture in enumerate(levels):
            points = largest_face(detect, picture)
            if points is None:
                raise FaceError(f"There is no face in picture {index + 1}: choose one that shows it from the front.")
            numbers.append(recognise(_pixels(aligned(picture, points, SEEN), 127.5))[0].reshape(-1))
            crops.append(aligned(picture, points, SHOWN))
    embedding = torch.from_numpy(np.stack(numbers)).float()
    return Faces(torch.nn.functional.normalize(embedding), torch.from_numpy(np.stack(crops)).float() / 255)


def largest_face(detect: Run, picture: Levels) -> Numbers | None:
    """The five points ``[5, 2]``, in pixels, of the largest face in a picture `[H, W, 3]`; None if there is none."""
    for side in SIDES:
        scale = side / max(picture.shape[:2])
        height, width = (max(1, round(length * scale)) for length in picture.shape[:2])
        canvas = np.zeros((side, side, 3), np.uint8)
        canvas[:height, :width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        boxes, points = found(detect(_pixels(canvas, 128.0)), side)
        if len(boxes):
            areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
            largest: Numbers = points[areas.argmax()] / (width / picture.shape[1], height / picture.shape[0])
            return largest.astype(np.float32)
    return None


def found(outputs: Sequence[Numbers], side: int) -> tuple[Boxes, Numbers]:
    """Boxes `[n, 4]` and points `[n, 5, 2]` of faces, from what the detector answers for a square of `side` pixels.

    These are scores, distances of the boxes' sides, and of the points, from the centres of cells, each for three sizes
    of cells, counted in cells.
    """
    count = len(STRIDES)
    scores, sides, offsets = (
        [output.reshape(-1, width) for output in outputs[first : first + count]]
        for first, width in ((0, 1), (count, 4), (2 * count, 10))
    )
    boxes, points, certain = [], [], []
    for number, stride in enumerate(STRIDES):
        cells = np.indices((side // stride, side // stride))[::-1].reshape(2, -1).T  # column and row
        centres = np.repeat(cells * stride, ANCHORS, axis=0).astype(np.float32)
        sure = scores[number][:, 0] >= CERTAIN
        left_top, right_bottom = np.split(sides[number][sure] * stride, 2, axis=1)
        boxes.append(np.concatenate((centres[sure] - left_top, centres[sure] + right_bottom), axis=1))
        points.append(centres[sure][:, None] + offsets[number][sure].reshape(-1, 5, 2) * stride)
        certain.append(scores[number][sure, 0])
    every = np.concatenate(boxes)
    kept = distinct(every, np.concatenate(certain), OVERLAP)
    return every[kept], np.concatenate(points)[kept]


def aligned(picture: Levels, points: Numbers, side: int) -> Levels:
    """The face as a square of `side` pixels, turned and scaled so that its points lie where the template has them."""
    from skimage.transform import SimilarityTransform

    transform = SimilarityTransform.from_estimate(points, TEMPLATE * (side / SEEN))
    square: Levels = cv2.warpAffine(picture, transform.params[:2], (side, side), borderValue=0)
    return square


def _pixels(levels: Levels, deviation: float) -> Numbers:
    """Levels `[H, W, 3]` as the networks take them, `[1, 3, H, W]` around 0."""
    return ((levels.astype(np.float32) - 127.5) / deviation).transpose(2, 0, 1)[None]
