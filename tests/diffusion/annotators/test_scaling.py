"""Resolutions of maps, and how maps are fitted to other sizes."""

import cv2
import numpy as np
import pytest
import torch
from scipy.ndimage import label

from diffusion.annotators.scaling import at_resolution, fitted_map, resized_map


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "resolution", "seen", "given"),
    [
        ((100, 150), 100, (128, 192), (100, 150)),
        ((100, 150), 0, (128, 192), (100, 150)),
        ((200, 300), 100, (128, 192), (100, 150)),  # so that lines of a pixel's width are not resized again
        ((64, 128), 128, (128, 256), (64, 128)),  # where the picture is smaller there is no more to see
        ((90, 60), 120, (192, 128), (90, 60)),
    ],
)
def test_a_map_is_drawn_with_a_short_side_in_multiples_of_64(size, resolution, seen, given):
    shapes = []

    def draw(levels):
        shapes.append(levels.shape[:2])
        return levels

    result = at_resolution(noise(*size), resolution, draw)
    assert shapes == [seen]
    assert result.shape == (*given, 3)


def test_padding_repeats_the_edge_and_is_taken_away():
    picture = noise(70, 65)

    def draw(levels):
        assert (levels[:70, :65] == picture).all()
        assert (levels[70:, :65] == picture[-1]).all()
        assert (levels[:70, 65:] == picture[:, -1:]).all()
        return levels

    assert (at_resolution(picture, 0, draw) == picture).all()


def test_a_picture_is_averaged_where_it_becomes_smaller():
    """Squares of two pixels, whose mean the network must see."""
    picture = noise(128, 128)

    def draw(levels):
        means = picture.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
        assert np.abs(levels - means).max() <= 0.51
        return levels

    at_resolution(picture, 64, draw)


def test_colours_of_segments_stay():
    colours = np.array([[255, 0, 0], [0, 128, 7], [3, 4, 250]], np.uint8)
    segments = colours[np.random.default_rng(1).integers(0, 3, (40, 40))]
    for size in (90, 25):
        found = np.unique(resized_map(segments, size, size).reshape(-1, 3), axis=0)
        assert {tuple(item) for item in found} <= {tuple(item) for item in colours}


def test_lines_of_two_levels_stay_a_pixel_wide():
    lines = np.zeros((64, 64, 3), np.uint8)
    cv2.line(lines, (5, 10), (60, 50), (255, 255, 255), 1)
    for size in (128, 200, 48):
        result = resized_map(lines, size, size)
        assert set(np.unique(result)) == {0, 255}
        white = result[..., 0] > 0
        assert not cv2.morphologyEx(white.astype(np.uint8), cv2.MORPH_ERODE, np.ones((2, 2), np.uint8)).any()
        assert label(white, np.ones((3, 3)))[1] == 1
        assert white.any(axis=0).sum() > 0.75 * size


def test_areas_of_two_levels_stay_areas():
    square = np.zeros((64, 64, 3), np.uint8)
    square[16:48, 16:48] = 255
    result = resized_map(square, 128, 128)[..., 0]
    assert set(np.unique(result)) == {0, 255}
    assert abs(int((result > 0).sum()) - 64 * 64) < 300


def test_other_maps_are_averaged_when_smaller():
    picture = noise(64, 64)
    means = picture.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    assert np.abs(resized_map(picture, 32, 32) - means).max() <= 0.51
    assert (resized_map(picture, 64, 64) == picture).all()


def ramp(height: int, width: int) -> torch.Tensor:
    """More than 200 colours: left to right in red, top to bottom in green."""
    red = torch.linspace(0.2, 0.8, width).expand(height, width)
    green = torch.linspace(0.2, 0.8, height)[:, None].expand(height, width)
    return torch.stack([red, green, torch.full_like(red, 0.5)], dim=-1)[None]


def test_crop_covers_the_size_and_keeps_the_middle():
    fitted = fitted_map(ramp(64, 128), 64, 64, "crop")
    assert fitted.shape == (1, 64, 64, 3)
    assert torch.allclose(fitted, ramp(64, 128)[:, :, 32:96], atol=0.5 / 255 + 1e-6)


def test_fill_paints_the_median_of_the_border():
    picture = ramp(64, 128)
    fitted = fitted_map(picture, 128, 128, "fill")
    assert torch.allclose(fitted[:, 32:96], picture, atol=0.5 / 255 + 1e-6)
    bars = torch.cat([fitted[:, :32], fitted[:, 96:]], dim=1)
    assert (bars == bars[0, 0, 0]).all()
    assert torch.allclose(bars[0, 0, 0], torch.tensor([0.5, 0.5, 0.5]), atol=0.01)


def test_stretch_distorts():
    fitted = fitted_map(ramp(64, 128), 64, 64, "stretch")
    assert fitted[0, 0, 0, 0] < 0.22
    assert fitted[0, 0, -1, 0] > 0.78


@pytest.mark.parametrize("fit", ["crop", "fill", "stretch"])
def test_every_size_is_exact(fit):
    for size in ((40, 72), (72, 40), (64, 64), (13, 99)):
        assert fitted_map(ramp(37, 61), *size, fit).shape == (1, size[1], size[0], 3)
