"""What holds for every sampler on every schedule."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffusion.sampling.noise import generator_noise, noise_within
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.schedules import SCHEDULERS, distinct, sigmas_for
from tests.diffusion.sampling.gaussian import SCHEDULE, Gaussian
from tests.diffusion.sampling.guided import Unguided

DATA = Gaussian()
ENDING_ABOVE_ZERO = {"dpm_fast", "dpm_adaptive", "uni_pc", "uni_pc_bh2"}


def run(name: str, sigmas: list[float], seed: int = 0):
    """Return the result, the denoised latents that the model gave, and the steps that were reported."""
    sampler, given_back, steps = SAMPLERS[name], [], []
    x = DATA.noisy(sigmas[0], 6).float()
    noise = noise_within(x, sigmas, seed, sampler.noise)

    def denoise(x, sigma):
        assert sigma > 0
        given_back.append(DATA.denoise(x, sigma))
        return given_back[-1]

    def on_step(index, x, denoised, sigma):
        steps.append(index)

    result = sampler.run(Unguided(denoise), x, sigmas, noise, on_step, **sampler.options(SCHEDULE))
    return result, given_back, steps


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 20])
def test_finite_on_every_schedule(name, steps):
    for scheduler in SCHEDULERS:
        sigmas = distinct(sigmas_for(SCHEDULE, scheduler, steps, 1.0, SAMPLERS[name]))
        result, given_back, reported = run(name, sigmas)
        assert torch.isfinite(result).all(), scheduler
        assert reported == sorted(reported)
        if name not in ENDING_ABOVE_ZERO:
            assert torch.allclose(result, given_back[-1], atol=1e-6), scheduler
            assert reported == list(range(len(sigmas) - 1))


@pytest.mark.parametrize("name", SAMPLERS)
def test_lands_near_the_data(name):
    result, _, _ = run(name, sigmas_for(SCHEDULE, "karras", 20, 1.0, SAMPLERS[name]).tolist())
    assert float((result - DATA.mean).abs().max()) < 5 * DATA.deviation


@pytest.mark.parametrize("name", SAMPLERS)
def test_same_seed_same_result(name):
    sigmas = sigmas_for(SCHEDULE, "karras", 6, 1.0, SAMPLERS[name]).tolist()
    assert torch.equal(run(name, sigmas, seed=3)[0], run(name, sigmas, seed=3)[0])


@given(
    name=st.sampled_from(sorted(SAMPLERS)),
    sigmas=st.lists(st.floats(0.02, 15), min_size=2, max_size=9, unique_by=lambda sigma: round(math.log(sigma), 1)),
    ends=st.booleans(),
)
def test_finite_on_any_levels(name, sigmas, ends):
    levels = sorted(sigmas, reverse=True) + ([0.0] if ends else [])
    assert torch.isfinite(run(name, levels)[0]).all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_what_a_report_raises_stops_the_run(name):
    sampler, asked = SAMPLERS[name], []
    x = DATA.noisy(14.0, 4)

    def denoise(x, sigma):
        asked.append(sigma)
        return DATA.denoise(x, sigma)

    def interrupt(*report):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sampler.run(
            Unguided(denoise), x, [14.0, 5.0, 1.0, 0.0], generator_noise(x, 0), interrupt, **sampler.options(SCHEDULE)
        )
    assert len(asked) <= 3


@pytest.mark.parametrize(
    ("name", "calls"),
    [("euler", 20), ("heun", 39), ("dpm_2", 39), ("dpmpp_sde", 39), ("dpmpp_2s_ancestral", 39), ("heunpp2", 57),
     ("dpmpp_2m", 20), ("sa_solver", 20), ("uni_pc", 20), ("dpm_fast", 20)],
)  # fmt: skip
def test_model_calls_of_twenty_steps(name, calls):
    sigmas = sigmas_for(SCHEDULE, "karras", 20, 1.0, SAMPLERS[name]).tolist()
    assert len(run(name, sigmas)[1]) == calls


def test_the_order_of_choice():
    assert list(SAMPLERS)[:3] == ["euler", "euler_cfg_pp", "euler_ancestral"]
    assert list(SAMPLERS)[-3:] == ["ddim", "uni_pc", "uni_pc_bh2"]
    assert len(SAMPLERS) == 43  # ComfyUI's 42 and restart
    assert next(iter(SCHEDULERS)) == "simple"
    assert len(SCHEDULERS) == 9
