"""Measures against scikit-image."""

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from diffusion.images import lpips, metrics
from diffusion.weights import WeightsError


def test_measures_are_those_of_scikit_image():
    generator = torch.Generator().manual_seed(2)
    reference = torch.rand(2, 40, 36, 3, generator=generator)
    images = (reference + 0.1 * torch.randn(reference.shape, generator=generator)).clamp(0, 1)
    for index, (psnr, ssim) in enumerate(
        zip(metrics.psnr(images, reference), metrics.ssim(images, reference), strict=True)
    ):
        pair = images[index].numpy().astype(np.float64), reference[index].numpy().astype(np.float64)
        assert float(psnr) == pytest.approx(peak_signal_noise_ratio(*pair, data_range=1), abs=1e-3)
        expected = structural_similarity(
            *pair, channel_axis=-1, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert float(ssim) == pytest.approx(expected, abs=1e-3)


def test_equal_pictures_and_simple_differences():
    black = torch.zeros(1, 16, 16, 3)
    assert metrics.psnr(black, black).tolist() == [float("inf")]
    np.testing.assert_allclose(metrics.ssim(black, black), [1], atol=1e-6)
    shifted = torch.cat([black + 0.5, black + 0.1])
    np.testing.assert_allclose(metrics.mse(shifted, black), [0.25, 0.01], atol=1e-6)
    np.testing.assert_allclose(metrics.mae(shifted, black), [0.5, 0.1], atol=1e-6)
    with pytest.raises(ValueError, match="16 x 16 and 8 x 16 pixels"):
        metrics.mse(black, black[:, :, :8])
    with pytest.raises(ValueError, match="11 pixels"):
        metrics.ssim(black[:, :8], black[:, :8])


def random_alexnet(generator: torch.Generator) -> dict[str, torch.Tensor]:
    shapes = {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3), 8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}
    weights = {}
    for index, shape in shapes.items():
        scale = (2 / np.prod(shape[1:])) ** 0.5
        weights[f"features.{index}.weight"] = torch.randn(shape, generator=generator) * scale
        weights[f"features.{index}.bias"] = torch.zeros(shape[0])
    return weights


def test_lpips_is_that_of_its_package(tmp_path):
    """The distances were computed by the package lpips 0.1.4 from the same weights and pictures."""
    generator = torch.Generator().manual_seed(0)
    torch.save(random_alexnet(generator), tmp_path / "alexnet-owt-7be5be79.pth")
    heads = {f"lin{i}.model.1.weight": torch.rand(1, w, 1, 1, generator=generator) for i, w in enumerate(lpips.WIDTHS)}
    torch.save(heads, tmp_path / "alex.pth")
    first = torch.rand(2, 64, 72, 3, generator=generator)
    second = (first + 0.1 * torch.randn(first.shape, generator=generator)).clamp(0, 1)
    cpu = torch.device("cpu")
    distances = lpips.lpips(first, second, [tmp_path], cpu)
    np.testing.assert_allclose(distances, [0.112356648, 0.100965604], rtol=1e-4)
    assert lpips.lpips(first, first, [tmp_path], cpu).tolist() == [0, 0]
    (tmp_path / "alex.pth").unlink()
    with pytest.raises(WeightsError, match="Missing from models/annotators: lpips_alex"):
        lpips.lpips(first, second, [tmp_path], cpu)
    with pytest.raises(ValueError, match="64 pixels"):
        lpips.lpips(first[:, :32], second[:, :32], [tmp_path], cpu)
