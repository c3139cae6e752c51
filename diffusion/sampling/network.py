"""What sampling needs of a model: a network with its weights on a device, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from diffusion.sampling.parameterization import Parameterization

if TYPE_CHECKING:
    from diffusion.sampling.conditions import Condition, Frame
    from diffusion.sampling.guidance import GuidanceChange


@dataclass(frozen=True)
class BlockResiduals:
    """What one control network adds after the blocks of a transformer, ``[n B, patches, width]`` each.

    joint: for blocks in which picture and prompt have weights of their own; single: for those in which they share them.
    Where there are fewer than blocks, each is for several in a row.
    """

    joint: tuple[Tensor, ...]
    single: tuple[Tensor, ...] = ()


@dataclass(frozen=True)
class Residuals:
    """What control networks add inside of a UNet, or of a transformer.

    down: one for each skip connection, in the order in which the encoder makes them; None for those left alone.
    mid: for the output of the middle block.
    inside: one for each level of the encoder, added within its last block, as T2I-Adapters do.
    blocks: of a transformer, by each control network.
    """

    down: tuple[Tensor | None, ...] = ()
    mid: Tensor | None = None
    inside: tuple[Tensor, ...] = ()
    blocks: tuple[BlockResiduals, ...] = ()

    def __add__(self, other: Residuals) -> Residuals:
        """Both, one on the other."""
        return Residuals(
            _sums(self.down, other.down),
            _sum(self.mid, other.mid),
            tuple(tensor for tensor in _sums(self.inside, other.inside) if tensor is not None),
            self.blocks + other.blocks,
        )


@dataclass(frozen=True)
class Call:
    """One evaluation of a network: a batch that holds the rows of several conditions, one after the other.

    x: ``[n B, C, h, w]`` as the network sees it (`Parameterization.network_input`), n conditions of B rows each.
    timestep: ``[n B]``; sigma: the level that it stands for.
    context: encoded prompts ``[n B, tokens, width]``.
    inputs: what else the family's network takes (`Family.inputs`), ``[n B, …]``.
    conditions: what the rows are of.
    index: how many times the run had asked the model before (a guided estimate counts once).
    residuals: what control networks add.
    attention: changes of attention for this call alone, beside those of the model.
    """

    x: Tensor
    timestep: Tensor
    sigma: float
    context: Tensor
    inputs: Mapping[str, Tensor] = field(default_factory=dict)
    conditions: Sequence[Condition] = ()
    index: int = 0
    residuals: Residuals | None = None
    attention: tuple[Any, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows each condition has."""
        return self.x.shape[0] // max(len(self.conditions), 1)


class Network(Protocol):
    """A denoising network with its weights on its device."""

    def __call__(self, call: Call) -> Tensor:
        """Return the raw prediction, float32 ``[n B, C, h, w]``."""


class RunningControl(Protocol):
    """A control network with its weights on the device."""

    def residuals(self, call: Call) -> Residuals | None:
        """What it adds to a call; None where it does not act (out of its range, strength 0)."""


class Control(Protocol):
    """A control network with its picture and strength, as conditioning carries it under ``control`` (in a tuple)."""

    def loaded(self, frame: Frame) -> AbstractContextManager[RunningControl]:
        """Hold its weights on the device for the length of a run, with its picture fitted to the latent."""


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
    def parameterization(self) -> Parameterization:
        """What the network predicts, on which noise levels."""

    @property
    def guidance(self) -> tuple[GuidanceChange, ...]:
        """Changes of how the estimates of the prompts become one."""

    @property
    def device(self) -> torch.device:
        """Where it runs."""

    def inputs(self, settings: Mapping[str, Any], frame: Frame, side: int) -> Mapping[str, Tensor]:
        """What the network takes beside the encoded prompt, from a prompt's settings; each ``[B, …]``.

        Those of the latent's height and width are cut to the areas of prompts. side: 0 for positive prompts.
        """

    def has_room(self, rows: int, cells: int) -> bool:
        """Whether there is memory to ask for so many rows of latents of so many cells at once."""

    def loaded(self) -> AbstractContextManager[Network]:
        """Hold the weights on the device for the length of a run."""


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _sums(one: Sequence[Tensor | None], other: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
    longest = max(len(one), len(other))
    padded = [(*tensors, *[None] * (longest - len(tensors))) for tensors in (one, other)]
    return tuple(_sum(left, right) for left, right in zip(*padded, strict=True))
