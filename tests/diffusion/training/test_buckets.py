"""Buckets against the list that people know from kohya's scripts, and against what must hold for any picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.training.buckets import Buckets

# What sd-scripts prints for a resolution of 512 with sides of 256 to 1024 in steps of 64.
KNOWN = [
    *[(256, 832), (256, 896), (256, 960), (256, 1024), (320, 704), (320, 768), (384, 640), (448, 576), (512, 512)],
    *[(576, 448), (640, 384), (704, 320), (768, 320), (832, 256), (896, 256), (960, 256), (1024, 256)],
]


def test_the_buckets_of_512_pixels_are_the_known_ones():
    assert list(Buckets((512, 512)).sizes) == KNOWN


def test_the_buckets_of_1024_pixels_have_the_area():
    sizes = Buckets((1024, 1024), low=512, high=2048).sizes
    assert (1024, 1024) in sizes
    assert (832, 1216) in sizes
    assert (896, 1152) in sizes
    assert all(width * height <= 1024 * 1024 and width % 64 == height % 64 == 0 for width, height in sizes)
    assert {(height, width) for width, height in sizes} == set(sizes)


@pytest.mark.parametrize(
    ("picture", "resized", "bucket", "corner"),
    [
        ((512, 512), (512, 512), (512, 512), (0, 0)),
        ((1000, 1000), (512, 512), (512, 512), (0, 0)),
        ((1920, 1080), (683, 384), (640, 384), (21, 0)),
        ((1080, 1920), (384, 683), (384, 640), (0, 21)),
        ((300, 400), (448, 597), (448, 576), (0, 10)),
        ((3000, 600), (1280, 256), (1024, 256), (128, 0)),
        ((640, 384), (640, 384), (640, 384), (0, 0)),
    ],
)
def test_a_picture_covers_its_bucket_and_is_cut_in_the_middle(picture, resized, bucket, corner):
    placement = Buckets((512, 512)).place(*picture)
    assert (placement.resized, placement.bucket, (placement.left, placement.top)) == (resized, bucket, corner)


@pytest.mark.parametrize(
    ("picture", "resized", "bucket"),
    [
        ((300, 400), (300, 400), (256, 384)),
        ((1024, 1024), (512, 512), (512, 512)),
        ((32, 60), (64, 120), (64, 64)),  # as large as the smallest bucket it has to be
    ],
)
def test_small_pictures_are_only_cut_where_they_may_not_be_enlarged(picture, resized, bucket):
    placement = Buckets((512, 512), enlarge=False).place(*picture)
    assert (placement.resized, placement.bucket) == (resized, bucket)


@given(st.integers(1, 5000), st.integers(1, 5000), st.booleans(), st.booleans())
def test_a_bucket_lies_within_the_resized_picture(width, height, enlarge, square):
    buckets = Buckets((512, 512), enlarge=enlarge, square=square)
    placement = buckets.place(width, height)
    for side in (0, 1):
        start = (placement.left, placement.top)[side]
        assert start >= 0
        assert start + placement.bucket[side] <= placement.resized[side]
        assert placement.bucket[side] % 64 == 0
    assert 0 <= placement.cut_off < 1
