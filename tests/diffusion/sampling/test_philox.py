"""Noise of the software Philox against numbers that CUDA and Stable Diffusion WebUI have been seen to give."""

import pytest
import torch

from diffusion.sampling.philox import philox_normal


@pytest.mark.parametrize(
    ("seed", "shape", "call", "expected"),
    [
        (0, (3, 4), 0, [-0.92466, -0.42534, -2.64385, 0.14518, -0.12087, -0.57973, -0.62285, -0.32839, -1.07454,
                        -0.36314, -1.67105, 2.26550]),
        (0, (2,), 1, [0.180826, -0.552263]),
        (12345, (4,), 0, [0.578641, -0.524756, -0.291904, 0.014014]),
        (1, (4, 64, 64), 0, [-0.296278, 2.676448, -0.140846, -0.844095]),
    ],
)  # fmt: skip
def test_known_numbers(seed, shape, call, expected):
    found = philox_normal(shape, seed, call)
    assert found.shape == shape
    assert torch.allclose(found.flatten()[: len(expected)], torch.tensor(expected), atol=1e-5)


def test_both_halves_of_a_seed_count_and_the_numbers_are_normal():
    low, high = philox_normal((100_000,), 5), philox_normal((100_000,), 5 + 2**32)
    for numbers in (low, high):
        assert float(numbers.mean()) == pytest.approx(0, abs=0.02)
        assert float(numbers.std()) == pytest.approx(1, abs=0.02)
    assert abs(float(torch.corrcoef(torch.stack([low, high]))[0, 1])) < 0.02
