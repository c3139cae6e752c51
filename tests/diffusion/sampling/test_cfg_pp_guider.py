"""The guider of CFG++ against the samplers of CFG++, which take the paper's steps, and against algorithm 2 by hand."""

import pytest
import torch

from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.guiders import CFGPlusPlus
from diffusion.sampling.noise import BatchNoise, NoNoise
from diffusion.sampling.parameterization import Epsilon
from diffusion.sampling.sample import sample_parts
from diffusion.sampling.samplers import SAMPLERS
from tests.diffusion.sampling.gaussian import SCHEDULE, PromptedModel, Space, prompt
from tests.diffusion.sampling.test_flow_samplers import FlowModel

SCALE = 0.7
SIDES = prompt(1.0), prompt(-0.5)
LEVELS = torch.tensor([9.0, 5.0, 2.0, 0.8, 0.2, 0.0])
FLOW_LEVELS = torch.tensor([0.95, 0.8, 0.5, 0.2, 0.0])


class BetweenPrompts(FlowModel):
    """A flow whose network tells the prompts apart within one call."""

    def predict(self, call):
        return (call.x - 0.5 * call.context.mean(dim=(1, 2)).view(-1, 1, 1, 1) * (1 - call.sigma)) / (1 + call.sigma)


def run(model, guider, sampler: str, sigmas: torch.Tensor, start: torch.Tensor | None = None) -> torch.Tensor:
    latent = {"samples": torch.zeros(1, 4, 4, 4) if start is None else start}
    noise = BatchNoise(3) if start is None else NoNoise()
    return sample_parts(model, latent, noise, guider, SAMPLERS[sampler], sigmas)[0]["samples"]


MODELS = {
    "epsilon": (PromptedModel(), LEVELS),
    "velocity": (PromptedModel(prediction="velocity"), LEVELS),
    "flow": (BetweenPrompts(latent_format=Space(scale=1.0)), FLOW_LEVELS),
    "cut short": (PromptedModel(), LEVELS[:4]),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("sampler", ["euler", "ddim"])
def test_with_a_sampler_of_the_first_order_it_is_the_sampler_of_cfg_plus_plus(name, sampler):
    model, levels = MODELS[name]
    found = run(model, CFGPlusPlus(*SIDES, SCALE), sampler, levels)
    expected = run(model, ClassifierFreeGuidance(*SIDES, SCALE), "euler_cfg_pp", levels)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    plain = run(model, ClassifierFreeGuidance(*SIDES, SCALE), sampler, levels)
    assert (found - plain).abs().max() > 0.01


def test_a_run_upwards_renoises_along_the_negative_estimate_too():
    up = torch.tensor([0.2, 0.8, 2.0])
    start = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(1))
    found = run(PromptedModel(), CFGPlusPlus(*SIDES, SCALE), "euler", up, start)
    expected = run(PromptedModel(), ClassifierFreeGuidance(*SIDES, SCALE), "euler_cfg_pp", up, start)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_the_scale_is_that_of_the_step():
    guider = CFGPlusPlus([], [], SCALE).over([8.0, 2.0, 0.0], Epsilon(SCHEDULE))
    assert guider.scale_at(8.0) == pytest.approx(SCALE / (1 - 2 / 8))
    assert guider.scale_at(4.0) == pytest.approx(SCALE / (1 - 2 / 4))  # asked within a step
    assert guider.scale_at(2.0) == pytest.approx(SCALE)  # the step to 0
    assert guider.scale_at(2.0 * (1 + 1e-9)) == pytest.approx(SCALE)  # the same level, rounded otherwise
    assert guider.scale_at(1.0) == pytest.approx(SCALE)


@pytest.mark.parametrize("sampler", ["heun", "dpmpp_2m", "euler_ancestral", "dpm_2"])
def test_other_samplers_stay_finite_and_end_between_the_prompts_estimates(sampler):
    found = run(PromptedModel(), CFGPlusPlus(*SIDES, SCALE), sampler, LEVELS)
    assert found.isfinite().all()
    means = [float(run(PromptedModel(), ClassifierFreeGuidance(*SIDES, s), sampler, LEVELS).mean()) for s in (0.0, 8.0)]
    assert means[0] < float(found.mean()) < means[1]
