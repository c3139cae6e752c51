"""Guiders and changes of guidance, against the guiders of diffusers and the formulas of their papers."""

import math

import numpy as np
import pytest
import torch
from diffusers.guiders import adaptive_projected_guidance, classifier_free_zero_star_guidance
from diffusers.guiders import tangential_classifier_free_guidance as tangential
from diffusers.guiders.guider_utils import rescale_noise_cfg

from diffusion.sampling import guidance_changes as changes
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import ClassifierFreeGuidance, GuidedDenoiser, Guider
from diffusion.sampling.guiders import DualGuidance, PerpendicularNegative, Unguided
from diffusion.sampling.noise import NoNoise
from diffusion.sampling.parameterization import Epsilon
from diffusion.sampling.sample import sample_parts
from diffusion.sampling.samplers import SAMPLERS
from tests.diffusion.sampling.gaussian import SCHEDULE, PromptedModel, prompt

SIGMA, SCALE = 2.0, 6.0


def drawn(seed: int) -> torch.Tensor:
    return torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(seed))


X, POSITIVE, NEGATIVE, OTHER = (drawn(seed) for seed in range(4))
PLAIN = NEGATIVE + (POSITIVE - NEGATIVE) * SCALE


class Given(GuidedDenoiser):
    """Has the estimates of its sides from the test."""

    given = (POSITIVE, NEGATIVE, OTHER)
    asked = ()

    def estimate(self, x, sigma, sides, attention=()):
        self.asked = (*self.asked, tuple(sides))
        return [self.given[side] for side in sides]


def denoiser(*changed, guider: Guider | None = None, calls: int = 10) -> Given:
    guider = guider or ClassifierFreeGuidance([], [], SCALE)
    return Given(None, Epsilon(SCHEDULE), [[], []], guider, changed, {}, calls)


def guided(*changed, **settings) -> torch.Tensor:
    return denoiser(*changed, **settings)(X, SIGMA)


def velocity(clean: torch.Tensor) -> torch.Tensor:
    """Of arXiv 2202.00512: ``a * noise - s * clean`` with a² + s² = 1 and s / a = sigma."""
    a = 1 / math.sqrt(1 + SIGMA**2)
    noise = (X - clean) / SIGMA
    return a * noise - SIGMA * a * clean


def test_rescaled_guidance_is_diffusers_in_velocity():
    expected = rescale_noise_cfg(velocity(PLAIN), velocity(POSITIVE), 0.7)
    assert torch.allclose(velocity(guided(changes.RescaledGuidance(0.7))), expected, atol=1e-4)


def test_adaptive_projected_guidance_is_diffusers_with_momentum():
    buffer = adaptive_projected_guidance.MomentumBuffer(-0.5)
    run = denoiser(changes.AdaptiveProjectedGuidance(eta=0.3, norm_threshold=4.0, momentum=-0.5))
    for sigma, positive in ((2.0, POSITIVE), (1.5, OTHER)):
        run.given = positive, NEGATIVE
        expected = adaptive_projected_guidance.normalized_guidance(
            positive, NEGATIVE, SCALE, buffer, 0.3, 4.0, use_original_formulation=True
        )
        assert torch.allclose(run(X, sigma), expected, atol=1e-4)
    again = run(X, 3.0)  # a sampler that has gone up again starts anew
    fresh = denoiser(changes.AdaptiveProjectedGuidance(eta=0.3, norm_threshold=4.0, momentum=-0.5))
    fresh.given = run.given
    assert torch.equal(again, fresh(X, 3.0))


@pytest.mark.parametrize("cutoff", [1, 2, 3, 20])
def test_frequencies_of_guidance_are_scaled_as_the_box_of_the_published_form_scales_them(cutoff):
    """In numpy: a box of 2 cutoff frequencies a side around the middle of the shifted spectrum."""
    spectrum = np.fft.fftshift(np.fft.fft2((POSITIVE - NEGATIVE).numpy()), axes=(-2, -1))
    factors = np.full((6, 6), 1.5)
    first = max(3 - cutoff, 0)
    factors[first : 3 + cutoff, first : 3 + cutoff] = 0.5
    way = np.fft.ifft2(np.fft.ifftshift(spectrum * factors, axes=(-2, -1))).real
    expected = NEGATIVE + torch.from_numpy(way).float() * SCALE
    found = guided(changes.FrequencyScaledGuidance(0.5, 1.5, cutoff))
    assert torch.allclose(found, expected, atol=1e-4)
    assert torch.allclose(guided(changes.FrequencyScaledGuidance(1.0, 1.0, cutoff)), PLAIN, atol=1e-4)


def test_the_factor_of_zero_star_guidance_is_diffusers():
    factor = classifier_free_zero_star_guidance.cfg_zero_star_scale(
        (X - POSITIVE).flatten(1), (X - NEGATIVE).flatten(1)
    )
    scaled = NEGATIVE * factor.view(2, 1, 1, 1)
    expected = scaled + (POSITIVE - scaled) * SCALE
    assert torch.allclose(guided(changes.ZeroStarGuidance()), expected, atol=1e-4)


def test_tangential_damping_is_diffusers_on_scores():
    expected = X - tangential.normalized_guidance(X - POSITIVE, X - NEGATIVE, SCALE)
    assert torch.allclose(guided(changes.TangentialDamping()), expected, atol=1e-4)


def test_limited_norm():
    found = guided(changes.NormLimitedGuidance(0.5))
    lengths = PLAIN.norm(dim=1, keepdim=True).minimum(POSITIVE.norm(dim=1, keepdim=True))
    assert torch.allclose(found.norm(dim=1, keepdim=True), lengths * 0.5, atol=1e-5)
    assert torch.allclose(torch.cosine_similarity(found, PLAIN, dim=1), torch.ones(2, 6, 6), atol=1e-5)


def test_dynamic_thresholding_of_one_channel():
    found = guided(changes.DynamicThresholding(mimic_scale=3.0, percentile=0.8))[1, 2].flatten()
    target, mimicked = PLAIN[1, 2].flatten(), (NEGATIVE + (POSITIVE - NEGATIVE) * 3)[1, 2].flatten()
    centred = target - target.mean()
    reach = float((mimicked - mimicked.mean()).abs().max())
    limit = max(reach, float(torch.quantile(centred.abs(), 0.8)))
    expected = [max(-limit, min(limit, value)) / limit * reach + float(target.mean()) for value in centred.tolist()]
    assert torch.allclose(found, torch.tensor(expected), atol=1e-4)


def test_dynamic_thresholding_to_the_same_scale_changes_nothing():
    assert torch.allclose(guided(changes.DynamicThresholding(SCALE, 1.0)), PLAIN, atol=1e-5)


def test_mahiro_of_one_picture():
    leap, other = POSITIVE[:1] * SCALE, NEGATIVE[:1] * SCALE
    merged = (leap + PLAIN[:1]) / 2
    likeness = torch.cosine_similarity(other.abs() ** 0.5 * other.sign(), merged.abs() ** 0.5 * merged.sign()).mean()
    weight = 2 * (likeness + 1)
    expected = (weight * PLAIN[:1] + (4 - weight) * leap) / 4
    assert torch.allclose(guided(changes.PositiveBiasedGuidance())[:1], expected, atol=1e-4)
    with pytest.raises(SamplingError, match="one guidance scale"):
        guided(changes.PositiveBiasedGuidance(), guider=PerpendicularNegative([], [], [], 1.0))


def test_scaled_epsilon_divides_the_noise():
    found = guided(changes.ScaledEpsilon(1.25))
    assert torch.allclose((X - found) * 1.25, X - PLAIN, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "both"),
    [
        (changes.SkippedNegative(below=3.0), [0, 2, 4]),
        (changes.SkippedNegative(below=3.0, every_step=True), []),
        (changes.SkippedNegative(below=1.0, every_step=True), [0, 1, 2, 3, 4]),
        (changes.SkippedNegative(first_part=0.2), [3, 4]),
    ],
)
def test_the_negative_prompt_is_left_out_of_steps(change, both):
    run = denoiser(change, calls=10)
    results = [run(X, SIGMA) for _ in range(5)]
    assert [index for index, sides in enumerate(run.asked) if sides == (0, 1)] == both
    for index, result in enumerate(results):
        assert torch.allclose(result, PLAIN if index in both else POSITIVE, atol=1e-5)


ALL = [
    *(changes.RescaledGuidance(), changes.DynamicThresholding(), changes.AdaptiveProjectedGuidance()),
    *(changes.ZeroStarGuidance(), changes.TangentialDamping(), changes.PositiveBiasedGuidance()),
]


@pytest.mark.parametrize("change", ALL)
def test_without_a_negative_estimate_nothing_changes(change):
    assert torch.equal(guided(change, guider=ClassifierFreeGuidance([], [], 1.0)), POSITIVE)


@pytest.mark.parametrize("change", [*ALL, changes.NormLimitedGuidance(), changes.PerpendicularNegativePrompt([])])
def test_a_picture_is_the_same_alone(change):
    run = denoiser(change)
    whole = run(X, SIGMA)
    run = denoiser(change)
    run.given = tuple(estimate[:1] for estimate in run.given)
    assert torch.allclose(run(X[:1], SIGMA), whole[:1], atol=1e-4)


def test_one_prompt_is_taken_as_it_is():
    assert torch.equal(guided(guider=Unguided([])), POSITIVE)


def test_two_prompts_with_a_scale_each():
    expected = NEGATIVE + 4 * (OTHER - NEGATIVE) + 3 * (POSITIVE - OTHER)
    assert torch.allclose(guided(guider=DualGuidance([], [], [], 3.0, 4.0)), expected, atol=1e-5)
    nested = NEGATIVE + 4 * (OTHER + 3 * (POSITIVE - OTHER) - NEGATIVE)
    assert torch.allclose(guided(guider=DualGuidance([], [], [], 3.0, 4.0, nested=True)), nested, atol=1e-5)


@pytest.mark.parametrize(
    ("scales", "sides"), [((3.0, 1.0), (0, 2)), ((1.0, 1.0), (0,)), ((1.0, 4.0), (0, 1, 2)), ((3.0, 4.0), (0, 1, 2))]
)
def test_prompts_that_cancel_out_are_not_evaluated(scales, sides):
    run = denoiser(guider=DualGuidance([], [], [], *scales))
    found = run(X, SIGMA)
    assert run.asked == (sides,)
    whole = NEGATIVE + scales[1] * (OTHER - NEGATIVE) + scales[0] * (POSITIVE - OTHER)
    assert torch.allclose(found, whole, atol=1e-4)


def test_perpendicular_negative_prompts():
    found = guided(guider=PerpendicularNegative([], [], [], SCALE, 0.8))
    for picture in range(2):
        way, against = ((side - OTHER)[picture].flatten() for side in (POSITIVE, NEGATIVE))
        across = against - against.dot(way) / way.dot(way) * way
        assert float(across.dot(way)) == pytest.approx(0, abs=1e-3)
        expected = OTHER[picture].flatten() + SCALE * (way - 0.8 * across)
        assert torch.allclose(found[picture].flatten(), expected, atol=1e-4)
    as_change = guided(changes.PerpendicularNegativePrompt([], 0.8))
    assert torch.allclose(as_change, found, atol=1e-4)


def test_a_change_has_prompts_of_its_own_in_a_run():
    """Data around 1 with an empty prompt at 0 and a negative one at -1, which lies wholly along the positive one."""
    change = changes.PerpendicularNegativePrompt(prompt(0.0))
    model = PromptedModel(guidance=(changes.ScaledEpsilon(1.0), change))
    latent, sigmas = {"samples": torch.zeros(1, 4, 8, 8)}, torch.tensor([10.0, 0.0])
    guider = ClassifierFreeGuidance(prompt(1.0), prompt(-1.0), 2.0)
    found, _ = sample_parts(model, latent, NoNoise(), guider, SAMPLERS["euler"], sigmas)
    assert float(found["samples"].mean()) == pytest.approx(2 / 0.5, rel=1e-2)  # twice the way, by the stand-in's scale
