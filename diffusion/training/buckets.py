"""Aspect-ratio buckets: a few sizes of about the same area, so that pictures of all shapes train without much cropping.

The list and the assignment are those of kohya's scripts, so that a dataset is cut as people know it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True, slots=True)
class Placement:
    """How a picture becomes one of a bucket: resized so that it covers the bucket, then cut.

    resized, bucket: sizes. left, top: where the cut begins in the resized picture.
    """

    resized: Size
    bucket: Size
    left: int
    top: int

    @property
    def cut_off(self) -> float:
        """The share of the picture that is lost, 0 to 1."""
        whole = self.resized[0] * self.resized[1]
        return 1 - self.bucket[0] * self.bucket[1] / whole


@dataclass(frozen=True)
class Buckets:
    """Where pictures of a dataset go.

    size: of the area that buckets have. step: what their sides are multiples of. low, high: bounds of their sides.
    enlarge: whether small pictures are scaled up; otherwise they are only cut, to a bucket of their own.
    square: one bucket for all, of `size`.
    """

    size: Size
    step: int = 64
    low: int = 256
    high: int = 1024
    enlarge: bool = True
    square: bool = False

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The buckets, narrow ones first."""
        if self.square:
            return (self.size,)
        area, step = self.size[0] * self.size[1], self.step
        side = math.isqrt(area) // step * step
        found = {(side, side)}
        for width in range(self.low, self.high + 1, step):
            height = min(self.high, area // width // step * step)
            if height >= self.low:
                found |= {(width, height), (height, width)}
        return tuple(sorted(found))

    def place(self, width: int, height: int) -> Placement:
        """How a picture of that size is resized and cut, in the middle."""
        if self.enlarge or self.square:
            return _covering(width, height, self._nearest(width, height))
        return self._cut(width, height)

    def _nearest(self, width: int, height: int) -> Size:
        sizes = self.sizes
        if (width, height) in sizes:
            return width, height
        return min(sizes, key=lambda size: abs(size[0] / size[1] - width / height))

    def _cut(self, width: int, height: int) -> Placement:
        """Into a bucket of the picture's own, after shrinking it to the area if it is larger."""
        step, ratio = self.step, width / height
        resized = width, height
        if width * height > self.size[0] * self.size[1]:
            across = math.sqrt(self.size[0] * self.size[1] * ratio)
            down = self.size[0] * self.size[1] / across
            # the side that becomes a multiple of the step is the one with which the shape changes less
            wide, high = max(step, int(across / step) * step), max(step, int(down / step) * step)
            by_width, by_height = (wide, int(wide / ratio + 0.5)), (int(high * ratio + 0.5), high)
            resized = min((by_width, by_height), key=lambda size: _ratio_error(size, step, ratio))
        bucket = max(step, resized[0] // step * step), max(step, resized[1] // step * step)
        if bucket[0] > resized[0] or bucket[1] > resized[1]:  # smaller than a single step
            return _covering(width, height, bucket)
        return Placement(resized, bucket, (resized[0] - bucket[0]) // 2, (resized[1] - bucket[1]) // 2)


def _covering(width: int, height: int, bucket: Size) -> Placement:
    wider = width / height > bucket[0] / bucket[1]
    scale = bucket[1] / height if wider else bucket[0] / width
    resized = max(bucket[0], int(width * scale + 0.5)), max(bucket[1], int(height * scale + 0.5))
    return Placement(resized, bucket, (resized[0] - bucket[0]) // 2, (resized[1] - bucket[1]) // 2)


def _ratio_error(size: Size, step: int, ratio: float) -> float:
    """How far the shape of what is left of a size is from a ratio."""
    return abs(max(step, size[0] // step * step) / max(step, size[1] // step * step) - ratio)
