"""When in a run an adapter acts, and how strongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diffusion.sampling.noise_schedule import NoiseLevels

_ROUNDING = 1e-5  # levels are float32
_HALVINGS = 40


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a run, between two percentages (0..1) of the training timesteps; 0 is noise, 1 the finished picture.

    curve: the factor of the strength in it, of the share of the window (0..1) that lies behind; None for 1.
    """

    start: float = 0.0
    end: float = 1.0
    curve: Callable[[float], float] | None = None

    def factor(self, percent: float) -> float:
        """What the strength is multiplied by; 0 outside. Of two windows that meet, the later one has the border."""
        if not self.start - _ROUNDING <= percent or not (percent < self.end - _ROUNDING or self.end >= 1):
            return 0.0
        if self.curve is None:
            return 1.0
        share = (percent - self.start) / max(self.end - self.start, _ROUNDING)
        return self.curve(min(max(share, 0.0), 1.0))


def percent_of(sigma: float, levels: NoiseLevels) -> float:
    """How much of the training timesteps (0..1) lies behind at a level: the inverse of `percent_to_sigma`."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if levels.percent_to_sigma(middle) > sigma:
            low = middle
        else:
            high = middle
    return (low + high) / 2
