"""Fitting pictures to a size: what the WebUI's resize modes keep, cut off and fill in."""

import pytest
import torch

from diffusion.images.resize import fit, fitted_size, unfilled


def columns(width: int, height: int) -> torch.Tensor:
    return (torch.arange(width) / 255).reshape(1, 1, -1, 1).expand(1, height, width, 3).contiguous()


@pytest.mark.parametrize(
    ("old", "new", "how", "expected"),
    [
        ((100, 50), (64, 64), "stretch", (64, 64)),
        ((100, 50), (64, 64), "crop", (128, 64)),
        ((50, 100), (64, 64), "crop", (64, 128)),
        ((100, 50), (64, 64), "fill", (64, 32)),
        ((50, 100), (64, 64), "fill", (32, 64)),
        ((64, 64), (64, 64), "crop", (64, 64)),
    ],
)
def test_what_a_picture_is_resized_to(old, new, how, expected):
    assert fitted_size(*old, *new, how) == expected


def test_crop_keeps_the_middle():
    assert torch.equal(fit(columns(100, 40), 40, 40, "crop"), columns(100, 40)[:, :, 30:70])


def test_fill_stretches_the_outermost_pixels():
    picture = columns(40, 40)
    filled = fit(picture, 60, 40, "fill")
    assert torch.equal(filled[:, :, 10:50], picture)
    assert torch.equal(filled[:, :, :10], picture[:, :, :1].expand(-1, -1, 10, -1))
    assert torch.equal(filled[:, :, 50:], picture[:, :, -1:].expand(-1, -1, 10, -1))
    assert torch.equal(unfilled(filled, 40, 40), picture)


def test_the_same_size_is_the_same_picture():
    assert torch.equal(fit(columns(30, 20), 30, 20, "fill"), columns(30, 20))
    assert fit(columns(30, 20), 17, 90, "stretch").shape == (1, 90, 17, 3)


def test_another_way_is_said():
    with pytest.raises(ValueError, match="'cover'"):
        fit(columns(8, 8), 16, 16, "cover")
