"""What becomes of the cells of an X/Y/Z plot: grids in the order of the axes, with a legend."""

import pytest
import torch

from diffusion.images.grid import labelled_grid
from graph.declare import InputError
from nodes.sweeps import sweep_cell, sweep_grid


def cells(columns, rows, grids):
    """Pictures of 16 x 16 that are all of one colour, which says where they belong."""
    return {
        f"{x} {y} {z}": torch.full((1, 16, 16, 3), (x + 10 * y + 100 * z) / 255)
        for x in range(columns) for y in range(rows) for z in range(grids)
    }  # fmt: skip


def test_pictures_come_to_lie_where_their_values_are():
    plotted = sweep_grid([["a", "b", "c"], ["d", "e"], ["f", "g"]], legend=False, **cells(3, 2, 2))
    assert plotted.grid.shape == (1, 32, 96, 3)
    corners = (plotted.grid[0, ::16, ::16, 0] * 255).round().int().tolist()
    assert corners == [[0, 1, 2, 100, 101, 102], [10, 11, 12, 110, 111, 112]]
    assert len(plotted.sub_grids) == 2
    order = [round(float(picture[0, 0, 0, 0]) * 255) for picture in plotted.pictures]
    assert order == [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112]


def test_the_legend_has_chinese_signs_and_not_one_box_for_all():
    def legend(text):
        return labelled_grid([[torch.zeros(200, 200, 3)]], [text])[:30]

    signs = [legend(sign) for sign in ("红", "绿", "\U0010fffd")]
    assert all(float((1 - sign).sum()) > 5 for sign in signs[:2])
    assert len({sign.numpy().tobytes() for sign in signs}) == 3
    plotted = sweep_grid([["红"], [""], [""]], legend=True, **cells(1, 1, 1))
    assert plotted.grid.shape[1] > 16


def test_of_a_batch_the_first_picture_is_taken_and_a_grid_that_is_too_large_is_refused():
    batch = torch.rand(3, 16, 16, 3)
    assert torch.equal(sweep_cell([batch], cells=4), batch[:1])
    with pytest.raises(InputError, match="megapixels"):
        sweep_cell([batch], cells=4000, most_megapixels=1)
