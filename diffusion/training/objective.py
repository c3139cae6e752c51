"""What training asks of a network: noise on a latent, what it should say of it, and how much being wrong costs.

The formulas are those that kohya's scripts have; each function names its paper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.sampling.noise_schedule import NoiseLevels, NoiseSchedule
from diffusion.sampling.parameterization import Velocity

Loss = Literal["l2", "l1", "huber", "smooth l1"]
LOSSES: tuple[Loss, ...] = get_args(Loss)
HuberSchedule = Literal["constant", "exponential", "snr"]
HUBER_SCHEDULES: tuple[HuberSchedule, ...] = get_args(HuberSchedule)
Weighting = Literal["none", "min-SNR", "debiased", "as noise"]
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)

MOST_SNR = 1000.0  # beyond it, debiased weights would count pictures that are almost clean and nothing else


class Trainable(Protocol):
    """A parameterization that says what the network should predict; all do that models were trained with."""

    @property
    def schedule(self) -> NoiseLevels:
        """The noise levels."""

    def network_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """See `diffusion.sampling.parameterization.Parameterization`; ``sigma`` broadcasts against ``x``."""

    def noised(self, latent: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """See there."""

    def target(self, latent: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """The output that is right."""


class Question(NamedTuple):
    """What the network is asked in a step: its input ``[B, C, h, w]``, the timesteps ``[B]``, and the right answer.

    sigma: the levels, ``[B, 1, 1, 1]``.
    """

    x: Tensor
    timestep: Tensor
    target: Tensor
    sigma: Tensor


@dataclass(frozen=True)
class Objective:
    """How a network is asked, and how its answers are counted.

    loss: of each number. huber_c, huber_schedule: where Huber losses turn from square to linear, and how that changes
    with the timestep. weighting, gamma: how much timesteps count ("min-SNR": arXiv 2303.09556, gamma 5; "debiased":
    arXiv 2310.08442; "as noise": errors of a velocity count what those of the noise that follows from it are).
    noise_offset: noise of one number a channel is added to the noise. multires_iterations, multires_discount: coarser
    noise is added to it. input_perturbation: further noise that the network sees and is not asked for (arXiv
    2301.11706). first_timestep, last_timestep: those that are trained, both included.
    unmasked: what places count that a mask leaves out. mask_normalized: whether a sample counts as much as one without
    a mask, however little of it is learned from.
    """

    loss: Loss = "l2"
    huber_c: float = 0.1
    huber_schedule: HuberSchedule = "snr"
    weighting: Weighting = "none"
    gamma: float = 5.0
    noise_offset: float = 0.0
    multires_iterations: int = 0
    multires_discount: float = 0.3
    input_perturbation: float = 0.0
    first_timestep: int = 0
    last_timestep: int = 999
    unmasked: float = 0.0
    mask_normalized: bool = False

    def ask(self, model: Trainable, latent: Tensor, draw: torch.Generator) -> Question:
        """Put noise on latents (model space): all random numbers of a step come from `draw`, on the CPU."""
        low, high = self.first_timestep, min(self.last_timestep, len(model.schedule.sigmas) - 1)
        timestep = torch.randint(low, high + 1, (latent.shape[0],), generator=draw)
        return self.question(model, latent, self.noise(latent, draw), timestep, draw)

    def question(
        self, model: Trainable, latent: Tensor, noise: Tensor, timestep: Tensor, draw: torch.Generator | None = None
    ) -> Question:
        """The question for given noise and timesteps ``[B]``; with `draw` the input is perturbed."""
        sigma = model.schedule.sigmas[timestep].to(latent.device)[:, None, None, None]
        target = model.target(latent, noise, sigma)
        if draw is not None and self.input_perturbation:
            noise = noise + self.input_perturbation * _normal(latent.shape, draw, latent)
        x = model.network_input(model.noised(latent, noise, sigma), sigma)
        told = model.schedule.timestep(sigma.flatten())
        return Question(x, told, target, sigma)

    def noise(self, latent: Tensor, draw: torch.Generator) -> Tensor:
        """Noise for latents, with what the objective adds to it."""
        noise = _normal(latent.shape, draw, latent)
        if self.noise_offset:
            noise = noise + self.noise_offset * _normal((*latent.shape[:2], 1, 1), draw, latent)
        if self.multires_iterations:
            noise = _pyramid(noise, self.multires_iterations, self.multires_discount, draw)
        return noise

    def losses(
        self,
        model: Trainable,
        question: Question,
        answer: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """What each sample's answer costs, ``[B]``.

        mask: ``[B, 1, h, w]``, which places count, 0 to 1. weight: ``[B]``, what each sample counts.
        """
        each = self._elementwise(question, answer, len(model.schedule.sigmas))
        if mask is not None:
            each = each * self._counted(mask)
        cost = each.mean(dim=(1, 2, 3))
        if weight is not None:
            cost = cost * weight
        return cost * self.timestep_weights(model, question)

    def timestep_weights(self, model: Trainable, question: Question) -> Tensor:
        """What each sample's timestep counts, ``[B]``."""
        sigma = question.sigma.flatten()
        if self.weighting == "none" or not isinstance(model.schedule, NoiseSchedule):
            return torch.ones_like(sigma)
        snr = sigma**-2
        # of velocities the error is that of the clean latent and of the noise together
        velocity = isinstance(model, Velocity)
        if self.weighting == "min-SNR":
            return snr.clamp(max=self.gamma) / (snr + 1 if velocity else snr)
        if self.weighting == "as noise":
            return snr / (snr + 1) if velocity else torch.ones_like(snr)
        snr = snr.clamp(max=MOST_SNR)
        return 1 / (snr + 1) if velocity else snr**-0.5

    def _counted(self, mask: Tensor) -> Tensor:
        """What each place counts under a mask, as OneTrainer has it."""
        counted = mask.clamp(self.unmasked, 1.0)
        return counted / counted.mean(dim=(1, 2, 3), keepdim=True).clamp(min=1e-6) if self.mask_normalized else counted

    def _elementwise(self, question: Question, answer: Tensor, timesteps: int) -> Tensor:
        difference = answer.float() - question.target.float()
        if self.loss == "l2":
            return difference**2
        if self.loss == "l1":
            return difference.abs()
        c = self._turning_point(question, timesteps)
        size = (difference**2 + c**2).sqrt() - c
        return 2 * size * c if self.loss == "huber" else 2 * size

    def _turning_point(self, question: Question, timesteps: int) -> Tensor:
        c, sigma = self.huber_c, question.sigma.float()
        if self.huber_schedule == "constant":
            return torch.full_like(sigma, c)
        if self.huber_schedule == "exponential":
            share = question.timestep.float().reshape(-1, 1, 1, 1).to(sigma.device) / timesteps
            return (math.log(c) * share).exp()
        return (1 - c) / (1 + sigma) ** 2 + c


def _normal(shape: tuple[int, ...] | torch.Size, draw: torch.Generator, like: Tensor) -> Tensor:
    return torch.randn(shape, generator=draw).to(like)


def _pyramid(noise: Tensor, iterations: int, discount: float, draw: torch.Generator) -> Tensor:
    """Noise of coarser and coarser grids, each counting `discount` times the one before; each sample at unit variance.

    The first grid is as fine as the latent, and the ratio between two is drawn from 2 to 4, to the power of its number.
    """
    height, width = noise.shape[2:]
    side = height, width
    for iteration in range(iterations):
        ratio = (2 + 2 * float(torch.rand((), generator=draw))) ** iteration
        side = max(1, int(side[0] / ratio)), max(1, int(side[1] / ratio))
        coarse = _normal((*noise.shape[:2], *side), draw, noise)
        noise = noise + discount**iteration * F.interpolate(coarse, (height, width), mode="bilinear")
        if 1 in side:
            break
    return noise / noise.std(dim=(1, 2, 3), keepdim=True)
