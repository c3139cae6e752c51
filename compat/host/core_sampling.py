"""ComfyUI's `nodes.common_ksampler`."""

from collections.abc import Mapping
from typing import Any

import torch

from compat.host.latent_preview import prepare_callback
from compat.host.sampling import fix_empty_latent_channels, prepare_noise, sample
from diffusion.model import Model


def common_ksampler(
    model: Model,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent: Mapping[str, Any],
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
) -> tuple[dict[str, Any]]:
    """Denoise a latent, and tell the editor each step. Returns a tuple with the latent."""
    samples = fix_empty_latent_channels(model, latent["samples"])
    noise = torch.zeros_like(samples) if disable_noise else prepare_noise(samples, seed, latent.get("batch_index"))
    result = sample(
        model, noise, steps, cfg, sampler_name, scheduler, positive, negative, samples, denoise, disable_noise,
        start_step, last_step, force_full_denoise, latent.get("noise_mask"), None, prepare_callback(model, steps),
        seed=seed,
    )  # fmt: skip
    return ({**latent, "samples": result},)
