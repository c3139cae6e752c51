"""Resizing against OpenCV, PIL and formulas."""

import math

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.images.resize import completed_size, resize, resize_images, size_of_megapixels

RANDOM = np.random.default_rng(1)
SIZES = [(14, 10), (21, 3), (4, 5), (7, 5)]


def plane(height: int = 5, width: int = 7) -> np.ndarray:
    return RANDOM.random((height, width), dtype=np.float32)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("method", "oracle"), [("bilinear", cv2.INTER_LINEAR), ("bicubic", cv2.INTER_CUBIC)], ids=["bilinear", "bicubic"]
)
def test_interpolation_is_that_of_opencv(method, oracle, size):
    pixels = plane()
    resized = resize(torch.from_numpy(pixels)[None, None], *size, method)[0, 0].numpy()
    np.testing.assert_allclose(resized, cv2.resize(pixels, size, interpolation=oracle), atol=2e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("method", "oracle"),
    [
        ("bilinear-antialiased", Image.Resampling.BILINEAR),
        ("bicubic-antialiased", Image.Resampling.BICUBIC),
    ],
)
def test_antialiased_methods_are_those_of_pil(method, oracle, size):
    pixels = plane()
    resized = resize(torch.from_numpy(pixels)[None, None], *size, method)[0, 0].numpy()
    np.testing.assert_allclose(resized, np.asarray(Image.fromarray(pixels).resize(size, oracle)), atol=2e-6)


@pytest.mark.parametrize("size", SIZES)
def test_plain_nearest_takes_the_pixel_at_the_corner(size):
    pixels = plane()
    resized = resize(torch.from_numpy(pixels)[None, None], *size, "nearest")[0, 0].numpy()
    rows, columns = (np.arange(new) * old // new for new, old in zip(size[::-1], pixels.shape, strict=True))
    np.testing.assert_array_equal(resized, pixels[rows][:, columns])


@pytest.mark.parametrize("size", SIZES)
def test_nearest_takes_the_pixel_at_the_centre(size):
    pixels = plane()
    resized = resize(torch.from_numpy(pixels)[None, None], *size, "nearest-exact")[0, 0].numpy()
    rows = np.floor((np.arange(size[1]) + 0.5) * 5 / size[1]).astype(int)
    columns = np.floor((np.arange(size[0]) + 0.5) * 7 / size[0]).astype(int)
    np.testing.assert_array_equal(resized, pixels[rows][:, columns])


def test_area_averages():
    pixels = plane(6, 8)
    resized = resize(torch.from_numpy(pixels)[None, None], 4, 2, "area")[0, 0].numpy()
    np.testing.assert_allclose(resized, pixels.reshape(2, 3, 4, 2).mean((1, 3)), atol=1e-6)


def test_lanczos_is_that_of_pil():
    pixels = RANDOM.integers(0, 256, (2, 9, 13, 3), dtype=np.uint8)
    resized = resize_images(torch.from_numpy(pixels.astype(np.float32) / 255), 20, 6, "lanczos")
    expected = [np.asarray(Image.fromarray(image).resize((20, 6), Image.Resampling.LANCZOS)) for image in pixels]
    np.testing.assert_allclose(resized.numpy() * 255, np.stack(expected), atol=1e-4)


def turned(first: np.ndarray, second: np.ndarray, ratio: float) -> np.ndarray:
    """Between two vectors: the direction on the great circle, the length in proportion."""
    length = (1 - ratio) * np.linalg.norm(first) + ratio * np.linalg.norm(second)
    first, second = first / np.linalg.norm(first), second / np.linalg.norm(second)
    angle = math.acos(first @ second)
    return length * (math.sin((1 - ratio) * angle) * first + math.sin(ratio * angle) * second) / math.sin(angle)


def test_bislerp_turns_vectors():
    vectors = RANDOM.standard_normal((4, 1, 2))
    resized = resize(torch.from_numpy(vectors)[None], 4, 1, "bislerp")[0, :, 0].numpy()
    first, second = vectors[:, 0, 0], vectors[:, 0, 1]
    expected = [first, turned(first, second, 0.25), turned(first, second, 0.75), second]
    np.testing.assert_allclose(resized, np.stack(expected, 1), atol=1e-5)


def test_bislerp_keeps_what_is_constant_and_survives_zeros_and_opposites():
    constant = torch.ones(1, 4, 3, 3) * torch.tensor([1.0, -2, 3, 0]).reshape(1, 4, 1, 1)
    torch.testing.assert_close(resize(constant, 7, 5, "bislerp"), constant[..., :1, :1].expand(1, 4, 5, 7))
    odd = torch.stack([torch.zeros(4), torch.ones(4), -torch.ones(4)], 1)[None, :, None]
    assert resize(odd, 9, 1, "bislerp").isfinite().all()


def test_centre_crop_keeps_the_proportions():
    columns = torch.arange(100.0).expand(1, 1, 50, 100)
    cropped = resize(columns, 50, 50, "nearest-exact", "center")
    assert cropped[0, 0, 0].tolist() == list(range(25, 75))
    tall = resize(columns.transpose(2, 3), 50, 50, "nearest-exact", "center")
    assert tall[0, 0, :, 0].tolist() == list(range(25, 75))


@pytest.mark.parametrize(
    ("wanted", "size"), [((0, 0), (640, 480)), ((320, 0), (320, 240)), ((0, 100), (133, 100)), ((7, 9), (7, 9))]
)
def test_a_side_of_zero_keeps_the_proportions(wanted, size):
    assert completed_size(*wanted, 640, 480) == size


def test_megapixels():
    assert size_of_megapixels(1.0, 512, 512) == (1024, 1024)
    width, height = size_of_megapixels(0.5, 1600, 900)
    assert width * height == pytest.approx(0.5 * 1024 * 1024, rel=2e-3)
    assert width / height == pytest.approx(16 / 9, rel=2e-3)
