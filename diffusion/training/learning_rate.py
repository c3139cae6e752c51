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
    "piecewise",
]
SHAPES: tuple[Shape, ...] = get_args(Shape)
Piece = tuple[float, int | None]


@dataclass(frozen=True)
class LearningRate:
    """How the learning rate changes from step to step, as a factor of its greatest value.

    shape: what follows the warm-up, which rises linearly from 0 over `warmup` steps.
    total: steps of the run, after which a falling rate has come down. low: the factor that it comes down to.
    cycles: how often "cosine with restarts" begins anew. power: of "polynomial".
    decay: the share of the run, at its end, in which "warmup stable decay" falls.
    pieces: of "piecewise", each rate with the step that it ends before, None for the rest of the run (`read_pieces`);
    the first one is the greatest learning rate, whatever that is.
    """

    shape: Shape = "constant"
    total: int = 1000
    warmup: int = 0
    low: float = 0.0
    cycles: int = 1
    power: float = 1.0
    decay: float = 0.2
    pieces: tuple[Piece, ...] = ()

    @property
    def endless(self) -> bool:
        """Whether the rates do not depend on how long the run is."""
        return self.shape in ("constant", "inverse square root", "piecewise")

    def factor(self, step: int) -> float:
        """The factor at a step; the first is 0."""
        if step < self.warmup:
            return step / self.warmup
        if self.pieces:
            rates = [rate for rate, end in self.pieces if end is None or step < end]
            return (rates[0] if rates else self.pieces[-1][0]) / self.pieces[0][0]
        progress = (step - self.warmup) / max(1, self.total - self.warmup)
        if self.shape == "inverse square root":
            since = max(1, self.warmup)
            return math.sqrt(since / (step - self.warmup + since))
        fallen = _SHAPES[self.shape](self, progress) if progress < 1 else _SHAPES[self.shape](self, 1.0)
        return self.low + (1 - self.low) * fallen


def read_pieces(text: str) -> tuple[Piece, ...]:
    """Learning rates as Stable Diffusion WebUI takes them: ``0.005:100, 1e-3:1000, 1e-5``.

    Each holds up to the step behind it; one without a step, or with -1, holds to the end, as the last one does in any
    case. Raises `RatesError`.
    """
    pieces: list[Piece] = []
    for each in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        rate, _, end = (part.strip() for part in each.partition(":"))
        last = pieces[-1][1] if pieces else 0
        try:
            piece = float(rate), int(end) if end and int(end) != -1 else None
        except ValueError:
            raise RatesError(f"'{each}' is no learning rate: write such as 0.005:100, 0.001:1000, 0.00001.") from None
        if not 0 < piece[0] < math.inf:
            raise RatesError(f"'{each}' is no learning rate: write numbers above 0.")
        if last is None or (piece[1] is not None and piece[1] <= last):
            raise RatesError(f"'{each}' never comes: write rates in the order of their steps.")
        pieces.append(piece)
    if not pieces:
        raise RatesError("There are no learning rates: write such as 0.005:100, 0.001:1000, 0.00001.")
    return tuple(pieces)


class RatesError(ValueError):
    """Learning rates cannot be read; the message says why."""


_SHAPES: dict[Shape, Callable[[LearningRate, float], float]] = {
    "constant": lambda rate, progress: 1.0,
    "linear": lambda rate, progress: 1 - progress,
    "cosine": lambda rate, progress: (1 + math.cos(math.pi * progress)) / 2,
    "cosine with restarts": lambda rate, progress: (
        (1 + math.cos(math.pi * (rate.cycles * progress % 1.0))) / 2 if progress < 1 else 0.0
    ),
    "polynomial": lambda rate, progress: (1 - progress) ** rate.power,
    "piecewise": lambda rate, progress: 1.0,
    "warmup stable decay": lambda rate, progress: min(1.0, (1 - progress) / rate.decay) if rate.decay else 1.0,
}
