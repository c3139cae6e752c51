"""Three pictures beside each other, each another thing, all of them red on white."""

import itertools

import numpy as np

from tests.templates.produced import Produced, share


def check(produced: Produced) -> None:
    (grid,) = produced.pictures("SaveImage")
    assert grid.shape == (128, 3 * 128 + 2 * 4, 3)
    parts = [grid[:, at * 132 : at * 132 + 128] for at in range(3)]
    assert all(share(part, (0.85, 0.2, 0.2), 0.4) > 0.05 for part in parts)
    assert all(np.abs(one - other).mean() > 0.02 for one, other in itertools.pairwise(parts))
