"""ComfyUI's `comfy.samplers`, over `diffusion.sampling`."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from compat.host.devices import throw_exception_if_processing_interrupted
from compat.host.stubs import unsupported
from diffusion.model import Model
from diffusion.sampling import SAMPLERS, SCHEDULERS, SamplingError, StepInfo
from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.noise import GivenNoise
from diffusion.sampling.noise_schedule import NoiseLevels
from diffusion.sampling.sample import part_of, run
from diffusion.sampling.samplers import Denoise, Noise, OnStep, Sampler
from diffusion.sampling.schedules import distinct

Callback = Callable[[int, Tensor, Tensor, int], Any]
"""Called after each step with its number from 0, the denoised latent, the noisy one, and the number of steps."""

SAMPLER_NAMES = list(SAMPLERS)
KSAMPLER_NAMES = [name for name in SAMPLERS if name not in ("ddim", "uni_pc", "uni_pc_bh2")]
SCHEDULER_NAMES = list(SCHEDULERS)
_DISCARDING = frozenset(name for name, sampler in SAMPLERS.items() if sampler.drops_penultimate)


class SchedulerHandler(NamedTuple):
    """A function of the noise schedule and a number of steps; with `use_ms` off, of `n`, `sigma_min`, `sigma_max`."""

    handler: Callable[..., Tensor]
    use_ms: bool = True


SCHEDULER_HANDLERS = {name: SchedulerHandler(scheduler) for name, scheduler in SCHEDULERS.items()}


def calculate_sigmas(model_sampling: NoiseLevels, scheduler_name: str, steps: int) -> Tensor:
    """The noise levels of a run, float32 `[steps + 1]`. Raises SamplingError, a ValueError."""
    entry = SCHEDULER_HANDLERS.get(scheduler_name)
    if entry is None:
        raise SamplingError(f"There is no scheduler {scheduler_name!r}; choose one of {', '.join(SCHEDULER_HANDLERS)}.")
    if entry.use_ms:
        return entry.handler(model_sampling, steps)
    return entry.handler(n=steps, sigma_min=float(model_sampling.sigma_min), sigma_max=float(model_sampling.sigma_max))


class KSAMPLER(Sampler):
    """A sampler function with the parameters of k-diffusion, as Safelight takes samplers.

    The function gets `(model, x, sigmas, extra_args, callback, disable, **extra_options)`; its `model(x, sigma)` gives
    the denoised latent, and has nothing else.
    """

    def __init__(
        self,
        sampler_function: Callable[..., Tensor],
        extra_options: Mapping[str, Any] | None = None,
        inpaint_options: Mapping[str, Any] | None = None,
    ) -> None:
        options = dict(extra_options or {})

        def carry(denoise: Denoise, x: Tensor, sigmas: list[float], noise: Noise, on_step: OnStep) -> Tensor:
            def model(x: Tensor, sigma: Tensor, **more: Any) -> Tensor:
                return denoise(x, float(sigma.flatten()[0]))

            def callback(info: Mapping[str, Any]) -> None:
                on_step(info["i"], info["x"], info["denoised"], float(info["sigma"]))

            levels = torch.tensor(sigmas, device=x.device)
            return sampler_function(model, x, levels, extra_args={}, callback=callback, disable=True, **options)

        super().__init__(carry, fresh_inpaint_noise=bool((inpaint_options or {}).get("random")))


def sampler_object(name: str) -> Sampler:
    """The sampler of that name. Raises SamplingError."""
    if name not in SAMPLERS:
        raise SamplingError(f"There is no sampler {name!r}; choose one of {', '.join(SAMPLERS)}.")
    return SAMPLERS[name]


def ksampler(
    sampler_name: str,
    extra_options: Mapping[str, Any] | None = None,
    inpaint_options: Mapping[str, Any] | None = None,
) -> Sampler:
    """The sampler of that name with other options. Raises SamplingError, NotSupportedError."""
    sampler = sampler_object(sampler_name)
    more = dict(extra_options or {})
    for option in more:
        if option not in inspect.signature(sampler.run).parameters:
            raise unsupported(f"The option '{option}' of the sampler '{sampler_name}'")
    random = (inpaint_options or {}).get("random", sampler.fresh_inpaint_noise)
    options = sampler.options
    return replace(sampler, options=lambda schedule: {**options(schedule), **more}, fresh_inpaint_noise=bool(random))


def sample(
    model: Model,
    noise: Tensor,
    positive: Any,
    negative: Any,
    cfg: float,
    device: Any,
    sampler: Sampler,
    sigmas: Tensor,
    model_options: Mapping[str, Any] | None = None,
    latent_image: Tensor | None = None,
    denoise_mask: Tensor | None = None,
    callback: Callback | None = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Tensor:
    """Carry `latent_image` with `noise` on it down `sigmas`; returns latents in VAE space, on the CPU.

    Raises SamplingError, NotSupportedError for a model or sampler of another kind, and `graph.context.Interrupted`.
    """
    check_model(model)
    if not isinstance(sampler, Sampler):
        raise unsupported(f"A sampler that is a {type(sampler).__name__}")
    if changed := [name for name, value in (model_options or {}).items() if value]:
        raise unsupported(f"Sampling with the model option '{changed[0]}'")
    samples = torch.zeros_like(noise) if latent_image is None else latent_image
    levels = distinct(sigmas)
    if len(levels) < 2:
        return samples
    latent = {"samples": samples, "noise_mask": denoise_mask}
    guider = ClassifierFreeGuidance(positive, negative, cfg)
    return run(model, latent, GivenNoise(noise, int(seed or 0)), guider, sampler, levels, _reporting(callback)).samples


def check_model(model: Any) -> None:
    """Raise NotSupportedError for what is no model handle of Safelight."""
    if not isinstance(model, Model):
        raise unsupported(f"Sampling with a {type(model).__name__} in place of a MODEL")


def _reporting(callback: Callback | None) -> Callable[[StepInfo], None]:
    def report(info: StepInfo) -> None:
        throw_exception_if_processing_interrupted()
        if callback is not None:
            callback(info.step - 1, info.denoised, info.x, info.steps)

    return report


class KSampler:
    """A run with a sampler and a scheduler by their names."""

    SAMPLERS = SAMPLER_NAMES
    SCHEDULERS = SCHEDULER_NAMES
    DISCARD_PENULTIMATE_SIGMA_SAMPLERS = _DISCARDING

    def __init__(
        self,
        model: Model,
        steps: int,
        device: Any,
        sampler: str | None = None,
        scheduler: str | None = None,
        denoise: float | None = None,
        model_options: Mapping[str, Any] | None = None,
    ) -> None:
        check_model(model)
        self.model = model
        self.device = device
        self.sampler = sampler if sampler in self.SAMPLERS else self.SAMPLERS[0]
        self.scheduler = scheduler if scheduler in self.SCHEDULERS else self.SCHEDULERS[0]
        self.model_options = dict(model_options or {})
        self.sigmas = torch.zeros(0)
        self.set_steps(steps, denoise)

    def calculate_sigmas(self, steps: int) -> Tensor:
        """The noise levels of so many steps."""
        if self.sampler not in self.DISCARD_PENULTIMATE_SIGMA_SAMPLERS:
            return calculate_sigmas(self.model.schedule, self.scheduler, steps)
        sigmas = calculate_sigmas(self.model.schedule, self.scheduler, steps + 1)
        return torch.cat([sigmas[:-2], sigmas[-1:]])

    def set_steps(self, steps: int, denoise: float | None = None) -> None:
        """Choose the steps; with `denoise` below 1 the last `steps` of a longer run."""
        self.steps = steps
        self.denoise = denoise
        if denoise is None or denoise > 0.9999:
            self.sigmas = self.calculate_sigmas(steps)
        elif denoise <= 0:
            self.sigmas = torch.zeros(0)
        else:
            self.sigmas = self.calculate_sigmas(int(steps / denoise))[-(steps + 1) :]

    def sample(
        self,
        noise: Tensor,
        positive: Any,
        negative: Any,
        cfg: float,
        latent_image: Tensor | None = None,
        start_step: int | None = None,
        last_step: int | None = None,
        force_full_denoise: bool = False,
        denoise_mask: Tensor | None = None,
        sigmas: Tensor | None = None,
        callback: Callback | None = None,
        disable_pbar: bool = False,
        seed: int | None = None,
    ) -> Tensor:
        """Do the steps, or a range of them."""
        levels = part_of(self.sigmas if sigmas is None else sigmas, start_step, last_step, force_full_denoise)
        return sample(
            self.model, noise, positive, negative, cfg, self.device, sampler_object(self.sampler), levels,
            self.model_options, latent_image, denoise_mask, callback, disable_pbar, seed,
        )  # fmt: skip
