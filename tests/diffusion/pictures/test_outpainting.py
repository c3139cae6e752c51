"""Outpainting. The numbers of the noise were computed by an independent script from the definition."""

import numpy as np
import pytest
import torch

from diffusion.pictures.outpainting import canvas, extend, margins, matched_noise
from diffusion.pictures.overlay import finish


@pytest.fixture
def known():
    """A picture whose last 16 columns are unknown."""
    picture = np.random.default_rng(123).random((32, 48, 3))
    picture[:, 32:] = 0
    mask = np.zeros_like(picture)
    mask[:, 32:] = 1
    return picture, mask


def test_the_noise_has_the_numbers_of_the_reference(known):
    noise = matched_noise(*known, 1.0, 0.05)
    assert noise[0, 32] == pytest.approx((0.337156609, 0.192961913, 0.684934585), abs=1e-6)
    assert noise[31, 47] == pytest.approx((0.824241596, 0.034573242, 0.005667436), abs=1e-6)
    assert noise[:, 32:].mean() == pytest.approx(0.500658391, abs=1e-6)
    assert noise[:, 32:].std() == pytest.approx(0.284731828, abs=1e-6)
    assert (noise[:, :32] == known[0][:, :32]).all()


@pytest.mark.parametrize(
    ("fall_off", "variation", "first"),
    [
        (0, 0.05, (0.704759, 0.037178, 0.873741)),
        (2, 0.05, (0.472412, 0.792716, 0.832789)),
        (1, 0, (0.318486, 0.199150, 0.675124)),
        (1, 1, (0.137209, 0.461015, 0.548198)),
    ],
)
def test_fall_off_and_variation_change_the_noise_but_not_its_colours(known, fall_off, variation, first):
    noise = matched_noise(*known, fall_off, variation)
    assert noise[0, 32] == pytest.approx(first, abs=1e-6)
    assert noise[:, 32:].mean() == pytest.approx(0.500658, abs=1e-6)
    assert noise[:, 32:].std() == pytest.approx(0.284732, abs=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_noise_for_a_flat_picture_is_finite(level):
    picture, mask = np.full((16, 16, 3), level), np.zeros((16, 16, 3))
    mask[:, 8:] = 1
    noise = matched_noise(picture * (1 - mask), mask)
    assert np.isfinite(noise).all()
    assert noise[:, 8:] == pytest.approx(level, abs=1e-6)


def test_sides_become_multiples_of_64_and_both_ends_share():
    assert margins(512, 512, 128, ("left", "right", "up", "down")) == (128, 128, 128, 128)
    assert margins(500, 500, 100, ("left", "right")) == (102, 102, 0, 0)
    assert margins(512, 300, 100, ("left", "down")) == (128, 0, 0, 148)
    assert margins(100, 100, 8, ()) == (0, 0, 0, 0)


@pytest.mark.parametrize("direction", ["left", "right", "up", "down"])
def test_a_picture_is_extended_and_kept(direction):
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 90, 100, 3))).float() / 255
    found = extend(images, direction, 38, blur=4, fall_off=1.0, variation=0.05, context=64)
    height, width = (90, 138) if direction in ("left", "right") else (128, 100)
    along = found.images.shape[2 if direction in ("left", "right") else 1]
    assert 64 <= along <= 64 + 64
    assert found.images.shape[1] % 8 == found.images.shape[2] % 8 == 0
    result = finish(torch.full_like(found.images, 0.25), found.place)
    assert result.shape == (1, height, width, 3)
    left, top = 38 if direction == "left" else 0, 38 if direction == "up" else 0
    old = result[:, top : top + 90, left : left + 100]
    same = (old == images).all(-1)[0]
    rows, columns = (~same).nonzero(as_tuple=True)
    depth = {"left": columns, "right": 99 - columns, "up": rows, "down": 89 - rows}[direction].max()
    # the seam, and as far as its blur reaches: its kernel is 2.5 standard deviations of 16 pixels
    assert 4 <= depth <= 4 + 41
    edge = {"left": result[:, :, :30], "right": result[:, :, -30:], "up": result[:, :30], "down": result[:, -30:]}
    assert (edge[direction] == 0.25).all()
    corner = {"left": (45, 0), "right": (45, -1), "up": (0, 50), "down": (-1, 50)}[direction]
    assert found.mask[0][corner] == 1
    assert found.mask.mean() < 1


def test_the_filling_is_that_of_the_definition():
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 64, 32, 3))).float() / 255
    found = extend(images, "right", 32, blur=4, fall_off=1.0, variation=0.05, context=64)
    source = np.zeros((64, 64, 3))
    source[:, :32] = images[0].numpy()
    mask = np.ones((64, 64, 3))
    mask[:, : 64 - 32 - 4 + 1] = 0
    wanted = matched_noise(source, mask)
    assert found.images[0, :, 29:].numpy() == pytest.approx(wanted[:, 29:], abs=1 / 255)
    assert torch.equal(found.images[:, :, :29], images[:, :, :29])


def test_a_canvas_has_a_seam_for_each_mask():
    images = torch.rand(1, 40, 40, 3)
    made = canvas(images, margins(40, 40, 12, ("left", "up", "down")), blur=4)
    assert made.images.shape == (1, 64, 64, 3)
    assert torch.equal(made.images[:, 12:52, 24:], images)
    assert made.mask[0, 30].nonzero().flatten().tolist() == list(range(24 + 8))
    assert made.latent_mask[0, 30].nonzero().flatten().tolist() == list(range(24 + 2))
