"""Annotators that need no weights, against OpenCV, closed forms and pictures whose map is known."""

import colorsys

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as Picture
from skimage.filters import threshold_otsu

from diffusion.annotators.annotator import AnnotatorError
from diffusion.annotators.edges import canny_tensor
from diffusion.annotators.registry import ANNOTATORS

SIZE = 128  # of a side; two multiples of 64, so that nothing is padded


def smooth(seed: int = 0, size: int = SIZE) -> torch.Tensor:
    """A picture `[1, size, size, 3]` of soft random shapes, on whole levels."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return torch.from_numpy(cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)).float()[None] / 255


def black_square_on_white() -> torch.Tensor:
    picture = torch.ones(1, SIZE, SIZE, 3)
    picture[:, 32:96, 32:96] = 0
    return picture


def levels(images: torch.Tensor) -> np.ndarray:
    return (images[0] * 255).round().to(torch.uint8).numpy()


def drawn(name: str, images: torch.Tensor, **options) -> np.ndarray:
    """The map of the first picture as levels `[H, W, 3]`, drawn at the picture's own size."""
    result = ANNOTATORS[name].annotate(images, resolution=0, **options)
    assert result.shape == (*images.shape[:3], 3)
    assert result.dtype == torch.float32
    return levels(result)


def grey(name: str, images: torch.Tensor, **options) -> np.ndarray:
    result = drawn(name, images, **options)
    assert (result == result[..., :1]).all()
    return result[..., 0]


def test_none_and_invert():
    picture = smooth()
    assert (drawn("none", picture) == levels(picture)).all()
    assert (drawn("invert", picture) == 255 - levels(picture)).all()


@pytest.mark.parametrize("limits", [(100, 200), (20, 60)])
def test_canny_is_opencvs(limits):
    picture = smooth()
    expected = cv2.Canny(levels(picture), *limits)
    assert expected.any()
    result = grey("canny", picture, low_threshold=limits[0], high_threshold=limits[1])
    assert (result == expected).all()


def test_comfyuis_canny_marks_the_border_of_a_square():
    edges = canny_tensor(black_square_on_white(), 0.4, 0.8)
    assert edges.shape == (1, SIZE, SIZE, 3)
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    rows, columns = torch.nonzero(edges[0, ..., 0], as_tuple=True)
    distance = torch.maximum((rows - 63.5).abs(), (columns - 63.5).abs())
    assert ((distance - 32).abs() <= 1).all()
    assert len(rows) >= 4 * 60


def test_comfyuis_canny_heeds_its_thresholds():
    """A step from 0 to 0.2 is an edge to the low thresholds and none to the high ones."""
    picture = torch.zeros(1, SIZE, SIZE, 3)
    picture[:, :, 64:] = 0.2
    assert canny_tensor(picture, 0.01, 0.05).any()
    assert not canny_tensor(picture, 0.4, 0.8).any()


def test_sobel_of_a_ramp_and_of_a_step():
    ramp = torch.arange(SIZE).float().mul(2).div(255).expand(1, SIZE, SIZE)[..., None].expand(-1, -1, -1, 3)
    assert (grey("sobel", ramp)[:, 1:-1] == 4).all()  # two levels a pixel, across two pixels
    step = grey("sobel", black_square_on_white())
    assert step[64, 32] == 255
    assert step[64, 64] == 0


@pytest.mark.parametrize("name", ["canny", "sobel", "lineart_standard", "scribble_xdog"])
def test_line_maps_are_white_on_black(name):
    picture = torch.ones(1, SIZE, SIZE, 3)
    picture[:, 62:65] = 0
    result = grey(name, picture)
    assert result.mean() < 50
    assert result[60:67].max() >= 127
    assert result[:20].max() == 0


def test_lineart_standard_by_its_formula():
    picture = smooth(1)
    values = levels(picture).astype(np.float64)
    blurred = np.stack([cv2.GaussianBlur(values[..., i], (0, 0), 3.0) for i in range(3)], axis=-1)
    darker = np.clip((blurred - values).min(axis=-1), 0, 255)
    usual = max(16, np.median(darker[darker > 5]))
    expected = np.clip(darker / usual * 127, 0, 255)
    result = grey("lineart_standard", picture, sigma=3.0, threshold=5)
    assert np.abs(result - expected).max() <= 1.01


def test_lineart_standard_of_an_even_picture_is_black():
    assert not grey("lineart_standard", torch.full((1, 64, 64, 3), 0.5)).any()


def test_scribble_xdog_by_its_formula():
    picture = smooth(2)
    values = levels(picture).astype(np.float64)
    difference = (cv2.GaussianBlur(values, (0, 0), 5.0) - cv2.GaussianBlur(values, (0, 0), 0.5)).min(axis=-1)
    dog = np.clip(255 - difference, 0, 255).astype(np.uint8)
    expected = np.where(2 * (255 - dog.astype(int)) > 20, 255, 0)
    assert 0 < expected.mean() < 255
    assert (grey("scribble_xdog", picture, threshold=20) == expected).mean() > 0.999  # rounding of float32


def test_threshold_takes_the_lowest_channel():
    picture = torch.tensor([[128, 128, 128], [127, 255, 255], [255, 255, 200]]).float().view(1, 1, 3, 3) / 255
    assert grey("threshold", picture, threshold=127).tolist() == [[255, 0, 255]]


def test_binary_is_white_where_it_is_dark_and_finds_otsus_threshold():
    picture = smooth(3)
    brightness = cv2.cvtColor(levels(picture), cv2.COLOR_RGB2GRAY)
    assert (grey("binary", picture, threshold=90) == np.where(brightness > 90, 0, 255)).all()
    found = grey("binary", picture)
    assert (found == np.where(brightness > threshold_otsu(brightness), 0, 255)).mean() > 0.99


def test_scribble_is_white_where_paper_is_dark():
    result = grey("scribble", black_square_on_white())
    assert (result == np.pad(np.full((64, 64), 255), 32)).all()


def test_shuffle_is_seeded_and_moves_pixels():
    picture = smooth(4)
    first = drawn("shuffle", picture, seed=1)
    assert (drawn("shuffle", picture, seed=1) == first).all()
    assert (drawn("shuffle", picture, seed=2) != first).any()
    assert (first != levels(picture)).any()
    assert first.min() >= levels(picture).min()
    assert first.max() <= levels(picture).max()
    even = torch.full((1, 64, 64, 3), 0.4)
    assert (drawn("shuffle", even) == 102).all()


def test_tile_resample_averages_squares():
    picture = smooth(5)
    assert (drawn("tile_resample", picture, down_rate=1.05) == levels(picture)).all()
    result = drawn("tile_resample", picture, down_rate=4.0)
    means = levels(picture).reshape(32, 4, 32, 4, 3).mean(axis=(1, 3)).round().astype(np.uint8)
    expected = cv2.resize(means, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    assert np.abs(result.astype(int) - expected).max() <= 2


def test_tile_pyramid_keeps_even_pictures_and_loses_detail():
    assert (drawn("tile_pyramid", torch.full((1, 64, 64, 3), 0.6), halvings=3) == 153).all()
    board = (torch.arange(64)[:, None] + torch.arange(64)) % 2
    checks = board.float()[None, ..., None].expand(-1, -1, -1, 3)
    assert np.ptp(drawn("tile_pyramid", checks, halvings=2)) <= 1


def test_blur_of_a_point_is_the_gaussian():
    picture = torch.zeros(1, 65, 65, 3)
    picture[:, 32, 32] = 1
    distance = np.arange(65) - 32
    kernel = np.exp(-(distance**2) / (2 * 1.0**2))
    kernel /= kernel.sum()
    assert np.abs(grey("blur_gaussian", picture, sigma=1.0) - 255 * np.outer(kernel, kernel)).max() <= 1


def test_intensity_is_v_of_hsv_under_gamma():
    picture = smooth(6, 16)
    values = [colorsys.rgb_to_hsv(*pixel)[2] for pixel in picture[0].reshape(-1, 3).tolist()]
    expected = np.array(values).reshape(16, 16) ** 2.0 * 255
    assert np.abs(grey("recolor_intensity", picture, gamma=2.0) - expected).max() <= 0.51


def test_luminance_is_l_of_lab_with_red_and_blue_exchanged():
    """CIE: L = 116 f(Y) - 16, and Y of pure sRGB red is 0.2126, of blue 0.0722."""
    lightness = {name: 116 * y ** (1 / 3) - 16 for name, y in (("red", 0.2126), ("blue", 0.0722), ("grey", 0.2140))}
    colours = torch.tensor([[1.0, 0, 0], [0, 0, 1.0], [0.5, 0.5, 0.5]]).view(1, 1, 3, 3)
    expected = np.array([lightness["blue"], lightness["red"], lightness["grey"]]) * 2.55
    assert np.abs(grey("recolor_luminance", colours)[0] - expected).max() <= 1.5


def test_colour_grid_has_one_colour_in_each_square():
    squares = np.random.default_rng(7).integers(0, 256, (2, 3, 3), dtype=np.uint8)
    picture = squares.repeat(64, axis=0).repeat(64, axis=1)
    result = drawn("color_grid", torch.from_numpy(picture).float()[None] / 255)
    assert (result == picture).all()
    small = np.asarray(Picture.fromarray(drawn("color_grid", smooth(8))).resize((2, 2), Picture.Resampling.NEAREST))
    assert (small.repeat(64, axis=0).repeat(64, axis=1) == drawn("color_grid", smooth(8))).all()


def test_pictures_of_a_batch_are_drawn_one_by_one_with_progress():
    steps: list[tuple[float, float]] = []
    batch = torch.cat([smooth(0), smooth(1)])
    result = ANNOTATORS["canny"].annotate(batch, on_progress=lambda done, total: steps.append((done, total)))
    alone = ANNOTATORS["canny"].annotate(batch[1:])
    assert torch.equal(result[1:], alone)
    assert steps == [(1, 2), (2, 2)]


def test_grey_and_transparent_pictures():
    assert (drawn("none", torch.full((1, 8, 8, 1), 0.2)) == 51).all()
    clear = torch.zeros(1, 8, 8, 4)
    assert (drawn("none", clear) == 255).all()
    with pytest.raises(AnnotatorError, match="has 2 channels"):
        drawn("none", torch.zeros(1, 8, 8, 2))


def test_options_that_do_not_exist_or_are_out_of_range():
    with pytest.raises(AnnotatorError, match="canny has no option 'sigma': its options are low_threshold, high_thr"):
        drawn("canny", smooth(), sigma=1)
    with pytest.raises(AnnotatorError, match="sigma of blur_gaussian is 900: choose a number from"):
        drawn("blur_gaussian", smooth(), sigma=900)
