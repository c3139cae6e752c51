"""Finding things in pictures by a YOLO network in an ONNX file, as Ultralytics exports them from version 8 on.

The network sees a square of RGB in 0..1, padded with grey, and answers either with columns `[1, 4 + classes, N]` of
centre, size and a score for each class, which overlap, or with `[1, N, 6]` lines of corners, score and class, which do
not. Networks that give outlines have 32 numbers more for each, which weigh the 32 pictures of their second output.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.images.regions import Box
from diffusion.onnx_file import OnnxNetwork
from diffusion.residency import Part
from diffusion.weights import WeightsError

USUAL_SIDE = 640
GREY = 114 / 255
OVERLAP = 0.45
"""Two boxes of a class that share more of their area (intersection over union) are one thing."""
CORNERS, MOST_LINES = 4, 1000


class DetectorError(ValueError):
    """A detector that cannot be run; the message says why."""


@dataclass(frozen=True)
class Found:
    """A thing in a picture: its rectangle, name and score, and its mask `[H, W]` if the network gives outlines."""

    box: Box
    label: str
    score: float
    outline: Tensor | None = None


@dataclass(frozen=True)
class Detector:
    """A network, the side of the square that it sees, and the names of its classes by number."""

    part: Part
    side: int
    names: Mapping[int, str]

    def find(self, picture: Tensor, threshold: float = 0.3) -> list[Found]:
        """What is in a picture `[H, W, C]` with at least such a score, largest first.

        Raises DetectorError and `WeightsError`.
        """
        from torchvision.ops import batched_nms

        height, width = picture.shape[:2]
        scale = self.side / max(height, width)
        inner = max(1, round(height * scale)), max(1, round(width * scale))
        top, left = (self.side - inner[0]) // 2, (self.side - inner[1]) // 2
        square = _square(picture, inner, top, left, self.side).numpy()
        with self.part.loaded() as network:
            answers = [torch.from_numpy(np.asarray(answer, np.float32)) for answer in network(square)]
        lines, pictures = _lines(self.part.name, answers)
        lines = lines[lines[:, 4] >= threshold]
        kept = batched_nms(lines[:, :CORNERS], lines[:, 4], lines[:, 5], OVERLAP)
        found = []
        for line in lines[kept]:
            corners = (line[:CORNERS] - torch.tensor([left, top, left, top])) / scale
            box = _box(corners, width, height)
            if box.width < 1 or box.height < 1:
                continue
            outline = None
            if pictures is not None:
                mask = torch.einsum("m,mhw->hw", line[6:], pictures).sigmoid()
                outline = _outline(mask, box, (inner, top, left, self.side), (height, width))
            number = int(line[5])
            found.append(Found(box, self.names.get(number, str(number)), float(line[4]), outline))
        return sorted(found, key=lambda each: -each.box.width * each.box.height)


def load_detector(path: Path) -> Detector:
    """Open a detector. Raises `WeightsError`."""
    part = Part(path.name, torch.device("cpu"), path.stat().st_size, lambda: OnnxNetwork(path))
    with part.loaded() as network:
        shape, notes = network.input_shape, network.notes
    if len(shape) != 4 or shape[1] != 3:
        raise WeightsError(f"{path.name} takes {shape}, no pictures of three colours: it is no YOLO detector.")
    sides = [side for side in shape[2:] if isinstance(side, int)]
    return Detector(part, max(sides, default=USUAL_SIDE), _names(notes.get("names", "")))


def _names(text: str) -> dict[int, str]:
    """The names of classes, which Ultralytics notes as `{0: 'face'}`."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {}
    return {number: str(name) for number, name in found.items()} if isinstance(found, dict) else {}


def _square(picture: Tensor, inner: tuple[int, int], top: int, left: int, side: int) -> Tensor:
    planes = picture[..., :3].float().cpu().clamp(0, 1).movedim(-1, 0)[None].expand(-1, 3, -1, -1)
    scaled = F.interpolate(planes, inner, mode="bilinear", antialias=True)
    padding = (left, side - inner[1] - left, top, side - inner[0] - top)
    return F.pad(scaled, padding, value=GREY)


def _lines(name: str, answers: list[Tensor]) -> tuple[Tensor, Tensor | None]:
    """What was found, as lines of corners, score, class and what weighs the pictures; and these, if there are any."""
    found = answers[0]
    pictures = answers[1][0] if len(answers) > 1 and answers[1].ndim == 4 else None
    weights = len(pictures) if pictures is not None else 0
    if found.ndim != 3 or len(found) != 1:
        raise DetectorError(f"{name} answers with {list(found.shape)}, which is not the form of a YOLO detector.")
    if found.shape[2] == 6 + weights and found.shape[1] <= MOST_LINES:
        return found[0], pictures
    classes = found.shape[1] - CORNERS - weights
    if not 0 < classes < found.shape[2]:
        raise DetectorError(
            f"{name} answers with {list(found.shape)}, as older YOLO networks do. Export one of version 8 or later."
        )
    columns = found[0].T
    scores, numbers = columns[:, CORNERS : CORNERS + classes].max(1)
    centre, half = columns[:, :2], columns[:, 2:CORNERS] / 2
    lines = [centre - half, centre + half, scores[:, None], numbers[:, None].float(), columns[:, CORNERS + classes :]]
    return torch.cat(lines, 1), pictures


def _box(corners: Tensor, width: int, height: int) -> Box:
    """The pixels of the picture that are covered, also in part."""
    left, top, right, bottom = corners.tolist()
    return Box(
        max(math.floor(left), 0), max(math.floor(top), 0), min(math.ceil(right), width), min(math.ceil(bottom), height)
    )


def _outline(mask: Tensor, box: Box, fitted: tuple[tuple[int, int], int, int, int], size: tuple[int, int]) -> Tensor:
    """A mask of the network's small square as one of the picture, within its rectangle."""
    (rows, columns), top, left, side = fitted
    large = F.interpolate(mask[None, None], (side, side), mode="bilinear")[..., top : top + rows, left : left + columns]
    whole = (F.interpolate(large, size, mode="bilinear")[0, 0] > 0.5).float()
    within = torch.zeros(size)
    within[box.top : box.bottom, box.left : box.right] = 1
    return whole * within
