"""The mean of parameters over a run's steps, which makes better pictures than the last step's (EMA)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

GAMMA, POWER = 1.0, 2 / 3  # of the slow rise, as diffusers has them


@dataclass(frozen=True)
class Averaging:
    """How parameters are averaged, as `diffusers.training_utils.EMAModel` does it.

    decay: what the mean keeps of itself in a step, at most. after: so many steps there is no mean yet.
    slow: whether the decay rises by ``1 - (1 + step) ** (-2 / 3)``, which suits runs of many thousand steps; otherwise
    it is ``(1 + step) / (10 + step)``.
    """

    decay: float = 0.999
    after: int = 0
    slow: bool = False

    def kept(self, taken: int) -> float:
        """What the mean keeps of itself once so many steps were taken."""
        step = taken - self.after - 1
        if step <= 0:
            return 0.0
        return min(self.decay, 1 - (1 + step / GAMMA) ** -POWER if self.slow else (1 + step) / (10 + step))


class Average:
    """The mean of parameters. tensors: by the names of the parameters, in their formats."""

    def __init__(self, averaging: Averaging, parameters: Mapping[str, nn.Parameter]) -> None:
        """It begins as the parameters are."""
        self.averaging = averaging
        self.tensors: dict[str, Tensor] = {name: each.detach().clone() for name, each in parameters.items()}
        self._parameters = parameters

    @torch.no_grad()
    def follow(self, taken: int) -> None:
        """Take in the parameters after so many steps."""
        new = 1 - self.averaging.kept(taken)
        for name, mean in self.tensors.items():
            mean.sub_(new * (mean - self._parameters[name]))

    @torch.no_grad()
    def take(self) -> None:
        """Make the parameters their mean."""
        for name, parameter in self._parameters.items():
            parameter.copy_(self.tensors[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """A context in which the parameters are their mean; afterwards they are what they were."""
        before = {name: parameter.data for name, parameter in self._parameters.items()}
        try:
            for name, parameter in self._parameters.items():
                parameter.data = self.tensors[name]
            yield
        finally:
            for name, parameter in self._parameters.items():
                parameter.data = before[name]
