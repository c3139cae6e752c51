"""Options of samplers: against samplers that they make equal, closed forms, and diffusers."""

import math
from functools import partial
from itertools import pairwise

import diffusers
import pytest
import torch

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.noise import generator_noise
from diffusion.sampling.samplers import SAMPLERS, adaptive, dpmpp, multistep, sde, second_order, seeds, unipc
from diffusion.sampling.samplers.euler import ddim, euler, euler_ancestral, lcm
from diffusion.sampling.samplers.restart import Restart, restart
from diffusion.sampling.samplers.sampler import Churn
from diffusion.sampling.sigma_lists import karras_levels
from tests.diffusion.sampling.gaussian import SCHEDULE, Gaussian, no_noise, silent

DATA = Gaussian()
SIGMAS = [9.0, 5.0, 2.0, 0.8, 0.2, 0.0]
X = DATA.noisy(SIGMAS[0], 16)


def run(sampler, x=X, sigmas=SIGMAS, noise=no_noise, **options):
    return sampler(DATA.denoise, x, sigmas, noise, silent, **options)


WITHOUT_NOISE = {
    "euler_ancestral": (partial(euler_ancestral, eta=0.0), euler),
    "ddim": (ddim, euler),
    "dpm_2_ancestral": (partial(second_order.dpm_2_ancestral, eta=0.0), second_order.dpm_2),
    "dpmpp_2m_sde": (partial(dpmpp.dpmpp_2m_sde, eta=0.0), dpmpp.dpmpp_2m),
    "dpmpp_sde": (partial(dpmpp.dpmpp_sde, eta=0.0), partial(dpmpp.dpmpp_2s_ancestral, eta=0.0)),
    "res_multistep_ancestral": (partial(multistep.res_multistep_ancestral, eta=0.0), multistep.res_multistep),
    "er_sde of order 1": (partial(sde.er_sde, noise_scaler=sde.reverse_time_noise_scale(0.0), max_stage=1), euler),
    "seeds_2": (partial(seeds.seeds_2, eta=0.0), partial(dpmpp.dpmpp_2s_ancestral, eta=0.0)),
    "lms of order 1": (partial(multistep.lms, order=1), euler),
    "ipndm of order 1": (partial(multistep.ipndm, max_order=1), euler),
    "ipndm_v of order 2": (partial(multistep.ipndm_v, max_order=2), partial(multistep.lms, order=2)),
    "restart without restarts": (partial(restart, restarts=()), second_order.heun),
    "restart of few steps": (restart, second_order.heun),
    "sa_solver of orders 1 and 0": (
        partial(sde.sa_solver, tau=sde.constant_tau(0.0), predictor_order=1, corrector_order=0),
        euler,
    ),
    "sa_solver of orders 2 and 0": (
        partial(sde.sa_solver, tau=sde.constant_tau(0.0), predictor_order=2, corrector_order=0),
        multistep.res_multistep,
    ),
    "deis of order 1": (partial(multistep.deis, max_order=1), euler),
}


@pytest.mark.parametrize("name", WITHOUT_NOISE)
def test_options_that_make_two_samplers_one(name):
    # up to the last step: there predictors take lower orders, and the slope at level 0 is told in different ways
    one, other = WITHOUT_NOISE[name]
    tolerance = 2e-2 if name.startswith("deis") else 1e-9
    assert torch.allclose(run(one, sigmas=SIGMAS[:-1]), run(other, sigmas=SIGMAS[:-1]), rtol=tolerance)


def test_seeds_with_noise_have_the_mean_and_the_variance_of_the_sde():
    """At eta 1 the mean is exact for Gaussian data; what the pieces of the noise leave has the variance of the SDE."""
    sigma, sigma_next = 5.0, 2.0
    exact = DATA.mean + (X - DATA.mean) * (DATA.deviation**2 + sigma_next**2) / (DATA.deviation**2 + sigma**2)
    for sampler, pieces in ((seeds.seeds_2, 2), (seeds.seeds_3, 3)):
        assert torch.allclose(run(sampler, sigmas=[sigma, sigma_next], noise=lambda *_: 0 * X), exact, rtol=1e-9)
        # for a denoised latent that stands still, the parts of the noise add up to that of the whole step
        parts = []
        for piece in range(pieces):
            drawn = iter([torch.ones_like(X) if piece == index else 0 * X for index in range(pieces)])
            still = sampler(lambda x, s: 0 * x, 0 * X, [sigma, sigma_next], lambda *_, d=drawn: next(d), silent)
            parts.append(float(still.mean()))
        assert sum(part**2 for part in parts) == pytest.approx(sigma_next**2 * (1 - (sigma_next / sigma) ** 2))


@pytest.mark.parametrize(("sampler", "order"), [(seeds.seeds_2, 2), (seeds.seeds_3, 3)])
def test_order_of_seeds_without_noise(sampler, order):
    errors = []
    for steps in (32, 64):
        sigmas = karras_levels(steps + 1, 0.2, 8.0, rho=3.0)[:-1].tolist()
        x = DATA.noisy(sigmas[0], 8)
        found = run(sampler, x, sigmas, eta=0.0)
        errors.append(float((found - DATA.flow(x, sigmas[0], sigmas[-1])).abs().max()))
    assert math.log2(errors[0] / errors[1]) > order - 0.3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers with numpy 2
def test_dpmpp_2m_sde_with_heun_against_diffusers():
    scheduler = diffusers.DPMSolverMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", algorithm_type="sde-dpmsolver++",
        solver_type="heun", final_sigmas_type="zero",
    )  # fmt: skip
    sigmas = karras_levels(6, 0.03, 14.6).tolist()
    scheduler.set_timesteps(6)
    scheduler.sigmas, scheduler._step_index = torch.tensor(sigmas), 0
    scheduler.timesteps = SCHEDULE.timestep(scheduler.sigmas[:-1])
    noise = [torch.randn(X.shape, generator=torch.Generator().manual_seed(step)) for step in range(6)]
    start = DATA.noisy(sigmas[0], 16).float()
    x = start / (1 + sigmas[0] ** 2) ** 0.5
    for timestep, sigma, drawn in zip(scheduler.timesteps, sigmas, noise, strict=False):
        whole = x * (1 + sigma**2) ** 0.5
        prediction = (whole - DATA.denoise(whole, sigma)) / sigma
        x = scheduler.step(prediction, timestep, x, variance_noise=drawn).prev_sample
    source = iter(noise)
    found = run(dpmpp.dpmpp_2m_sde, start, sigmas, lambda *_: next(source), solver_type="heun")
    assert torch.allclose(found, x, rtol=1e-4, atol=1e-5)


def test_churn_goes_up_and_its_distribution_stays():
    churn, sigma = Churn(amount=2.0, low=1.0, high=6.0), 5.0
    x = DATA.noisy(sigma, 20_000, seed=1)
    raised, level = churn.raised(x, sigma, 10, generator_noise(x, 2))
    assert level == pytest.approx(sigma * 1.2)
    assert float(raised.std()) == pytest.approx(math.hypot(DATA.deviation, level), rel=0.02)
    assert Churn(amount=100.0).raised(x, sigma, 10, generator_noise(x, 2))[1] == pytest.approx(sigma * 2**0.5)
    for outside in (0.9, 6.1):
        assert churn.raised(x, outside, 10, no_noise) == (x, outside)


@pytest.mark.parametrize(
    ("sampler", "error"),
    [(euler, 0.12), (second_order.heun, 0.02), (second_order.dpm_2, 0.02)],  # Euler's error is one of the first order
)
def test_samplers_with_churn_end_in_the_data(sampler, error):
    sigmas = karras_levels(60, 0.03, 14.6).tolist()
    x = DATA.noisy(sigmas[0], 20_000, seed=1)
    found = run(sampler, x, sigmas, generator_noise(x, 2), s_churn=20.0, s_tmin=0.05, s_tmax=10.0)
    assert float(found.mean()) == pytest.approx(DATA.mean, abs=0.03)
    assert float(found.std()) == pytest.approx(DATA.deviation, rel=error)


@pytest.mark.parametrize("name", ["seeds_2", "seeds_3", "restart", "res_multistep_ancestral", "sa_solver_pece"])
def test_new_stochastic_samplers_end_in_the_data(name):
    sampler = SAMPLERS[name]
    sigmas = karras_levels(60, 0.03, 14.6).tolist()
    x = DATA.noisy(sigmas[0], 20_000, seed=1)
    options = sampler.options(SCHEDULE)
    found = sampler.run(DATA.denoise, x, sigmas, generator_noise(x, 2), silent, **options)
    assert float(found.mean()) == pytest.approx(DATA.mean, abs=0.03)
    assert float(found.std()) == pytest.approx(DATA.deviation, rel=0.05)


@pytest.mark.parametrize("steps", [20, 40])
def test_restart_does_as_many_steps_and_its_loops(steps):
    asked = []

    def on_step(index, x, denoised, sigma):
        asked.append(sigma)

    sigmas = karras_levels(steps, 0.03, 14.6).tolist()
    restart(DATA.denoise, X, sigmas, lambda *_: 0 * X, on_step)
    assert len(asked) == steps
    assert len([1 for a, b in pairwise(asked) if b > a]) == (1 if steps == 20 else 2)
    assert max(b for a, b in pairwise(asked) if b > a) == pytest.approx(2.0, rel=0.3)


def test_restarts_that_are_given_come_on_top():
    asked = []
    loops = [Restart(low=0.8, high=5.0, steps=3, times=2)]
    restart(DATA.denoise, X, SIGMAS, lambda *_: 0 * X, lambda i, x, d, sigma: asked.append(sigma), restarts=loops)
    expected = karras_levels(4, 0.8, 5.0)[:3].tolist()
    assert asked == pytest.approx([9.0, 5.0, 2.0, *expected, *expected, 0.8, 0.2], rel=1e-6)


def test_noise_is_scaled():
    for sampler in (euler_ancestral, second_order.dpm_2_ancestral, dpmpp.dpmpp_2s_ancestral, dpmpp.dpmpp_2m_sde, lcm):
        whole, half, none = (
            run(sampler, sigmas=[5.0, 2.0], noise=lambda *_: torch.ones_like(X), s_noise=scale) for scale in (1, 0.5, 0)
        )
        assert torch.allclose(whole - none, 2 * (half - none))
        assert not torch.allclose(whole, none)


def test_order_of_unipc():
    sigmas = karras_levels(12, 0.05, 14.6).tolist()
    x = DATA.noisy(sigmas[0], 8)
    exact = DATA.flow(x, sigmas[0], 0.001)
    errors = [float((run(unipc.uni_pc_bh2, x, sigmas, order=order) - exact).abs().max()) for order in (1, 2, 3)]
    assert errors[0] > 2 * errors[1] > 2 * errors[2]


def test_adaptive_steps_of_order_two_take_more_of_them():
    taken = {}
    for order in (2, 3):
        count = []
        adaptive.dpm_adaptive(
            DATA.denoise, X, [9.0, 0.2], no_noise, lambda *_, c=count: c.append(1), order=order, rtol=1e-3, atol=1e-4
        )
        taken[order] = len(count)
    assert taken[2] > taken[3] > 3


def test_adaptive_and_fast_steps_with_noise_end_in_the_data():
    x = DATA.noisy(9.0, 20_000, seed=1)
    sigmas = [9.0, *karras_levels(60, 0.02, 8.0)[:-1].tolist()]
    for sampler, options in ((adaptive.dpm_adaptive, {"rtol": 0.01, "atol": 0.002}), (adaptive.dpm_fast, {})):
        found = run(sampler, x, sigmas, generator_noise(x, 2), eta=1.0, **options)
        assert float(found.std()) == pytest.approx(DATA.deviation, rel=0.06)


def test_the_controller_is_integral_by_default_and_remembers_accepted_errors():
    size = adaptive._StepSize(0.1, 3, (0.0, 1.0, 0.0), 0.81)
    assert size.accepts(0.5)
    assert size.length == pytest.approx(0.1 * (1 + math.atan(0.5 ** (-1 / 3) - 1)), rel=1e-6)
    size = adaptive._StepSize(1.0, 3, (0.4, 0.3, 0.1), 0.81)
    size.accepts(0.5)
    size.accepts(0.8)
    before = size.length
    size.accepts(0.6)
    factor = (1 / 0.6) ** (0.8 / 3) * (1 / 0.8) ** (-0.6 / 3) * (1 / 0.5) ** (0.1 / 3)
    assert size.length / before == pytest.approx(1 + math.atan(factor - 1), rel=1e-6)


def test_simple_weights_keep_the_order():
    errors = []
    for steps in (48, 96):
        sigmas = karras_levels(steps + 1, 0.2, 8.0, rho=3.0)[:-1].tolist()
        x = DATA.noisy(sigmas[0], 8)
        options = {"predictor_order": 2, "corrector_order": 2, "simple_order_2": True}
        found = run(sde.sa_solver, x, sigmas, tau=sde.constant_tau(0.0), **options)
        errors.append(float((found - DATA.flow(x, sigmas[0], sigmas[-1])).abs().max()))
    assert math.log2(errors[0] / errors[1]) > 1.75


def test_going_up_finds_the_noise_that_going_down_comes_from():
    up = torch.cat([torch.tensor([0.0001]), karras_levels(200, 0.03, 9.0)[:-1].flip(0)]).tolist()
    picture = DATA.flow(X, 9.0, 0.0001)
    found = run(euler, picture, up)
    assert torch.allclose(found, X, rtol=0.1, atol=0.3)
    assert torch.allclose(run(euler, found, [*up[::-1], 0.0]), picture, atol=0.04)


@pytest.mark.parametrize("name", [name for name in SAMPLERS if not name.endswith("cfg_pp")])
def test_every_sampler_gets_up_again(name):
    """Steps to higher levels have no noise, and break nothing."""
    sampler, up = SAMPLERS[name], [0.1, 0.4, 1.0, 3.0, 9.0]
    found = run(sampler.run, DATA.noisy(0.1, 4), up, lambda *_: torch.zeros(4), **sampler.options(SCHEDULE))
    assert torch.isfinite(found).all()


def test_options_are_checked_and_laid_over_those_of_the_model():
    changed = SAMPLERS["sa_solver"].with_options(predictor_order=2, tau=sde.constant_tau(0.0))
    assert changed.options(SCHEDULE)["predictor_order"] == 2
    assert changed.options(SCHEDULE)["tau"](1.0) == 0.0
    with pytest.raises(SamplingError, match="no option 'steps'; it has s_churn, s_tmin"):
        SAMPLERS["euler"].with_options(steps=3)
