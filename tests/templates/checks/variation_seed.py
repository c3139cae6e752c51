"""Four pictures that differ, and are nearer to each other than two of other seeds would be."""

import numpy as np


def check(produced):
    pictures = produced.pictures("SaveImage")
    assert len(pictures) == 4
    differences = [np.abs(a - b).mean() for i, a in enumerate(pictures) for b in pictures[:i]]
    assert min(differences) > 0.005
    assert np.mean(differences) < 0.25
