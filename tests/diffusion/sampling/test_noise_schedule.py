"""Noise schedule and step schedules against published numbers, diffusers and closed forms."""

import math

import numpy as np
import pytest
import torch
from diffusers import EulerDiscreteScheduler
from diffusers.pipelines.mochi.pipeline_mochi import linear_quadratic_schedule
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.schedules import SCHEDULERS, distinct, sigmas_for
from tests.diffusion.sampling.gaussian import SCHEDULE

EULER = SAMPLERS["euler"]
SD1 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "final_sigmas_type": "zero"}


def test_levels_of_stable_diffusion():
    assert len(SCHEDULE.sigmas) == 1000
    assert SCHEDULE.sigma_min == pytest.approx(0.0291672, abs=1e-6)
    assert SCHEDULE.sigma_max == pytest.approx(14.6146, abs=1e-4)
    assert torch.all(SCHEDULE.sigmas.diff() > 0)


def test_timesteps_and_levels_are_inverse():
    timesteps = torch.arange(1000).view(20, 50)
    levels = SCHEDULE.sigma(timesteps)
    assert torch.equal(SCHEDULE.timestep(levels), timesteps)
    assert torch.allclose(levels.flatten(), SCHEDULE.sigmas)


@given(st.floats(0, 999))
def test_fractional_timesteps_lie_between_their_neighbours(timestep):
    level = float(SCHEDULE.sigma(torch.tensor(timestep)))
    below, above = SCHEDULE.sigmas[math.floor(timestep)], SCHEDULE.sigmas[math.ceil(timestep)]
    assert float(below) * (1 - 1e-6) <= level <= float(above) * (1 + 1e-6)


def test_percentages():
    assert SCHEDULE.percent_to_sigma(0) == math.inf
    assert SCHEDULE.percent_to_sigma(1) == 0
    assert SCHEDULE.percent_to_sigma(0.5) == pytest.approx(float(SCHEDULE.sigma(torch.tensor(499.5))))


PUBLISHED = {
    "karras": [14.6146, 11.7254, 9.3402],
    "normal": [14.6146, 10.7468, 8.0815],
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers(name):
    assert SCHEDULERS[name](SCHEDULE, 20)[:3].tolist() == pytest.approx(PUBLISHED[name], abs=1e-4)
    assert SCHEDULERS["karras"](SCHEDULE, 20)[-3:].tolist() == pytest.approx([0.04848, 0.029167, 0], abs=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers with numpy 2
@pytest.mark.parametrize("steps", [2, 7, 20])
@pytest.mark.parametrize("name", ["karras", "exponential"])
def test_schedules_of_diffusers(name, steps):
    scheduler = EulerDiscreteScheduler(
        **SD1, **{f"use_{name}_sigmas": True}, timestep_spacing="linspace", interpolation_type="log_linear"
    )
    scheduler.set_timesteps(steps)
    assert torch.allclose(SCHEDULERS[name](SCHEDULE, steps), scheduler.sigmas, rtol=2e-5)


def test_normal_is_even_in_timesteps():
    assert SCHEDULERS["normal"](SCHEDULE, 4).tolist() == pytest.approx(
        [*SCHEDULE.sigmas[[999, 666, 333, 0]].tolist(), 0.0], rel=1e-6
    )


@pytest.mark.parametrize("steps", [2, 5, 20, 50])
def test_linear_quadratic_of_diffusers(steps):
    expected = [*(np.array(linear_quadratic_schedule(steps, 0.025)) * SCHEDULE.sigma_max), 0.0]
    assert SCHEDULERS["linear_quadratic"](SCHEDULE, steps).tolist() == pytest.approx(expected, rel=1e-5)


def test_beta_quantiles_are_symmetric_and_denser_at_the_ends():
    timesteps = SCHEDULE.timestep(SCHEDULERS["beta"](SCHEDULE, 20)[:-1])
    assert timesteps[0] == 999
    assert int(timesteps[10]) in (499, 500)  # the median
    gaps = -timesteps.diff()
    assert gaps[0] < gaps[9] > gaps[-1]


def test_beta_quantiles_are_those_of_the_distribution():
    timesteps = SCHEDULE.timestep(SCHEDULERS["beta"](SCHEDULE, 20)[:-1]).double().numpy()
    shares = [quad(lambda t: (t * (1 - t)) ** -0.4, 0, timestep / 999)[0] for timestep in timesteps]
    assert np.allclose(np.array(shares) / shares[0], 1 - np.arange(20) / 20, atol=2e-3)


def test_kl_optimal_is_even_in_the_arc_tangent():
    angles = SCHEDULERS["kl_optimal"](SCHEDULE, 10)[:-1].double().atan()
    assert torch.allclose(angles.diff(), angles.diff().mean().expand(9), rtol=1e-4)
    assert angles.tan()[[0, -1]].tolist() == pytest.approx([SCHEDULE.sigma_max, SCHEDULE.sigma_min], rel=1e-4)


def test_schedules_on_trained_levels():
    def timesteps(name: str, steps: int) -> list[int]:
        return SCHEDULE.timestep(SCHEDULERS[name](SCHEDULE, steps)[:-1]).tolist()

    assert timesteps("simple", 4) == [999, 749, 499, 249]
    assert timesteps("sgm_uniform", 3) == [999, 666, 333]
    assert timesteps("ddim_uniform", 4) == [751, 501, 251, 1]
    assert len(timesteps("ddim_uniform", 30)) == 31  # 1000 // 30 = 33, and 31 indices from 1 up by 33


@given(st.sampled_from(sorted(SCHEDULERS)), st.integers(1, 300))
def test_schedules_fall_to_zero(name, steps):
    sigmas = SCHEDULERS[name](SCHEDULE, steps)
    assert sigmas.dtype == torch.float32
    assert sigmas[-1] == 0
    assert torch.all(sigmas.diff() < 0)
    assert sigmas[0] <= SCHEDULE.sigma_max * (1 + 1e-5)
    if name not in ("beta", "ddim_uniform"):
        assert len(sigmas) == steps + 1


@given(st.sampled_from(sorted(set(SCHEDULERS) - {"ddim_uniform", "beta"})), st.integers(1, 60), st.floats(0.05, 0.99))
def test_partial_denoising_is_the_end_of_a_longer_run(name, steps, denoise):
    longer = SCHEDULERS[name](SCHEDULE, int(steps / denoise))
    assert torch.equal(sigmas_for(SCHEDULE, name, steps, denoise, EULER), longer[-(steps + 1) :])


def test_no_denoising_gives_no_levels():
    assert len(sigmas_for(SCHEDULE, "normal", 20, 0.0, EULER)) == 0


@pytest.mark.parametrize("sampler", ["dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"])
def test_samplers_that_drop_the_last_but_one_level(sampler):
    expected = SCHEDULERS["karras"](SCHEDULE, 11)
    found = sigmas_for(SCHEDULE, "karras", 10, 1.0, SAMPLERS[sampler])
    assert torch.equal(found, torch.cat([expected[:10], expected[-1:]]))


def test_more_steps_than_levels_repeat_levels_that_runs_visit_once():
    sigmas = sigmas_for(SCHEDULE, "simple", 2500, 1.0, EULER)
    assert len(sigmas) == 2501
    levels = distinct(sigmas)
    assert len(levels) == 1001
    assert levels == sorted(set(sigmas.tolist()), reverse=True)


def test_wrong_names_and_numbers():
    with pytest.raises(SamplingError, match="no scheduler 'quick'; choose one of simple"):
        sigmas_for(SCHEDULE, "quick", 20, 1.0, EULER)
    with pytest.raises(SamplingError, match="at least 1"):
        sigmas_for(SCHEDULE, "normal", 0, 1.0, EULER)
