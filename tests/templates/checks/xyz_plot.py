"""Three columns of a guidance scale and two rows, red and blue, with labels above and beside them."""

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (grid,) = produced.pictures("SaveImage")
    assert grid.shape[0] > 2 * 128 + 4
    assert grid.shape[1] == 3 * 128 + 2 * 4 + 96, "the labels of rows have three quarters of a cell"
    red, blue = grid[-260:-132, -128:], grid[-128:, -128:]
    assert (red[..., 0] - red[..., 2]).mean() > (blue[..., 0] - blue[..., 2]).mean() + 0.05
