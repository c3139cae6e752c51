"""What is seen of a training on its node, while it runs and at its end: curves, and sample pictures."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from typing import Any

import torch

from diffusion.images.files import encode_png
from diffusion.training.event_file import EventFile
from diffusion.training.run import Check, Run
from diffusion.training.trainer import Step
from graph.declare import Context, Plot, Series, Words

SMOOTHED = 20  # steps over which the shown loss and speed are averaged
LIVE_POINTS = 300  # of a line while the training runs
SHOWN_EVERY = 0.5  # seconds, at least
SHARE = 0.02  # of the time, at most, that is spent on showing
MOST_PICTURES = 24
SAME = 1e-3  # the part by which a loss differs that is measured twice, at most
FOLDER = "training"  # of sample pictures, within the temporary one


class Board:
    """The curves and pictures of a run, from what it has written down on."""

    def __init__(self, ctx: Context, run: Run, done: int) -> None:
        """done: the steps that were taken; what was written down of later ones does not count."""
        self._ctx, self._run = ctx, run
        self._steps = [step for step in run.steps() if step.number < done]
        self._checks = [check for check in run.checks() if check.steps <= done]
        kept = [(steps, file) for steps, file in run.samples() if steps <= done][-MOST_PICTURES:]
        self._pictures = {file.name: self._shown(file.read_bytes(), steps) for steps, file in kept}
        self._done = done
        self._next = 0.0

    @cached_property
    def _events(self) -> EventFile:
        return EventFile(self._run.folder, self._done)

    @property
    def checks(self) -> list[Check]:
        """The losses at fixed noise so far, in order."""
        return list(self._checks)

    def check_at(self, steps: int) -> Check | None:
        """Those after so many steps, if they were measured."""
        return next((check for check in self._checks if check.steps == steps), None)

    def begin(self, check: Check) -> None:
        """The losses were measured before the first step: if other pictures are held out now, theirs are forgotten."""
        [known] = [each.held_out for each in self._checks if each.steps == 0] or [None]
        if known is not None and check.held_out is not None and not math.isclose(known, check.held_out, rel_tol=SAME):
            for each in self._run.checks():
                self._run.log_check(replace(each, held_out=None))
            self._checks = [replace(each, held_out=None) for each in self._checks]
        self.check(check)

    def step(self, step: Step) -> None:
        """A step was taken; one that was taken before is as it was."""
        if self._steps and step.number <= self._steps[-1].number:
            return
        self._steps.append(step)
        self._run.log(step)
        curves = {"loss": step.loss, "learning rate": step.learning_rate, "gradient norm": step.gradient}
        if len(step.by_concept) > 1:
            curves |= {f"loss/{name}": loss for name, loss in step.by_concept.items()}
        self._events.scalars(step.number + 1, {**curves, "steps per second": _rate(step.seconds)})

    def check(self, check: Check) -> None:
        """The loss at fixed noise was measured; where that of held-out pictures was not, what was known of it stays."""
        if check.held_out is None:
            known = [each.held_out for each in self._checks if each.steps == check.steps]
            check = replace(check, held_out=next(iter(known), None))
        if check in self._checks:
            return
        others = [each for each in self._checks if each.steps != check.steps]
        self._checks = sorted([*others, check], key=lambda each: each.steps)
        self._run.log_check(check)
        held_out = {} if check.held_out is None else {"loss/held-out": check.held_out}
        self._events.scalars(check.steps, {"loss at fixed noise": check.loss, **held_out})

    def picture(self, steps: int, number: int, image: torch.Tensor) -> None:
        """A picture ``[1, H, W, 3]`` was painted."""
        png = encode_png(image[0])
        file = self._run.keep_sample(steps, number, png)
        self._pictures[file.name] = self._shown(png, steps)
        self._events.picture(steps, f"sample {number + 1}", png, image.shape[2], image.shape[1])

    def _strip(self) -> list[dict[str, Any]]:
        """The latest pictures, in the order of their steps."""
        return [self._pictures[name] for name in sorted(self._pictures)][-MOST_PICTURES:]

    def _shown(self, png: bytes, steps: int) -> dict[str, Any]:
        place = self._ctx.folders.save_path(f"{FOLDER}/{self._run.folder.name}-{steps}", "png", temporary=True)
        place.write(png)
        return {"filename": place.filename, "subfolder": place.subfolder, "type": place.type, "label": str(steps)}

    def show_now(self, orders: Sequence[str], at_once: bool = False) -> None:
        """Show it on the node, if it is time."""
        now = time.monotonic()
        if now < self._next and not at_once:
            return
        self._ctx.show_now({"images": self._strip(), "plots": self._plots(LIVE_POINTS)}, orders)
        self._next = time.monotonic() + max(SHOWN_EVERY, (time.monotonic() - now) / SHARE)

    def show(self, text: Words) -> None:
        """Show it for good."""
        self._ctx.show("images", self._strip())
        self._ctx.show("plots", self._plots(len(self._steps)))
        self._ctx.show("text", [text])

    def _plots(self, most: int) -> list[dict[str, Any]]:
        losses, rates = self._line([step.loss for step in self._steps]), [step.learning_rate for step in self._steps]
        smooth = self._line(means([step.loss for step in self._steps]), Words(f"mean of {SMOOTHED} steps"))
        speed = list(map(_rate, means([step.seconds for step in self._steps])))
        loss, step = Words("loss"), Words("step")
        plots = [
            Plot([_thinned(replace(losses, label=loss), most), _thinned(smooth, most)], loss, step),
            Plot(self._fixed(), Words("loss at fixed noise"), step),
            Plot([_thinned(self._line(rates), most)], Words("learning rate"), step),
            Plot([_thinned(self._line(speed), most)], Words("steps per second"), step),
        ]
        return [plot.shown() for plot in plots]

    def _fixed(self) -> list[Series]:
        """The losses at fixed noise: of pictures that are trained with, and of those that are held out, if some are."""
        trained = Series([each.loss for each in self._checks], x=[each.steps for each in self._checks])
        held_out = [(each.steps, each.held_out) for each in self._checks if each.held_out is not None]
        if not held_out:
            return [trained]
        steps, losses = zip(*held_out, strict=True)
        return [replace(trained, label=Words("training pictures")), Series(losses, Words("held-out pictures"), steps)]

    def _line(self, values: Sequence[float], label: str = "") -> Series:
        return Series(values, label, [step.number + 1 for step in self._steps])


def _rate(seconds: float) -> float:
    """Steps per second; not a number where the seconds of a step were not measured."""
    return 1 / seconds if seconds > 0 else math.nan


def means(values: Sequence[float]) -> list[float]:
    """Of each value and those before it, as many as are averaged, the mean."""
    sums = [0.0, *accumulate(values)]
    firsts = [max(0, at - SMOOTHED) for at in range(1, len(sums))]
    return [(sums[at] - sums[first]) / (at - first) for at, first in enumerate(firsts, start=1)]


def _thinned(series: Series, most: int) -> Series:
    """About so many points of a line, the last among them."""
    stride = max(1, -(-len(series.y) // max(most, 1)))
    assert series.x is not None
    return replace(series, y=series.y[::-1][::stride][::-1], x=series.x[::-1][::stride][::-1])
