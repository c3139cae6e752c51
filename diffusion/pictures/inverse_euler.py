"""Finding the noise that a picture comes from, by Euler's method from no noise to the highest level.

The "img2img alternative test" of Stable Diffusion WebUI; as the ODE is that of DDIM, this is DDIM inversion
(arXiv 2010.02502, section 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from diffusion.model import Model
from diffusion.sampling.guidance import Guider
from diffusion.sampling.noise import BatchNoise, GivenNoise, NoNoise
from diffusion.sampling.sample import OnStep, sample_parts
from diffusion.sampling.samplers import Sampler
from diffusion.sampling.samplers.sampler import Denoise, Noise
from diffusion.sampling.samplers.sampler import OnStep as OnSamplerStep
from diffusion.sampling.schedules import normal


def inverse_euler(denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnSamplerStep) -> Tensor:
    """Carry `x` up ascending levels, with the estimate of each step made at the level where it ends."""
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma_next)
        on_step(step, x, denoised, sigma_next)
        x = x + (x - denoised) / sigma_next * (sigma_next - sigma)
    return x


def inverse_euler_adjusted(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], noise: Noise, on_step: OnSamplerStep
) -> Tensor:
    """The same with the estimate made at the level where a step begins.

    A step from level 0 does nothing: a latent without noise is its own estimate.
    """
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        if sigma > 0:
            denoised = denoise(x, sigma)
            on_step(step, x, denoised, sigma)
            x = x + (x - denoised) / sigma * (sigma_next - sigma)
    return x


def find_noise(
    model: Model,
    latent: Mapping[str, Any],
    guider: Guider,
    steps: int,
    adjusted: bool = False,
    on_step: OnStep | None = None,
) -> Tensor:
    """The noise `[B, C, h, w]`, model space, from which a run gives the latent under the same prompts.

    A run from it starts at the highest level, over as many steps of the schedule "normal".

    adjusted: The WebUI's "sigma adjustment": estimates are made where steps begin, and the noise is what a run would
        have left of it; otherwise it is scaled to a standard deviation of 1.
    """
    levels = normal(model.schedule, steps).flip(0)
    sampler = Sampler(inverse_euler_adjusted if adjusted else inverse_euler)
    plain = {name: value for name, value in latent.items() if name != "noise_mask"}
    found, _ = sample_parts(model, plain, NoNoise(), guider, sampler, levels, on_step)
    x = model.latent_format.to_model(found["samples"])
    highest = float(levels[-1])
    x = x / highest if adjusted else x / x.std()
    # a run gives its noise a little more weight at the highest level, where the WebUI does not
    one = torch.ones(1)
    return x * highest / float(model.parameterization.start(torch.zeros(1), one, highest))


def mixed(noise: Tensor, randomness: float, seed: int) -> GivenNoise:
    """Noise with a share of random noise, of the same variance."""
    random = BatchNoise(seed).make({"samples": noise})
    kept = 1 - randomness
    return GivenNoise((kept * noise + randomness * random) / (kept**2 + randomness**2) ** 0.5, seed)
