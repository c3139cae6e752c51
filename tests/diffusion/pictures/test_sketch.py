"""Masks of strokes and files, by what the WebUI and Forge define."""

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.pictures.sketch import mask_file, painted_over, strokes

OLD = torch.full((1, 64, 64, 3), 100 / 255)


@pytest.fixture
def painted():
    new = OLD.clone()
    new[:, 20:40, 20:40, 0] = 1.0
    return new


def test_what_differs_is_the_mask_and_the_material(painted):
    sketch = painted_over(OLD, painted, blur=0)
    assert torch.equal(sketch.mask, (painted != OLD).any(-1).float())
    assert torch.equal(sketch.images, painted)


def test_a_difference_of_one_level_in_one_channel_counts():
    new = OLD.clone()
    new[0, 3, 5, 2] = 101 / 255
    assert painted_over(OLD, new).mask.nonzero().tolist() == [[0, 3, 5]]


def test_transparency_weakens_mask_and_paint(painted):
    sketch = painted_over(OLD, painted, transparency=0.6, blur=0)
    assert sketch.mask.max() == pytest.approx(0.4, abs=1 / 255)
    assert sketch.mask.round().max() == 0  # a latent would keep everything
    mixed = 0.6 * 100 + 0.4 * 255
    assert sketch.images[0, 30, 30, 0] * 255 == pytest.approx(mixed, abs=1.5)


def test_blurred_paint_fades_out(painted):
    row = painted_over(OLD, painted, blur=4).images[0, 30, 8:31, 0]
    assert (row.diff() >= 0).all()
    assert row[0] == OLD[0, 0, 0, 0]
    assert row[-1] > 0.85


def test_pictures_and_paint_may_differ_in_number(painted):
    both = torch.cat([painted, OLD])
    sketch = painted_over(OLD, both, blur=0)
    assert torch.equal(sketch.images, both)
    assert sketch.mask.flatten(1).any(1).tolist() == [True, False]
    assert len(strokes(both, torch.zeros(3, 64, 64, 3), torch.zeros(1, 64, 64)).images) == 3


def test_strokes_are_half_opaque_and_grow():
    layer = torch.zeros(1, 200, 200, 3)
    alpha = torch.zeros(1, 200, 200)
    alpha[:, 100, 100], alpha[:, 50, 50] = 0.6, 0.4
    old = torch.ones(1, 200, 200, 3)
    sketch = strokes(old, layer, alpha)
    assert sketch.images[0, 100, 100, 0] == pytest.approx(0.4)
    assert sketch.images[0, 50, 50, 0] == pytest.approx(0.6)
    reach = int(0.015 * 200)
    wanted = torch.zeros(200, 200)
    wanted[100 - reach : 101 + reach, 100 - reach : 101 + reach] = 1
    assert torch.equal(sketch.mask[0], wanted)


def test_an_uploaded_mask_is_its_opacity_or_else_its_brightness(tmp_path):
    levels = np.array([[0, 100, 128, 129, 255]], np.uint8)
    grey = np.full((1, 5, 4), 50, np.uint8)
    grey[..., 3] = levels
    Image.fromarray(grey).save(tmp_path / "layer.png")
    assert mask_file(tmp_path / "layer.png")[0].tolist() == [[0, 0, 0, 1, 1]]
    soft = mask_file(tmp_path / "layer.png", soft=True)
    assert (soft[0] * 255).round().tolist() == levels.tolist()
    Image.fromarray(levels).save(tmp_path / "grey.png")
    assert (mask_file(tmp_path / "grey.png")[0] * 255).round().tolist() == levels.tolist()
    opaque = np.zeros((1, 1, 4), np.uint8)
    opaque[...] = (255, 0, 0, 255)
    Image.fromarray(opaque).save(tmp_path / "red.png")
    assert round(float(mask_file(tmp_path / "red.png") * 255)) == 76  # ITU-R 601 luminance of red
