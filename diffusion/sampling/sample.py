"""Sampling a latent: the run from seed and prompts to the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from diffusion.images.resize import resize
from diffusion.sampling.conditions import (
    Condition,
    Conditioning,
    Frame,
    Inputs,
    fit_noise_mask,
    resolve,
    with_controls_of,
    with_counterparts,
)
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import ClassifierFreeGuidance, GuidanceChange, GuidedDenoiser, Guider, MaskedDenoiser
from diffusion.sampling.guiders import CFGPlusPlus
from diffusion.sampling.joined import JoinedGuider
from diffusion.sampling.network import Control, SampledModel
from diffusion.sampling.noise import BatchNoise, Latent, LaterNoise, NoiseSource, NoNoise, initial_noise
from diffusion.sampling.parameterization import Flow
from diffusion.sampling.ratio import run_in_ratio
from diffusion.sampling.samplers import SAMPLERS, Denoiser, Sampler
from diffusion.sampling.schedules import distinct, sigmas_for


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
    planned = plan(
        model, latent, positive, negative,
        seed=seed, steps=steps, cfg=cfg, sampler=sampler, scheduler=scheduler, denoise=denoise, start_step=start_step,
        last_step=last_step, add_noise=add_noise, force_full_denoise=force_full_denoise,
    )  # fmt: skip
    return sample_parts(*planned, on_step)[0]


class Plan(NamedTuple):
    """All that a run needs."""

    model: SampledModel
    latent: Latent
    noise: NoiseSource
    guider: Guider
    sampler: Sampler
    sigmas: Tensor


def plan(
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
) -> Plan:
    """What `sample` is going to do. Raises SamplingError for settings that cannot be sampled."""
    if sampler not in SAMPLERS:
        raise SamplingError(f"There is no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}.")
    sigmas = sigmas_for(model.parameterization.schedule, scheduler, steps, denoise, SAMPLERS[sampler])
    sigmas = part_of(sigmas, start_step, last_step, force_full_denoise)
    noise = BatchNoise(seed) if add_noise else NoNoise(seed)
    return Plan(model, latent, noise, ClassifierFreeGuidance(positive, negative, cfg), SAMPLERS[sampler], sigmas)


def sample_parts(
    model: SampledModel,
    latent: Latent,
    noise: NoiseSource,
    guider: Guider,
    sampler: Sampler,
    sigmas: Tensor,
    on_step: OnStep | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Carry ``latent`` down the levels ``sigmas``; everything else in it is passed on.

    Returns the latent at the last level, and the last estimate of the clean one. Where there is no step to do, both are
    the latent.

    Raises SamplingError for inputs that cannot be sampled.
    """
    latent = {**latent, "samples": fitting(latent["samples"], model.latent_format.channels)}
    levels = distinct(sigmas)
    if len(levels) < 2:
        return dict(latent), dict(latent)
    result = run(model, latent, noise, guider, sampler, levels, on_step)
    return {**latent, "samples": result.samples}, {**latent, "samples": result.denoised}


def add_noise(model: SampledModel, latent: Latent, noise: NoiseSource, sigmas: Tensor) -> dict[str, Any]:
    """Return ``latent`` with as much noise on it as lies between the first and the last of the levels."""
    if len(sigmas) == 0:
        return dict(latent)
    latent = {**latent, "samples": fitting(latent["samples"], model.latent_format.channels)}
    level = float(sigmas[0]) if len(sigmas) == 1 else abs(float(sigmas[0] - sigmas[-1]))
    clean = model.latent_format.to_model(latent["samples"].float())
    noisy = model.parameterization.noised(clean, noise.make(latent, model.device), level)
    return {**latent, "samples": model.latent_format.from_model(noisy)}


class Run(NamedTuple):
    """What a run gives, ``[B, C, h, w]`` each, VAE space, on the CPU.

    samples: the latent at the last level. denoised: the last estimate of the clean latent.
    """

    samples: Tensor
    denoised: Tensor


def run(
    model: SampledModel,
    latent: Latent,
    noise: NoiseSource,
    guider: Guider,
    sampler: Sampler,
    levels: Sequence[float],
    on_step: OnStep | None,
    done: int = 0,
    ahead: int = 0,
) -> Run:
    """Carry ``latent`` with noise on it down ``levels``.

    done, ahead: how many steps come before and after, where this is a part of a longer run.
    """
    if sampler.growth is not None:
        return _run_growing(model, latent, noise, guider, sampler, levels, on_step)
    device = model.device
    parameterization = model.parameterization
    if isinstance(guider, CFGPlusPlus):
        guider = guider.over(levels, parameterization)
    start = model.latent_format.to_model(latent["samples"].to(device=device, dtype=torch.float32))
    drawn = noise.make(latent, device).to(device)
    mask = latent.get("noise_mask")
    if mask is not None:
        mask = fit_noise_mask(mask, start.shape, device)
    steps = done + len(levels) - 1 + ahead
    calls = steps * sampler.calls_per_step
    frame = Frame(start, parameterization.schedule, calls, drawn, mask, noise.seed, model)
    with torch.no_grad(), ExitStack() as stack:
        network = stack.enter_context(model.loaded())
        sides = _sides(guider, model.guidance, frame, model.inputs)
        for attachment in _attachments(sides):
            stack.enter_context(attachment.attached(network))
        controls = {control: stack.enter_context(control.loaded(frame)) for control in _controls(sides)}
        guided = GuidedDenoiser(
            network, parameterization, sides, guider, model.guidance, controls, calls, model.has_room,
            index=done * sampler.calls_per_step,
        )  # fmt: skip
        denoise: Denoiser = guided
        if mask is not None:
            kept_noise = drawn
            if sampler.fresh_inpaint_noise:
                kept_noise = initial_noise(drawn.shape, (noise.seed + 1) % 2**64).to(device)
            denoise = MaskedDenoiser(guided, mask, start, kept_noise, levels, model.guidance)
        x = parameterization.start(start, drawn, levels[0])
        within = noise.within(latent, x, levels, sampler.noise)
        report = _Reporter(on_step, steps, done)
        if sampler.in_ratio and isinstance(parameterization, Flow):
            x = run_in_ratio(sampler, parameterization.schedule, denoise, x, levels, within, report)
        else:
            x = sampler.run(denoise, x, levels, within, report, **sampler.options(parameterization.schedule))
        x = parameterization.finish(x, levels[-1])
        denoised = x if report.denoised is None else report.denoised
        return Run(*(model.latent_format.from_model(result).cpu() for result in (x, denoised)))


def _run_growing(
    model: SampledModel,
    latent: Latent,
    noise: NoiseSource,
    guider: Guider,
    sampler: Sampler,
    levels: Sequence[float],
    on_step: OnStep | None,
) -> Run:
    """A run for each size, so that prompts, masks and control networks are fitted to it; each begins with new noise."""
    assert sampler.growth is not None
    steps, (height, width) = len(levels) - 1, latent["samples"].shape[-2:]
    scales = sampler.growth.scales(steps)
    plain, result = replace(sampler, growth=None), Run(latent["samples"], latent["samples"])
    for done in range(len(scales) + 1):
        is_last, fresh = done == len(scales), noise if done == 0 else LaterNoise(noise, done)
        part = levels[done:] if is_last or done + 1 == steps else [levels[done], 0.0]
        if len(part) > 1:
            ahead = steps - done - (len(part) - 1)
            result = run(model, latent, fresh, guider, plain, part, on_step, done, ahead)
        if not is_last:
            size = max(1, round(width * scales[done])), max(1, round(height * scales[done]))
            result = Run(*(resize(tensor, *size, sampler.growth.method) for tensor in result))
            latent = {**latent, "samples": result.samples}
    return result


def _sides(guider: Guider, changes: Sequence[GuidanceChange], frame: Frame, inputs: Inputs) -> list[list[Condition]]:
    """All prompts, fitted to a run; the positive and the negative ones of the guider get each other's areas."""
    if isinstance(guider, JoinedGuider):
        pairs = zip(guider.guiders, guider.frames(frame), strict=True)
        return guider.together([_sides(each, changes, own, inputs) for each, own in pairs])
    conditionings = [*guider.conditionings, *(own for change in changes for own in change.conditionings)]
    sides = [resolve(prompts, frame, side, inputs) for side, prompts in enumerate(conditionings)]
    if len(guider.conditionings) > 1:
        sides[1] = with_controls_of(sides[1], sides[0])
        sides[1] = with_counterparts(sides[1], sides[0])
        sides[0] = with_counterparts(sides[0], sides[1])
    return sides


def _attachments(sides: Sequence[Sequence[Condition]]) -> list[Any]:
    """What all prompts attach to the network, each once (see `diffusion.model.Attachment`)."""
    return list(dict.fromkeys(each for side in sides for one in side for each in one.settings.get("attachments", ())))


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

    def __init__(self, on_step: OnStep | None, steps: int, done: int) -> None:
        self._on_step = on_step
        self._steps = steps
        self._done = done
        self.denoised: Tensor | None = None

    def __call__(self, index: int, x: Tensor, denoised: Tensor, sigma: float) -> None:
        self.denoised = denoised
        if self._on_step is not None:
            self._on_step(StepInfo(min(self._done + index + 1, self._steps), self._steps, x, denoised, sigma))
