"""What a model is taken to have been trained as, against diffusers and the formulas of the papers."""

import math

import pytest
import torch
from diffusers import LCMScheduler
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.model_sampling import continuous_edm, continuous_v, discrete, flow, flux_shift, with_zero_snr
from diffusion.sampling.schedules import SCHEDULERS
from tests.diffusion.sampling.gaussian import SCHEDULE, Gaussian

DATA = Gaussian(0.0, 0.5)
X = DATA.noisy(3.0, 32).float()


def test_zero_snr_is_diffusers_rescaling():
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    alphas = torch.cumprod(1 - rescale_zero_terminal_snr(betas), dim=0)
    found = with_zero_snr(SCHEDULE).sigmas
    assert torch.allclose(found[:-1], ((1 - alphas) / alphas).sqrt()[:-1].float(), rtol=1e-3)
    assert float(found[-1]) == pytest.approx(4518.5, rel=1e-3)  # 1 / sqrt(4.897e-8), in place of infinity


@pytest.mark.parametrize("prediction", ["eps", "v_prediction", "x0"])
def test_each_prediction_gives_the_clean_latent(prediction):
    clean, sigma = DATA.denoise(X, 3.0), 3.0
    a = 1 / math.sqrt(1 + sigma**2)
    noise = (X - clean) / sigma
    output = {"eps": noise, "v_prediction": a * noise - a * sigma * clean, "x0": clean}[prediction]
    assert torch.allclose(discrete(SCHEDULE, prediction).denoised(X, output, sigma), clean, atol=1e-5)


def test_lcm_has_the_timesteps_and_the_boundary_of_diffusers():
    scheduler = LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    scheduler.set_timesteps(50, original_inference_steps=50)
    found = discrete(SCHEDULE, "lcm")
    levels = found.schedule
    assert levels.timestep(levels.sigmas).flip(0).tolist() == scheduler.timesteps.tolist()
    assert torch.allclose(levels.sigma(levels.timestep(levels.sigmas)), levels.sigmas)
    assert levels.timestep_range == (19, 999)
    timestep = 19
    sigma, output = float(SCHEDULE.sigmas[timestep]), torch.full_like(X, 0.3)
    skip, out = scheduler.get_scalings_for_boundary_condition_discrete(timestep)
    assert torch.allclose(found.denoised(X, output, sigma), out * (X - sigma * output) + skip * X, atol=1e-5)


def test_lcm_of_lcm_keeps_the_whole_schedule():
    again = discrete(discrete(SCHEDULE, "lcm").schedule, "lcm").schedule
    assert len(again.sigmas) == 50
    assert again.percent_to_sigma(0.0) == math.inf
    assert again.percent_to_sigma(1.0) == 0.0
    assert again.percent_to_sigma(0.5) == pytest.approx(SCHEDULE.percent_to_sigma(0.5), rel=0.01)


@pytest.mark.parametrize(
    "make", [lambda: continuous_edm("v_prediction", 0.002, 120.0), lambda: continuous_v(0.03, 500)]
)
def test_continuous_levels_invert(make):
    levels = make().schedule
    sigmas = torch.tensor([levels.sigma_min, 0.7, 9.0, levels.sigma_max])
    assert torch.allclose(levels.sigma(levels.timestep(sigmas)), sigmas, rtol=1e-3)
    assert levels.percent_to_sigma(0.0) == math.inf
    assert levels.percent_to_sigma(1.0) == 0.0
    assert levels.percent_to_sigma(0.5) == pytest.approx(math.sqrt(levels.sigma_min * levels.sigma_max))
    first = SCHEDULERS["normal"](levels, 7)[[0, -2, -1]]
    assert torch.allclose(first, torch.tensor([levels.sigma_max, levels.sigma_min, 0.0]), rtol=1e-3)


def test_what_the_network_is_told_of_continuous_levels():
    one = torch.tensor([1.0])
    assert continuous_v(0.03, 500).schedule.timestep(one).item() == pytest.approx(0.5)
    assert continuous_edm("eps", 0.002, 120.0).schedule.timestep(one * math.e).item() == pytest.approx(0.25)


def test_edm_is_exact_for_data_of_its_deviation():
    """There the preconditioned network has nothing to do: its output is 0 (arXiv 2206.00364, appendix B.6)."""
    edm = continuous_edm("edm", 0.002, 80.0)
    assert torch.allclose(edm.denoised(X, torch.zeros_like(X), 3.0), DATA.denoise(X, 3.0), atol=1e-5)
    assert torch.allclose(edm.network_input(X, 3.0), X / math.sqrt(9.25))


def test_the_shift_of_flows():
    assert float(flow(3.0).schedule.sigma(torch.tensor(500.0))) == pytest.approx(0.75)
    assert flow(1.73, 1.0).schedule.timestep(torch.tensor([0.5])).item() == 0.5
    assert flux_shift(256, 256) == pytest.approx(math.exp(0.5))
    assert flux_shift(1024, 1024) == pytest.approx(math.exp(1.15))


def test_a_flow_has_no_discrete_timesteps():
    with pytest.raises(SamplingError, match="no discrete timesteps"):
        discrete(flow(3.0).schedule, "eps")
