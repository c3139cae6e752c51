"""A training while it runs: its steps, what is kept and shown of them, and what the user tells it."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diffusion.model import LoadedModel, Vae
from diffusion.training.finished_run import FinishedRun
from diffusion.training.memory import check_memory, recomputed
from diffusion.training.patience import Patience
from diffusion.training.run import Check, Run
from diffusion.training.sample_pictures import Monitor
from diffusion.training.samples import Sample
from diffusion.training.trainer import Step, Trainer, TrainingError
from diffusion.weights import WeightsError
from graph.declare import Context, Interrupted, Words
from nodes.training_board import Board

KEPT_EVERY = 300.0  # seconds after which there is another snapshot, for machines that crash
LOOK = 0.05  # seconds between two looks for orders while it is paused


@dataclass(frozen=True)
class Course:
    """A training that is about to begin, or to go on.

    attached: a context in which the network goes through what is trained. save: writes what was learned in so many
    steps. method: how it learns, in a word. gradient_checkpointing: whether to compute again what is needed for
    gradients, and not to keep it.
    monitor: what is looked at meanwhile; vae: what sample pictures are decoded with. held_out: what the monitor's
    pictures are to the trainer, which does not learn from them.
    """

    trainer: Trainer
    attached: Callable[[Any], AbstractContextManager[None]]
    run: Run
    target: Path
    save: Callable[[Path, int], None]
    method: str
    gradient_checkpointing: bool = False
    monitor: Monitor | None = None
    vae: Vae | None = None
    held_out: Sequence[Sample] = ()

    def follow(self, ctx: Context, steps: int, save_every: int) -> tuple[float, FinishedRun]:
        """Train from the latest snapshot on until there were so many steps.

        Returns the loss at fixed noise at the end, and what came of it.
        """
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
        self._monitor = monitor = course.monitor or Monitor()
        self._patience = Patience(monitor.stop_after, monitor.validate_every, bool(course.held_out))
        self._goal = steps
        self._best = 0  # the step with the lowest loss so far, if that counts
        self._paused = self._stopped = self._over = False
        with course.ready() as network:
            self._check_memory(network)
            self._before = self._measured(network, 0)
            self._done = self._kept = self._run.resume(self._trainer, steps)
        self._kept_at = time.monotonic()
        self._whole = True  # whether no step is half taken
        self._board = Board(ctx, self._run, self._done)
        self._board.begin(self._before)
        self._heed()
        if monitor.keep_every:
            self._run.keep_for_good(each for each in self._run.snapshots() if each % monitor.keep_every == 0)
        latest = max(self._run.snapshots(), default=0)
        if self._done < steps < latest:
            ctx.warn(
                f"This training has {latest} steps already, and there is no snapshot of step {steps}: it is trained "
                f"again from step {self._done}. Training Monitor keeps more snapshots with keep_snapshots_every."
            )

    def to_the_end(self) -> tuple[float, FinishedRun]:
        """Train; the loss at fixed noise at the end, and what came of it."""
        try:
            self._train()
            with self._course.ready() as network:
                self._keep()
                self._check(network)
            ended = self._done
            best = self._go_back_to_the_best()
        except Interrupted:
            if self._whole and self._done > self._kept:
                self._keep()
            raise
        except TrainingError as error:
            raise self._rolled_back(error) from error
        self._trainer.take_average()
        self._course.save(self._course.target, self._done)
        self._ctx.stands_for(self._course.target)
        self._run.wrote(self._course.target, self._done)
        if self._run.finish(self._course.target):
            self._ctx.warn(
                f"{self._course.target.name} held what another training had learned, with other settings or pictures, "
                "and was replaced: give trainings names of their own to keep both."
            )
        if self._stopped and ended < self._steps:
            self._ctx.leave_unfinished()
        after = self._board.check_at(self._done)
        assert after is not None
        self._board.show(Words.joined(self._told(after, ended, best)))
        course = self._course
        return after.loss, FinishedRun(course.method, self._run.folder, course.target, self._done, ended)

    def _told(self, after: Check, ended: int, best: int) -> Iterator[Words]:
        """What there is to say at the end, which was reached after so many steps. best: see `_go_back_to_the_best`."""
        before = self._before
        yield Words(f"Loss at fixed noise: {before.loss:.4f} before, {after.loss:.4f} after {self._done} steps.")
        if before.held_out is not None and after.held_out is not None:
            yield Words(f"Of held-out pictures: {before.held_out:.4f} before, {after.held_out:.4f} after.")
        if self._over and not self._stopped:
            checks = self._patience.checks
            yield Words(f"Training ended after {ended} steps, as it has not fallen in {checks} measurements.")
        if best == self._done != ended:
            yield Words(f"It was the lowest after {best} steps, and what was learned until then is kept.")
        elif best != ended:
            yield Words(f"It was the lowest after {best} steps, of which there is no snapshot.")
        if self._stopped and ended < self._steps:
            yield Words(f"Queue it again to go on: {self._steps - ended} more steps are left.")

    def _train(self) -> None:
        """Train until nothing is left to do."""
        while not self._has_ended:
            with self._course.ready() as network:
                self._until_others_wait(network)
            if self._ctx.others_wait():  # the network is as they know it
                self._ctx.give_way()

    @property
    def _has_ended(self) -> bool:
        impatient = self._over and self._goal == self._steps
        return self._done >= self._goal or self._stopped or impatient

    def _go_back_to_the_best(self) -> int:
        """Make what is learned what it was when the loss was the lowest, if that is wanted; after how many steps."""
        best = self._patience.best(self._board.checks, self._done) if self._patience.checks else None
        if best is None or self._stopped or best.steps == self._done:
            return self._done
        if found := self._run.resume(self._trainer, best.steps):
            self._done, self._kept, self._goal = found, found, best.steps
            self._train()  # as much as lies between the snapshot and it
            self._keep()
        return best.steps

    def _check_memory(self, network: LoadedModel) -> None:
        """Refuse a training that does not fit before anything is spent on it."""
        course, samples = self._course, self._monitor.samples

        def paint() -> None:
            assert course.vae is not None
            largest = samples.largest
            largest.paint(self._trainer, course.vae, largest.prompts[0], self._ctx.check)

        painted = paint if self._monitor.sample_every and course.vae is not None else None
        check_memory(self._trainer, network, checkpointed=course.gradient_checkpointing, paint=painted)

    def _until_others_wait(self, network: LoadedModel) -> None:
        """Train until another job waits, or nothing is left to do."""
        self._show(at_once=True)
        if self._done and self._is_time(self._monitor.validate_every):
            self._check(network)  # unless it was done before the training was interrupted
        while not self._has_ended:
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
        files, last = self._is_time(self._save_every), self._done == self._steps
        if for_good := self._is_time(self._monitor.keep_every):
            self._run.keep_for_good([self._done])
        if files or for_good or last or time.monotonic() - self._kept_at > KEPT_EVERY:
            self._keep()
        if files and not last:
            self._write_beside()
        if (files or self._is_time(self._monitor.validate_every)) and not last:
            self._check(network)
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
                self._check(network)
            elif order == "sample":
                self._sample()
        if orders:
            self._show(at_once=True)

    def _keep(self) -> None:
        """Make a snapshot."""
        if self._done > self._kept:
            self._run.save(self._trainer, self._done, spared=[self._best])
        self._kept, self._kept_at = self._done, time.monotonic()

    def _keep_if_sound(self) -> None:
        """Make a snapshot where the parameters are good ones; otherwise the run goes back to the one before."""
        with self._course.ready() as network:
            if math.isfinite(self._trainer.fixed_loss(network)):
                self._keep()

    def _rolled_back(self, error: TrainingError) -> TrainingError:
        """Go back to what was learned while it was sound, and write that to a file; the error that also tells that."""
        self._keep_if_sound()
        told = "Nothing that was learned is kept."
        if self._kept:
            self._done = self._run.resume(self._trainer, self._kept)
            told = f"What was learned in the first {self._kept} steps is kept."
            with suppress(WeightsError):  # what went wrong first is to be told
                told = f"What was learned in the first {self._kept} steps is kept, in {self._write_beside().name}."
        return TrainingError(f"{error} {told}", option=error.option)

    def _check(self, network: LoadedModel) -> None:
        """Measure the losses at fixed noise, if they are not known of this step. Raises `TrainingError` for no number.

        What does not grow beyond all numbers itself may still make the model say nothing that is one.
        """
        known = self._board.check_at(self._done)
        if known is None or (known.held_out is None and self._course.held_out):
            with self._trainer.averaged():
                found = self._measured(network, self._done)
            if math.isfinite(self._before.loss) and not math.isfinite(found.loss):
                self._run.forget(self._done)
                self._kept = max((each for each in self._run.snapshots() if each < self._done), default=0)
                raise TrainingError(
                    f"After step {self._done} the loss at fixed noise was no number any more: train with a lower "
                    "learning rate.",
                    option="learning_rate",
                )
            self._board.check(found)
        self._heed()

    def _measured(self, network: LoadedModel, steps: int) -> Check:
        trainer, check, held_out = self._trainer, self._ctx.check, self._course.held_out
        loss = trainer.fixed_loss(network, check)
        return Check(steps, loss, trainer.fixed_loss(network, check, held_out) if held_out else None)

    def _heed(self) -> None:
        """Find out whether it has learned enough, and keep what it has learned if that is the best so far."""
        if not self._patience.checks:
            return
        best = self._patience.best(self._board.checks)
        self._over, self._best = self._patience.is_over(self._board.checks), best.steps if best else 0
        if self._best == self._done:
            self._keep()

    def _write_beside(self) -> Path:
        """Write what was learned so far to a file beside the last one; its path."""
        target = self._course.target
        with self._trainer.averaged():
            path = target.with_stem(f"{target.stem}-step{self._done:08}")
            self._course.save(path, self._done)
            self._run.wrote(path, self._done)
        return path

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
