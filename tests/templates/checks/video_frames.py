"""Every second frame of the clip, inverted: its white ground is black."""

import io

import numpy as np
from PIL import Image, ImageSequence

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (content,) = produced.files("SaveAnimation")
    with Image.open(io.BytesIO(content)) as animation:
        frames = [np.asarray(frame.convert("RGB"), float) / 255 for frame in ImageSequence.Iterator(animation)]
        assert animation.info["loop"] == 0
    assert len(frames) == 6
    assert all(frame[:8, :8].max() < 0.1 for frame in frames)
    assert abs(frames[0] - frames[3]).mean() > 0.02
