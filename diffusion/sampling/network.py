"""What sampling needs of a model, and how a network's output becomes a denoised latent."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal, Protocol

import torch
from torch import Tensor

from diffusion.sampling.noise_schedule import NoiseSchedule

Prediction = Literal["epsilon", "v_prediction"]


class Network(Protocol):
    """A denoising network with its weights on its device."""

    def __call__(self, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """Return the raw prediction, float32 ``[B, C, h, w]``.

        x: the noisy latent at unit variance; timestep: int64 ``[B]``; context: encoded prompts ``[B, tokens, width]``.
        """


class LatentSpace(Protocol):
    """The scaling between the latents that nodes exchange and those that the network was trained on."""

    @property
    def channels(self) -> int:
        """Channels of a latent."""

    def to_model(self, samples: Tensor) -> Tensor:
        """From VAE space to the space of the network."""

    def from_model(self, latents: Tensor) -> Tensor:
        """From the space of the network to VAE space."""


class SampledModel(Protocol):
    """The part of a model handle that a run uses."""

    @property
    def latent_format(self) -> LatentSpace:
        """The latents that the model takes."""

    @property
    def prediction(self) -> Prediction:
        """What the network predicts."""

    @property
    def schedule(self) -> NoiseSchedule:
        """The noise levels of its training."""

    @property
    def device(self) -> torch.device:
        """Where it runs."""

    def loaded(self) -> AbstractContextManager[Network]:
        """Hold the weights on the device for the length of a run."""


def denoised_by(
    network: Network, prediction: Prediction, schedule: NoiseSchedule, x: Tensor, sigma: float, context: Tensor
) -> Tensor:
    """Ask the network for the clean latent in ``x`` (``[B, C, h, w]`` at level ``sigma``).

    The preconditioning of arXiv 2206.00364, table 1, column VP, and its form for v (arXiv 2202.00512, appendix D).
    """
    timestep = schedule.timestep(torch.full((x.shape[0],), sigma)).to(x.device)
    scale = (sigma**2 + 1) ** 0.5
    output = network(x / scale, timestep, context).float()
    if prediction == "v_prediction":
        return x / scale**2 - output * (sigma / scale)
    return x - output * sigma
