"""A run of two models against the same run done in parts, and against each model alone."""

import pytest
import torch

from diffusion.sampling import SAMPLERS, SamplingError, sample
from diffusion.sampling.refine import first_refined, sample_with_refiner
from diffusion.sampling.schedules import sigmas_for
from nodes.refiner import split_sigmas_for_refiner
from tests.diffusion.sampling.gaussian import PromptedModel, Space, prompt

SETTINGS = {"seed": 3, "steps": 8, "cfg": 2.0, "sampler": "dpmpp_2m", "scheduler": "karras"}
BASE, REFINED = (prompt(1.0), prompt(-1.0)), (prompt(2.0), prompt(0.5))


def empty():
    return {"samples": torch.zeros(1, 4, 8, 8), "name": "kept"}


def refined(switch_at, base=None, refiner=None, on_step=None):
    base, refiner = base or PromptedModel(), refiner or PromptedModel(deviation=0.6)
    return sample_with_refiner(base, BASE, refiner, REFINED, empty(), **SETTINGS, switch_at=switch_at, on_step=on_step)


def test_the_second_half_is_what_the_advanced_sampler_would_do():
    base, refiner, steps = PromptedModel(), PromptedModel(deviation=0.6), []
    found = refined(0.5, base, refiner, steps.append)
    first = len(base.calls)
    assert 0 < first < SETTINGS["steps"]
    begun = sample(PromptedModel(), empty(), *BASE, **SETTINGS, last_step=first)
    ended = sample(PromptedModel(deviation=0.6), begun, *REFINED, **SETTINGS, start_step=first, add_noise=False)
    assert torch.equal(found["samples"], ended["samples"])
    assert found["name"] == "kept"
    assert [(info.step, info.steps) for info in steps] == [(number, 8) for number in range(1, 9)]


def test_levels_are_divided_for_two_samplers_as_for_one():
    model = PromptedModel()
    levels = sigmas_for(model.schedule, "karras", 8, 1.0, SAMPLERS["dpmpp_2m"])
    high, low = split_sigmas_for_refiner(model, levels, 0.5)
    assert torch.equal(torch.cat([high, low[1:]]), levels)
    refined(0.5, model)
    assert len(high) - 1 == len(model.calls)


def test_at_the_ends_one_model_does_all():
    base, refiner = PromptedModel(), PromptedModel(deviation=0.6)
    alone = sample(PromptedModel(), empty(), *BASE, **SETTINGS)
    assert torch.equal(refined(1.0, base, refiner)["samples"], alone["samples"])
    assert not refiner.calls
    alone = sample(PromptedModel(deviation=0.6), empty(), *REFINED, **SETTINGS)
    assert torch.equal(refined(0.0)["samples"], alone["samples"])


@pytest.mark.parametrize(("threshold", "first"), [(20.0, 0), (10.0, 0), (5.0, 1), (4.9, 2), (0.5, 3)])
def test_the_first_step_that_begins_low_enough(threshold, first):
    assert first_refined(torch.tensor([10.0, 5.0, 1.0, 0.0]), threshold) == first


def test_a_refiner_of_another_family_is_refused():
    with pytest.raises(SamplingError, match="latents of another kind"):
        refined(0.5, refiner=PromptedModel(latent_format=Space(channels=16)))
