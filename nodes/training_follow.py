"""A training while it runs: its steps, what is kept and shown of them, and what the user tells it."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diffusion.model import LoadedModel, Vae
from diffusion.training.memory import check_memory, recomputed
from diffusion.training.run import Check, Run
from diffusion.training.sample_pictures import Monitor
from diffusion.training.trainer import Step, Trainer, TrainingError
from graph.declare import Context, Interrupted
from nodes.training_board import Board

KEPT_EVERY = 300.0  # seconds after which there is another snapshot, for machines that crash
LOOK = 0.05  # seconds between two looks for orders while it is paused


@dataclass(frozen=True)
class Course:
    """A training that is about to begin, or to go on.

    attached: a context in which the network goes through what is trained. save: writes what was learned in so many
    steps. gradient_checkpointing: whether to compute again what is needed for gradients, and not to keep it.
    monitor: what is looked at meanwhile; vae: what sample pictures are decoded with.
    """

    trainer: Trainer
    attached: Callable[[Any], AbstractContextManager[None]]
    run: Run
    target: Path
    save: Callable[[Path, int], None]
    gradient_checkpointing: bool = False
    monitor: Monitor | None = None
    vae: Vae | None = None

    def follow(self, ctx: Context, steps: int, save_every: int) -> float:
        """Train from the latest snapshot on until there were so many steps; the loss at fixed noise at the end."""
        return _Following(ctx, self, steps, save_every).to_the_end()

    @contextmanager
    def ready(self) -> Iterator[LoadedModel]:
        """A context in which the network is loaded and goes through what is trained."""
        with (
            self.trainer.model.loaded() as network,
            recomputed(network.network, self.gradient_checkpointing),
            self.attached(network.network),
        ):
            yield network


class _Following:
    """One training from its beginning, or from its latest snapshot, to its end."""

    def __init__(self, ctx: Context, course: Course, steps: int, save_every: int) -> None:
        self._ctx, self._course, self._steps, self._save_every = ctx, course, steps, save_every
        self._trainer, self._run = course.trainer, course.run
        self._monitor = course.monitor or Monitor()
        self._paused = self._stopped = False
        with course.ready() as network:
            self._check_memory(network)
            self._before = self._trainer.fixed_loss(network, ctx.check)
            self._done = self._kept = self._run.resume(self._trainer, steps)
        self._kept_at = time.monotonic()
        self._whole = True  # whether no step is half taken
        self._board = Board(ctx, self._run, self._done)
        self._board.check(Check(0, self._before))

    def to_the_end(self) -> float:
        """Train; the loss at fixed noise at the end."""
        try:
            while self._done < self._steps and not self._stopped:
                with self._course.ready() as network:
                    self._until_others_wait(network)
                if self._ctx.others_wait():  # the network is as they know it
                    self._ctx.give_way()
        except Interrupted:
            if self._whole and self._done > self._kept:
                self._keep()
            raise
        except TrainingError as error:
            self._keep_if_sound()
            raise TrainingError(
                f"{error} What was learned in the first {self._kept} steps is kept.", option=error.option
            ) from error
        self._keep()
        with self._course.ready() as network:
            self._trainer.take_average()
            after = self._trainer.fixed_loss(network, self._ctx.check)
        self._course.save(self._course.target, self._done)
        if self._run.finish(self._course.target):
            self._ctx.warn(
                f"{self._course.target.name} held what another training had learned, with other settings or pictures, "
                "and was replaced: give trainings names of their own to keep both."
            )
        self._board.check(Check(self._done, after))
        rest = self._steps - self._done
        if rest:
            self._ctx.leave_unfinished()
        more = f" {rest} more steps are left: queue it again to go on." if rest else ""
        text = f"Loss at fixed noise: {self._before:.4f} before, {after:.4f} after {self._done} steps.{more}"
        self._board.show(text)
        return after

    def _check_memory(self, network: LoadedModel) -> None:
        """Refuse a training that does not fit before anything is spent on it."""
        course, samples = self._course, self._monitor.samples

        def paint() -> None:
            assert course.vae is not None
            replace(samples, steps=1).paint(self._trainer, course.vae, "", self._ctx.check)

        painted = paint if self._monitor.sample_every and course.vae is not None else None
        check_memory(self._trainer, network, checkpointed=course.gradient_checkpointing, paint=painted)

    def _until_others_wait(self, network: LoadedModel) -> None:
        """Train until another job waits, or nothing is left to do."""
        self._show(at_once=True)
        while self._done < self._steps:
            self._obey(network)
            if self._stopped or self._ctx.others_wait():
                return
            if self._paused:
                self._ctx.check()
                time.sleep(LOOK)
            else:
                self._take_step(network)
                self._ctx.progress(self._done, self._steps)
                self._show()

    def _take_step(self, network: LoadedModel) -> None:
        self._board.step(self._step(network))
        self._done += 1
        files = self._is_time(self._save_every)
        if files or self._done == self._steps or time.monotonic() - self._kept_at > KEPT_EVERY:
            self._keep()
        last = self._done == self._steps
        if files and not last:
            self._write_beside()
        if self._is_time(self._monitor.validate_every) and not last:
            with self._trainer.averaged():
                self._board.check(Check(self._done, self._trainer.fixed_loss(network, self._ctx.check)))
        if self._is_time(self._monitor.sample_every):
            self._sample()

    def _step(self, network: LoadedModel) -> Step:
        """Take a step, and measure how long it takes."""
        begun = time.monotonic()
        self._whole = False
        try:
            step = self._trainer.step(network, self._done)
        except TrainingError:
            self._whole = True  # it has changed nothing
            raise
        self._whole = True
        return replace(step, seconds=time.monotonic() - begun)

    def _is_time(self, every: int) -> bool:
        return every > 0 and self._done % every == 0

    def _obey(self, network: LoadedModel) -> None:
        """Do what the user has told the node."""
        orders = self._ctx.orders()
        for order in orders:
            if order == "pause":
                self._keep()  # nobody knows how long it is for
                self._paused = True
            elif order == "go_on":
                self._paused = False
            elif order == "stop":
                self._stopped = True
            elif order == "save":
                self._keep()
                self._write_beside()
            elif order == "sample":
                self._sample()
        if orders:
            self._show(at_once=True)

    def _keep(self) -> None:
        """Make a snapshot."""
        if self._done > self._kept:
            self._run.save(self._trainer, self._done)
        self._kept, self._kept_at = self._done, time.monotonic()

    def _keep_if_sound(self) -> None:
        """Make a snapshot where the parameters are good ones; otherwise the run goes back to the one before."""
        with self._course.ready() as network:
            if math.isfinite(self._trainer.fixed_loss(network)):
                self._keep()

    def _write_beside(self) -> None:
        """Write what was learned so far to a file beside the last one."""
        target = self._course.target
        with self._trainer.averaged():
            self._course.save(target.with_stem(f"{target.stem}-step{self._done:08}"), self._done)

    def _sample(self) -> None:
        """Paint the sample pictures as the parameters are now."""
        if self._course.vae is None:
            return
        samples = self._monitor.samples
        with self._trainer.averaged():
            for number, prompt in enumerate(samples.wanted(self._trainer)):
                image = samples.paint(self._trainer, self._course.vae, prompt, self._ctx.check)
                self._board.picture(self._done, number, image)

    def _show(self, at_once: bool = False) -> None:
        sample = ("sample",) if self._course.vae is not None else ()
        self._board.show_now(("go_on" if self._paused else "pause", *sample, "save", "stop"), at_once)
