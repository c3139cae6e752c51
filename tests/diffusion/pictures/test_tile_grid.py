"""Tiles: where they lie, by numbers computed from the WebUI's definition; put together they are the picture."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diffusion.pictures.tile_grid import TileGrid


@pytest.mark.parametrize(
    ("size", "tile", "overlap", "columns", "rows"),
    [
        ((1024, 1024), 512, 64, (0, 256, 512), (0, 256, 512)),
        ((1024, 1024), 512, 0, (0, 512), (0, 512)),
        ((1500, 900), 512, 64, (0, 329, 658, 988), (0, 388)),
        ((768, 768), 512, 128, (0, 256), (0, 256)),
        ((512, 512), 512, 64, (0,), (0,)),
        ((300, 200), 512, 64, (0,), (0,)),
    ],
)
def test_where_tiles_lie(size, tile, overlap, columns, rows):
    grid = TileGrid(*size, tile, tile, overlap)
    assert (grid.columns, grid.rows, grid.count) == (columns, rows, len(columns) * len(rows))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(8, 200), st.integers(8, 200), st.integers(24, 96), st.integers(24, 96), st.integers(0, 23)
)  # fmt: skip
@example(159, 8, 33, 24, 23)  # the last of 14 tiles began a pixel early, by the rounding of 13 * (126 / 13)
def test_splitting_and_combining_is_exact(width, height, tile_width, tile_height, overlap):
    images = torch.rand(2, height, width, 3, generator=torch.Generator().manual_seed(width))
    grid = TileGrid(width, height, tile_width, tile_height, overlap)
    tiles = grid.split(images)
    assert all(tile.shape == (2, tile_height, tile_width, 3) for tile in tiles)
    assert torch.equal(grid.combine(tiles), images)


def test_tiles_fade_over_the_overlap():
    grid = TileGrid(40, 24, 24, 24, 8)
    black, white = torch.zeros(1, 24, 24, 1), torch.ones(1, 24, 24, 1)
    row = grid.combine([black, white])[0, 10, :, 0]
    assert row[:16].max() == 0
    assert (row[16:24] * 255).round().tolist() == [int(255 * step / 8) for step in range(8)]
    assert row[24:].min() == 1


def test_a_small_picture_is_surrounded_by_its_edge():
    image = torch.arange(4.0).reshape(1, 2, 2, 1)
    (tile,) = TileGrid(2, 2, 4, 6, 1).split(image)
    assert tile[0, :, :, 0].tolist() == [[0, 0, 1, 1]] * 3 + [[2, 2, 3, 3]] * 3
