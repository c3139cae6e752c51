"""What an annotator is: a function from a picture to a map, its options, and the networks that it needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffusion import devices
from diffusion.annotators.networks import NetworkFile, loaded
from diffusion.annotators.scaling import Levels, at_resolution

DEFAULT_RESOLUTION = 512

OnProgress = Callable[[float, float], None]
"""Called with how many pictures are done and how many there are; may raise to stop."""
Value = bool | int | float


class AnnotatorError(ValueError):
    """An annotator cannot be used as asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Option:
    """A number that an annotator can be given, with its default and the range that it may have."""

    name: str
    default: Value
    low: float
    high: float


@dataclass(frozen=True)
class Annotator:
    """One way to make maps of pictures.

    draw: Takes a picture as levels `[H, W, 3]`, then the networks, then the options by name, and returns a map as
        levels `[H, W]` or `[H, W, 3]` of the same size.
    networks: What it needs from models/annotators.
    scaled: Whether the map is drawn at a resolution of its own; otherwise at the size of the picture.
    """

    name: str
    label: str
    group: str
    draw: Callable[..., Levels]
    options: tuple[Option, ...] = ()
    networks: tuple[NetworkFile, ...] = ()
    scaled: bool = True

    def annotate(
        self,
        images: Tensor,
        *,
        folders: Sequence[Path] = (),
        resolution: int = DEFAULT_RESOLUTION,
        on_progress: OnProgress | None = None,
        **options: Value,
    ) -> Tensor:
        """Maps `[B, H, W, 3]` in 0..1 of pictures `[B, H, W, C]` in 0..1.

        folders: Where the files of networks are looked for, in order.
        resolution: The length of the short side at which a map is drawn; 0 is that of the picture.
        Raises `AnnotatorError` for options that it does not have, and `WeightsError` for a file that is missing.
        """
        values = self._values(options)
        pictures = _levels(images)
        maps = []
        with loaded(self.networks, folders, devices.current()) as networks, torch.inference_mode():
            for index, picture in enumerate(pictures):
                maps.append(self._drawn(picture, networks, resolution if self.scaled else 0, values))
                if on_progress is not None:
                    on_progress(index + 1, len(pictures))
        return torch.from_numpy(np.stack(maps)).float() / 255

    def _drawn(
        self, picture: Levels, networks: Sequence[object], resolution: int, values: Mapping[str, Value]
    ) -> Levels:
        def draw(levels: Levels) -> Levels:
            drawn = self.draw(levels, *networks, **values)
            return drawn if drawn.ndim == 3 else np.repeat(drawn[:, :, None], 3, axis=2)

        return at_resolution(picture, resolution, draw) if self.scaled else draw(picture)

    def _values(self, options: Mapping[str, Value]) -> dict[str, Value]:
        known = {option.name: option for option in self.options}
        for name, value in options.items():
            if name not in known:
                names = ", ".join(known) or "none"
                raise AnnotatorError(f"{self.name} has no option '{name}': its options are {names}.")
            low, high = known[name].low, known[name].high
            if not low <= value <= high:
                raise AnnotatorError(f"{name} of {self.name} is {value}: choose a number from {low} to {high}.")
        return {option.name: options.get(option.name, option.default) for option in self.options}


def _levels(images: Tensor) -> Levels:
    """Pictures as levels `[B, H, W, 3]`: grey ones in three channels, transparent ones before white."""
    channels = images.shape[-1]
    if channels not in (1, 3, 4):
        raise AnnotatorError(f"The picture has {channels} channels: give one that is grey, RGB or RGBA.")
    colours = images[..., :3].float().clamp(0, 1).expand(*images.shape[:-1], 3)
    if channels == 4:
        alpha = images[..., 3:].float().clamp(0, 1)
        colours = colours * alpha + (1 - alpha)
    levels: Levels = (colours * 255).round().to(torch.uint8).cpu().numpy()
    return levels
