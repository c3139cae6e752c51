"""Lists of levels: published numbers, diffusers, closed forms, and what holds for the operations on any list."""

import math

import numpy as np
import pytest
import torch
from diffusers.schedulers import AysSchedules
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import laplace

from diffusion.sampling import sigma_lists
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.schedules import SCHEDULERS, beta, turbo
from tests.diffusion.sampling.gaussian import SCHEDULE

LISTS = st.lists(st.floats(0.01, 100), min_size=1, max_size=12, unique=True).map(
    lambda levels: torch.tensor([*sorted(levels, reverse=True), 0.0])
)
ENDS = {"sigma_min": 0.0291675, "sigma_max": 14.614642}


def near(found: torch.Tensor, expected, tolerance: float = 1e-4) -> bool:
    return torch.allclose(found, torch.tensor(expected), rtol=tolerance)


def test_karras_of_twenty_steps_has_the_levels_of_stable_diffusion_webui():
    levels = sigma_lists.karras_levels(20, 0.0291672, 14.6146)
    assert near(levels[:3], [14.6146, 11.7254, 9.3402])
    assert near(levels[-3:], [0.04848, 0.029167, 0.0], 1e-3)


def test_polyexponential_with_rho_one_is_exponential():
    found = sigma_lists.polyexponential_levels(9, **ENDS)
    assert torch.allclose(found, sigma_lists.exponential_levels(9, **ENDS), rtol=1e-5)
    middle = sigma_lists.polyexponential_levels(3, **ENDS, rho=2.0)[1]
    assert math.log(float(middle) / 0.0291675) == pytest.approx(math.log(14.614642 / 0.0291675) / 4, rel=1e-5)


def test_laplace_has_the_quantiles_of_the_distribution():
    found = sigma_lists.laplace_levels(9, **ENDS, mu=0.3, beta=0.7)
    expected = np.exp(laplace.ppf(1 - np.linspace(0, 1, 9)[1:-1], loc=0.3, scale=0.7))
    assert near(found[1:-1], np.clip(expected, *ENDS.values()).astype(np.float32), 1e-3)
    assert near(found[[0, -1]], [14.614642, 0.0291675])
    assert len(found) == 9


def test_vp_levels_are_those_of_its_process():
    time = np.linspace(1, 0.001, 8)
    alphas = np.exp(-0.5 * time**2 * 19.9 - time * 0.1)  # equation 33 of the paper: the square of the mean's factor
    assert near(sigma_lists.vp_levels(8)[:-1], np.sqrt((1 - alphas) / alphas).astype(np.float32))


@pytest.mark.parametrize(("model", "name"), [("SD1", ""), ("SDXL", "XL"), ("SVD", "Video")])
def test_align_your_steps_has_the_published_levels(model, name):
    published = AysSchedules[f"StableDiffusion{name}Sigmas"]
    assert near(sigma_lists.aligned_levels(model, 10), published, 2e-2)


@pytest.mark.parametrize(("model", "name"), [("SD1", ""), ("SDXL", "XL")])
def test_align_your_steps_has_the_levels_of_the_published_timesteps(model, name):
    levels = SCHEDULE.sigmas[AysSchedules[f"StableDiffusion{name}Timesteps"]]
    assert torch.allclose(sigma_lists.aligned_levels(model, 10)[:-1], levels, rtol=1e-5)


def test_align_your_steps_interpolates_log_levels():
    ten, twenty = sigma_lists.aligned_levels("SD1", 10), sigma_lists.aligned_levels("SD1", 20)
    assert torch.allclose(twenty[:-1:2], ten[:-1])
    assert torch.allclose(twenty[1:-2:2], (ten[:-2] * ten[1:-1]).sqrt())
    assert torch.equal(sigma_lists.aligned_levels("SD1", 10, 0.3), ten[-4:])
    assert len(sigma_lists.aligned_levels("SD1", 10, 0.0)) == 0


def test_align_your_steps_as_in_stable_diffusion_webui_keeps_the_smallest_level():
    kept = sigma_lists.aligned_levels("SD1", 11, keep_last=True)
    assert near(kept, [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029, 0.0], 6e-3)


def test_turbo_takes_the_timesteps_of_its_distillation():
    assert torch.equal(turbo(SCHEDULE, 1)[:-1], SCHEDULE.sigma(torch.tensor([999])))
    assert torch.equal(turbo(SCHEDULE, 3, 0.5)[:-1], SCHEDULE.sigma(torch.tensor([499, 399, 299])))
    assert turbo(SCHEDULE, 20, 0.5)[-1] == 0
    assert len(turbo(SCHEDULE, 20, 0.5)) == 6


def test_beta_with_one_and_one_is_even():
    timesteps = SCHEDULE.timestep(beta(SCHEDULE, 9, 1.0, 1.0)[:-1])
    assert timesteps.tolist() == np.rint(999 * (1 - np.arange(9) / 9)).astype(int).tolist()
    assert torch.equal(beta(SCHEDULE, 9), SCHEDULERS["beta"](SCHEDULE, 9))


@pytest.mark.parametrize("text", ["9, 3.5\n1e-1;0", "[9 3.5 0.1 0.0]"])
def test_levels_from_text(text):
    assert near(sigma_lists.levels_from_text(text), [9, 3.5, 0.1, 0])


@pytest.mark.parametrize("text", ["9, x", "-1", "inf", "nan"])
def test_text_that_is_no_level(text):
    with pytest.raises(SamplingError, match="is no noise level"):
        sigma_lists.levels_from_text(text)


@given(LISTS, st.integers(0, 14))
def test_the_parts_of_a_split_make_up_the_list(sigmas, step):
    high, low = sigma_lists.split(sigmas, step)
    if step < len(sigmas):
        assert torch.equal(torch.cat([high, low[1:]]), sigmas)
        assert len(low) == len(sigmas) - step
    else:
        assert torch.equal(high, sigmas)
        assert len(low) == 0


@given(LISTS, st.floats(0, 1))
def test_a_split_by_denoise_gives_the_second_part_so_many_steps(sigmas, denoise):
    high, low = sigma_lists.split_by_denoise(sigmas, denoise)
    assert len(low) - 1 == round((len(sigmas) - 1) * denoise)
    assert torch.equal(torch.cat([high, low[1:]]), sigmas)


@given(LISTS)
def test_flipped_twice_is_the_same_but_for_zero(sigmas):
    found = sigma_lists.flipped(sigmas)
    assert float(found[0]) == pytest.approx(0.0001)
    assert torch.equal(sigma_lists.flipped(found)[:-1], sigmas[:-1])
    assert sigmas[-1] == 0, "the list itself stays as it is"


def test_first_level():
    sigmas = torch.tensor([9.0, 1.0, 0.0])
    assert sigma_lists.with_first(sigmas, 136.0).tolist() == [136.0, 1.0, 0.0]
    assert sigmas[0] == 9.0


def test_extension_divides_the_steps_in_a_range():
    sigmas = torch.tensor([14.0, 10.0, 6.0, 0.0])
    assert sigma_lists.extended(sigmas, 2, end=12.0).tolist() == [14.0, 12.0, 10.0, 6.0, 0.0]
    assert sigma_lists.extended(sigmas, 2, start=10.0, end=10.0).tolist() == [14.0, 10.0, 8.0, 6.0, 0.0]
    half = 4 * math.sin(math.pi / 4)
    assert near(sigma_lists.extended(sigmas, 2, end=12.0, spacing="cosine")[1:2], [14 - half])
    assert near(sigma_lists.extended(sigmas, 2, end=12.0, spacing="sine")[1:2], [10 + half])


@given(LISTS, st.integers(1, 5), st.sampled_from(["linear", "cosine", "sine"]))
def test_an_extension_keeps_every_level_and_descends(sigmas, steps, spacing):
    found = sigma_lists.extended(sigmas, steps, spacing=spacing)
    assert len(found) == (len(sigmas) - 1) * steps + 1
    assert torch.equal(found[::steps], sigmas)
    assert (found.diff() <= 0).all()


@given(LISTS, st.integers(0, 12))
def test_joining_undoes_a_split(sigmas, step):
    assert torch.equal(sigma_lists.joined(sigma_lists.split(sigmas, step)), sigmas)


def test_joining_lists_that_end_in_zero():
    one, other = torch.tensor([9.0, 4.0, 0.0]), torch.tensor([2.0, 0.0])
    assert sigma_lists.joined([one, other]).tolist() == [9.0, 4.0, 2.0, 0.0]
    assert sigma_lists.joined([]).tolist() == []


def test_rescaling_keeps_parts_of_log_levels():
    found = sigma_lists.rescaled(torch.tensor([8.0, 4.0, 2.0, 0.0]), 100.0, 1.0)
    assert near(found, [100.0, 10.0, 1.0, 0.0])


@pytest.mark.parametrize("levels", [[], [3.0, 0.0], [3.0, 3.0]])
def test_too_few_levels_to_rescale(levels):
    with pytest.raises(SamplingError, match="at least two of them differ"):
        sigma_lists.rescaled(torch.tensor(levels), 9.0, 1.0)


def test_levels_without_a_logarithm():
    with pytest.raises(SamplingError, match="has no logarithm"):
        sigma_lists.exponential_levels(5, 0.0, 9.0)
