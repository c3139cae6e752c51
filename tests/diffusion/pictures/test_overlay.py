"""Inpainting keeps what is not masked, whatever the sampler gives: the picture itself is the oracle."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diffusion.images.files import encode_png
from diffusion.images.regions import Box
from diffusion.pictures.overlay import finish, prepare, within


def picture(height: int, width: int, count: int = 1) -> torch.Tensor:
    pixels = np.random.default_rng(height * 1000 + width).integers(0, 256, (count, height, width, 3))
    return torch.from_numpy(pixels).float() / 255


def as_saved(image: torch.Tensor) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(encode_png(image))))


@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(st.integers(24, 90), st.integers(24, 90)),
    only_masked=st.booleans(),
    invert=st.booleans(),
    blur=st.sampled_from([0, 1, 4]),
    work=st.sampled_from([(0, 0), (64, 64), (96, 40)]),
    data=st.data(),
)
def test_pixels_outside_of_the_mask_are_kept_bit_for_bit(size, only_masked, invert, blur, work, data):
    height, width = size
    left, top = data.draw(st.integers(0, width - 9)), data.draw(st.integers(0, height - 9))
    mask = torch.zeros(1, height, width)
    mask[:, top : top + 8, left : left + 8] = 1
    images = picture(height, width)
    work = work if only_masked else (0, 0)
    prepared = prepare(
        images, mask, only_masked=only_masked, invert=invert, blur=blur, width=work[0], height=work[1]
    )  # fmt: skip
    assert prepared.images.shape[1] % 8 == prepared.images.shape[2] % 8 == 0
    assert prepared.mask.shape == prepared.images.shape[:3]
    adversary = torch.full_like(prepared.images, 7.0)
    result = finish(adversary, prepared.place)
    kept = prepared.place.overlay[0] == 0
    before, after = as_saved(images[0]), as_saved(result[0])
    assert (before[kept] == after[kept]).all()
    marked = (mask[0] == 0) if invert else (mask[0] == 1)
    assert (after[(prepared.place.overlay[0] == 1).numpy()] == 255).all()
    assert not kept[marked].any()


def test_the_overlay_of_a_whole_picture_is_twice_the_soft_mask():
    mask = torch.zeros(1, 64, 64)
    mask[:, 16:48, 16:48] = 1
    images = picture(64, 64)
    whole, part = (prepare(images, mask, only_masked=only).place.overlay[0, 32] for only in (False, True))
    assert (whole[4:15] * 255).round().tolist() == [0, 0, 2, 6, 14, 24, 42, 64, 96, 134, 180]
    assert (part[4:15] * 255).round().tolist() == [0, 0, 1, 3, 7, 12, 21, 32, 48, 67, 90]


def test_a_mask_is_inverted_before_it_is_blurred():
    mask = torch.zeros(1, 64, 64)
    mask[:, 16:48, 16:48] = 1
    inverted = prepare(picture(64, 64), mask, invert=True).place.overlay
    same = prepare(picture(64, 64), 1 - mask).place.overlay
    assert torch.equal(inverted, same)
    assert inverted[0, 32, 32] == 0


def test_the_masked_part_alone_is_cut_out_and_put_back_in_its_place():
    images = torch.zeros(1, 64, 96, 3)
    images[:, 24:40, 40:56] = 1
    prepared = prepare(images, images[..., 0], only_masked=True, padding=0, blur=0, width=64, height=64)
    assert prepared.place.box == Box(40, 24, 56, 40)
    assert prepared.images.shape == (1, 64, 64, 3)
    assert prepared.images.min() == 1
    painted = torch.zeros(1, 64, 64, 3)
    painted[:, :32] = 0.5
    result = finish(painted, prepared.place)
    assert torch.allclose(result[0, 24:31, 40:56], torch.tensor(0.5), atol=0.05)
    assert result[0, 33:40, 40:56].max() < 0.05


def test_a_part_that_cannot_have_the_proportions_is_not_distorted():
    """A mask as wide as the picture, for work of other proportions: what is filled in is cut off again."""
    images = torch.linspace(0, 1, 64).reshape(1, 1, 64, 1).expand(1, 16, 64, 3).contiguous()
    mask = torch.zeros(1, 16, 64)
    mask[:, :, 2:62] = 1
    prepared = prepare(images, mask, only_masked=True, padding=0, blur=0, width=64, height=64)
    assert torch.equal(prepared.images[:, :24], prepared.images[:, 24:25].expand(-1, 24, -1, -1))
    back = finish(prepared.images, prepared.place)
    assert (back - images).abs().max() < 0.02


def test_whole_pictures_get_the_new_size():
    mask = torch.zeros(1, 40, 40)
    mask[:, 10:20, 10:20] = 1
    prepared = prepare(picture(40, 40), mask, width=64, height=32, how="crop")
    assert prepared.images.shape == (1, 32, 64, 3)
    assert finish(torch.zeros(1, 32, 64, 3), prepared.place).shape == (1, 32, 64, 3)


def test_a_batch_of_results_lies_over_one_picture():
    mask = torch.ones(1, 16, 16)
    place = prepare(picture(16, 16), mask, blur=0).place
    result = finish(torch.stack([torch.zeros(16, 16, 3), torch.ones(16, 16, 3)]), place)
    assert result[0].max() == 0
    assert result[1].min() == 1


def test_pictures_and_masks_may_differ_in_number():
    masks = torch.zeros(2, 16, 16)
    masks[0, :, :8], masks[1, :, 8:] = 1, 1
    prepared = prepare(picture(16, 16), masks, blur=0)
    assert torch.equal(prepared.mask, masks)
    result = finish(torch.ones(2, 16, 16, 3), prepared.place)
    assert (result == 1).all(-1).float().equal(masks)
    three = prepare(picture(16, 16).repeat(3, 1, 1, 1), masks, blur=0)
    assert len(three.mask) == len(three.place.overlay) == 3


def test_weights_of_a_part_are_nothing_outside_of_it():
    mask = torch.zeros(1, 32, 32)
    mask[:, 8:16, 8:16] = 1
    place = prepare(picture(32, 32), mask, only_masked=True, padding=0, blur=0, width=32, height=32).place
    assert torch.equal(within(torch.ones(1, 32, 32), place), mask)


def test_an_empty_mask_is_said():
    with pytest.raises(ValueError, match="marks nothing"):
        prepare(picture(16, 16), torch.zeros(1, 64, 64))
