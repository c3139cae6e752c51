"""Guidance, batching of prompts, areas, masks and ranges."""

import math

import pytest
import torch

from diffusion.sampling.conditions import Area, Frame, fit_noise_mask, resolve, with_counterparts
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import (
    ClassifierFreeGuidance,
    GuidanceChange,
    Guided,
    GuidedDenoiser,
    MaskedDenoiser,
)
from diffusion.sampling.network import Residuals
from diffusion.sampling.parameterization import Epsilon
from tests.diffusion.sampling.gaussian import CPU, SCHEDULE, PromptedModel, prompt

SHAPE = (2, 4, 16, 24)
SIGMA = float(SCHEDULE.sigmas[500])


def conditions(conditioning, shape=SHAPE, side=0):
    return resolve(conditioning, Frame(torch.zeros(shape), SCHEDULE, calls=4), side)


def guided(model, positive, negative, cfg=7.0, sigma=SIGMA, shape=SHAPE):
    ours, theirs = conditions(positive, shape), conditions(negative, shape, side=1)
    theirs = with_counterparts(theirs, ours)
    ours = with_counterparts(ours, theirs)
    guider = ClassifierFreeGuidance(positive, negative, cfg)
    denoiser = GuidedDenoiser(model.predict, model.parameterization, [ours, theirs], guider)
    return denoiser(torch.zeros(shape), sigma)


def expected(value: float, deviation: float = 0.3) -> float:
    """What the stand-in takes a latent of zeros for under a prompt."""
    return value * SIGMA**2 / (deviation**2 + SIGMA**2)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_guidance_extrapolates_in_one_call_with_the_negative_first(prediction):
    model = PromptedModel(prediction)
    result = guided(model, prompt(1.0), prompt(-0.5), cfg=3.0)
    assert torch.allclose(result, torch.full(SHAPE, expected(-0.5 + 3 * 1.5)), atol=1e-5)
    (call,) = model.calls
    assert call.x.shape == (4, 4, 16, 24)
    assert call.timestep.tolist() == [500] * 4
    assert [condition.side for condition in call.conditions] == [1, 0]
    assert call.context[:, 0, 0].tolist() == [-0.5, -0.5, 1.0, 1.0]


def test_the_network_sees_unit_variance():
    model = PromptedModel()
    x = torch.full(SHAPE, 2.0)
    guider = ClassifierFreeGuidance([], [], 1.0)
    GuidedDenoiser(model.predict, model.parameterization, [conditions(prompt(0.0)), []], guider)(x, SIGMA)
    assert torch.allclose(model.calls[0].x, x / math.sqrt(1 + SIGMA**2))


def test_scale_one_leaves_the_negative_out():
    model = PromptedModel()
    result = guided(model, prompt(1.0), prompt(-0.5), cfg=1.0)
    assert torch.allclose(result, torch.full(SHAPE, expected(1.0)), atol=1e-5)
    assert model.calls[0].x.shape[0] == 2


@pytest.mark.parametrize(
    ("lengths", "calls"), [((77, 77), [77]), ((154, 77), [154]), ((231, 154), [462]), ((385, 77), [77, 385])]
)
def test_prompts_of_different_length_share_a_call_if_they_repeat_to_one(lengths, calls):
    model = PromptedModel()
    result = guided(model, prompt(1.0, lengths[0]), prompt(-0.5, lengths[1]), cfg=3.0)
    assert torch.allclose(result, torch.full(SHAPE, expected(4.0)), atol=1e-5)
    assert sorted(call.context.shape[1] for call in model.calls) == calls


def test_several_prompts_are_averaged_by_strength():
    model = PromptedModel()
    both = [*prompt(1.0, strength=3.0), *prompt(-1.0, strength=1.0)]
    result = guided(model, both, prompt(0.0), cfg=1.0)
    assert torch.allclose(result, torch.full(SHAPE, expected(0.5)), atol=1e-5)
    assert len(model.calls) == 1


def test_an_area_counts_where_it_is_and_fades_at_its_inner_edges():
    model = PromptedModel()
    both = [*prompt(0.0), *prompt(1.0, area=(16, 12, 0, 12))]
    result = guided(model, both, prompt(0.0), cfg=1.0)[0, 0, 0] / expected(1.0)
    # A quarter of 12 cells fades: weights 1/3, 2/3 and 1 against the other prompt's 1.
    assert torch.allclose(result[10:16], torch.tensor([0, 0, 0.25, 0.4, 0.5, 0.5]), atol=1e-5)
    assert torch.allclose(result[-1], torch.tensor(0.5), atol=1e-5)
    assert sorted(call.x.shape[-1] for call in model.calls) == [12, 24]


def test_an_area_in_parts_of_the_picture():
    (condition,) = conditions(prompt(1.0, area=("percentage", 0.5, 0.25, 0.5, 0.75)))
    assert condition.area == Area(height=8, width=6, top=8, left=18)


def test_an_area_is_cut_at_the_picture():
    (condition,) = conditions(prompt(1.0, area=(64, 64, 8, 4)))
    assert condition.area == Area(height=8, width=20, top=8, left=4)
    with pytest.raises(SamplingError, match="outside of the latent of 24 x 16 cells"):
        conditions(prompt(1.0, area=(8, 8, 0, 24)))


def test_a_mask_of_any_size_weighs_a_prompt():
    mask = torch.zeros(1, 128, 192)
    mask[:, :, 96:] = 1.0
    both = [*prompt(0.0), *prompt(1.0, mask=mask, mask_strength=0.5, strength=2.0)]
    result = guided(PromptedModel(), both, prompt(0.0), cfg=1.0) / expected(1.0)
    assert torch.allclose(result[..., :11], torch.zeros(1), atol=1e-5)
    assert torch.allclose(result[..., 13:], torch.full((1,), 0.5), atol=1e-5)


def test_a_mask_may_set_the_area():
    mask = torch.zeros(16, 24)
    mask[3:5, 10:20] = 1.0
    (condition,) = conditions(prompt(1.0, mask=mask, set_area_to_bounds=True))
    assert condition.area == Area(height=8, width=10, top=3, left=10)
    assert float(condition.weight.sum()) == SHAPE[0] * 20


def test_nothing_counts_where_no_prompt_does():
    result = guided(PromptedModel(), prompt(1.0, area=(16, 12, 0, 12)), prompt(0.0), cfg=1.0)
    assert torch.equal(result[..., :12], torch.zeros(2, 4, 16, 12))


@pytest.mark.parametrize(("timestep", "value"), [(999, 0.0), (600, 1.0), (300, 1.0), (100, 0.0)])
def test_ranges_of_the_training_timesteps(timestep, value):
    both = [*prompt(0.0), *prompt(2.0, start_percent=0.3, end_percent=0.8)]
    model, sigma = PromptedModel(), float(SCHEDULE.sigmas[timestep])
    result = guided(model, both, prompt(0.0), cfg=1.0, sigma=sigma)
    assert torch.allclose(result, torch.full(SHAPE, value * sigma**2 / (0.3**2 + sigma**2)), atol=1e-5)


def test_a_positive_area_gets_a_negative_of_the_same_place():
    positive = conditions([*prompt(0.0), *prompt(1.0, area=(8, 12, 0, 12), strength=2.0)])
    negative = with_counterparts(conditions(prompt(-0.5)), positive)
    assert len(negative) == 2
    assert negative[1].area == positive[1].area
    assert negative[1].weight is positive[1].weight
    assert float(negative[1].context.mean()) == -0.5
    assert with_counterparts(positive, negative) == positive


def test_a_counterpart_takes_the_tightest_prompt_around_it():
    positive = conditions(prompt(1.0, area=(4, 4, 2, 2)))
    negative = conditions([*prompt(-1.0), *prompt(-2.0, area=(8, 8, 0, 0)), *prompt(-3.0, area=(8, 8, 8, 8))])
    assert float(with_counterparts(negative, positive)[-1].context.mean()) == -2.0


def test_a_batch_that_does_not_fit_in_memory_is_split():
    model = PromptedModel()

    def small_memory(call):
        if call.x.shape[0] > 2:
            raise torch.OutOfMemoryError
        return model.predict(call)

    ours, theirs = conditions(prompt(1.0)), conditions(prompt(-0.5))
    guider = ClassifierFreeGuidance([], [], 3.0)
    denoiser = GuidedDenoiser(small_memory, model.parameterization, [ours, theirs], guider)
    assert torch.allclose(denoiser(torch.zeros(SHAPE), SIGMA), torch.full(SHAPE, expected(4.0)), atol=1e-5)
    assert len(model.calls) == 2
    with pytest.raises(torch.OutOfMemoryError):
        denoiser(torch.zeros(3, 4, 16, 24), SIGMA)


def test_guidance_of_a_prompt_in_several_tokens_per_batch_entry():
    (condition,) = conditions([[torch.stack([torch.zeros(77, 8), torch.ones(77, 8)]), {}]], (3, 4, 8, 8))
    assert condition.context[:, 0, 0].tolist() == [0, 1, 0]


def test_a_masked_denoiser_keeps_what_the_mask_leaves_out():
    seen = []

    class Nines:
        parameterization = Epsilon(SCHEDULE)

        def guided(self, x, sigma, *, with_negative):
            seen.append(x)
            return Guided(torch.full_like(x, 9.0), None, None)

    latent, noise = torch.full((1, 4, 4, 4), 2.0), torch.full((1, 4, 4, 4), 0.5)
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., 2:] = 1.0
    masked = MaskedDenoiser(Nines(), mask, latent, noise)
    result = masked(torch.full((1, 4, 4, 4), 7.0), 4.0)
    assert torch.equal(seen[0][..., :2], torch.full((1, 4, 4, 2), 2.0 + 0.5 * 4.0))
    assert torch.equal(seen[0][..., 2:], torch.full((1, 4, 4, 2), 7.0))
    assert torch.equal(result[..., :2], torch.full((1, 4, 4, 2), 2.0))
    assert torch.equal(result[..., 2:], torch.full((1, 4, 4, 2), 9.0))


@pytest.mark.parametrize("shape", [(64, 96), (1, 64, 96), (1, 1, 64, 96)])
def test_noise_masks_are_scaled_to_the_latent(shape):
    mask = torch.zeros(shape)
    mask[..., 48:] = 1.0
    fitted = fit_noise_mask(mask, SHAPE, CPU)
    assert fitted.shape == (2, 1, 16, 24)
    assert torch.equal(fitted[..., :11], torch.zeros(2, 1, 16, 11))
    assert torch.equal(fitted[..., 13:], torch.ones(2, 1, 16, 11))


def denoiser(model, positive, negative, cfg, changes=()):
    ours, theirs = conditions(positive), conditions(negative, side=1)
    guider = ClassifierFreeGuidance(positive, negative, cfg)
    return GuidedDenoiser(model.predict, model.parameterization, [ours, theirs], guider, changes, calls=4)


def test_composed_prompts_add_up_their_ways_from_the_negative_one():
    # u + cfg (1.2 (c1 - u) + 0.5 (c2 - u)) with c1 = 1, c2 = 2, u = 0 and cfg = 7 is 15.4.
    both = [*prompt(1.0, composition=1.2), *prompt(2.0, composition=0.5)]
    result = denoiser(PromptedModel(), both, prompt(0.0), 7.0)(torch.zeros(SHAPE), SIGMA)
    assert torch.allclose(result, torch.full(SHAPE, expected(15.4)), atol=1e-4)
    alone = denoiser(PromptedModel(), both, prompt(0.5), 1.0)(torch.zeros(SHAPE), SIGMA)
    assert torch.allclose(alone, torch.full(SHAPE, expected(0.5 + 1.2 * 0.5 + 0.5 * 1.5)), atol=1e-4)


def test_prompts_may_count_at_some_calls_only():
    class FirstHalf:
        def active(self, call, calls):
            return call < calls / 2

    class SecondHalf:
        def active(self, call, calls):
            return call >= calls / 2

    both = [*prompt(1.0, moments=FirstHalf()), *prompt(3.0, moments=SecondHalf())]
    guided = denoiser(PromptedModel(), both, prompt(0.0), 1.0)
    values = [float(guided(torch.zeros(SHAPE), SIGMA).mean()) for _ in range(4)]
    assert values == pytest.approx([expected(1.0), expected(1.0), expected(3.0), expected(3.0)], abs=1e-5)


def test_changes_of_guidance_act_in_order_and_may_ask_again():
    seen = []

    class Doubled(GuidanceChange):
        needs_negative = True

        def before(self, step):
            return tuple(None if estimate is None else estimate * 2 for estimate in step.estimates)

    class Compared(GuidanceChange):
        def after(self, denoised, step):
            seen.append([float(estimate.mean()) for estimate in step.estimates])
            return denoised - step.evaluate(1)

    changes = (Doubled(), Compared())
    found = denoiser(PromptedModel(), prompt(1.0), prompt(-0.5), 1.0, changes).guided(torch.zeros(SHAPE), SIGMA)
    assert seen == [pytest.approx([2 * expected(1.0), 2 * expected(-0.5)], abs=1e-4)]
    value = 2 * expected(1.0) - expected(-0.5)
    assert torch.allclose(found.denoised, torch.full(SHAPE, value), atol=1e-4)
    assert found.negative is not None


def test_control_networks_of_prompts_add_up_in_one_call():
    class Adding:
        def __init__(self, value):
            self.value = value

        def residuals(self, call):
            return Residuals(down=(torch.full((1,), self.value), None), mid=None)

    first, second = object(), object()
    seen = []

    def network(call):
        seen.append(call)
        return torch.zeros_like(call.x)

    model = PromptedModel()
    ours, theirs = conditions(prompt(1.0, control=(first, second))), conditions(prompt(0.0, control=(first, second)))
    guided = GuidedDenoiser(
        network,
        model.parameterization,
        [ours, theirs],
        ClassifierFreeGuidance([], [], 5.0),
        controls={first: Adding(1.0), second: Adding(0.5)},
    )
    guided(torch.zeros(SHAPE), SIGMA)
    (call,) = seen
    assert call.residuals.down[0].item() == 1.5
    assert call.residuals.down[1] is None
    assert call.residuals.mid is None


def test_inputs_of_the_latents_size_are_cut_to_an_area():
    def inputs(settings, frame, side):
        return {"concat": torch.arange(16 * 24.0).reshape(1, 1, 16, 24), "vector": torch.ones(1, 5)}

    frame = Frame(torch.zeros(SHAPE), SCHEDULE)
    (condition,) = resolve(prompt(1.0, area=(8, 4, 2, 3)), frame, 0, inputs)
    assert condition.inputs["concat"].shape == (2, 1, 8, 4)
    assert float(condition.inputs["concat"][0, 0, 0, 0]) == 2 * 24 + 3
    assert condition.inputs["vector"].shape == (2, 5)
