"""Pictures that a model paints while it is trained, always from the same noise, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from diffusion.model import Vae
from diffusion.sampling.sample import sample
from diffusion.training.trainer import Trainer

MOST_USUAL = 2  # pictures where no prompts are given


@dataclass(frozen=True)
class SamplePictures:
    """What is painted. prompts: one for each picture; none are the captions of the first training pictures."""

    prompts: tuple[str, ...] = ()
    negative: str = ""
    seed: int = 0
    steps: int = 20
    cfg: float = 7.0

    def wanted(self, trainer: Trainer) -> tuple[str, ...]:
        """The prompts."""
        captions = dict.fromkeys(map(trainer.whole_caption, range(len(trainer.samples))))
        return self.prompts or tuple(captions)[:MOST_USUAL]

    def paint(self, trainer: Trainer, vae: Vae, prompt: str, check: Callable[[], None]) -> Tensor:
        """A picture ``[1, H, W, 3]`` of the size of the first training picture, as the parameters are now.

        The network has to go through them while this is called. `check` is called in each step, and may raise.
        """
        latent = torch.zeros_like(trainer.samples[0].latent)[None].cpu()
        with torch.no_grad():
            positive, negative = (
                [[states, {**settings}]] for states, settings in map(trainer.text, (prompt, self.negative))
            )
            painted = sample(
                trainer.model,
                {"samples": latent},
                positive,
                negative,
                seed=self.seed,
                steps=self.steps,
                cfg=self.cfg,
                sampler="euler",
                scheduler="normal",
                on_step=lambda info: check(),
            )
            return vae.decode(painted["samples"])


@dataclass(frozen=True)
class Monitor:
    """What is looked at while a model is trained, and after how many steps each time; 0 is never."""

    samples: SamplePictures = field(default_factory=SamplePictures)
    sample_every: int = 0
    validate_every: int = 0
