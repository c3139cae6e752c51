"""From conditioning as nodes pass it to what a denoiser needs: where, when and how much each prompt counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Control
from diffusion.sampling.noise_schedule import NoiseLevels

Conditioning = Sequence[Sequence[Any]]
"""A list of ``[encoded prompt [1, tokens, width], settings]``; settings as ComfyUI names them."""

_FEATHER = 8  # cells over which the edge of an area fades


class Area(NamedTuple):
    """A part of a latent, in cells."""

    height: int
    width: int
    top: int
    left: int

    def crop(self, x: Tensor) -> Tensor:
        """Return the part of ``x`` (``[…, h, w]``), a view."""
        return x[..., self.top : self.top + self.height, self.left : self.left + self.width]

    def contains(self, other: Area) -> bool:
        """Whether ``other`` lies within this area."""
        return (
            self.top <= other.top
            and self.left <= other.left
            and self.top + self.height >= other.top + other.height
            and self.left + self.width >= other.left + other.width
        )


class Moments(Protocol):
    """When a prompt counts, by the number of times that the run has asked the model."""

    def active(self, call: int, calls: int) -> bool:
        """Whether it counts at a call, of as many as the run is going to make (as far as is known)."""


@dataclass(frozen=True, eq=False)
class Frame:
    """The run that conditioning is fitted to.

    latent: ``[B, C, h, w]``, model space: what the run starts from, without noise.
    noise: unit noise of that shape. noise_mask: ``[B, 1, h, w]``, 1 where to denoise, or None.
    calls: how many times the run is going to ask the model.
    model: what is sampled, for control networks that are made of its weights.
    """

    latent: Tensor
    schedule: NoiseLevels
    calls: int = 0
    noise: Tensor | None = None
    noise_mask: Tensor | None = None
    seed: int = 0
    model: Any = None

    @property
    def shape(self) -> torch.Size:
        """Of the latent."""
        return self.latent.shape

    @property
    def device(self) -> torch.device:
        """Where the run takes place."""
        return self.latent.device


Inputs = Callable[[Mapping[str, Any], Frame, int], Mapping[str, Tensor]]
"""``inputs(settings, frame, side)``: see `SampledModel.inputs`."""


def _no_inputs(settings: Mapping[str, Any], frame: Frame, side: int) -> Mapping[str, Tensor]:
    return {}


@dataclass(frozen=True, eq=False)
class Condition:
    """One prompt of a run.

    context: ``[B, tokens, width]``.
    area: where it counts. whole: height and width of the whole latent, in cells.
    weight: how much it counts there against others, broadcast over ``[B, C, area.height, area.width]``.
    side: the list of prompts that it belongs to; 0 is positive, 1 negative, more where a guider has more.
    sigma_start, sigma_end: the range of levels in which it counts, both included.
    moments: at which calls of the model it counts; None for all.
    restricted: whether it was given an area (even the whole picture).
    composition: its weight where prompts are composed (``AND``) and not averaged, or None.
    inputs: what else the network takes, ``[B, …]``, cut to the area.
    controls: control networks that act on it.
    rows: the pictures of the batch that it is for; B counts these alone.
    settings: everything that the conditioning said, for changes of the model that read more of it.
    """

    context: Tensor
    area: Area
    weight: Tensor
    side: int = 0
    sigma_start: float = math.inf
    sigma_end: float = 0.0
    moments: Moments | None = None
    calls: int = 0
    restricted: bool = False
    composition: float | None = None
    inputs: Mapping[str, Tensor] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    whole: tuple[int, int] | None = None
    rows: slice = field(default_factory=lambda: slice(None))

    def active(self, sigma: float, call: int = 0) -> bool:
        """Whether the condition counts at a level, when the model was asked ``call`` times before."""
        if self.moments is not None and not self.moments.active(call, self.calls):
            return False
        return self.sigma_end <= sigma <= self.sigma_start


def resolve(conditioning: Conditioning, frame: Frame, side: int = 0, inputs: Inputs = _no_inputs) -> list[Condition]:
    """Fit conditioning to the latent of a run.

    Settings that count: ``area`` ((height, width, top, left) in cells, or ("percentage", …) in parts of the picture),
    ``strength``, ``mask`` (``[b, H, W]``, any size) with ``mask_strength`` and ``set_area_to_bounds``,
    ``start_percent`` and ``end_percent`` of the training timesteps, ``moments`` (`Moments`), ``composition`` (the
    weight of a prompt that is composed with others), ``control`` (a tuple of `Control`) with
    ``control_apply_to_uncond``, ``attachments`` (a tuple of `diffusion.model.Attachment`), and those that a family's
    ``inputs`` know.
    """
    return [_resolve_one(context, settings, frame, side, inputs) for context, settings in conditioning]


def _resolve_one(context: Tensor, settings: Mapping[str, Any], frame: Frame, side: int, inputs: Inputs) -> Condition:
    batch, _, height, width = frame.shape
    whole = Area(height, width, 0, 0)
    area = _area(settings["area"], whole) if "area" in settings else None
    mask = None
    if settings.get("mask") is not None:
        mask = _fit_mask(settings["mask"].to(device=frame.device, dtype=torch.float32), batch, (height, width))
        if settings.get("set_area_to_bounds", False):
            area = _bounds(mask)
    place = whole if area is None else _inside(area, whole)
    if mask is not None:
        weight = place.crop(mask) * settings.get("mask_strength", 1.0)
    else:
        weight = _feathered(place, whole, frame.device)
    more = {name: _repeat_to(tensor, batch) for name, tensor in inputs(settings, frame, side).items()}
    return Condition(
        context=_repeat_to(context.to(frame.device), batch),
        area=place,
        weight=weight * settings.get("strength", 1.0),
        side=side,
        sigma_start=frame.schedule.percent_to_sigma(settings.get("start_percent", 0.0)),
        sigma_end=frame.schedule.percent_to_sigma(settings.get("end_percent", 1.0)),
        moments=settings.get("moments"),
        calls=frame.calls,
        restricted=area is not None,
        composition=settings.get("composition"),
        inputs={name: place.crop(value) if _is_picture(value, whole) else value for name, value in more.items()},
        controls=tuple(settings.get("control") or ()),
        settings=settings,
        whole=(height, width),
    )


def _is_picture(tensor: Tensor, whole: Area) -> bool:
    return tensor.ndim == 4 and tuple(tensor.shape[2:]) == (whole.height, whole.width)


def with_counterparts(conditions: list[Condition], opposite: list[Condition]) -> list[Condition]:
    """Add to ``conditions`` a counterpart of every opposite one that is restricted to an area.

    Guidance compares the two predictions of the same crop. The counterpart takes its prompt from the tightest condition
    that contains the area, and place, weight and range from the opposite one.
    """
    complete = list(conditions)
    for other in opposite:
        if not other.restricted:
            continue
        tightest: Condition | None = None
        for condition in complete:
            if not condition.restricted:
                tightest = tightest or condition
            elif condition.area.contains(other.area) and (
                tightest is None or not tightest.restricted or _size(condition.area) < _size(tightest.area)
            ):
                tightest = condition
        if tightest is not None and not (tightest.restricted and tightest.area == other.area):
            # Pictures among the inputs are cut to the area, so they stay; all else is the prompt's own.
            same = {name: tightest.inputs[name] for name in tightest.inputs if tightest.inputs[name].ndim != 4}
            complete.append(
                replace(
                    other,
                    context=tightest.context,
                    side=tightest.side,
                    inputs={**other.inputs, **same},
                    controls=tightest.controls,
                    settings=tightest.settings,
                )
            )
    return complete


def with_controls_of(conditions: list[Condition], positive: list[Condition]) -> list[Condition]:
    """Give prompts without control networks those of the positive ones that ask for it (`control_apply_to_uncond`)."""
    shared = next((c.controls for c in positive if c.controls and c.settings.get("control_apply_to_uncond")), ())
    return [condition if condition.controls else replace(condition, controls=shared) for condition in conditions]


def fit_noise_mask(mask: Tensor, shape: Sequence[int], device: torch.device) -> Tensor:
    """Scale a mask (``[H, W]``, ``[b, H, W]`` or ``[b, 1, H, W]``, 1 where to denoise) to ``[B, 1, h, w]``."""
    flat = mask.reshape(-1, *mask.shape[-2:]).to(device=device, dtype=torch.float32)
    size = (shape[-2], shape[-1])
    return _repeat_to(F.interpolate(flat.unsqueeze(1), size=size, mode="bilinear"), shape[0])


def _repeat_to(tensor: Tensor, batch: int) -> Tensor:
    """Repeat or cut the first axis to ``batch``."""
    if tensor.shape[0] == batch:
        return tensor
    return tensor[torch.arange(batch, device=tensor.device) % tensor.shape[0]]


def _fit_mask(mask: Tensor, batch: int, size: tuple[int, int]) -> Tensor:
    if mask.ndim == 2:
        mask = mask.unsqueeze(0)
    if mask.ndim != 3:
        raise SamplingError(f"A conditioning mask has the shape {list(mask.shape)}; it must be [batch, height, width].")
    mask = mask.unsqueeze(1)
    if tuple(mask.shape[2:]) != size:
        mask = F.interpolate(mask, size=size, mode="bilinear", align_corners=False)
    return _repeat_to(mask, batch)


def _area(area: Sequence[Any], frame: Area) -> Area:
    if area[0] != "percentage":
        return Area(*area)
    height, width, top, left = area[1:]
    return Area(
        max(1, round(height * frame.height)),
        max(1, round(width * frame.width)),
        round(top * frame.height),
        round(left * frame.width),
    )


def _inside(area: Area, frame: Area) -> Area:
    """Cut an area at the edges of the frame."""
    top, left = min(area.top, frame.height), min(area.left, frame.width)
    cut = Area(min(area.height, frame.height - top), min(area.width, frame.width - left), top, left)
    if cut.height < 1 or cut.width < 1:
        raise SamplingError(
            f"The area of a prompt starts at cell ({area.left}, {area.top}), outside of the latent of "
            f"{frame.width} x {frame.height} cells; move it or make the picture larger."
        )
    return cut


def _bounds(mask: Tensor) -> Area:
    """Return the box around all that any of the masks ``[B, 1, h, w]`` keeps, at least 8 x 8 cells."""
    rows, columns = torch.nonzero(mask.abs().amax(dim=(0, 1)), as_tuple=True)
    if len(rows) == 0:
        return Area(8, 8, 0, 0)
    top, left = int(rows.min()), int(columns.min())
    return Area(max(8, int(rows.max()) - top + 1), max(8, int(columns.max()) - left + 1), top, left)


def _feathered(area: Area, frame: Area, device: torch.device) -> Tensor:
    """Return weights ``[h, w]`` of an area that fade towards those of its edges that lie within the frame."""

    def ramp(length: int, before: bool, after: bool) -> Tensor:
        cells = min(_FEATHER, length // 4)
        edge = torch.arange(1, cells + 1, device=device) / max(cells, 1)
        weights = torch.ones(length, device=device)
        if before:
            weights[:cells] *= edge
        if after:
            weights[length - cells :] *= edge.flip(0)
        return weights

    rows = ramp(area.height, area.top != 0, area.top + area.height < frame.height)
    columns = ramp(area.width, area.left != 0, area.left + area.width < frame.width)
    return rows[:, None] * columns


def _size(area: Area) -> int:
    return area.height * area.width
