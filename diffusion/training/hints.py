"""Hints to train control networks with: for each training picture the one that shows its edges, its depth …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import torch
from torch import Tensor

from diffusion.control.hints import METHOD
from diffusion.images.files import load_picture
from diffusion.images.resize import resize
from diffusion.training.buckets import Buckets, Placement
from diffusion.training.pictures import MUCH_STRETCHED, TrainingPicture
from diffusion.training.samples import Sample

MOST_NAMED = 3  # files in a message


class PairingError(ValueError):
    """Pictures and hints do not belong together; the message says which, and what to do."""


def paired(pictures: Sequence[TrainingPicture], hints: Sequence[TrainingPicture]) -> list[TrainingPicture]:
    """The hint of each picture: the one whose name is the picture's, whatever its ending.

    Where hints lie in other folders than their pictures, the file's name alone counts, as long as it is there once.
    Raises `PairingError` for pictures without one.
    """
    whole = {_stem(hint.name): hint for hint in hints}
    named: dict[str, list[TrainingPicture]] = {}
    for hint in hints:
        named.setdefault(PurePosixPath(hint.name).stem, []).append(hint)
    found, missing = [], []
    for picture in pictures:
        same = named.get(PurePosixPath(picture.name).stem, [])
        chosen = whole.get(_stem(picture.name)) or (same[0] if len(same) == 1 else None)
        if chosen is None:
            missing.append(picture.name)
        else:
            found.append(chosen)
    if missing:
        rest = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        raise PairingError(
            f"There is no condition for {', '.join(missing[:MOST_NAMED])}{rest}: give each its picture's name."
        )
    return found


def check_count(pictures: Sequence[TrainingPicture], hints: Sequence[TrainingPicture]) -> None:
    """Raise `PairingError` for another number of hints than of pictures."""
    if len(hints) != len(pictures):
        raise PairingError(
            f"There are {len(hints)} conditions for {len(pictures)} pictures: make one of each picture, in their order."
        )


def with_hints(
    samples: Sequence[Sample],
    pictures: Sequence[TrainingPicture],
    hints: Sequence[TrainingPicture],
    buckets: Buckets,
    check: Callable[[], None] = lambda: None,
) -> list[Sample]:
    """The samples of pictures, each with its hint at the same place. `check` is called for each, and may raise.

    Raises `PairingError` for another number of hints, or for one of another shape than its picture, and `PictureError`.
    """
    check_count(pictures, hints)
    found = []
    for sample, picture, hint in zip(samples, pictures, hints, strict=True):
        check()
        (width, height), (hint_width, hint_height) = picture.size, hint.size
        if abs(hint_width * height / (hint_height * width) - 1) > MUCH_STRETCHED:
            raise PairingError(
                f"The condition of {picture.name} has another shape ({hint_width} x {hint_height}) than the picture "
                f"({width} x {height}): make it of the whole picture."
            )
        pixels = load_picture(hint.path).images[:1, ..., :3]
        found.append(replace(sample, hint=_fitted(pixels, buckets.place(width, height))))
    return found


def _fitted(pixels: Tensor, placement: Placement) -> Tensor:
    """A hint ``[1, H, W, 3]`` as samplers would fit it, cut as its picture is: ``[3, 8 h, 8 w]``, bytes."""
    resized = resize(pixels.movedim(-1, 1), *placement.resized, METHOD)[0]
    left, top, (width, height) = placement.left, placement.top, placement.bucket
    return (resized[:, top : top + height, left : left + width] * 255).round().to(torch.uint8)


def _stem(name: str) -> str:
    """A name without its ending."""
    return str(PurePosixPath(name).with_suffix(""))
