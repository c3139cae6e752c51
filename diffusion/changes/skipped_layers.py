"""Guidance by a worse estimate of a transformer, made by leaving some of its layers out (Stability AI's "skip layer
guidance" for Stable Diffusion 3.5; arXiv 2411.18664 for video).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from diffusion.attention import AttentionChange
from diffusion.changes.unet import replaced_forward
from diffusion.model import LoadedModel, Model
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import GuidanceChange, Step
from diffusion.sampling.network import Call

NEGATIVE = 1  # the side of the prompts that say what not to show


def read_layers(text: str) -> tuple[int, ...]:
    """The numbers in a text such as ``7, 8, 9``. Raises `SamplingError` for anything else."""
    words = text.replace(",", " ").split()
    for word in words:
        if not word.isdecimal():
            raise SamplingError(f"{word!r} is no number of a layer; write numbers from 0 up, such as 7, 8, 9.")
    return tuple(int(word) for word in words)


def check_transformer(model: Model, title: str) -> Model:
    """The model. Raises `SamplingError` if its denoiser is no transformer, which `title` needs."""
    if "num_layers" not in model.config:
        raise SamplingError(f"{title} needs a transformer, which {model.family.label} has not: leave the node out.")
    return model


@dataclass(frozen=True, eq=False)
class SkippedLayers(AttentionChange):
    """Blocks of a transformer that give what they are given: an `Attachment`, and what calls carry that ask for it.

    double: numbers of blocks in which picture and prompt have weights of their own; single: of those that follow, where
    there are such. negative: whether negative prompts always go without them, at levels from sigma_start to sigma_end,
    both included.
    """

    double: tuple[int, ...] = ()
    single: tuple[int, ...] = ()
    negative: bool = False
    sigma_start: float = math.inf
    sigma_end: float = 0.0

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Take the places of the blocks. Raises `SamplingError` if the model has no block of a number."""
        network = running.network
        chosen = [
            *_chosen(getattr(network, "transformer_blocks", ()), self.double, "double"),
            *_chosen(getattr(network, "single_transformer_blocks", ()), self.single, "single"),
        ]
        with ExitStack() as stack:
            for block in chosen:
                stack.enter_context(replaced_forward(block, self._around(block.forward, running)))
            yield

    def _around(self, forward: Callable[..., Any], running: LoadedModel) -> Callable[..., Any]:
        def answer(hidden_states: Tensor, encoder_hidden_states: Tensor, *others: Any, **named: Any) -> Any:
            rows = self._without(running.call)
            given = encoder_hidden_states, hidden_states
            if rows and all(rows):
                return given
            made = forward(hidden_states, encoder_hidden_states, *others, **named)
            if not any(rows):
                return made
            kept = torch.tensor(rows, device=hidden_states.device).reshape(-1, 1, 1)
            # the last block gives no states of the prompt
            return tuple(
                None if new is None else torch.where(kept, old, new) for old, new in zip(given, made, strict=True)
            )

        return answer

    def _without(self, call: Call) -> list[bool]:
        """Whether each row of a call goes without the blocks."""
        if any(change is self for change in call.attention):
            return [True] * call.x.shape[0]
        if not self.negative or not self.sigma_end <= call.sigma <= self.sigma_start:
            return []
        return [condition.side == NEGATIVE for condition in call.conditions for _ in range(call.rows)]


def _chosen(blocks: Sequence[Any], numbers: Sequence[int], kind: str) -> list[Any]:
    """The blocks of some numbers; of a kind that the model does not have, none."""
    if not len(blocks):
        return []
    for number in numbers:
        if number >= len(blocks):
            raise SamplingError(f"There is no {kind} layer {number}: the model has those from 0 to {len(blocks) - 1}.")
    return [blocks[number] for number in dict.fromkeys(numbers)]


@dataclass(frozen=True, eq=False)
class SkipLayerGuidance(GuidanceChange):
    """Lead away from what the model makes of the positive prompt without some layers.

    skipped: those layers, an attachment of the same model. scale: how far; each step takes one more evaluation.
    sigma_start, sigma_end: the levels at which it acts, both included. rescaling: how much of the deviation of the
    positive estimate the result gets back, 0..1.
    """

    skipped: SkippedLayers
    scale: float = 3.0
    sigma_start: float = math.inf
    sigma_end: float = 0.0
    rescaling: float = 0.0

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Add the way from the worse estimate to the positive one."""
        positive = step.estimates[0]
        acts = self.scale != 0 and bool(self.skipped.double or self.skipped.single)
        if not acts or positive is None or not self.sigma_end <= step.sigma <= self.sigma_start:
            return denoised
        guided = denoised + (positive - step.evaluate(0, attention=(self.skipped,))) * self.scale
        if not self.rescaling:
            return guided
        dimensions = tuple(range(1, guided.ndim))
        ratio = positive.std(dimensions, keepdim=True) / guided.std(dimensions, keepdim=True)
        return guided * (1 + self.rescaling * (ratio - 1))
