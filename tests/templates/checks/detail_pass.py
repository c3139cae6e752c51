"""The frog is painted again with eyes, which it had not; the rest of the picture is what it was, bit for bit."""

import numpy as np

from tests.templates.produced import Produced, share

VALUES = {"Picture.steps": 10, "Redo.steps": 12}
GREEN, DARK = (0.25, 0.65, 0.3), (0.05, 0.1, 0.1)


def check(produced: Produced) -> None:
    (before,), (after,) = produced.pictures("Before"), produced.pictures("After")
    assert before.shape == after.shape == (384, 384, 3)
    changed = (before != after).any(-1)
    rows, columns = np.nonzero(changed)
    assert 0.05 < changed.mean() < 0.5
    assert min(rows.min(), columns.min()) > 40, "far from the frog nothing is touched"
    assert max(rows.max(), columns.max()) < 344
    assert share(after, GREEN) > 0.05
    assert share(after, DARK) > share(before, DARK) + 0.002
