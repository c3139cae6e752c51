"""Lines of sample prompts, as people have them for kohya's scripts: ``a ghost --n blurry --w 512 --h 768 --d 1``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_OPTION = re.compile(r"(?:^|\s)--(\w+)(?=\s|$)")
MOST_PIXELS = 8192  # of a side
LEAST_PIXELS = 64


class SampleLineError(ValueError):
    """A line cannot be read; the message says why."""


@dataclass(frozen=True)
class SampleLine:
    """What a picture is painted with; None is what all pictures have. width, height: in pixels."""

    prompt: str
    negative: str | None = None
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None

    def size(self, otherwise: tuple[int, int], unit: int) -> tuple[int, int]:
        """Width and height in cells of `unit` pixels; `otherwise` is what is not given."""
        width, height = otherwise
        return self.width // unit if self.width else width, self.height // unit if self.height else height


def read_line(text: str) -> SampleLine:
    """Read a prompt and its options: ``--n`` negative prompt, ``--w`` and ``--h`` width and height, ``--d`` seed,
    ``--s`` steps, ``--l`` guidance scale. Raises `SampleLineError`.
    """
    prompt, *rest = _OPTION.split(text)
    found: dict[str, Any] = {}
    for name, value in zip(rest[::2], rest[1::2], strict=True):
        if name not in _OPTIONS:
            raise SampleLineError(
                f"'--{name}' is no option of a picture: use --n (negative prompt), --w and --h (size), --d (seed), --s "
                "(steps) and --l (guidance scale)."
            )
        field, read = _OPTIONS[name]
        try:
            found[field] = read(value.strip())
        except ValueError:
            raise SampleLineError(f"'--{name} {value.strip()}' has no number that can be used: change it.") from None
    return SampleLine(prompt.strip(), **found)


def _within(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def _scale(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError
    return number


_OPTIONS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "n": ("negative", str),
    "w": ("width", _within(LEAST_PIXELS, MOST_PIXELS)),
    "h": ("height", _within(LEAST_PIXELS, MOST_PIXELS)),
    "d": ("seed", _within(0, 2**64 - 1)),
    "s": ("steps", _within(1, 1000)),
    "l": ("cfg", _scale),
}
