"""Learning rates as pure functions of the step, so that a run that goes on has the rates that a straight one has."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Shape = Literal[
    "constant",
    "linear",
    "cosine",
    "cosine with restarts",
    "polynomial",
    "inverse square root",
    "warmup stable decay",
]
SHAPES: tuple[Shape, ...] = get_args(Shape)


@dataclass(frozen=True)
class LearningRate:
    """How the learning rate changes from step to step, as a factor of its greatest value.

    shape: what follows the warm-up, which rises linearly from 0 over `warmup` steps.
    total: steps of the run, after which a falling rate has come down. low: the factor that it comes down to.
    cycles: how often "cosine with restarts" begins anew. power: of "polynomial".
    decay: the share of the run, at its end, in which "warmup stable decay" falls.
    """

    shape: Shape = "constant"
    total: int = 1000
    warmup: int = 0
    low: float = 0.0
    cycles: int = 1
    power: float = 1.0
    decay: float = 0.2

    @property
    def endless(self) -> bool:
        """Whether the rates do not depend on how long the run is."""
        return self.shape in ("constant", "inverse square root")

    def factor(self, step: int) -> float:
        """The factor at a step; the first is 0."""
        if step < self.warmup:
            return step / self.warmup
        progress = (step - self.warmup) / max(1, self.total - self.warmup)
        if self.shape == "inverse square root":
            since = max(1, self.warmup)
            return math.sqrt(since / (step - self.warmup + since))
        fallen = _SHAPES[self.shape](self, progress) if progress < 1 else _SHAPES[self.shape](self, 1.0)
        return self.low + (1 - self.low) * fallen


_SHAPES: dict[Shape, Callable[[LearningRate, float], float]] = {
    "constant": lambda rate, progress: 1.0,
    "linear": lambda rate, progress: 1 - progress,
    "cosine": lambda rate, progress: (1 + math.cos(math.pi * progress)) / 2,
    "cosine with restarts": lambda rate, progress: (
        (1 + math.cos(math.pi * (rate.cycles * progress % 1.0))) / 2 if progress < 1 else 0.0
    ),
    "polynomial": lambda rate, progress: (1 - progress) ** rate.power,
    "warmup stable decay": lambda rate, progress: min(1.0, (1 - progress) / rate.decay) if rate.decay else 1.0,
}
