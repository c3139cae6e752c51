"""Several runs in one batch: the oracle is each run by itself."""

import pytest
import torch

from diffusion.checkpoint import load_checkpoint
from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.noise import PictureNoise
from diffusion.sampling.sample import Plan, plan, sample_parts
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.together import alongside, sample_together
from tests.diffusion.sampling.gaussian import PromptedModel, prompt

SETTINGS = {"steps": 3, "cfg": 3.0, "scheduler": "karras"}


def empty(rows=1, side=8):
    return {"samples": torch.zeros(rows, 4, side, side)}


def planned(model, seed, positive, negative, latent=None, **settings):
    return plan(model, latent or empty(), positive, negative, seed=seed, **{"sampler": "euler", **SETTINGS, **settings})


def deviations(plans):
    """How far each run of a batch is from the same run alone, by the largest value."""
    assert alongside(plans) == list(range(len(plans)))
    pairs = zip(sample_together(plans), (sample_parts(*each) for each in plans), strict=True)
    return [
        float((one["samples"] - other["samples"]).abs().max() / other["samples"].abs().max())
        for both, alone in pairs
        for one, other in zip(both, alone, strict=True)
    ]


def test_each_run_of_a_network_is_what_it_is_alone(request):
    pocket = load_checkpoint(request.config.rootpath / "models" / "checkpoints" / "pocket.safetensors")
    encode = pocket.clip.encode
    longer = [[torch.cat([encode("a red fish")[0][0], encode("on a hill")[0][0]], dim=1), encode("")[0][1]]]
    runs = [
        planned(pocket.model, 1, encode("a red fish"), encode(""), empty(2), sampler="dpmpp_2m_sde"),
        planned(pocket.model, 2, encode("a red fish"), encode(""), empty(2), sampler="dpmpp_2m_sde"),
        planned(pocket.model, 2, longer, encode("night"), empty(2), sampler="dpmpp_2m_sde"),
    ]
    assert max(deviations(runs)) < 1e-4
    results = [one["samples"] for one, _ in sample_together(runs)]
    assert float((results[1] - results[0]).abs().max()) > 0.01
    assert float((results[2] - results[1]).abs().max()) > 0.01


@pytest.mark.parametrize("sampler", [name for name, each in SAMPLERS.items() if not each.mixes])
def test_no_sampler_mixes_the_pictures_of_runs(sampler):
    model = PromptedModel()
    runs = [planned(model, seed, prompt(3.0 * seed), prompt(-1.0), sampler=sampler) for seed in (1, 2)]
    assert max(deviations(runs)) < 1e-4


def test_prompts_of_areas_times_and_masks_stay_with_their_own_run():
    model, half = PromptedModel(), {"area": (8, 4, 0, 0), "strength": 0.7}
    masks = [torch.zeros(1, 16, 16), torch.ones(1, 8, 8)]
    masks[0][:, :8] = 1
    latents = [{"samples": torch.full((1, 4, 8, 8), 0.5 + n), "noise_mask": masks[n]} for n in (0, 1)]
    runs = [
        planned(model, 3, [*prompt(1.0, **half), *prompt(2.0)], prompt(-1.0), latents[0], sampler="heun"),
        planned(model, 4, [*prompt(3.0, end_percent=0.3), *prompt(2.0)], prompt(0.0), latents[1], sampler="heun"),
    ]
    assert max(deviations(runs)) < 1e-5


def test_each_picture_has_the_noise_of_its_own_source():
    guider = ClassifierFreeGuidance(prompt(1.0), prompt(0.0), 2.0)
    sigmas = torch.tensor([5.0, 2.0, 0.5, 0.0])
    noises = [PictureNoise(7, "nv"), PictureNoise(8, "nv", 3, 0.4, (4, 4), 31337)]
    runs = [Plan(PromptedModel(), empty(2), n, guider, SAMPLERS["euler_ancestral"], sigmas) for n in noises]
    runs[1] = runs[1]._replace(model=runs[0].model)
    assert max(deviations(runs)) < 1e-5


def test_what_does_not_fit_goes_alone():
    model, one, none = PromptedModel(), prompt(1.0), prompt(0.0)
    first = planned(model, 1, one, none)
    others = {
        "other model": planned(PromptedModel(), 2, one, none),
        "other scale": planned(model, 2, one, none, cfg=4.0),
        "other levels": planned(model, 2, one, none, steps=4),
        "other sampler": planned(model, 2, one, none, sampler="heun"),
        "other size": planned(model, 2, one, none, empty(side=16)),
        "with a mask": planned(model, 2, one, none, {**empty(), "noise_mask": torch.ones(1, 8, 8)}),
        "with a control network": planned(model, 2, prompt(1.0, control=(object(),)), none),
        "composed": planned(model, 2, prompt(1.0, composition=0.5), none),
    }
    assert alongside([first, *others.values(), planned(model, 2, none, one)]) == [0, len(others) + 1]
    adaptive = [planned(model, seed, one, none, sampler="dpm_adaptive") for seed in (1, 2)]
    assert alongside(adaptive) == [0]


def test_no_more_go_together_than_are_of_use():
    model = PromptedModel()
    assert alongside([planned(model, seed, prompt(1.0), prompt(0.0)) for seed in range(40)]) == list(range(16))
    large = [planned(model, seed, prompt(1.0), prompt(0.0), empty(side=32)) for seed in range(4)]
    assert alongside(large) == [0]


def test_where_memory_is_short_the_calls_become_smaller_and_stay_so():
    class Small(PromptedModel):
        def predict(self, call):
            if call.x.shape[0] > 2:
                self.calls.append(call)
                raise torch.OutOfMemoryError
            return super().predict(call)

    model = Small()
    runs = [planned(model, seed, prompt(float(seed)), prompt(0.0)) for seed in (1, 2, 3)]
    results = sample_together(runs)
    rows = [call.x.shape[0] for call in model.calls]
    assert rows[:7] == [6, 3, 2, 1, 3, 2, 1]
    assert set(rows[7:]) == {2}
    for result, run in zip(results, runs, strict=True):
        assert torch.allclose(result[0]["samples"], sample_parts(*run)[0]["samples"], rtol=1e-5, atol=1e-5)
