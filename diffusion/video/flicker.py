"""How much a video flickers: what changes from frame to frame and is no movement of what is shown."""

from typing import Literal, NamedTuple, get_args

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Method = Literal["along the movement", "in place"]
METHODS: tuple[Method, ...] = get_args(Method)
OCCLUSION = 1.0
"""Pixels by which the movement forth and back may differ before a place counts as hidden in one of the frames."""


class Flicker(NamedTuple):
    """Mean absolute change between neighbouring frames, in 0..1: of a video, and of what it was made from.

    `excess` is how much more the video changes, at least 0. `steps` has the video's change from each frame to the next.
    """

    value: float
    of_source: float
    excess: float
    steps: list[float]


def measure(frames: Tensor, source: Tensor | None = None, method: Method = "along the movement") -> Flicker:
    """Measure the flicker of `frames` `[B, H, W, C]` against that of the frames `source` they were made from.

    In place, the change of a pixel is `|v(t + 1) - v(t)|`. Along the movement, frame `t + 1` is first moved back by the
    optical flow of the source (DIS, arXiv 1603.03590), or of the video itself if there is no source; places that only
    one of both frames shows, where the flow forth and back disagrees, do not count. That is the warping error of Lai
    et al. (arXiv 1808.00449, section 4.2), with absolute in place of squared differences.

    What the source itself changes so is the measure's floor: noise of the film, light, errors of the flow. One frame
    does not flicker. A source of another size is scaled; a shorter one is an error of the caller.
    """
    reference = frames if source is None else _like(source[: len(frames)], frames)
    steps, own = [], []
    for before, after, first, second in zip(frames, frames[1:], reference, reference[1:], strict=False):
        if method == "in place":
            steps.append(float((after - before).abs().mean()))
            own.append(float((second - first).abs().mean()))
            continue
        flow, seen = _movement(first, second)
        steps.append(_warped_change(before, after, flow, seen))
        own.append(_warped_change(first, second, flow, seen))
    if not steps:
        return Flicker(0.0, 0.0, 0.0, [])
    value, of_source = float(np.mean(steps)), float(np.mean(own))
    return Flicker(value, of_source, max(0.0, value - of_source), steps)


def _like(source: Tensor, frames: Tensor) -> Tensor:
    if source.shape[1:3] == frames.shape[1:3]:
        return source
    scaled = functional.interpolate(source.movedim(-1, 1), frames.shape[1:3], mode="bilinear", antialias=True)
    return scaled.movedim(1, -1)


def _movement(first: Tensor, second: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The flow from the first frame to the second, `[H, W, 2]` in pixels (x, y), and where both show the same."""
    grey = [
        cv2.cvtColor((frame[..., :3].numpy() * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY) for frame in (first, second)
    ]
    estimate = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    forth = estimate.calc(grey[0], grey[1], None)
    back = estimate.calc(grey[1], grey[0], None)
    returned = forth + _moved(back, forth)
    height, width = grey[0].shape
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    inside = (x + forth[..., 0] >= 0) & (x + forth[..., 0] <= width - 1)
    inside &= (y + forth[..., 1] >= 0) & (y + forth[..., 1] <= height - 1)
    return forth, inside & (np.linalg.norm(returned, axis=-1) < OCCLUSION)


def _moved(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """What a picture shows where the flow leads."""
    x, y = np.meshgrid(np.arange(flow.shape[1], dtype=np.float32), np.arange(flow.shape[0], dtype=np.float32))
    return cv2.remap(picture, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _warped_change(before: Tensor, after: Tensor, flow: np.ndarray, seen: np.ndarray) -> float:
    moved = torch.from_numpy(_moved(np.ascontiguousarray(after.numpy()), flow))
    if not seen.any():
        return 0.0
    return float((moved - before).abs()[torch.from_numpy(seen)].mean())
