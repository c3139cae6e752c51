"""Making the frames of a video anew, one after the other: img2img and control networks with the frames as pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from diffusion.control.conditioning import controlled
from diffusion.control.unit import ControlUnit
from diffusion.images.colour_correction import match_colours
from diffusion.model import Model, Vae
from diffusion.sampling import StepInfo, sample
from diffusion.video.seeds import SeedPolicy, seeds

Colours = Literal["none", "the frame's", "the last result's", "the first result's"]
COLOURS: tuple[Colours, ...] = get_args(Colours)

MakeUnit = Callable[[Tensor], ControlUnit]
"""Gives the unit for a hint `[1, H, W, 3]`."""


@dataclass(frozen=True)
class Remaking:
    """How each frame is made.

    `denoise` is the part of the steps that is done, on top of the frame; 1 keeps nothing of it. `last_result` mixes the
    frame before, as it was made, into the frame: 0 is the frame alone, 1 the last result alone (loopback). `colours`
    says whose colours a result is given.
    """

    steps: int
    cfg: float
    sampler: str
    scheduler: str
    denoise: float
    seed: int
    policy: SeedPolicy = "fixed"
    last_result: float = 0.0
    colours: Colours = "none"


def remake(
    remaking: Remaking,
    model: Model,
    vae: Vae,
    positive: list[Any],
    negative: list[Any],
    frames: Tensor,
    hints: Tensor | None = None,
    unit: MakeUnit | None = None,
    on_step: Callable[[int, StepInfo], None] | None = None,
) -> Iterator[Tensor]:
    """The frames `[H, W, C]` that become of `frames` `[B, H, W, C]`, as soon as each is made.

    `unit` makes a control unit of each of `hints` `[B, H, W, 3]`, if there are hints. There are as many results as
    the shorter of both has pictures. `on_step` is told the number of the frame and the step.
    """
    count = len(frames) if hints is None else min(len(frames), len(hints))
    first: Tensor | None = None
    last: Tensor | None = None
    for index, seed in zip(range(count), seeds(remaking.seed, remaking.policy, count), strict=True):
        frame = frames[index : index + 1, ..., :3]
        start = frame if last is None else torch.lerp(frame, _sized(last, frame), remaking.last_result)
        sides = (positive, negative)
        if hints is not None and unit is not None:
            made = unit(hints[index : index + 1])
            sides = (controlled(positive, made), controlled(negative, made))
        latent = sample(
            model,
            {"samples": vae.encode(start)},
            *sides,
            seed=seed,
            steps=remaking.steps,
            cfg=remaking.cfg,
            sampler=remaking.sampler,
            scheduler=remaking.scheduler,
            denoise=remaking.denoise,
            on_step=_with_number(on_step, index),
        )
        result = _coloured(vae.decode(latent["samples"]).float().cpu(), remaking.colours, frame, last, first)
        first, last = (result if first is None else first), result
        yield result[0]


def _with_number(on_step: Callable[[int, StepInfo], None] | None, index: int) -> Callable[[StepInfo], None] | None:
    return None if on_step is None else lambda info: on_step(index, info)


def _coloured(result: Tensor, colours: Colours, frame: Tensor, last: Tensor | None, first: Tensor | None) -> Tensor:
    reference = {"the frame's": frame, "the last result's": last, "the first result's": first}.get(colours)
    return result if reference is None else match_colours(result, reference)


def _sized(picture: Tensor, like: Tensor) -> Tensor:
    """A result in the size of a frame: decoding gives multiples of eight pixels."""
    if picture.shape == like.shape:
        return picture
    planes = torch.nn.functional.interpolate(picture.movedim(-1, 1), like.shape[1:3], mode="bilinear", antialias=True)
    return planes.movedim(1, -1)
