"""The samplers that diffusers has too, on the same levels with the same noise."""

from itertools import pairwise

import diffusers
import numpy as np
import pytest
import torch

from diffusion.sampling.samplers import dpmpp, multistep, second_order, unipc
from diffusion.sampling.samplers.euler import euler, euler_ancestral, lcm
from diffusion.sampling.samplers.quadrature import lagrange_integrals
from diffusion.sampling.schedules import SCHEDULERS
from tests.diffusion.sampling.gaussian import SCHEDULE, Gaussian, no_noise, silent

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # diffusers with numpy 2
    pytest.mark.filterwarnings("ignore:.*scale_model_input"),  # the stand-in needs no scaling
]

DATA = Gaussian()
SD1 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
STEPS = 8


def eps(x: torch.Tensor, sigma: float) -> torch.Tensor:
    return (x - DATA.denoise(x, sigma)) / sigma


def start(sigma: float) -> torch.Tensor:
    return DATA.noisy(sigma, 64).float()


def in_sigma_space(scheduler, sigmas: list[float], x: torch.Tensor, **options: object) -> torch.Tensor:
    """Run a scheduler that keeps its sample in sigma space; ``sigmas`` are the levels at which it asks the model."""
    for timestep, sigma in zip(scheduler.timesteps, sigmas, strict=True):
        x = scheduler.step(eps(x, sigma), timestep, x, **options).prev_sample
    return x


def variance_preserving(scheduler, sigmas: list[float], x: torch.Tensor, noise=None) -> torch.Tensor:
    """Run a scheduler that keeps its sample at unit variance."""
    scheduler.num_inference_steps = len(sigmas) - 1
    scheduler.sigmas = torch.tensor(sigmas)
    scheduler.timesteps = SCHEDULE.timestep(scheduler.sigmas[:-1])
    scheduler._step_index = 0
    x = x / (1 + sigmas[0] ** 2) ** 0.5
    for index, timestep in enumerate(scheduler.timesteps):
        sigma = sigmas[index]
        options = {} if noise is None else {"variance_noise": noise[index]}
        prediction = eps(x * (1 + sigma**2) ** 0.5, sigma)
        x = scheduler.step(prediction, timestep, x, **options).prev_sample
    return x * (1 + sigmas[-1] ** 2) ** 0.5


def karras() -> list[float]:
    return SCHEDULERS["karras"](SCHEDULE, STEPS).tolist()


def drawn(noise: list[torch.Tensor]):
    source = iter(noise)
    return lambda sigma, sigma_next: next(source)


def assert_same(found: torch.Tensor, expected: torch.Tensor, tolerance: float = 2e-5):
    assert float((found - expected).norm() / expected.norm()) < tolerance


def test_euler():
    scheduler = diffusers.EulerDiscreteScheduler(**SD1, use_karras_sigmas=True)
    scheduler.set_timesteps(STEPS)
    sigmas = scheduler.sigmas.tolist()
    x = start(sigmas[0])
    assert_same(euler(DATA.denoise, x, sigmas, no_noise, silent), in_sigma_space(scheduler, sigmas[:-1], x))


def test_euler_ancestral():
    scheduler = diffusers.EulerAncestralDiscreteScheduler(**SD1)
    scheduler.set_timesteps(STEPS)
    sigmas = scheduler.sigmas.tolist()
    x = start(sigmas[0])
    expected = in_sigma_space(scheduler, sigmas[:-1], x, generator=torch.Generator().manual_seed(3))
    generator = torch.Generator().manual_seed(3)
    noise = [torch.randn(x.shape, generator=generator) for _ in range(STEPS)]
    assert_same(euler_ancestral(DATA.denoise, x, sigmas, drawn(noise), silent), expected)


def test_heun():
    scheduler = diffusers.HeunDiscreteScheduler(**SD1, use_karras_sigmas=True)
    scheduler.set_timesteps(STEPS)
    asked = scheduler.sigmas.tolist()  # every level but the first and the last twice
    x = start(asked[0])
    assert_same(
        second_order.heun(DATA.denoise, x, [*asked[::2][:STEPS], 0.0], no_noise, silent),
        in_sigma_space(scheduler, [asked[0], *asked[1:-1]], x),
    )


def test_dpm_2():
    scheduler = diffusers.KDPM2DiscreteScheduler(**SD1, use_karras_sigmas=True)
    scheduler.set_timesteps(STEPS)
    sigmas = [*scheduler.sigmas[::2].tolist()[:STEPS], 0.0]
    x = start(sigmas[0])
    asked = [sigmas[0]]
    for sigma, sigma_next in pairwise(sigmas[:-1]):
        asked += [(sigma * sigma_next) ** 0.5, sigma_next]
    assert_same(
        second_order.dpm_2(DATA.denoise, x, sigmas, no_noise, silent), in_sigma_space(scheduler, asked, x), 1e-4
    )


def test_lms():
    scheduler = diffusers.LMSDiscreteScheduler(**SD1, use_karras_sigmas=True)
    scheduler.set_timesteps(STEPS)
    sigmas = scheduler.sigmas.tolist()[:-1]
    scheduler.timesteps = scheduler.timesteps[:-1]
    x = start(sigmas[0])
    assert_same(
        multistep.lms(DATA.denoise, x, sigmas, no_noise, silent), in_sigma_space(scheduler, sigmas[:-1], x), 1e-4
    )


def test_ddim_with_its_own_timesteps():
    scheduler = diffusers.DDIMScheduler(**SD1, clip_sample=False, steps_offset=1)
    scheduler.set_timesteps(STEPS)
    sigmas = SCHEDULERS["ddim_uniform"](SCHEDULE, STEPS).tolist()
    assert scheduler.timesteps.tolist() == SCHEDULE.timestep(torch.tensor(sigmas[:-1])).tolist()
    x = start(sigmas[0])
    sample = x / (1 + sigmas[0] ** 2) ** 0.5
    for timestep, sigma in zip(scheduler.timesteps, sigmas, strict=False):
        sample = scheduler.step(eps(sample * (1 + sigma**2) ** 0.5, sigma), timestep, sample).prev_sample
    assert_same(euler(DATA.denoise, x, sigmas, no_noise, silent), sample)


def test_lcm():
    scheduler = diffusers.LCMScheduler(**SD1)
    scheduler.set_timesteps(4, original_inference_steps=50)
    sigmas = [*SCHEDULE.sigmas[scheduler.timesteps].tolist(), 0.0]
    x = start(sigmas[0])
    sample = x / (1 + sigmas[0] ** 2) ** 0.5
    generator = torch.Generator().manual_seed(3)
    for timestep, sigma in zip(scheduler.timesteps, sigmas, strict=False):
        prediction = eps(sample * (1 + sigma**2) ** 0.5, sigma)
        sample = scheduler.step(prediction, timestep, sample, generator=generator).prev_sample
    generator = torch.Generator().manual_seed(3)
    noise = [torch.randn(x.shape, generator=generator) for _ in range(4)]
    # diffusers mixes in a trace of the noisy sample (its boundary condition, under 1e-6 at these timesteps).
    assert_same(lcm(DATA.denoise, x, sigmas, drawn(noise), silent), sample)


def test_dpmpp_2m():
    scheduler = diffusers.DPMSolverMultistepScheduler(**SD1, final_sigmas_type="zero")
    scheduler.set_timesteps(STEPS)
    x = start(karras()[0])
    expected = variance_preserving(scheduler, karras(), x)
    assert_same(dpmpp.dpmpp_2m(DATA.denoise, x, karras(), no_noise, silent), expected)


def test_dpmpp_2m_sde():
    scheduler = diffusers.DPMSolverMultistepScheduler(**SD1, algorithm_type="sde-dpmsolver++", final_sigmas_type="zero")
    scheduler.set_timesteps(STEPS)
    x = start(karras()[0])
    noise = [torch.randn(x.shape, generator=torch.Generator().manual_seed(step)) for step in range(STEPS)]
    expected = variance_preserving(scheduler, karras(), x, noise)
    assert_same(dpmpp.dpmpp_2m_sde(DATA.denoise, x, karras(), drawn(noise), silent), expected)


def test_dpmpp_3m_sde_without_noise():
    scheduler = diffusers.DPMSolverMultistepScheduler(
        **SD1, solver_order=3, solver_type="heun", lower_order_final=False, final_sigmas_type="sigma_min"
    )
    scheduler.set_timesteps(STEPS)
    x, sigmas = start(karras()[0]), karras()[:-1]
    expected = variance_preserving(scheduler, sigmas, x)
    assert_same(dpmpp.dpmpp_3m_sde(DATA.denoise, x, sigmas, no_noise, silent, eta=0.0), expected)


def test_dpmpp_sde():
    scheduler = diffusers.DPMSolverSDEScheduler(**SD1, use_karras_sigmas=True)
    scheduler.set_timesteps(STEPS)
    sigmas = [*scheduler.sigmas[::2].tolist()[:STEPS], 0.0]
    x = start(sigmas[0])
    noise = [torch.randn(x.shape, generator=torch.Generator().manual_seed(step)) for step in range(2 * STEPS)]
    scheduler.noise_sampler = drawn(noise)
    asked = [sigmas[0]]
    for sigma, sigma_next in pairwise(sigmas[:-1]):
        asked += [(sigma * sigma_next) ** 0.5, sigma_next]
    assert_same(
        dpmpp.dpmpp_sde(DATA.denoise, x, sigmas, drawn(noise), silent), in_sigma_space(scheduler, asked, x), 1e-4
    )


@pytest.mark.parametrize(("solver_type", "run"), [("bh1", unipc.uni_pc), ("bh2", unipc.uni_pc_bh2)])
@pytest.mark.parametrize("steps", [2, 3, STEPS])
def test_unipc(solver_type, run, steps):
    scheduler = diffusers.UniPCMultistepScheduler(**SD1, solver_order=min(3, steps - 1), solver_type=solver_type)
    scheduler.set_timesteps(steps)
    sigmas = SCHEDULERS["karras"](SCHEDULE, steps).tolist()
    x = start(sigmas[0])
    expected = variance_preserving(scheduler, [*sigmas[:-1], 0.001], x)
    assert_same(run(DATA.denoise, x, sigmas, no_noise, silent), expected, 1e-4)


def test_deis_with_polynomials_in_log_sigma():
    """diffusers has the DEIS of this abscissa; the sampler differs from it by the abscissa alone."""
    scheduler = diffusers.DEISMultistepScheduler(**SD1, solver_order=3, lower_order_final=False)
    scheduler.set_timesteps(STEPS)
    x, sigmas = start(karras()[0]), karras()[:-1]
    expected = variance_preserving(scheduler, sigmas, x)

    def weights(visited, following):
        return lagrange_integrals(visited, visited[0], following, abscissa=np.log)

    assert_same(multistep._adams(DATA.denoise, x, sigmas, silent, 3, weights), expected)
