import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import grey_dilation

from diffusion import inpainting


@given(arrays(np.float32, (9, 11), elements=st.sampled_from([0.0, 0.3, 0.7, 1.0])), st.integers(1, 7))
def test_a_mask_grows_as_a_dilation_does(mask, pixels):
    grown = inpainting.grow(torch.from_numpy(mask)[None, None], pixels)[0, 0].numpy()
    # SciPy's square lies one pixel to the other side when its width is even
    expected = grey_dilation(mask.round(), size=(pixels, pixels), mode="constant", origin=-(1 - pixels % 2))
    assert np.array_equal(grown, expected)


def test_without_growth_a_mask_is_only_made_black_and_white():
    assert inpainting.grow(torch.tensor([[[[0.2, 0.6]]]]), 0).tolist() == [[[[0.0, 1.0]]]]


def test_what_is_masked_becomes_grey():
    image = torch.rand(1, 2, 2, 3)
    mask = torch.tensor([[[[1.0, 0.0], [0.4, 0.9]]]])
    result = inpainting.grey_out(image, mask)
    assert result[0, 0, 0].tolist() == result[0, 1, 1].tolist() == [0.5] * 3
    torch.testing.assert_close(result[0, 0, 1], image[0, 0, 1])
    torch.testing.assert_close(result[0, 1, 0], image[0, 1, 0])


@pytest.mark.parametrize("shape", [(3, 4), (1, 3, 4), (2, 3, 4)])
def test_masks_are_scaled_to_the_picture(shape):
    fitted = inpainting.fit_mask(torch.ones(shape), 16, 8)
    assert fitted.shape == (shape[0] if len(shape) == 3 else 1, 1, 16, 8)
    assert fitted.eq(1).all()


def test_cropping_takes_the_centre():
    picture = torch.arange(11.0)[None, None, :].expand(1, 8, 11)
    assert inpainting.crop_to_multiple(picture, 8, rows=1, columns=2)[0, 0].tolist() == list(range(1, 9))
