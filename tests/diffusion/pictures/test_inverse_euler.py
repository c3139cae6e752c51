"""Finding the noise of a latent: recurrences that can be done by hand, and the exact flow of Gaussian data."""

import pytest
import torch

from diffusion.pictures.inverse_euler import find_noise, inverse_euler, inverse_euler_adjusted, mixed
from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.noise import GivenNoise
from diffusion.sampling.sample import sample_parts
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.schedules import normal
from tests.diffusion.sampling.gaussian import SCHEDULE, PromptedModel, prompt

LEVELS = [0.0, 0.5, 2.0, 8.0]


def unit_gaussian(x: torch.Tensor, sigma: float) -> torch.Tensor:
    return x / (1 + sigma**2)


def test_the_recurrence_of_the_first_variant():
    x = inverse_euler(unit_gaussian, torch.tensor(1.0), LEVELS, lambda *_: None, lambda *_: None)
    wanted = 1.0
    for before, after in ((0.0, 0.5), (0.5, 2.0), (2.0, 8.0)):
        wanted *= 1 + after / (1 + after**2) * (after - before)  # (x - x / (1 + s²)) / s = x s / (1 + s²)
    assert float(x) == pytest.approx(wanted)


def test_the_recurrence_of_the_adjusted_variant():
    x = inverse_euler_adjusted(unit_gaussian, torch.tensor(1.0), LEVELS, lambda *_: None, lambda *_: None)
    wanted = (1 + 0.5 / 1.25 * 1.5) * (1 + 2 / 5 * 6)
    assert float(x) == pytest.approx(wanted)


def test_a_model_that_sees_nothing_gives_the_latent_itself():
    x = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    found = inverse_euler(lambda x, sigma: x * 0, x, LEVELS, lambda *_: None, lambda *_: None)
    factor = 1.0
    for before, after in ((0.0, 0.5), (0.5, 2.0), (2.0, 8.0)):
        factor *= 1 + (after - before) / after
    assert torch.allclose(found, x * factor)


@pytest.mark.parametrize("adjusted", [False, True])
def test_a_run_from_the_noise_gives_the_latent_back(adjusted):
    model = PromptedModel()
    generator = torch.Generator().manual_seed(3)
    latent = {"samples": 1 + 0.6 * torch.randn(1, 4, 32, 32, generator=generator)}  # from the model's own data
    guider = ClassifierFreeGuidance(prompt(0.5), prompt(0.0), 1.0)
    noise = find_noise(model, latent, guider, 200, adjusted)
    empty = {"samples": torch.zeros_like(noise)}
    levels = normal(SCHEDULE, 200)
    result, _ = sample_parts(model, empty, GivenNoise(noise, 0), guider, SAMPLERS["euler"], levels)
    assert (result["samples"] - latent["samples"]).abs().mean() < 0.08 * latent["samples"].std()


def test_noise_has_unit_deviation_unless_it_is_adjusted():
    model = PromptedModel()
    latent = {"samples": torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(3))}
    guider = ClassifierFreeGuidance(prompt(0.5), prompt(0.0), 1.0)
    highest = SCHEDULE.sigma_max
    weight = highest / (1 + highest**2) ** 0.5  # what a run gives its noise at the highest level
    plain = find_noise(model, latent, guider, 20)
    assert float(plain.std()) == pytest.approx(weight, abs=1e-4)
    assert not torch.allclose(find_noise(model, latent, guider, 20, adjusted=True).std(), plain.std(), atol=1e-3)


@pytest.mark.parametrize("randomness", [0.0, 0.5, 1.0])
def test_mixed_noise_keeps_its_variance(randomness):
    noise = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(1))
    made = mixed(noise, randomness, 7)
    assert float(made.noise.var()) == pytest.approx(1, abs=0.03)
    again = mixed(-noise, randomness, 7).noise
    assert torch.equal(made.noise, again) == (randomness == 1.0)
    assert torch.allclose(made.noise, noise) == (randomness == 0.0)
