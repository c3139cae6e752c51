"""The left half is pink and has the edges of the first hint, the right one is blue and has those of the second."""

import numpy as np

from tests.templates.produced import share

VALUES = {"KSampler.steps": 10}


def check(produced):
    (both,), (picture,) = produced.pictures("Hints and picture"), produced.pictures("SaveImage")
    assert picture.shape == (128, 256, 3)
    hints = both[:128].mean(axis=-1)
    assert np.abs(both[128:] - picture).max() < 1e-6
    steps = np.hypot(*np.gradient(picture.mean(axis=-1)))
    pink, blue = (0.95, 0.65, 0.75), (0.3, 0.45, 0.75)
    for half, wanted, other in ((slice(0, 128), pink, blue), (slice(128, 256), blue, pink)):
        held = hints[:, half] > 0.5
        assert held.any()
        assert steps[:, half][held].mean() > 2 * steps[:, half][~held].mean()
        assert share(picture[:, half], wanted, 0.35) > max(0.15, 2 * share(picture[:, half], other, 0.35))
