"""Two models in one run: the second takes over where the noise is low."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from diffusion.sampling.conditions import Conditioning
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.network import SampledModel
from diffusion.sampling.noise import BatchNoise, Latent, NoNoise
from diffusion.sampling.sample import OnStep, StepInfo, sample_parts
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.schedules import sigmas_for

Prompts = tuple[Conditioning, Conditioning]
"""The positive and the negative ones, encoded with the text encoders of the model that they are for."""


def sample_with_refiner(
    base: SampledModel,
    base_prompts: Prompts,
    refiner: SampledModel,
    refiner_prompts: Prompts,
    latent: Latent,
    *,
    seed: int,
    steps: int,
    cfg: float,
    sampler: str,
    scheduler: str,
    denoise: float = 1.0,
    switch_at: float = 0.8,
    on_step: OnStep | None = None,
) -> dict[str, Any]:
    """Denoise ``latent`` with one model, and from a part of the training timesteps on with another.

    switch_at: the refiner does the steps that begin where so much (0..1) of the timesteps lies behind, as in Stable
        Diffusion WebUI since 1.9: how many steps these are depends on the scheduler.

    Raises SamplingError for settings or inputs that cannot be sampled, and for models whose latents differ.
    """
    if base.latent_format.channels != refiner.latent_format.channels:
        raise SamplingError(
            "The refiner takes latents of another kind than the model that it refines: choose one of the same family."
        )
    schedule = base.parameterization.schedule
    sigmas = sigmas_for(schedule, scheduler, steps, denoise, SAMPLERS[sampler])
    first = first_refined(sigmas, schedule.percent_to_sigma(switch_at))
    shared = (SAMPLERS[sampler],)
    begun, _ = sample_parts(
        base,
        latent,
        BatchNoise(seed),
        ClassifierFreeGuidance(*base_prompts, cfg),
        *shared,
        sigmas[: first + 1],
        _from(0, steps, on_step),
    )
    noise = BatchNoise(seed) if first == 0 else NoNoise(seed)
    guider = ClassifierFreeGuidance(*refiner_prompts, cfg)
    return sample_parts(refiner, begun, noise, guider, *shared, sigmas[first:], _from(first, steps, on_step))[0]


def first_refined(sigmas: Tensor, threshold: float) -> int:
    """The number of the first step that begins at a level of at most ``threshold``; that of the last level if none."""
    begins = torch.nonzero(sigmas[:-1] <= threshold)
    return int(begins[0]) if len(begins) else max(0, len(sigmas) - 1)


def _from(first: int, steps: int, on_step: OnStep | None) -> OnStep | None:
    """Count the steps of a part among those of the whole run."""
    if on_step is None:
        return None

    def report(info: StepInfo) -> None:
        on_step(replace(info, step=min(info.step + first, steps), steps=steps))

    return report
