"""Samplers that add noise: the distribution that they end in."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchsde import BrownianTree

from diffusion.sampling.noise import brownian_noise, generator_noise
from diffusion.sampling.samplers import SAMPLERS, Sampler
from diffusion.sampling.samplers.euler import ddpm, euler_ancestral, lcm
from diffusion.sampling.samplers.sampler import ancestral_levels
from diffusion.sampling.samplers.sde import constant_tau, sa_solver, tau_between
from diffusion.sampling.schedules import SCHEDULERS
from tests.diffusion.sampling.gaussian import SCHEDULE, Gaussian, silent

DATA = Gaussian()
PARTICLES = 20_000
STOCHASTIC = [
    *("euler_ancestral", "dpm_2_ancestral", "dpmpp_2s_ancestral", "ddpm"),
    *("dpmpp_sde", "dpmpp_2m_sde", "dpmpp_3m_sde", "er_sde", "sa_solver"),
]


def draw(sampler: Sampler, steps: int) -> torch.Tensor:
    sigmas = SCHEDULERS["karras"](SCHEDULE, steps).tolist()
    x = DATA.noisy(sigmas[0], PARTICLES, seed=1)
    return sampler.run(DATA.denoise, x, sigmas, generator_noise(x, 2), silent, **sampler.options(SCHEDULE))


@pytest.mark.parametrize("name", STOCHASTIC)
def test_mean_and_variance_are_those_of_the_data(name):
    result = draw(SAMPLERS[name], 100)
    # Five standard errors of the mean and the deviation, and what 100 steps leave.
    assert float(result.mean()) == pytest.approx(DATA.mean, abs=5 * DATA.deviation / PARTICLES**0.5)
    assert float(result.std()) == pytest.approx(DATA.deviation, rel=5 / (2 * PARTICLES) ** 0.5 + 0.02)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_noise_is_fresh_in_every_run(name):
    first, second = (
        SAMPLERS[name].run(
            DATA.denoise,
            DATA.noisy(10.0, 16),
            [10.0, 3.0, 1.0, 0.3, 0.0],
            generator_noise(torch.zeros(1, 1, 1, 16, dtype=torch.float64), seed),
            silent,
            **SAMPLERS[name].options(SCHEDULE),
        )
        for seed in (1, 2)
    )
    assert not torch.allclose(first, second, atol=1e-3)


def test_consistency_sampling_contracts_as_its_recursion_says():
    sigmas = [10.0, 2.0, 0.5, 0.0]
    x = DATA.noisy(sigmas[0], PARTICLES, seed=1)
    result = lcm(DATA.denoise, x, sigmas, generator_noise(x, 2), silent)
    data, variance = DATA.deviation**2, DATA.deviation**2 + sigmas[0] ** 2
    for sigma, sigma_next in pairwise(sigmas):
        variance = (data / (data + sigma**2)) ** 2 * variance + sigma_next**2
    assert float(result.mean()) == pytest.approx(DATA.mean, abs=0.02)
    assert float(result.std()) == pytest.approx(math.sqrt(variance), rel=0.03)


def test_ddpm_is_the_ancestral_sampler_with_all_of_its_noise():
    sigmas = SCHEDULERS["karras"](SCHEDULE, 12).tolist()
    x = DATA.noisy(sigmas[0], 64)
    runs = [run(DATA.denoise, x, sigmas, generator_noise(x, 5), silent) for run in (ddpm, euler_ancestral)]
    assert torch.allclose(*runs, rtol=1e-9)


@given(st.floats(0.1, 20), st.floats(0.01, 1), st.floats(0, 1))
def test_ancestral_levels_make_up_the_next_level(sigma, ratio, eta):
    sigma_next = sigma * ratio
    down, up = ancestral_levels(sigma, sigma_next, eta)
    assert math.hypot(down, up) == pytest.approx(sigma_next)
    assert 0 <= down <= sigma_next


def test_sa_solver_adds_noise_where_tau_says():
    asked = []

    def noise(sigma, sigma_next):
        asked.append(sigma_next)
        return torch.zeros(1, 1, 1, 4, dtype=torch.float64)

    sigmas = [10.0, 5.0, 2.0, 1.0, 0.5, 0.1, 0.0]
    sa_solver(DATA.denoise, DATA.noisy(10.0, 4), sigmas, noise, silent, tau=tau_between(2.0, 0.5))
    assert asked == [2.0, 1.0, 0.5]
    asked.clear()
    sa_solver(DATA.denoise, DATA.noisy(10.0, 4), sigmas, noise, silent, tau=constant_tau(0.0))
    assert asked == []


def test_brownian_noise_is_one_path():
    x = torch.zeros(1, 1, 100, 100)
    noise = brownian_noise(x, [14.0, 6.0, 2.0, 0.5, 0.0], seed=7)
    whole = noise(14.0, 0.5) * 13.5**0.5
    parts = noise(14.0, 6.0) * 8**0.5 + noise(6.0, 0.5) * 5.5**0.5
    assert torch.allclose(whole, parts, atol=1e-5)
    for step in (noise(14.0, 6.0), noise(6.0, 2.0)):
        assert float(step.mean()) == pytest.approx(0, abs=0.05)
        assert float(step.std()) == pytest.approx(1, abs=0.05)
    correlation = torch.corrcoef(torch.stack([noise(14.0, 6.0).flatten(), noise(6.0, 2.0).flatten()]))[0, 1]
    assert abs(float(correlation)) < 0.05


def test_brownian_noise_walks_the_path_of_the_seed_downwards():
    x, levels = torch.zeros(1, 4, 8, 8), [10.0, 4.0, 0.5, 0.0]
    tree = BrownianTree(0.5, torch.zeros(x.shape), 10.0, entropy=3)
    expected = (tree(0.5, 4.0) - tree(0.5, 10.0)) / 6.0**0.5
    assert torch.allclose(brownian_noise(x, levels, 3)(10.0, 4.0), expected, atol=1e-5)


def test_brownian_noise_depends_on_seed_and_span_alone():
    x = torch.zeros(1, 4, 8, 8)
    few, many = [10.0, 4.0, 0.1, 0.0], [10.0, 8.0, 6.0, 4.0, 2.0, 0.1, 0.0]
    assert torch.allclose(brownian_noise(x, few, 3)(10.0, 4.0), brownian_noise(x, many, 3)(10.0, 4.0))
    assert not torch.allclose(brownian_noise(x, few, 3)(10.0, 4.0), brownian_noise(x, few, 4)(10.0, 4.0))
