"""Padding against numpy's, turning against Pillow's and exact quarter turns."""

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.images import composite, geometry


def numbered(height: int = 3, width: int = 4) -> torch.Tensor:
    return torch.arange(float(height * width)).reshape(1, height, width, 1).expand(1, height, width, 3) / 100


@pytest.mark.parametrize(("edges", "mode"), [("edge", "edge"), ("reflect", "reflect"), ("tile", "wrap")])
def test_padding_as_numpy_pads(edges, mode):
    image = numbered()
    padded = geometry.pad(image, 9, 1, 2, 7, edges)  # wider than the picture
    expected = np.pad(image.numpy(), ((0, 0), (1, 7), (9, 2), (0, 0)), mode)
    assert torch.equal(padded.images, torch.from_numpy(expected))
    inside = padded.mask[0, 1:4, 9:13]
    assert inside.sum() == 0
    assert padded.mask.sum() == padded.mask[0].numel() - 12


def test_padding_with_a_colour():
    padded = geometry.pad(torch.zeros(2, 2, 2, 4), 1, 0, 0, 0, "color", "#ff000080").images
    np.testing.assert_allclose(padded[1, 0], [[1, 0, 0, 128 / 255], [0] * 4, [0] * 4], atol=1e-6)
    one = geometry.pad(torch.full((1, 1, 1, 3), 0.5), 2, 0, 2, 0, "reflect").images
    assert one.unique().tolist() == [0.5]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_exact_and_clockwise(turns):
    image = numbered()
    turned = geometry.rotate(image, 90 * turns, True, "color")
    expected = torch.rot90(image, turns, dims=(2, 1))
    assert turned.images.shape == expected.shape
    np.testing.assert_allclose(turned.images, expected, atol=1e-5)
    np.testing.assert_allclose(turned.mask, torch.zeros_like(turned.mask), atol=1e-4)


def test_turning_as_pillow_turns():
    ys, xs = np.mgrid[0:41, 0:51]
    smooth = (0.5 + 0.4 * np.sin(xs / 7) * np.cos(ys / 9)).astype(np.float32)
    expected = np.asarray(Image.fromarray(smooth).rotate(-30, Image.Resampling.BILINEAR))
    turned = geometry.rotate(torch.from_numpy(smooth)[None, ..., None], 30, False, "color")
    inside = turned.mask[0] == 0
    assert 0.6 < float(inside.float().mean()) < 0.9
    np.testing.assert_allclose(turned.images[0, ..., 0][inside], expected[inside.numpy()], atol=0.01)


def test_corners_of_a_turned_picture():
    image = torch.full((1, 20, 20, 3), 0.25)
    filled = geometry.rotate(image, 45, True, "color", "#ffffff")
    assert filled.images.shape[1:3] == (29, 29)  # ceil(20 sqrt 2)
    assert filled.images[0, 0, 0].tolist() == [1, 1, 1]
    assert filled.mask[0, 0, 0] == 1
    assert float((filled.mask < 0.5).sum()) == pytest.approx(400, abs=20)
    for edges in ("edge", "reflect"):
        smeared = geometry.rotate(image, 45, True, edges)
        np.testing.assert_allclose(smeared.images, torch.full_like(smeared.images, 0.25), atol=1e-5)
        assert torch.equal(smeared.mask, filled.mask)


def test_stitching():
    first, second = torch.full((1, 4, 6, 3), 0.2), torch.full((2, 2, 2, 3), 0.8)
    beside = geometry.stitch(first, second, "right", True, 1, "#ffffff")
    assert beside.shape == (2, 4, 6 + 1 + 4, 3)
    np.testing.assert_allclose(beside[1, 2, :, 0], [0.2] * 6 + [1] + [0.8] * 4, atol=0.01)
    np.testing.assert_allclose(geometry.stitch(first, second, "left", True, 1, "#ffffff"), beside.flip(2), atol=0.01)
    below = geometry.stitch(first, second, "down", False, 0, "#ffffff")
    assert below.shape == (2, 6, 6, 3)
    np.testing.assert_allclose(below[0, 5, :, 0], [0, 0, 0.8, 0.8, 0, 0], atol=1e-6)
    assert torch.equal(geometry.stitch(first, second, "up", False, 0, "#ffffff").flip(1), below)


def test_fitting_into_a_size():
    fitted = geometry.fit_inside(torch.full((1, 10, 20, 3), 0.5), 8, 8, "#ffffff", "area")
    np.testing.assert_allclose(fitted[0, :, 3, 0], [1, 1, 0.5, 0.5, 0.5, 0.5, 1, 1], atol=1e-6)


def test_batches_are_cut_anew_where_they_are_full_or_sizes_change():
    small, large = torch.rand(3, 2, 2, 3), torch.rand(2, 4, 4, 3)
    batches = list(composite.rebatched([small[:1], small[1:], large], 2))
    assert [len(batch) for batch in batches] == [2, 1, 2]
    assert torch.equal(torch.cat(batches[:2]), small)
    assert torch.equal(batches[2], large)
