"""Sampling a latent: the run from seed and prompts to the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from diffusion.sampling.conditions import Conditioning, fit_noise_mask, resolve, with_counterparts
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import ClassifierFreeGuidance, Guidance, GuidedDenoiser, MaskedDenoiser
from diffusion.sampling.network import SampledModel
from diffusion.sampling.noise import brownian_noise, generator_noise, initial_noise
from diffusion.sampling.samplers import SAMPLERS, Denoise, Sampler
from diffusion.sampling.schedules import distinct, sigmas_for

Latent = Mapping[str, Any]
"""``samples`` (``[B, C, h, w]``, VAE space), and optionally ``noise_mask`` and ``batch_index``."""


@dataclass(frozen=True)
class StepInfo:
    """Where a run stands, after the model was asked in a step.

    step: 1 for the first. Samplers that choose their own steps stop counting at ``steps``.
    x, denoised: ``[B, C, h, w]`` in model space.
    """

    step: int
    steps: int
    x: Tensor
    denoised: Tensor
    sigma: float


OnStep = Callable[[StepInfo], None]


def sample(
    model: SampledModel,
    latent: Latent,
    positive: Conditioning,
    negative: Conditioning,
    *,
    seed: int,
    steps: int,
    cfg: float,
    sampler: str,
    scheduler: str,
    denoise: float = 1.0,
    start_step: int | None = None,
    last_step: int | None = None,
    add_noise: bool = True,
    force_full_denoise: bool = False,
    on_step: OnStep | None = None,
) -> dict[str, Any]:
    """Denoise ``latent`` under classifier-free guidance; everything else in it is passed on.

    denoise: below 1, keep that much less of the noise: the last ``steps`` steps of a longer run.
    start_step, last_step: do only this range of the steps (for runs that are handed on between calls).
    add_noise: without it the latent is taken as noisy already.
    force_full_denoise: go to level 0 even if ``last_step`` cuts the run short.
    on_step: called once a step; what it raises ends the run and is passed on.

    Raises SamplingError for settings or inputs that cannot be sampled.
    """
    if sampler not in SAMPLERS:
        raise SamplingError(f"There is no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}.")
    latent = {**latent, "samples": fitting(latent["samples"], model.latent_format.channels)}
    samples = latent["samples"]
    sigmas = sigmas_for(model.schedule, scheduler, steps, denoise, SAMPLERS[sampler])
    levels = distinct(part_of(sigmas, start_step, last_step, force_full_denoise))
    if len(levels) < 2:
        return dict(latent)
    noise = initial_noise(samples.shape, seed, latent.get("batch_index")) if add_noise else torch.zeros(samples.shape)
    result = run(
        model, latent, noise, positive, negative, ClassifierFreeGuidance(cfg), SAMPLERS[sampler], levels, seed, on_step
    )
    return {**latent, "samples": result}


def run(
    model: SampledModel,
    latent: Latent,
    noise: Tensor,
    positive: Conditioning,
    negative: Conditioning,
    guidance: Guidance,
    sampler: Sampler,
    levels: Sequence[float],
    seed: int,
    on_step: OnStep | None,
) -> Tensor:
    """Carry ``latent`` with ``noise`` on it down ``levels``; returns the samples in VAE space, on the CPU."""
    device = model.device
    start = model.latent_format.to_model(latent["samples"].to(device=device, dtype=torch.float32))
    noise = noise.to(device)
    with torch.no_grad(), model.loaded() as network:
        ours = resolve(positive, start.shape, model.schedule, device)
        theirs = resolve(negative, start.shape, model.schedule, device)
        theirs = with_counterparts(theirs, ours)
        ours = with_counterparts(ours, theirs)
        denoise: Denoise = GuidedDenoiser(network, model.prediction, model.schedule, ours, theirs, guidance)
        if latent.get("noise_mask") is not None:
            mask = fit_noise_mask(latent["noise_mask"], start.shape, device)
            kept_noise = noise
            if sampler.fresh_inpaint_noise:
                kept_noise = initial_noise(noise.shape, (seed + 1) % 2**64).to(device)
            denoise = MaskedDenoiser(denoise, mask, start, kept_noise)
        x = start + noise * _start_scale(levels[0], model.schedule.sigma_max)
        make_noise = brownian_noise(x, levels, seed) if sampler.noise == "brownian" else generator_noise(x, seed)
        report = _reporter(on_step, len(levels) - 1)
        x = sampler.run(denoise, x, levels, make_noise, report, **sampler.options(model.schedule))
        return model.latent_format.from_model(x).cpu()


def part_of(sigmas: Tensor, start_step: int | None, last_step: int | None, force_full_denoise: bool) -> Tensor:
    """Return the levels of a range of the steps; with ``force_full_denoise`` a run that is cut short ends at 0."""
    if last_step is not None and last_step < len(sigmas) - 1:
        sigmas = sigmas[: last_step + 1].clone()
        if force_full_denoise:
            sigmas[-1] = 0
    return sigmas if start_step is None else sigmas[start_step:]


def fitting(samples: Tensor, channels: int) -> Tensor:
    """Return a latent in the shape that a model takes: an empty one of another family becomes an empty one of this.

    Raises SamplingError for any other shape.
    """
    if samples.ndim == 4 and samples.shape[1] != channels and not samples.any():
        return samples.new_zeros(samples.shape[0], channels, *samples.shape[2:])
    if samples.ndim != 4 or samples.shape[1] != channels:
        raise SamplingError(
            f"The latent has the shape {list(samples.shape)}; this model needs [batch, {channels}, height, width]. "
            "Make it with the VAE of the model, or start from an empty latent."
        )
    return samples


def _start_scale(sigma: float, sigma_max: float) -> float:
    """Return what the noise of a run from ``sigma`` is multiplied with.

    At the largest level the latent is all noise and has the variance that the network saw there in training.
    """
    return (1 + sigma**2) ** 0.5 if sigma >= sigma_max * (1 - 1e-5) else sigma


def _reporter(on_step: OnStep | None, steps: int) -> Callable[[int, Tensor, Tensor, float], None]:
    def report(index: int, x: Tensor, denoised: Tensor, sigma: float) -> None:
        if on_step is not None:
            on_step(StepInfo(min(index + 1, steps), steps, x, denoised, sigma))

    return report
