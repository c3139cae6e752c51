"""EasyCache (Zhou et al. 2025, arXiv 2507.02860): leave the network out where it would give about the same again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from diffusion.changes.unet import replaced_forward
from diffusion.model import LoadedModel
from diffusion.sampling.network import Call


@dataclass(frozen=True)
class OutputCaching:
    """Ask the network only when its output has changed by more than a part; else add to the input what it added before.

    How much the output changes is told by the input: their changes were found to be proportional, by a factor that is
    measured whenever the network is asked. The result is approximate. An `Attachment`.

    threshold: the part of the output that may have changed, 0 for never to leave the network out.
    sigma_start, sigma_end: the levels at which the network may be left out, both included.
    """

    threshold: float
    sigma_start: float
    sigma_end: float

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Take the place of the network's forward for a run."""
        network = running.network
        forward = network.forward
        courses: dict[Any, _Course] = {}
        steps = _Steps()

        def answer(x: Tensor, *arguments: Any, **named: Any) -> Any:
            call = running.call
            course = courses.setdefault((call.conditions, call.x.shape, call.attention), _Course())
            if steps.reuses(call, course, x, self):
                return (course.reused(x),)
            output: Tensor = forward(x, *arguments, **named)[0]
            course.asked(x, output)
            return (output,)

        with replaced_forward(network, answer):
            yield


@dataclass
class _Course:
    """What is known of the network under some prompts. rate: change of the output for a change of the input."""

    x: Tensor | None = None
    output: Tensor | None = None
    added: Tensor | None = None
    rate: float | None = None
    missed: float = 0.0

    def expected(self, x: Tensor) -> float | None:
        """Which part of the output will have changed since the network was asked; None if that is not known."""
        if self.x is None or self.output is None or self.rate is None:
            return None
        return self.missed + self.rate * _size(x - self.x) / max(_size(self.output), 1e-12)

    def reused(self, x: Tensor) -> Tensor:
        """The output for an input, as far as it is known from before."""
        assert self.added is not None
        self.missed = self.expected(x) or 0.0
        self.x, self.output = x, _latent_of(x, self.added) + self.added
        return self.output

    def asked(self, x: Tensor, output: Tensor) -> None:
        """Take in what the network gave."""
        if self.x is not None and self.output is not None and (moved := _size(x - self.x)):
            self.rate = _size(output - self.output) / moved
        self.x, self.output, self.missed = x, output, 0.0
        self.added = output - _latent_of(x, output)


@dataclass
class _Steps:
    """Whether the network is left out in a step: decided by its first call, so that all prompts are of one kind."""

    decided: dict[int, bool] = field(default_factory=dict)

    def reuses(self, call: Call, course: _Course, x: Tensor, settings: OutputCaching) -> bool:
        """Whether a call is to be answered from what is known; never by prompts of which nothing is known."""
        expected = course.expected(x)
        if call.index not in self.decided:
            inside = settings.sigma_end <= call.sigma <= settings.sigma_start
            self.decided[call.index] = inside and expected is not None and expected < settings.threshold
        return self.decided[call.index] and course.added is not None


def _latent_of(x: Tensor, output: Tensor) -> Tensor:
    """The part of an input that is of the latent, which is as large as the output; what follows it is not denoised."""
    return x[tuple(slice(size) for size in output.shape)]


def _size(tensor: Tensor) -> float:
    return float(tensor.float().abs().mean())
