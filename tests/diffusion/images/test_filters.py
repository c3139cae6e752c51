"""Filters against kornia, scipy and Pillow, and by what they promise."""

import numpy as np
import pytest
import torch
from kornia import filters as kornia_filters
from kornia import morphology as kornia_morphology
from scipy import ndimage

from diffusion.images import filters, morphology


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def planes(images: torch.Tensor) -> torch.Tensor:
    return images.movedim(-1, 1)


def noisy(deviation: float) -> tuple[torch.Tensor, torch.Tensor]:
    """A picture of two halves, and the same with noise."""
    clean = torch.full((1, 48, 48, 3), 0.3)
    clean[:, :, 24:] = 0.7
    return clean, clean + deviation * torch.randn(clean.shape, generator=torch.Generator().manual_seed(5))


def test_gaussian_blur_as_kornia_makes_it():
    image = random(2, 40, 30, 4)
    weights = filters.gaussian(1.5)
    assert len(weights) == 13
    expected = kornia_filters.gaussian_blur2d(planes(image), (13, 13), (1.5, 1.5), border_type="reflect")
    np.testing.assert_allclose(planes(filters.blurred(image, weights)), expected, atol=1e-5)


def test_comfyui_blur_and_sharpening_by_their_formulas():
    """exp(-d^2 / 2 sigma^2) on a grid of -1..1; sharpening is minus ten alpha of that, and the rest in the middle."""
    grid = np.linspace(-1, 1, 5)
    kernel = np.exp(-(grid[:, None] ** 2 + grid**2) / (2 * 0.8**2))
    kernel /= kernel.sum()
    image = random(1, 12, 11, 3)
    convolved = ndimage.convolve(image.numpy()[0], kernel[:, :, None], mode="mirror")
    np.testing.assert_allclose(filters.blurred(image, filters.comfy_gaussian(2, 0.8))[0], convolved, atol=1e-5)
    sharp = -10 * 0.3 * kernel
    sharp[2, 2] += 1 - sharp.sum()
    expected = ndimage.convolve(image.numpy()[0], sharp[:, :, None], mode="mirror").clip(0, 1)
    np.testing.assert_allclose(filters.sharpened(image, 2, 0.8, 0.3)[0], expected, atol=1e-4)


def test_pictures_smaller_than_the_filter():
    flat = torch.full((1, 2, 1, 3), 0.4)
    for blurred in (filters.blurred(flat, filters.gaussian(9)), filters.convolved(flat, filters.disc_kernel(7))):
        np.testing.assert_allclose(blurred, flat, atol=1e-5)


def test_box_blur_as_scipy_makes_it():
    image = random(1, 15, 12, 3)
    expected = ndimage.uniform_filter(image[0].numpy(), (5, 5, 0), mode="mirror")
    np.testing.assert_allclose(filters.blurred(image, filters.box_kernel(2))[0], expected, atol=1e-5)


def test_motion_smears_along_its_direction_alone():
    point = torch.zeros(1, 31, 31, 1)
    point[0, 15, 15] = 1
    flat = filters.convolved(point, filters.motion_kernel(9, 0))[0, ..., 0]
    np.testing.assert_allclose(flat.sum(), 1, atol=1e-5)
    assert flat[15].nonzero().flatten().tolist() == list(range(11, 20))
    np.testing.assert_allclose(flat[15].sum(), 1, atol=1e-5)
    upright = filters.convolved(point, filters.motion_kernel(9, 90))[0, ..., 0]
    np.testing.assert_allclose(upright, flat.T, atol=1e-5)
    slanted = filters.convolved(point, filters.motion_kernel(9, 45))[0, ..., 0]
    assert slanted[17, 17] > 0.1  # down to the right: clockwise
    assert slanted[13, 17] == pytest.approx(0, abs=1e-6)
    assert filters.motion_kernel(1, 30).tolist() == [[1]]


def test_a_lens_makes_even_discs_of_points():
    kernel = filters.disc_kernel(10)
    assert kernel.sum() == pytest.approx(1)
    assert (kernel > kernel.max() / 2).sum() == pytest.approx(np.pi * 100, rel=0.03)
    flat = torch.full((1, 16, 16, 3), 0.3)
    np.testing.assert_allclose(filters.lens_blurred(flat, 4), flat, atol=1e-5)
    spot = torch.zeros(1, 41, 41, 3)
    spot[0, 20, 20] = 1
    plain, shining = (filters.lens_blurred(spot, 4, highlights)[0, 20, 20, 0] for highlights in (1, 2))
    assert shining > plain > 0


def test_unsharp_masking_leaves_weak_detail_alone():
    image = random(1, 20, 20, 3)
    detail = image - filters.blurred(image, filters.gaussian(2))
    sharp = filters.unsharp_masked(image, 2, 0.5, 0.1)
    weak = detail.abs() <= 0.1
    assert torch.equal(sharp[weak], image[weak])
    np.testing.assert_allclose(sharp[~weak], (image + 0.5 * detail).clamp(0, 1)[~weak], atol=1e-6)


def test_the_median_as_scipy_takes_it():
    levels = np.random.default_rng(6).integers(0, 256, (14, 11, 3))
    image = torch.from_numpy(levels.astype(np.float32) / 255)[None]
    expected = ndimage.median_filter(levels, (7, 7, 1), mode="nearest")
    with_alpha = torch.cat([image, random(1, 14, 11, 1)], -1)
    smooth = filters.median(with_alpha, 3)
    np.testing.assert_allclose(smooth[0, ..., :3] * 255, expected, atol=1e-4)
    assert torch.equal(smooth[..., 3], with_alpha[..., 3])


def test_denoising_brings_a_noisy_picture_nearer_to_the_clean_one_and_keeps_its_edge():
    clean, image = noisy(0.05)
    before = float(((image - clean) ** 2).mean())
    for denoised in (filters.bilateral(image, 4, 0.5, 3), filters.non_local_means(image, 15, 15)):
        assert float(((denoised - clean) ** 2).mean()) < before / 3
        edge = denoised[0, :, 26:28].mean() - denoised[0, :, 20:22].mean()
        assert edge == pytest.approx(0.4, abs=0.03)


def test_the_bilateral_filter_by_its_formula():
    """Weights of Tomasi and Manduchi; the distance of colours is the sum over the channels, as OpenCV has it."""
    image = random(1, 7, 7, 3)
    values = image[0].numpy().astype(np.float64)
    total = weight = 0.0
    for dy, dx in np.ndindex(5, 5):
        away = np.hypot(dy - 2, dx - 2)
        if away <= 2:
            near = values[1 + dy, 1 + dx]
            each = np.exp(-(away**2) / (2 * 1.5**2)) * np.exp(-(np.abs(near - values[3, 3]).sum() ** 2) / (2 * 0.4**2))
            total, weight = total + each * near, weight + each
    np.testing.assert_allclose(filters.bilateral(image, 2, 0.4, 1.5)[0, 3, 3], total / weight, atol=1e-3)


def test_grain_has_its_strength_in_middle_grey_and_none_in_black_and_white():
    grey = torch.full((1, 128, 128, 3), 0.5)
    fine, coarse = (filters.grain(grey, 0.05, size, 0.0, 7) - grey for size in (1, 3))
    for grain in (fine, coarse):
        assert float(grain.std()) == pytest.approx(0.05, rel=0.1)
        assert torch.equal(grain[..., 0], grain[..., 2])
    assert float(coarse.diff(dim=1).std()) < float(fine.diff(dim=1).std()) / 2
    coloured = filters.grain(grey, 0.05, 1, 1.0, 7) - grey
    assert float(coloured.std()) == pytest.approx(0.05, rel=0.1)
    correlation = torch.corrcoef(coloured.reshape(-1, 3).T)
    assert abs(float(correlation[0, 1])) < 0.05
    for flat in (torch.zeros(1, 8, 8, 3), torch.ones(1, 8, 8, 3)):
        assert torch.equal(filters.grain(flat, 0.3, 2, 0.5, 1), flat)
    assert torch.equal(filters.grain(grey, 0.05, 1, 0.3, 7), filters.grain(grey, 0.05, 1, 0.3, 7))
    assert not torch.equal(filters.grain(grey, 0.05, 1, 0.3, 7), filters.grain(grey, 0.05, 1, 0.3, 8))


def test_added_noise_is_that_of_a_generator_with_the_seed():
    image = random(1, 6, 6, 3)
    noise = torch.randn(1, 6, 6, 3, generator=torch.Generator().manual_seed(11))
    assert torch.equal(filters.add_noise(image, 0.2, 11), (image + 0.2 * noise).clamp(0, 1))


@pytest.mark.parametrize("operation", morphology.OPERATIONS)
def test_morphology_as_kornia_makes_it(operation):
    names = {"erode": "erosion", "dilate": "dilation", "open": "opening", "close": "closing"}
    image = random(2, 16, 13, 3)
    near = morphology.kernel(2, "square")
    of_kornia = getattr(kornia_morphology, names.get(operation, operation))
    expected = of_kornia(planes(image), torch.from_numpy(near).float())
    np.testing.assert_allclose(planes(morphology.morphology(image, operation, near)), expected, atol=1e-6)


def test_what_a_point_grows_to():
    point = torch.zeros(1, 9, 9)
    point[0, 4, 4] = 1
    ys, xs = torch.meshgrid(torch.arange(9) - 4, torch.arange(9) - 4, indexing="ij")
    grown = {shape: morphology.on_mask(point, "dilate", 3, shape)[0].bool() for shape in morphology.SHAPES}
    assert torch.equal(grown["square"], (xs.abs() <= 3) & (ys.abs() <= 3))
    assert torch.equal(grown["diamond"], xs.abs() + ys.abs() <= 3)
    assert torch.equal(grown["disc"], (xs**2 + ys**2).sqrt() < 3.5)
    assert torch.equal(morphology.on_mask(point, "dilate", 0), point)
    whole = torch.ones(1, 4, 4)
    assert torch.equal(morphology.on_mask(whole, "erode", 2), whole)
    with pytest.raises(ValueError, match="no shape 'star'"):
        morphology.kernel(1, "star")
    with pytest.raises(ValueError, match="no operation 'melt'"):
        morphology.on_mask(point, "melt", 1)


def test_a_blurred_mask_as_scipy_blurs_it():
    mask = torch.zeros(1, 40, 40)
    mask[:, 10:25, 12:30] = 1
    expected = ndimage.gaussian_filter(mask[0].numpy(), 3, mode="mirror", truncate=4)
    np.testing.assert_allclose(morphology.blurred_mask(mask, 3)[0], expected, atol=1e-5)
    assert torch.equal(morphology.blurred_mask(mask, 0), mask)
