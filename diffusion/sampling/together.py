"""Sampling several pictures at once that differ in their seeds, prompts or latents alone.

Each is what it would be by itself, up to the rounding of larger batches. Small latents gain most: a network call has a
cost of its own, which the pictures share.
"""

from collections.abc import Sequence
from typing import Any

import torch

from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.joined import JoinedGuider, JoinedNoise, can_join, joined_latents
from diffusion.sampling.sample import OnStep, Plan, fitting, sample_parts

Sampled = tuple[dict[str, Any], dict[str, Any]]
"""The latent at the last level, and the last estimate of the clean one."""
MOST = 16
"""Pictures that are sampled at once: those that come first should not wait too long for the others."""
CELLS, CELLS_ON_CPU = 65_536, 1_024
"""Of the latents of one batch. A CPU is busy with few: from 256 x 256 pixels on it gains nothing."""


def most_together(plan: Plan) -> int:
    """How many runs like this one, itself included, are of use in one batch; 1 for one that goes alone."""
    if not _can_join(plan):
        return 1
    rows, _, height, width = plan.latent["samples"].shape
    cells = CELLS_ON_CPU if plan.model.device.type == "cpu" else CELLS
    return max(min(MOST, cells // (height * width)) // max(rows, 1), 1)


def alongside(plans: Sequence[Plan]) -> list[int]:
    """Which runs can share a batch with the first one: at least that itself, in order, and no more than is of use."""
    first, most = plans[0], most_together(plans[0])
    if most == 1:
        return [0]
    return [number for number, other in enumerate(plans) if number == 0 or _alike(first, other)][:most]


def sample_together(plans: Sequence[Plan], on_step: OnStep | None = None) -> list[Sampled]:
    """What `sample_parts` gives for each of some runs that fit together (`alongside`).

    Raises SamplingError for inputs that cannot be sampled.
    """
    first = plans[0]
    channels = first.model.latent_format.channels
    latents = [{**each.latent, "samples": fitting(each.latent["samples"], channels)} for each in plans]
    guider = JoinedGuider(
        [each.guider for each in plans], [each.noise.seed for each in plans], latents[0]["samples"].shape[0]
    )
    noise = JoinedNoise([each.noise for each in plans], latents)
    joined = sample_parts(first.model, joined_latents(latents), noise, guider, first.sampler, first.sigmas, on_step)
    results, estimates = (one["samples"].chunk(len(plans)) for one in joined)
    return [
        ({**latent, "samples": result.clone()}, {**latent, "samples": estimate.clone()})
        for latent, result, estimate in zip(latents, results, estimates, strict=True)
    ]


def _can_join(plan: Plan) -> bool:
    """Whether a run can be a part of a batch at all: nothing in it looks at all of its pictures."""
    model, sampler = plan.model, plan.sampler
    changes = [getattr(model, name, ()) for name in ("guidance", "attention", "attachments")]
    masked = plan.latent.get("noise_mask") is not None
    return (
        type(plan.guider) is ClassifierFreeGuidance
        and not any(changes)
        and not (sampler.mixes or sampler.growth or (masked and sampler.fresh_inpaint_noise))
        and plan.latent["samples"].ndim == 4
        and can_join(plan.guider)
    )


def _alike(one: Plan, other: Plan) -> bool:
    """Whether two runs differ in what may differ alone."""
    masks = [plan.latent.get("noise_mask") is not None for plan in (one, other)]
    return (
        _can_join(other)
        and one.model is other.model
        and one.sampler is other.sampler
        and isinstance(one.guider, ClassifierFreeGuidance)
        and isinstance(other.guider, ClassifierFreeGuidance)
        and one.guider.scale == other.guider.scale
        and one.latent["samples"].shape == other.latent["samples"].shape
        and masks[0] == masks[1]
        and torch.equal(one.sigmas, other.sigmas)
    )
