"""The sizes of hires fix, against those that Stable Diffusion WebUI computes."""

import pytest

from diffusion.hires import HiresSize, hires_size


@pytest.mark.parametrize(
    ("first", "settings", "expected"),
    [
        ((512, 512), (2.0, 0, 0), (1024, 1024)),
        ((512, 768), (1.5, 0, 0), (768, 1152)),
        ((512, 768), (2.0, 1024, 0), (1024, 1536)),
        ((512, 768), (2.0, 0, 1152), (768, 1152)),
        ((512, 512), (1.0, 512, 512), (512, 512)),
    ],
)
def test_sizes_that_are_kept_whole(first, settings, expected):
    assert hires_size(*first, *settings) == HiresSize(*expected, *expected, 0, 0)


def test_sides_that_are_no_multiples_of_eight():
    """The latent has 83 x 83 cells, so that the picture is 664 pixels wide."""
    assert hires_size(512, 512, 1.3) == HiresSize(665, 665, 664, 664, 0, 0)


@pytest.mark.parametrize(
    ("first", "resize", "expected"),
    [
        # 32 rows of the latent are cut off
        ((512, 512), (1024, 768), HiresSize(1024, 1024, 1024, 768, 0, 128)),
        ((512, 512), (768, 1024), HiresSize(1024, 1024, 768, 1024, 128, 0)),
        # an odd number of rows: the one more goes below
        ((512, 512), (1024, 1000), HiresSize(1024, 1024, 1024, 1000, 0, 8)),
        ((512, 768), (768, 1024), HiresSize(768, 1152, 768, 1024, 0, 64)),
    ],
)
def test_both_sides_are_covered_and_cut_to(first, resize, expected):
    assert hires_size(*first, 1.0, *resize) == expected
