"""Two optional parts make four pictures in a square, with a legend above and beside them."""

import itertools

import numpy as np

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (grid,) = produced.pictures("SaveImage")
    assert grid.shape[0] > 2 * 128
    assert grid.shape[1] > 2 * 128
    legend, cells = grid[: -2 * 128 - 8], grid[-256:, -256:]
    assert legend.min() < 0.4, "the legend has text"
    quarters = [cells[:128, :128], cells[:128, 128:], cells[128:, :128], cells[128:, 128:]]
    assert all(np.abs(one - other).mean() > 0.01 for one, other in itertools.pairwise(quarters))
