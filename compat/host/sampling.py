"""ComfyUI's `comfy.sample`."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from compat.host import samplers
from diffusion.model import Model
from diffusion.sampling.conditions import fit_noise_mask
from diffusion.sampling.noise import initial_noise
from diffusion.sampling.sample import fitting
from diffusion.sampling.samplers import Sampler


def prepare_noise(latent_image: Tensor, seed: int, noise_inds: Sequence[int] | None = None) -> Tensor:
    """The noise that a seed means for a latent, float32 on the CPU; `noise_inds` are places in the seed's batch."""
    indices = None if noise_inds is None else [int(index) for index in noise_inds]
    return initial_noise(latent_image.shape, seed, indices).to(latent_image.dtype)


def fix_empty_latent_channels(model: Model, latent_image: Tensor, *more: Any) -> Tensor:
    """An empty latent of another kind of model as an empty one of this. Raises SamplingError for any other."""
    return fitting(latent_image, model.latent_format.channels)


def prepare_mask(noise_mask: Tensor, shape: Sequence[int], device: torch.device) -> Tensor:
    """A mask scaled to latents of a shape, `[B, C, h, w]`."""
    return fit_noise_mask(noise_mask, shape, device).expand(-1, shape[1], -1, -1)


def sample(
    model: Model,
    noise: Tensor,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent_image: Tensor,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
    noise_mask: Tensor | None = None,
    sigmas: Tensor | None = None,
    callback: samplers.Callback | None = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Tensor:
    """Denoise `latent_image` with `noise` on it; returns latents in VAE space, on the CPU.

    `disable_noise` says only that the noise is zero, which it has to be by itself.
    """
    run = samplers.KSampler(model, steps, None, sampler_name, scheduler, denoise)
    return run.sample(
        noise, positive, negative, cfg, latent_image, start_step, last_step, force_full_denoise, noise_mask, sigmas,
        callback, disable_pbar, seed,
    )  # fmt: skip


def sample_custom(
    model: Model,
    noise: Tensor,
    cfg: float,
    sampler: Sampler,
    sigmas: Tensor,
    positive: Any,
    negative: Any,
    latent_image: Tensor,
    noise_mask: Tensor | None = None,
    callback: samplers.Callback | None = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Tensor:
    """The same with a sampler and noise levels of one's own."""
    return samplers.sample(
        model, noise, positive, negative, cfg, None, sampler, sigmas, None, latent_image, noise_mask, callback,
        disable_pbar, seed,
    )  # fmt: skip
