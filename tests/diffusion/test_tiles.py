import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from diffusion.tiles import Tile, blend, tiles

sides = st.integers(1, 40)


@st.composite
def tilings(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int], int]:
    shape = draw(st.tuples(st.integers(2, 20), st.integers(2, 20)))
    return draw(st.tuples(sides, sides)), shape, draw(st.integers(0, min(shape) - 1))


@given(tilings())
def test_tiles_cover_everything_and_stay_inside(tiling):
    size, shape, overlap = tiling
    covered = torch.zeros(size)
    for y, x, height, width in tiles(size, shape, overlap):
        assert 0 < height <= shape[0]
        assert 0 < width <= shape[1]
        assert y + height <= size[0]
        assert x + width <= size[1]
        covered[y : y + height, x : x + width] += 1
    assert covered.min() >= 1


def test_neighbours_share_the_overlap():
    assert list(tiles((100, 10), (64, 64), 16)) == [Tile(0, 0, 64, 10), Tile(48, 0, 52, 10)]
    assert list(tiles((64, 64), (64, 64), 16)) == [Tile(0, 0, 64, 64)]


@given(tilings(), st.sampled_from([1, 2]))
def test_what_does_not_depend_on_its_surroundings_is_unchanged(tiling, scale):
    size, shape, overlap = tiling
    picture = torch.randn(1, 3, *size)

    def enlarge(tile: Tile) -> torch.Tensor:
        y, x, height, width = tile
        return F.interpolate(picture[:, :, y : y + height, x : x + width], scale_factor=scale)

    result = blend(enlarge, size, [shape, shape[::-1]], overlap, scale)
    torch.testing.assert_close(result, F.interpolate(picture, scale_factor=scale))


def test_seams_are_ramps():
    """Two tiles of different value: within the overlap the result goes from one to the other, evenly."""
    result = blend(
        lambda tile: torch.full((1, 1, tile.height, tile.width), float(tile.x > 0)), (1, 20), [(4, 12)], 4, 1
    )
    row = result[0, 0, 0]
    assert row[:8].eq(0).all()
    assert row[12:].eq(1).all()
    assert row[8:12].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_every_tile_is_reported_and_the_report_may_stop_the_work():
    reports: list[tuple[int, int]] = []
    blend(
        lambda tile: torch.zeros(1, 1, tile.height, tile.width),
        (8, 8),
        [(4, 4), (8, 2)],
        1,
        1,
        lambda *r: reports.append(r),
    )
    total = reports[-1][1]
    assert reports == [(done, total) for done in range(1, total + 1)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        blend(lambda tile: torch.zeros(1, 1, tile.height, tile.width), (8, 8), [(4, 4)], 1, 1, stop)
