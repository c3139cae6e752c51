"""Pictures that a model paints while it is trained, always from the same noise, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from diffusion.model import Vae
from diffusion.sampling.sample import sample
from diffusion.training.pictures import Dataset
from diffusion.training.sample_lines import SampleLine, read_line
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

    @property
    def largest(self) -> SamplePictures:
        """The largest picture alone, in one step: to see whether memory holds it."""
        lines = [read_line(prompt) for prompt in self.prompts]
        width, height = (max((getattr(line, side) or 0 for line in lines), default=0) for side in ("width", "height"))
        sizes = [f"--{name} {side}" for name, side in (("w", width), ("h", height)) if side]
        return replace(self, prompts=(" ".join(sizes),), steps=1)

    def paint(self, trainer: Trainer, vae: Vae, prompt: str, check: Callable[[], None]) -> Tensor:
        """A picture ``[1, H, W, 3]`` as the parameters are now, of the size of the first training picture.

        Where prompts are given, they are lines that may have another size and other options (`read_line`).

        The network has to go through them while this is called. `check` is called in each step, and may raise.
        """
        line = read_line(prompt) if self.prompts else SampleLine(prompt)
        latent = torch.zeros(1, *trainer.samples[0].latent.shape)
        width, height = line.size((latent.shape[3], latent.shape[2]), trainer.model.latent_format.downscale)
        latent = latent.new_zeros(*latent.shape[:2], height, width)
        texts = line.prompt, self.negative if line.negative is None else line.negative
        with torch.no_grad():
            positive, negative = ([[states, {**settings}]] for states, settings in map(trainer.text, texts))
            painted = sample(
                trainer.model,
                {"samples": latent},
                positive,
                negative,
                seed=self.seed if line.seed is None else line.seed,
                steps=line.steps or self.steps,
                cfg=self.cfg if line.cfg is None else line.cfg,
                sampler="euler",
                scheduler="normal",
                on_step=lambda info: check(),
            )
            return vae.decode(painted["samples"])


@dataclass(frozen=True)
class Monitor:
    """What is looked at while a model is trained, and after how many steps each time; 0 is never.

    held_out: pictures that are not trained with, whose loss is measured too. stop_after: after so many measurements in
    which the loss has not fallen the training ends; 0 is never. keep_every: the steps between snapshots that stay.
    """

    samples: SamplePictures = field(default_factory=SamplePictures)
    sample_every: int = 0
    validate_every: int = 0
    held_out: Dataset = field(default_factory=Dataset)
    stop_after: int = 0
    keep_every: int = 0
