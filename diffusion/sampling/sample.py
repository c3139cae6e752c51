"""Sampling a latent: the run from seed and prompts to the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from diffusion.sampling.conditions import (
    Condition,
    Conditioning,
    Frame,
    Inputs,
    fit_noise_mask,
    resolve,
    with_counterparts,
)
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import ClassifierFreeGuidance, GuidedDenoiser, Guider, MaskedDenoiser
from diffusion.sampling.network import Control, SampledModel
from diffusion.sampling.noise import brownian_noise, generator_noise, initial_noise
from diffusion.sampling.samplers import SAMPLERS, Denoiser, Sampler
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
    sigmas = sigmas_for(model.parameterization.schedule, scheduler, steps, denoise, SAMPLERS[sampler])
    levels = distinct(part_of(sigmas, start_step, last_step, force_full_denoise))
    if len(levels) < 2:
        return dict(latent)
    noise = initial_noise(samples.shape, seed, latent.get("batch_index")) if add_noise else torch.zeros(samples.shape)
    guider = ClassifierFreeGuidance(positive, negative, cfg)
    result = run(model, latent, noise, guider, SAMPLERS[sampler], levels, seed, on_step)
    return {**latent, "samples": result.samples}


class Run(NamedTuple):
    """What a run gives, ``[B, C, h, w]`` each, VAE space, on the CPU.

    samples: the latent at the last level. denoised: the last estimate of the clean latent.
    """

    samples: Tensor
    denoised: Tensor


def run(
    model: SampledModel,
    latent: Latent,
    noise: Tensor,
    guider: Guider,
    sampler: Sampler,
    levels: Sequence[float],
    seed: int,
    on_step: OnStep | None,
) -> Run:
    """Carry ``latent`` with ``noise`` on it down ``levels``."""
    device = model.device
    parameterization = model.parameterization
    start = model.latent_format.to_model(latent["samples"].to(device=device, dtype=torch.float32))
    noise = noise.to(device)
    mask = latent.get("noise_mask")
    if mask is not None:
        mask = fit_noise_mask(mask, start.shape, device)
    calls = (len(levels) - 1) * sampler.calls_per_step
    frame = Frame(start, parameterization.schedule, calls, noise, mask, seed)
    with torch.no_grad(), ExitStack() as stack:
        network = stack.enter_context(model.loaded())
        sides = _sides(guider, frame, model.inputs)
        controls = {control: stack.enter_context(control.loaded(frame)) for control in _controls(sides)}
        guided = GuidedDenoiser(
            network, parameterization, sides, guider, model.guidance, controls, calls, model.has_room
        )
        denoise: Denoiser = guided
        if mask is not None:
            kept_noise = noise
            if sampler.fresh_inpaint_noise:
                kept_noise = initial_noise(noise.shape, (seed + 1) % 2**64).to(device)
            denoise = MaskedDenoiser(guided, mask, start, kept_noise)
        x = parameterization.start(start, noise, levels[0])
        make_noise = brownian_noise(x, levels, seed) if sampler.noise == "brownian" else generator_noise(x, seed)
        report = _Reporter(on_step, len(levels) - 1)
        x = sampler.run(denoise, x, levels, make_noise, report, **sampler.options(parameterization.schedule))
        x = parameterization.finish(x, levels[-1])
        denoised = x if report.denoised is None else report.denoised
        return Run(*(model.latent_format.from_model(result).cpu() for result in (x, denoised)))


def _sides(guider: Guider, frame: Frame, inputs: Inputs) -> list[list[Condition]]:
    """The prompts of a guider, fitted to a run; the positive and the negative ones get each other's areas."""
    sides = [resolve(prompts, frame, side, inputs) for side, prompts in enumerate(guider.conditionings)]
    if len(sides) > 1:
        sides[1] = with_counterparts(sides[1], sides[0])
        sides[0] = with_counterparts(sides[0], sides[1])
    return sides


def _controls(sides: Sequence[Sequence[Condition]]) -> list[Control]:
    """The control networks of all prompts, each once."""
    return list(dict.fromkeys(control for side in sides for condition in side for control in condition.controls))


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


class _Reporter:
    """Passes steps on, and keeps the last estimate."""

    def __init__(self, on_step: OnStep | None, steps: int) -> None:
        self._on_step = on_step
        self._steps = steps
        self.denoised: Tensor | None = None

    def __call__(self, index: int, x: Tensor, denoised: Tensor, sigma: float) -> None:
        self.denoised = denoised
        if self._on_step is not None:
            self._on_step(StepInfo(min(index + 1, self._steps), self._steps, x, denoised, sigma))
