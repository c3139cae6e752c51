"""CFG++ samplers against the plain ones with the guidance scale that they amount to, and where prompts agree."""

from functools import partial
from itertools import pairwise

import pytest
import torch

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import Guided
from diffusion.sampling.samplers import SAMPLERS, cfg_pp, dpmpp, multistep
from diffusion.sampling.samplers.euler import euler, euler_ancestral
from tests.diffusion.sampling.gaussian import Gaussian, no_noise, silent
from tests.diffusion.sampling.guided import GuidedGaussian, Unguided

DATA = Gaussian()
SIGMAS = [9.0, 5.0, 2.0, 0.8, 0.2, 0.0]
X = DATA.noisy(SIGMAS[0], 16)
SCALE = 0.7

PAIRS = {
    "euler": (cfg_pp.euler_cfg_pp, euler),
    "euler_alternative": (cfg_pp.euler_cfg_pp_alternative, euler),
    "euler_ancestral": (cfg_pp.euler_ancestral_cfg_pp, euler_ancestral),
    "dpmpp_2m": (cfg_pp.dpmpp_2m_cfg_pp, dpmpp.dpmpp_2m),
    "res_multistep": (cfg_pp.res_multistep_cfg_pp, multistep.res_multistep),
    "res_multistep_ancestral": (cfg_pp.res_multistep_ancestral_cfg_pp, multistep.res_multistep_ancestral),
    "gradient_estimation": (cfg_pp.gradient_estimation_cfg_pp, multistep.gradient_estimation),
}


def steady(sigma: float, sigma_next: float) -> torch.Tensor:
    return torch.full_like(X, sigma - 2 * sigma_next)


@pytest.mark.parametrize("name", PAIRS)
def test_without_guidance_each_is_the_sampler_of_its_name(name):
    plus, plain = PAIRS[name]
    found = plus(Unguided(DATA.denoise), X, SIGMAS, steady, silent)
    assert torch.allclose(found, plain(DATA.denoise, X, SIGMAS, steady, silent), rtol=1e-10)


def amounting(sigmas: list[float]):
    """The denoiser whose scale is the one that Euler's steps of CFG++ amount to on these levels."""
    following = dict(pairwise(sigmas))

    def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        return GuidedGaussian(SCALE / (1 - following[sigma] / sigma))(x, sigma)

    return denoise


def test_euler_is_ddim_with_a_scale_that_falls_with_the_steps():
    expected = euler(amounting(SIGMAS), X, SIGMAS, no_noise, silent)
    assert torch.allclose(cfg_pp.euler_cfg_pp(GuidedGaussian(SCALE), X, SIGMAS, no_noise, silent), expected)


@pytest.mark.parametrize("name", ["dpmpp_2m", "res_multistep", "gradient_estimation"])
def test_the_first_step_of_methods_with_a_memory_is_eulers(name):
    expected = euler(amounting(SIGMAS[:2]), X, SIGMAS[:2], no_noise, silent)
    assert torch.allclose(PAIRS[name][0](GuidedGaussian(SCALE), X, SIGMAS[:2], no_noise, silent), expected)


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name.endswith("_cfg_pp")])
def test_the_last_step_takes_the_guided_estimate(name):
    denoise = GuidedGaussian(SCALE)
    assert torch.allclose(SAMPLERS[name].run(denoise, X, [2.0, 0.0], steady, silent), denoise(X, 2.0))


def test_the_alternative_goes_as_far_past_the_guided_estimate_as_it_is_from_the_negative_one():
    denoise = GuidedGaussian(SCALE)
    found, both = cfg_pp.euler_cfg_pp_alternative(denoise, X, [2.0, 0.0], no_noise, silent), denoise.guided(X, 2.0)
    assert torch.allclose(found - both.denoised, both.denoised - both.negative)


def test_published_form_of_the_singlestep_solver():
    denoise, sigma, down = GuidedGaussian(SCALE), 5.0, 2.0
    first = denoise.guided(X, sigma)
    ratio = (down / sigma) ** 0.5
    inner = (X + first.denoised - first.negative) * ratio + first.denoised * (1 - ratio)
    second = denoise.guided(inner, (sigma * down) ** 0.5)
    expected = (X + first.denoised - second.negative) * down / sigma + second.denoised * (1 - down / sigma)
    found = cfg_pp.dpmpp_2s_ancestral_cfg_pp(denoise, X, [sigma, down], no_noise, silent, eta=0.0)
    assert torch.allclose(found, expected)


def test_dpmpp_2m_extrapolates_from_the_negative_estimate_before():
    denoise, (first, second, third) = GuidedGaussian(SCALE), SIGMAS[:3]
    x = partial(cfg_pp.euler_cfg_pp, denoise, noise=no_noise, on_step=silent)(X, [first, second])
    before, now = denoise.guided(X, first), denoise.guided(x, second)
    h_last, h = torch.log(torch.tensor([first / second, second / third], dtype=torch.float64))
    expected = now.denoised + (x - now.negative) * third / second
    expected = expected + (1 - third / second) * h / h_last / 2 * (now.denoised - before.negative)
    assert torch.allclose(cfg_pp.dpmpp_2m_cfg_pp(denoise, X, SIGMAS[:3], no_noise, silent), expected)


def test_a_guider_without_a_negative_prompt_is_refused():
    class Alone(Unguided):
        def guided(self, x, sigma, *, with_negative=False):
            return Guided(self(x, sigma), self(x, sigma), None)

    with pytest.raises(SamplingError, match="needs a negative prompt"):
        cfg_pp.euler_cfg_pp(Alone(DATA.denoise), X, SIGMAS, no_noise, silent)


def test_they_can_be_chosen():
    assert len([name for name in SAMPLERS if name.endswith("_cfg_pp")]) == 7
