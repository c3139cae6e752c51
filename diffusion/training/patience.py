"""When a training has learned enough: where the loss that chance does not hide falls no more (early stopping)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diffusion.training.run import Check


@dataclass(frozen=True)
class Patience:
    """How often the loss may be measured without being lower than ever before.

    What follows from it is a function of the losses alone, so that a run that was stopped, or goes on, ends as one that
    was not. checks: so many times; 0 is without end. every: the steps between two of them; others do not count.
    held_out: whether the loss is that of pictures that are not trained with.
    """

    checks: int
    every: int
    held_out: bool

    def loss(self, check: Check) -> float:
        """What counts; infinity where it is no number, or was not measured."""
        found = check.held_out if self.held_out else check.loss
        return math.inf if found is None or math.isnan(found) else found

    def best(self, checks: Sequence[Check], end: int = 0) -> Check | None:
        """The lowest of them, up to where patience ends; None without any. end: a step that counts too."""
        return min(self._heeded(checks, end)[0], key=self.loss, default=None)

    def is_over(self, checks: Sequence[Check]) -> bool:
        """Whether it ends with one of these checks, which are in order."""
        return self._heeded(checks, 0)[1]

    def _heeded(self, checks: Sequence[Check], end: int) -> tuple[list[Check], bool]:
        """Those that count, up to where patience ends, and whether it does."""
        found: list[Check] = []
        lowest, in_vain = math.inf, 0
        for check in checks:
            if not check.steps or (check.steps != end and check.steps % self.every) or self.loss(check) == math.inf:
                continue
            found.append(check)
            in_vain = 0 if self.loss(check) < lowest else in_vain + 1
            lowest = min(lowest, self.loss(check))
            if 0 < self.checks <= in_vain:
                return found, True
        return found, False
