"""Sampling in sigma space: any sampler with any schedule, under guidance.

`sample` runs a latent from noise to picture; samplers, schedules and guidance are usable on their own.
"""

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.sample import StepInfo, sample
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.schedules import SCHEDULERS

__all__ = ["SAMPLERS", "SCHEDULERS", "SamplingError", "StepInfo", "sample"]
