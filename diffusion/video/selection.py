"""Which frames of a video are wanted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Frame = TypeVar("Frame")
ROUNDING = 1e-4
"""Seconds by which the moments in files may be off."""


@dataclass(frozen=True)
class Selection:
    """The frames from `first` on, every `every`-th of them, at most `count` (0: all).

    `rate` is the number of frames a second to read a video with, before anything is left out: frames are repeated or
    left out so that it takes as long as before. 0 is the video's own. `width` and `height` are the size to scale to, in
    pixels; 0 keeps the proportions, and both 0 the size.
    """

    first: int = 0
    count: int = 0
    every: int = 1
    rate: float = 0.0
    width: int = 0
    height: int = 0

    def of(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The wanted ones of frames, no more of which are read than it takes."""
        given = 0
        for index, frame in enumerate(frames):
            if index < self.first or (index - self.first) % self.every:
                continue
            yield frame
            given += 1
            if given == self.count:
                return

    def number_of(self, frames: int) -> int:
        """How many of so many frames are wanted."""
        found = max(0, -(-(frames - self.first) // self.every))
        return min(found, self.count) if self.count else found

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The size of the frames of a video of a size."""
        if self.width and self.height:
            return self.width, self.height
        if self.width:
            return self.width, max(1, round(height * self.width / width))
        if self.height:
            return max(1, round(width * self.height / height)), self.height
        return width, height


def at_rate(frames: Iterable[tuple[float, Frame]], rate: float) -> Iterator[Frame]:
    """The frames that are seen at moments `1 / rate` seconds apart.

    `frames` come with the moments, in seconds, at which they begin; the last is shown for as long as the one before.
    """
    previous: tuple[float, Frame] | None = None
    start = length = 0.0
    shown = 0
    for moment, frame in frames:
        if previous is None:
            start = moment
        else:
            length = moment - previous[0]
            while start + shown / rate < moment - ROUNDING:
                yield previous[1]
                shown += 1
        previous = (moment, frame)
    while previous is not None and (shown == 0 or start + shown / rate < previous[0] + length - ROUNDING):
        yield previous[1]
        shown += 1
