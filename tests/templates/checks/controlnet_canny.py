"""The second picture has its edges where those of the first are, in other colours."""

import numpy as np


def check(produced):
    (first,), (edges,) = produced.pictures("What gave the edges"), produced.pictures("The edges")
    (picture,) = produced.pictures("SaveImage")
    brightness = picture.mean(axis=-1)
    steps = np.hypot(*np.gradient(brightness))
    held = edges.mean(axis=-1) > 0.5
    assert held.any()
    assert steps[held].mean() > 2 * steps[~held].mean()
    assert np.abs(first - picture).mean() > 0.15
