"""The second pass enlarges the first picture, and keeps where its colours are."""

import numpy as np
from PIL import Image


def check(produced):
    (small,), (large,) = produced.pictures("PreviewImage"), produced.pictures("SaveImage")
    assert large.shape[0] > small.shape[0]
    assert large.shape[1] > small.shape[1]
    enlarged = Image.fromarray((small * 255).astype(np.uint8)).resize(large.shape[1::-1])
    assert np.abs(np.asarray(enlarged, np.float32) / 255 - large).mean() < 0.2
