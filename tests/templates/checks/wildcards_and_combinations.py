"""All four combinations: a red and a blue cat, a red and a blue rocket."""

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (grid,) = produced.pictures("SaveImage")
    assert grid.shape == (2 * 128 + 4, 2 * 128 + 4, 3)
    rows, columns = (slice(0, 128), slice(132, 260)), (slice(0, 128), slice(132, 260))
    cells = [grid[row, column] for row in rows for column in columns]
    warmth = [float((cell[..., 0] - cell[..., 2]).mean()) for cell in cells]
    assert sorted(warmth)[2] > 0.02 > -0.02 > sorted(warmth)[1], "two are red and two are blue"
