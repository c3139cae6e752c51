"""Soft inpainting, by closed forms."""

import numpy as np
import pytest
import torch

from diffusion.pictures.overlay import prepare
from diffusion.pictures.soft_inpainting import Mixing, SoftInpainting, softly_placed, weighted_percentiles
from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.noise import BatchNoise
from diffusion.sampling.sample import sample_parts
from diffusion.sampling.samplers import SAMPLERS
from tests.diffusion.sampling.gaussian import SCHEDULE, PromptedModel, prompt


def test_greys_are_kept_at_high_levels_and_let_go_at_low_ones():
    mask = torch.tensor([0.0, 0.5, 1.0])
    change = SoftInpainting(bias=1.0, strength=0.5)

    def at(sigma: float) -> list[float]:
        return change.mask(mask, sigma, [], SCHEDULE).tolist()

    assert at(8.0) == pytest.approx([0, 0.5**4, 1])
    assert at(2.0) == pytest.approx([0, 0.5, 1])
    assert at(0.01)[1] > 0.99
    assert SoftInpainting(strength=0).mask(mask, 1.0, [], SCHEDULE).tolist() == [0, 1, 1]


def test_mixed_vectors_have_the_power_mean_of_the_lengths():
    one, other = torch.tensor([3.0, 4.0]).reshape(1, 2, 1, 1), torch.tensor([0.0, 2.0]).reshape(1, 2, 1, 1)
    half = torch.tensor(0.5).reshape(1, 1, 1, 1)
    plain = (one + other) / 2
    mixed = SoftInpainting(contrast=4.0).blended(plain, other, one, half)
    assert float(mixed.norm()) == pytest.approx(((5**4 + 2**4) / 2) ** 0.25, rel=1e-4)
    assert torch.allclose(mixed / mixed.norm(), plain / plain.norm())
    for weight, end in ((0.0, one), (1.0, other)):
        assert torch.allclose(SoftInpainting().blended(end, other, one, torch.full_like(half, weight)), end, rtol=1e-4)


def test_a_run_keeps_what_is_black_and_paints_what_is_grey():
    latent = {"samples": torch.full((1, 4, 8, 8), 3.0), "noise_mask": torch.zeros(1, 1, 8, 8)}
    latent["noise_mask"][..., 2:4], latent["noise_mask"][..., 4:] = 0.3, 1.0
    guider = ClassifierFreeGuidance(prompt(-1.0), prompt(0.0), 1.0)
    levels = SCHEDULE.sigmas[torch.tensor([999, 600, 300, 100, 0])]
    levels = torch.cat([levels, torch.zeros(1)])
    model = PromptedModel(guidance=(SoftInpainting(),))
    result = sample_parts(model, latent, BatchNoise(0), guider, SAMPLERS["euler"], levels)[0]["samples"]
    assert torch.allclose(result[..., :2], latent["samples"][..., :2], rtol=1e-4)
    assert (result[..., 4:] - latent["samples"][..., 4:]).abs().mean() > 1
    assert (result[..., 2:4] - latent["samples"][..., 2:4]).abs().mean() > 0.1


def by_sorting(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """The mean of a range of a sorted stack of weighted values, value by value."""
    result = np.zeros_like(values)
    edge = np.exp(-9 / 1.5**2)
    for y, x in np.ndindex(values.shape):
        stack = []
        for j, i in np.ndindex(5, 5):
            row, column = y + j - 2, x + i - 2
            if 0 <= row < values.shape[0] and 0 <= column < values.shape[1]:
                square = (j - 2) ** 2 + (i - 2) ** 2
                stack.append((values[row, column], max(0, (np.exp(-square / 1.5**2) - edge) / (1 - edge))))
        stack.sort()
        total = sum(weight for _, weight in stack)
        start, stop = total * low, total * high
        if stop - start < 1:
            middle = (start + stop) / 2
            start, stop = middle - 0.5, middle + 0.5
            if stop > total:
                start, stop = total - 1, total
        at, amount = 0.0, 0.0
        for value, weight in stack:
            share = max(0.0, min(stop, at + weight) - max(start, at))
            result[y, x] += value * share
            amount += share
            at += weight
        result[y, x] /= amount
    return result


@pytest.mark.parametrize("bounds", [(0.9, 1.0), (0.25, 0.75)])
def test_percentiles_are_those_of_a_sorted_stack(bounds):
    values = np.random.default_rng(0).random((7, 9))
    found = weighted_percentiles(torch.from_numpy(values)[None], *bounds)
    assert found[0].numpy() == pytest.approx(by_sorting(values, *bounds))


def test_what_has_not_changed_shows_the_old_picture():
    before = torch.zeros(1, 4, 12, 12)
    after = before.clone()
    after[..., 6:] = 5.0
    weights = Mixing().weights(before, after, torch.ones(1, 1, 12, 12))
    assert weights[0, 6, 2] == 0
    assert weights[0, 6, 9] > 0.99
    at_threshold = Mixing(threshold=1.0).weights(before, torch.full_like(before, 0.5), torch.ones(1, 1, 12, 12))
    assert torch.allclose(at_threshold, torch.tensor(0.5), atol=1e-4)  # a vector of length 1


def test_the_overlay_is_laid_in_the_place():
    images = torch.rand(1, 64, 64, 3)
    mask = torch.zeros(1, 64, 64)
    mask[:, 16:48, 16:48] = 1
    place = prepare(images, mask, only_masked=True, padding=0, blur=0, width=64, height=64).place
    moved = softly_placed(place, torch.ones(1, 8, 8), 64, 64)
    assert torch.equal(moved.overlay, mask)
    assert torch.equal(moved.picture, images)
