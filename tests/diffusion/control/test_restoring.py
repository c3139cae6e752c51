"""Restoring colours and pictures; the oracles are SciPy's filters and what the formulas say of plain cases."""

from dataclasses import dataclass

import pytest
import torch
from scipy import ndimage

from diffusion.control.restoring import KeptColours, KeptPicture, mean_around


@dataclass
class Estimates:
    estimates: tuple[torch.Tensor | None, ...] = ()


def random(seed: int) -> torch.Tensor:
    return torch.randn(1, 4, 12, 10, generator=torch.Generator().manual_seed(seed))


def test_the_mean_around_a_cell_is_that_of_scipy():
    x = random(1)
    expected = ndimage.uniform_filter(x.numpy(), size=(1, 1, 5, 5), mode="nearest")
    torch.testing.assert_close(mean_around(x, 2), torch.from_numpy(expected), rtol=1e-4, atol=1e-5)


def test_colours_are_those_of_the_picture_and_detail_is_that_of_the_estimate():
    picture, estimate = random(1), random(2)
    fixed = KeptColours(picture, variation=2).after(estimate, Estimates())
    fine = estimate - torch.from_numpy(ndimage.uniform_filter(estimate.numpy(), (1, 1, 5, 5), mode="nearest"))
    coarse = torch.from_numpy(ndimage.uniform_filter(picture.numpy(), (1, 1, 5, 5), mode="nearest"))
    torch.testing.assert_close(fixed, fine + coarse, rtol=1e-4, atol=1e-5)
    half = KeptColours(picture, variation=2, weight=0.5).after(estimate, Estimates())
    torch.testing.assert_close(half, (fixed + estimate) / 2)
    flat = torch.full_like(picture, 3.0)
    assert KeptColours(flat).after(torch.zeros_like(flat), Estimates()).eq(3.0).all()


def test_sharpness_blurs_the_negative_estimate_alone():
    positive, negative = random(1), random(2)
    change = KeptColours(random(3), variation=1, sharpness=25)
    found = change.before(Estimates((positive, negative)))
    assert found[0] is positive
    torch.testing.assert_close(found[1], 0.75 * negative + 0.25 * mean_around(negative, 1))
    assert change.before(Estimates((positive, None))) == (positive, None)


@pytest.mark.parametrize(("pixel", "cells"), [(4, [0]), (8, [0, 1]), (12, [1])])
def test_a_picture_stays_where_no_pixel_is_repainted(pixel, cells):
    mask = torch.zeros(1, 32, 32)
    mask[0, pixel, pixel] = 1
    picture, estimate = torch.zeros(1, 4, 4, 4), torch.ones(1, 4, 4, 4)
    found = KeptPicture(picture, mask).after(estimate, Estimates())[0, 0]
    assert [cell for cell in range(4) if found[cell, cell] == 1] == cells
    assert float(found.sum()) == len(cells) ** 2
