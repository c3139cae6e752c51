"""Several runs as one: their pictures are the rows of one batch, each under its own prompts and from its own noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from diffusion.sampling.conditions import Condition, Conditioning, Frame, fit_noise_mask
from diffusion.sampling.guidance import Guider
from diffusion.sampling.noise import Latent, NoiseSource
from diffusion.sampling.samplers.sampler import Noise, NoiseKind

_CPU = torch.device("cpu")


def joined_latents(latents: Sequence[Latent]) -> dict[str, Any]:
    """The pictures of latents that are alike in shape and in whether they have a mask, as one latent."""
    joined: dict[str, Any] = {"samples": torch.cat([latent["samples"] for latent in latents])}
    if latents[0].get("noise_mask") is not None:
        masks = [fit_noise_mask(latent["noise_mask"], latent["samples"].shape, _CPU) for latent in latents]
        joined["noise_mask"] = torch.cat(masks)
    return joined


@dataclass(frozen=True, eq=False)
class JoinedNoise:
    """The noise of several runs: each draws for its own pictures as it does alone.

    latents: those that the runs start from, of one shape.
    """

    sources: Sequence[NoiseSource]
    latents: Sequence[Latent]

    @property
    def seed(self) -> int:
        """That of the first run; what else draws in a run is given the run's own (`JoinedGuider.fitted`)."""
        return self.sources[0].seed

    def make(self, latent: Latent, device: torch.device = _CPU) -> Tensor:
        """Noise to start from."""
        pairs = zip(self.sources, self.latents, strict=True)
        return torch.cat([source.make(own, device).to(device) for source, own in pairs])

    def within(self, latent: Latent, x: Tensor, sigmas: Sequence[float], kind: NoiseKind) -> Noise:
        """Noise for the steps."""
        parts = x.chunk(len(self.sources))
        draws = [
            source.within(own, part, sigmas, kind)
            for source, own, part in zip(self.sources, self.latents, parts, strict=True)
        ]
        return lambda sigma, sigma_next: torch.cat([draw(sigma, sigma_next) for draw in draws])


@dataclass(frozen=True, eq=False)
class JoinedGuider:
    """The prompts of several runs, whose guiders are of one kind and combine estimates in one way.

    seeds: of the runs. rows: how many pictures each has.
    """

    guiders: Sequence[Guider]
    seeds: Sequence[int]
    rows: int

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """The prompts of all runs, by sides."""
        sides = zip(*(guider.conditionings for guider in self.guiders), strict=True)
        return tuple([prompt for side in runs for prompt in side] for runs in sides)

    def needed(self, sigma: float, index: int) -> tuple[bool, ...]:
        """Which sides have to be evaluated."""
        return self.guiders[0].needed(sigma, index)

    def combine(self, estimates: Sequence[Tensor | None], x: Tensor, sigma: float) -> Tensor:
        """The guided estimate."""
        return self.guiders[0].combine(estimates, x, sigma)

    def frames(self, frame: Frame) -> list[Frame]:
        """What each run is fitted to: its part of the whole, with its own seed."""
        frames = []
        for number, seed in enumerate(self.seeds):
            rows = self._rows(number)
            noise, mask = (None if each is None else each[rows] for each in (frame.noise, frame.noise_mask))
            frames.append(replace(frame, latent=frame.latent[rows], noise=noise, noise_mask=mask, seed=seed))
        return frames

    def together(self, runs: Sequence[Sequence[Sequence[Condition]]]) -> list[list[Condition]]:
        """The fitted prompts of all runs, by sides; each counts in the rows of its own run."""
        return [
            [replace(each, rows=self._rows(number)) for number, prompts in enumerate(side) for each in prompts]
            for side in zip(*runs, strict=True)
        ]

    def _rows(self, number: int) -> slice:
        return slice(number * self.rows, (number + 1) * self.rows)


def can_join(guider: Guider) -> bool:
    """Whether a run's prompts can be parts of a batch with others.

    Not if a prompt has a control network or an attachment, which are fitted to all pictures of a run, or is composed
    with others.
    """
    alone = ("control", "attachments", "composition")
    return not any(settings.get(name) for prompts in guider.conditionings for _, settings in prompts for name in alone)
