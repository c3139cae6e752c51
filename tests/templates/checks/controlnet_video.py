"""Two frames of the clip are blue houses on pink, where the clip has white, and they move as the clip does."""

import io

import numpy as np
from PIL import Image, ImageSequence

from tests.templates.produced import Produced

VALUES = {"LoadVideoFrames.frame_count": 2, "RemakeFrames.steps": 4}


def check(produced: Produced) -> None:
    (content,) = produced.files("SaveAnimation")
    with Image.open(io.BytesIO(content)) as animation:
        frames = [np.asarray(frame.convert("RGB"), float) / 255 for frame in ImageSequence.Iterator(animation)]
    assert len(frames) == 2
    for frame in frames:
        corner = frame[:10, :10].mean((0, 1))
        assert corner[0] > corner[1] + 0.1
        blue = frame[..., 2] - frame[..., 0] > 0.2
        assert 0.05 < blue.mean() < 0.6
    centres = [np.argwhere(frame[..., 2] - frame[..., 0] > 0.2).mean(0) for frame in frames]
    assert centres[1][1] - centres[0][1] > 8
    assert float(produced.texts("MeasureFlicker")[0].split("/")[0]) > 0
