"""A control network with its picture: what conditioning carries, and what acts in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.control.hints import SCALE, Fit, fitted, fitted_mask
from diffusion.control.latent_hints import latent_hint, on_patches
from diffusion.control.load import ControlNet
from diffusion.model import Vae
from diffusion.sampling.conditions import Area, Condition, Frame
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import BlockResiduals, Call, Residuals, RunningControl

Mode = Literal["balanced", "prompt", "control"]
NEGATIVE = 1  # the side of the prompts that say what not to show


@dataclass(frozen=True, eq=False)
class ControlUnit:
    """A control network, its pictures `[b, H, W, 3]` in 0..1, and how much it counts when and where.

    start_percent, end_percent: the part of the training timesteps in which it acts; by the run's calls of the model
    instead, as A1111's extension counts them, if `by_calls`.
    mode: "balanced"; "prompt": the outer outputs count less, so that the prompt is more important; "control": less
    too, but negative prompts are evaluated without it, so that guidance strengthens it.
    mask: `[H, W]` or `[b, H, W]`, how much it counts where.
    vae: encodes the pictures for networks that read latents. repainted: `[b, H, W]`, white where a network for
    inpainting is to repaint the pictures.
    """

    net: ControlNet
    images: Tensor
    strength: float = 1.0
    start_percent: float = 0.0
    end_percent: float = 1.0
    mode: Mode = "balanced"
    mask: Tensor | None = None
    fit: Fit = "crop"
    by_calls: bool = False
    vae: Vae | None = None
    repainted: Tensor | None = None

    @contextmanager
    def loaded(self, frame: Frame) -> Iterator[RunningControl]:
        """Hold its weights on the device for a run; of strength 0, it needs none."""
        if self.strength == 0:
            yield _Idle()
            return
        batch, _, height, width = frame.shape
        hint = latent_hint(self, frame) if self.net.asked.reads_latents else self._pixels(frame)
        mask = None if self.mask is None else fitted_mask(self.mask.to(frame.device), batch, height, width)
        with self.net.loaded(frame) as network:
            yield _Running(self, network, hint, mask, self._activity(frame))

    def _pixels(self, frame: Frame) -> Tensor:
        if self.repainted is not None:
            raise SamplingError(f"{self.net.name} reads no mask: apply it with ControlNetApplyAdvanced.")
        batch, _, height, width = frame.shape
        return fitted(self.images.to(frame.device), batch, height, width, self.fit)

    def _activity(self, frame: Frame) -> Callable[[Call], bool]:
        if self.by_calls:
            return lambda call: self.start_percent <= max(0, call.index - 1) / max(frame.calls, 1) <= self.end_percent
        first = frame.schedule.percent_to_sigma(self.start_percent)
        last = frame.schedule.percent_to_sigma(self.end_percent)
        return lambda call: last <= call.sigma <= first


class _Idle:
    def residuals(self, call: Call) -> Residuals | None:
        """Nothing."""
        return None


@dataclass(eq=False)
class _Running:
    """A unit in a run. hint: `[B, 3, 8 h, 8 w]`, or a latent `[B, C, h, w]`; mask: `[B, 1, h, w]`, or None."""

    unit: ControlUnit
    network: Any
    hint: Tensor
    mask: Tensor | None
    acts: Callable[[Call], bool]
    _features: dict[Any, Residuals] = field(default_factory=dict)

    @torch.no_grad()
    def residuals(self, call: Call) -> Residuals | None:
        """What it adds to a call; None where it does not act."""
        if not self.acts(call):
            return None
        acted_on = [
            number
            for number, condition in enumerate(call.conditions)
            if self.unit.mode != "control" or condition.side != NEGATIVE
        ]
        if not acted_on:
            return None
        part = call if len(acted_on) == len(call.conditions) else _rows_of(call, acted_on)
        raw = self._remembered(part) if self.unit.net.asked.once else self._ask(part, part.conditions)
        weighed = self._weighed(raw, part.conditions)
        if part is call:
            return weighed
        return _changed(weighed, lambda tensor, _: _among_all(tensor, acted_on, call))

    def _ask(self, call: Call, conditions: Sequence[Condition]) -> Residuals:
        scale = 1 if self.unit.net.asked.reads_latents else SCALE
        hint = torch.cat([_part_of(self.hint, condition, scale) for condition in conditions])
        return self.unit.net.asked.ask(self.network, call, hint)

    def _remembered(self, call: Call) -> Residuals:
        """Of a network that reads the hint alone: asked once for each part of it."""
        for condition in call.conditions:
            if _place(condition) not in self._features:
                self._features[_place(condition)] = self._ask(call, [condition])
        each = [self._features[_place(condition)] for condition in call.conditions]
        return Residuals(inside=tuple(torch.cat(maps) for maps in zip(*(one.inside for one in each), strict=True)))

    def _weighed(self, raw: Residuals, conditions: Sequence[Condition]) -> Residuals:
        unit = self.unit
        count = len(raw.down) + (raw.mid is not None) + len(raw.inside)
        scales = [1.0] * count if unit.mode == "balanced" else list(unit.net.asked.soft(count))
        mask = None
        if self.mask is not None:
            mask = torch.cat([_part_of(self.mask, condition, 1) for condition in conditions])

        def weigh(tensor: Tensor, number: int) -> Tensor:
            if tensor.ndim == 3:  # a row of patches
                return tensor * unit.strength * (1 if mask is None else on_patches(mask, tensor.shape[1]).to(tensor))
            if unit.net.averaged:
                tensor = tensor.mean((2, 3), keepdim=True).expand_as(tensor)
            tensor = tensor * (unit.strength * scales[number])
            if mask is not None:
                tensor = tensor * F.interpolate(mask, size=tuple(tensor.shape[2:]), mode="area").to(tensor)
            return tensor

        return _changed(raw, weigh)


def _changed(residuals: Residuals, change: Callable[[Tensor, int], Tensor]) -> Residuals:
    """Each tensor changed; they are numbered from the first of the encoder to the middle block."""
    tensors = [*residuals.down, *([] if residuals.mid is None else [residuals.mid]), *residuals.inside]
    changed = [change(tensor, number) for number, tensor in enumerate(tensors) if tensor is not None]
    skips = len(residuals.down)
    middle = None if residuals.mid is None else changed[skips]
    blocks = tuple(
        BlockResiduals(*(tuple(change(tensor, 0) for tensor in kind) for kind in (each.joint, each.single)))
        for each in residuals.blocks
    )
    return Residuals(tuple(changed[:skips]), middle, tuple(changed[skips + (middle is not None) :]), blocks)


def _part_of(whole: Tensor, condition: Condition, scale: int) -> Tensor:
    """The pictures and the area of a condition, of a tensor with `scale` places for each cell of the latent, a side."""
    return Area(*(scale * value for value in condition.area)).crop(whole)[condition.rows]


def _place(condition: Condition) -> tuple[Area, int | None, int | None]:
    return condition.area, condition.rows.start, condition.rows.stop


def _rows_of(call: Call, chosen: Sequence[int]) -> Call:
    """The part of a call that is of some of its conditions."""
    rows = torch.cat([torch.arange(number * call.rows, (number + 1) * call.rows) for number in chosen])
    return replace(
        call,
        x=call.x[rows],
        timestep=call.timestep[rows],
        context=call.context[rows],
        inputs={name: tensor[rows] for name, tensor in call.inputs.items()},
        conditions=tuple(call.conditions[number] for number in chosen),
    )


def _among_all(tensor: Tensor, chosen: Sequence[int], call: Call) -> Tensor:
    """The rows of some conditions at their places in the call, zeros at the others'."""
    whole = tensor.new_zeros(call.x.shape[0], *tensor.shape[1:])
    for place, rows in zip(chosen, tensor.split(call.rows), strict=True):
        whole[place * call.rows : (place + 1) * call.rows] = rows
    return whole
