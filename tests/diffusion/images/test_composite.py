"""Compositing and padding against PIL and loops over pixels."""

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.images.composite import (
    composite,
    feathered_edges,
    join_batches,
    pad_for_outpainting,
    repeat_to,
    with_channels,
)

RANDOM = np.random.default_rng(2)


def levels(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / 255)[None].movedim(-1, 1)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 2), (8, 7), (-2, -1), (20, 3)])
@pytest.mark.parametrize("masked", [False, True])
def test_pasting_is_that_of_pil(x, y, masked):
    below, above, mask = levels(10, 12, 3), levels(5, 6, 3), levels(5, 6)
    expected = Image.fromarray(below)
    expected.paste(Image.fromarray(above), (x, y), Image.fromarray(mask) if masked else None)
    weights = torch.from_numpy(mask.astype(np.float32) / 255)[None] if masked else None
    result = composite(tensor(below), tensor(above), x, y, weights)[0].movedim(0, -1)
    np.testing.assert_allclose(result.numpy() * 255, np.asarray(expected), atol=1 if masked else 1e-4)


def test_the_destination_is_not_changed():
    below = torch.zeros(1, 3, 4, 4)
    composite(below, torch.ones(1, 3, 2, 2), 1, 1)
    assert not below.any()


def test_sources_and_masks_are_repeated_over_the_batch_and_stretched():
    below = torch.zeros(3, 1, 4, 4)
    above = torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1)
    result = composite(below, above, 0, 0, torch.ones(1, 2, 2), resize_source=True)
    assert result.amin((1, 2, 3)).tolist() == [1, 2, 1]
    assert result.amax((1, 2, 3)).tolist() == [1, 2, 1]


@pytest.mark.parametrize(("size", "expected"), [(1, [1]), (2, [1, 2]), (5, [1, 2, 1, 2, 1])])
def test_batches_are_repeated_or_cut(size, expected):
    assert repeat_to(torch.tensor([1, 2]), size).tolist() == expected


def test_feathered_edges_rise_by_equal_steps():
    mask = feathered_edges(6, 3, left=2, top=0, right=4, bottom=0)
    expected = [0.5 * 1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
    np.testing.assert_allclose(mask.numpy(), [expected] * 3)
    np.testing.assert_allclose(feathered_edges(3, 6, 0, 2, 0, 4).numpy(), mask.numpy().T)


def outpainting_mask(width: int, height: int, left: int, top: int, right: int, bottom: int, feathering: int):
    """The mask, pixel by pixel."""
    mask = np.ones((height + top + bottom, width + left + right))
    for row in range(height):
        for column in range(width):
            distance = min(
                row if top else height,
                height - row if bottom else height,
                column if left else width,
                width - column if right else width,
            )
            share = max(0, feathering - distance) / feathering if 0 < feathering * 2 < min(width, height) else 0
            mask[top + row, left + column] = share**2
    return mask


@pytest.mark.parametrize("borders", [(8, 0, 0, 0), (0, 16, 8, 0), (8, 8, 8, 8), (0, 0, 0, 0)])
@pytest.mark.parametrize("feathering", [0, 5, 40])
def test_padding_for_outpainting(borders, feathering):
    images = torch.from_numpy(levels(2, 20, 24, 3).astype(np.float32) / 255)
    padded, mask = pad_for_outpainting(images, *borders, feathering)
    left, top = borders[:2]
    expected = outpainting_mask(24, 20, *borders, feathering)
    np.testing.assert_allclose(mask.numpy()[0], expected, atol=1e-6)
    inside = (slice(None), slice(top, top + 20), slice(left, left + 24))
    torch.testing.assert_close(padded[inside], images)
    outside = torch.ones(padded.shape[:3], dtype=torch.bool)
    outside[inside] = False
    assert (padded[outside] == 0.5).all()


def test_joined_batches_have_the_first_size_and_all_channels():
    joined = join_batches(torch.zeros(1, 4, 4, 3), torch.ones(2, 8, 16, 4) * 0.5)
    assert joined.shape == (3, 4, 4, 4)
    assert joined[0, ..., 3].min() == 1, "without alpha a picture is opaque"
    assert joined[1:].unique().tolist() == [0.5]


def test_channels_are_added_and_dropped():
    images = torch.zeros(1, 2, 2, 3)
    assert with_channels(images, 4)[..., 3].min() == 1
    torch.testing.assert_close(with_channels(with_channels(images, 4), 3), images)
