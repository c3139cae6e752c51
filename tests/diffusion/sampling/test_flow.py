"""Rectified flow: levels and the relation between network and latent, against diffusers and closed forms."""

import math

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from diffusion.sampling.noise_schedule import FlowSchedule
from diffusion.sampling.parameterization import Flow, Sample
from diffusion.sampling.samplers.euler import euler
from diffusion.sampling.schedules import normal, simple
from tests.diffusion.sampling.gaussian import SCHEDULE, no_noise, silent


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_levels_are_those_of_diffusers(shift):
    theirs = FlowMatchEulerDiscreteScheduler(shift=shift)
    schedule = FlowSchedule(shift)
    torch.testing.assert_close(schedule.sigmas.flip(0), theirs.sigmas)
    torch.testing.assert_close(schedule.timestep(schedule.sigmas).flip(0), theirs.timesteps)


def test_runs_visit_descending_levels():
    for scheduler in (simple, normal):
        levels = scheduler(FlowSchedule(3.0), 8)
        assert len(levels) == 9
        assert levels[0] == pytest.approx(1.0)
        assert levels[-1] == 0
        assert (levels.diff() < 0).all()


def test_percents_are_even_times():
    schedule = FlowSchedule(3.0)
    assert schedule.percent_to_sigma(0) == math.inf
    assert schedule.percent_to_sigma(0.5) == pytest.approx(3 * 0.5 / (1 + 2 * 0.5))
    assert schedule.percent_to_sigma(1) == 0


def test_one_point_of_data_is_found_along_the_straight_line():
    flow, data = Flow(FlowSchedule()), torch.full((1, 4, 2, 2), 0.3)
    noise = torch.randn(data.shape, generator=torch.Generator().manual_seed(0))

    def denoise(x, sigma):
        # what a perfect network says of data that is one point: noise - data, from x = (1 - sigma) data + sigma noise
        return flow.denoised(x, (x - data) / sigma, sigma)

    levels = simple(FlowSchedule(3.0), 4).tolist()
    x = flow.start(torch.zeros_like(data), noise, levels[0])
    assert torch.equal(x, noise)
    torch.testing.assert_close(euler(denoise, x, levels, no_noise, silent), data)


def test_a_run_that_is_cut_goes_on_where_it_was():
    flow = Flow(FlowSchedule())
    x = torch.randn(1, 4, 2, 2)
    torch.testing.assert_close(flow.noised(flow.finish(x, 0.4), torch.zeros_like(x), 0.4), x)
    assert torch.equal(flow.finish(x, 0.0), x)


def test_a_network_that_predicts_the_latent_is_taken_at_its_word():
    x, output = torch.randn(2, 1, 4, 2, 2)
    assert torch.equal(Sample(SCHEDULE).denoised(x, output, 3.0), output)
