"""Samplers on a rectified flow of Gaussian data, whose denoiser, path and marginals have closed forms."""

import math

import pytest
import torch
from torch import Tensor

from diffusion.sampling.guiders import Unguided
from diffusion.sampling.network import Call
from diffusion.sampling.noise import BatchNoise, GivenNoise, NoNoise
from diffusion.sampling.noise_schedule import FlowSchedule
from diffusion.sampling.parameterization import Flow
from diffusion.sampling.ratio import run_in_ratio
from diffusion.sampling.sample import sample_parts
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.samplers.sampler import middle_flow, split_flow
from diffusion.sampling.schedules import SCHEDULERS
from tests.diffusion.sampling.gaussian import PromptedModel, Space, prompt, silent

MEAN, DEVIATION = 0.7, 0.6
SCHEDULE = FlowSchedule(shift=3.0)


def spread(sigma: float) -> float:
    return math.hypot((1 - sigma) * DEVIATION, sigma)


def denoised(x: Tensor, sigma: float, mean: float = MEAN) -> Tensor:
    return mean + (x - (1 - sigma) * mean) * ((1 - sigma) * DEVIATION**2 / spread(sigma) ** 2)


def path(x: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """The exact solution of the flow's ODE."""
    return (1 - sigma_next) * MEAN + (x - (1 - sigma) * MEAN) * (spread(sigma_next) / spread(sigma))


class FlowModel(PromptedModel):
    """Its network is the exact predictor of ``noise - x0``."""

    @property
    def parameterization(self):
        return Flow(SCHEDULE)

    def predict(self, call: Call) -> Tensor:
        sigma = call.sigma
        return (call.x - denoised(call.x, sigma, float(call.context.mean()))) / sigma


MODEL = FlowModel(latent_format=Space(scale=1.0))


def run(name: str, noise, sigmas: Tensor, side: int = 32, start: Tensor | None = None) -> Tensor:
    latent = {"samples": torch.zeros(1, 4, side, side) if start is None else start}
    return sample_parts(MODEL, latent, noise, Unguided(prompt(MEAN)), SAMPLERS[name], sigmas)[0]["samples"]


STOCHASTIC = [
    *("euler_ancestral", "dpm_2_ancestral", "dpmpp_2s_ancestral", "ddpm", "restart"),
    *("dpmpp_sde", "dpmpp_2m_sde", "dpmpp_3m_sde", "er_sde", "sa_solver", "sa_solver_pece", "seeds_2", "seeds_3"),
]


@pytest.mark.parametrize("name", STOCHASTIC)
def test_stochastic_samplers_end_in_the_data(name):
    start = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(3))
    found = run(name, GivenNoise(start, seed=4), SCHEDULERS["sgm_uniform"](SCHEDULE, 150), side=64)
    assert float(found.mean()) == pytest.approx(MEAN, abs=5 * DEVIATION / 128)
    assert float(found.std()) == pytest.approx(DEVIATION, rel=5 / (2 * 128**2) ** 0.5 + 0.02)


# In a flow's own levels dpmpp_2m and res_multistep are of order 1, as in ComfyUI; the first step of dpmpp_2m_sde is
# of order 1 everywhere, and from pure noise a long one.
TOLERANCES = {"euler": 0.1, "dpmpp_2m": 0.1, "res_multistep": 0.1, "dpmpp_2m_sde": 0.05}


@pytest.mark.parametrize("name", [*TOLERANCES, "heun", "dpm_2", "lms", "dpmpp_sde", "seeds_3"])
def test_samplers_without_noise_follow_the_path(name):
    sampler = SAMPLERS[name].with_options(eta=0.0) if "sde" in name or "seeds" in name else SAMPLERS[name]
    sigmas = SCHEDULERS["normal"](SCHEDULE, 60)
    noise, latent = BatchNoise(3), {"samples": torch.zeros(1, 4, 8, 8)}
    exact = path(noise.make(latent), 1.0, 0.0)
    found = sample_parts(MODEL, latent, noise, Unguided(prompt(MEAN)), sampler, sigmas)[0]["samples"]
    assert torch.allclose(found, exact, atol=TOLERANCES.get(name, 0.02))


def test_a_step_with_noise_keeps_signal_and_noise_in_proportion():
    for eta in (0.0, 0.5, 1.0):
        down, kept, up = split_flow(0.8, 0.6, eta)
        assert down == pytest.approx(0.6 * (1 - eta * (1 - 0.6 / 0.8)))
        assert kept * (1 - down) == pytest.approx(1 - 0.6)
        assert math.hypot(kept * down, up) == pytest.approx(0.6)
    assert split_flow(0.8, 0.6, 0.0) == pytest.approx((0.6, 1.0, 0.0))
    assert split_flow(0.3, 0.6, 1.0)[2] == pytest.approx(0.0)


def test_the_middle_of_a_step_is_that_of_the_ratio():
    half = middle_flow(0.8, 0.2)  # 4 and 1/4 have the mean 1
    assert half == pytest.approx(0.5)
    assert middle_flow(1.0, 0.2) == 0.9999


def test_consistency_sampling_mixes_signal_and_noise():
    sigmas = torch.tensor([1.0, 0.5, 0.0])
    found = run("lcm", BatchNoise(3), sigmas)
    noise = BatchNoise(3).make({"samples": found})
    again = 0.5 * denoised(noise, 1.0) + 0.5 * noise  # the noise within a run is drawn from the same seed
    assert torch.allclose(found, denoised(again, 0.5), atol=1e-5)


def test_a_straight_step_is_the_same_in_both_spaces():
    """Euler's step commutes with dividing by the signal."""

    class Denoiser:
        def __call__(self, x, sigma):
            return denoised(x, sigma)

    x, sigmas = torch.randn(1, 4, 8, 8, dtype=torch.float64), [0.9, 0.5, 0.2, 0.05]
    there = run_in_ratio(SAMPLERS["euler"], SCHEDULE, Denoiser(), x, sigmas, lambda *_: 0 * x, silent)
    here = SAMPLERS["euler"].run(denoised, x, sigmas, lambda *_: 0 * x, silent)
    assert torch.allclose(there, here, rtol=1e-10)


def test_reports_and_ranges_are_told_in_levels():
    sigmas, steps = SCHEDULERS["simple"](SCHEDULE, 4), []
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    sampler = SAMPLERS["sa_solver"]
    sample_parts(MODEL, latent, NoNoise(), Unguided(prompt(MEAN)), sampler, sigmas, steps.append)
    assert [step.sigma for step in steps][1:] == sigmas[1:-1].tolist()
    assert steps[0].sigma == pytest.approx(1.0, abs=1e-4)
    spoken = []
    heard = sampler.with_options(tau=lambda sigma: spoken.append(sigma) or 0.0)
    sample_parts(MODEL, latent, NoNoise(), Unguided(prompt(MEAN)), heard, sigmas)
    assert spoken == sigmas[1:-1].tolist()
