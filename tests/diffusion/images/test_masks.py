"""Mask arithmetic against SciPy's morphology and numpy."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from diffusion.images import masks

RANDOM = np.random.default_rng(3)


def mask(*shape: int) -> np.ndarray:
    return RANDOM.random(shape, dtype=np.float32)


@pytest.mark.parametrize("tapered", [True, False])
@pytest.mark.parametrize("pixels", [0, 1, 3, -1, -2])
def test_growing_is_grey_dilation_and_erosion(pixels, tapered):
    values = mask(9, 12)
    footprint = np.ones((3, 3), bool)
    if tapered:
        footprint[::2, ::2] = False
    expected = values
    for _ in range(abs(pixels)):
        morphology = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
        expected = morphology(expected, footprint=footprint)
    np.testing.assert_allclose(masks.grow(torch.from_numpy(values), pixels, tapered).numpy()[0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("operation", "formula"),
    [
        ("multiply", np.multiply),
        ("add", lambda below, above: np.minimum(below + above, 1)),
        ("subtract", lambda below, above: np.maximum(below - above, 0)),
        ("and", lambda below, above: (below > 0.5) & (above > 0.5)),
        ("or", lambda below, above: (below > 0.5) | (above > 0.5)),
        ("xor", lambda below, above: (below > 0.5) ^ (above > 0.5)),
    ],
)
def test_combining_acts_where_the_source_lies(operation, formula):
    below, above = mask(1, 6, 8), mask(1, 4, 5)
    expected = below.copy()
    expected[:, 3:6, 4:8] = formula(below[:, 3:6, 4:8], above[:, :3, :4])
    result = masks.combine(torch.from_numpy(below), torch.from_numpy(above), 4, 3, operation)
    np.testing.assert_allclose(result.numpy(), expected, atol=1e-6)


def test_combining_outside_changes_nothing():
    below = torch.from_numpy(mask(1, 6, 8))
    torch.testing.assert_close(masks.combine(below, torch.ones(1, 2, 2), 8, 0, "multiply"), below)


def test_feathering_fades_each_edge():
    result = masks.feather(torch.ones(4, 6), left=2, top=1, right=3, bottom=100)[0].numpy()
    across = np.array([1 / 2, 1, 1, 1, 2 / 3, 1 / 3])
    down = np.array([4, 3, 2, 1]) / 4
    np.testing.assert_allclose(result, down[:, None] * across, atol=1e-6)


def test_exactly_one_colour_is_found():
    images = torch.tensor([[[[0x12, 0x34, 0x56], [0x12, 0x34, 0x57]]]]) / 255
    assert masks.of_colour(images, 0x123456).tolist() == [[[1, 0]]]
    with_alpha = torch.cat([images, torch.zeros(1, 1, 2, 1)], -1)
    assert masks.of_colour(with_alpha, 0x123457).tolist() == [[[0, 1]]]


def test_a_single_mask_is_a_batch_of_one():
    values = torch.from_numpy(mask(3, 4))
    assert masks.batched(values).shape == (1, 3, 4)
    images = masks.to_images(values)
    assert images.shape == (1, 3, 4, 3)
    torch.testing.assert_close(images[0, ..., 2], values)
