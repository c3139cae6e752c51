"""What comes of trainings: the files of a run, runs beside each other, and the pictures that were painted meanwhile."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Annotated, NamedTuple

from diffusion.images.files import PictureError, load_picture
from diffusion.training.file_copy import copy_as, is_copy
from diffusion.training.finished_run import FinishedRun, FinishedRunError
from diffusion.training.run import Check
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, InputError, Plot, Range, Series, Table, Words, node
from nodes import training_course as course
from nodes.sockets import Image, TrainingRun
from nodes.training_board import SMOOTHED, means

CATEGORY = "training"
AT_STEPS, BEST = "at steps", "best"
MEGABYTE = 1e6
Loss = Callable[[Check], float]


class Picked(NamedTuple):
    """A file of a run, what it was trained for, and its name as prompts have that of an embedding."""

    file_name: str
    steps: int
    name: str


@contextmanager
def told(run: str = "run") -> Iterator[None]:
    """Say which input is wrong; `run` is the name of that which the run comes from."""
    try:
        yield
    except FinishedRunError as error:
        raise InputError(run if error.option == "run" else error.option, str(error)) from error


@node(
    "PickSnapshot",
    category=CATEGORY,
    title="Pick Snapshot",
    search=["checkpoint", "epoch", "step", "best", "lora"],
    output_node=True,
)
def pick_snapshot(
    ctx: Context,
    run: TrainingRun,
    which: Annotated[str, Choice((AT_STEPS, BEST))] = AT_STEPS,
    steps: Annotated[int, Range(0, 1_000_000)] = 0,
    save_as: str = "",
) -> Picked:
    """Choose one of the files that a training has written, and give its name to the node that loads it.

    X/Y/Z Plot lays them side by side with the values of steps; nothing is trained again for that.

    run: The training. With save_every it writes more files than the last one.
    which: The file after so many steps; or the one with the lowest loss on pictures that were held out, or at fixed
        noise where none were.
    steps: As many as the training had taken when the file was written; 0 is the last file.
    save_as: The file is also kept under this name, beside the others.
    """
    with told():
        wanted = run.best() if which == BEST else steps
        file = run.file(wanted)
    ctx.stands_for(file)
    if save_as:
        ctx.stands_for(_kept(run, file, save_as))
    return Picked(file.name, wanted or run.steps, file.stem)


def _kept(run: FinishedRun, file: Path, name: str) -> Path:
    """Copy a file of a run; nothing is overwritten that is not such a copy. Returns where it is."""
    if not course.NAME.fullmatch(name):
        raise InputError("save_as", "Give it a name of letters, numbers, spaces, dots and dashes, such as my_ghost.")
    path = file.with_name(name + file.suffix)
    if path.exists() and not is_copy(path):
        raise InputError("save_as", f"There is another {path.name} in models/{run.kind}: choose another name.")
    try:
        copy_as(file, path)
    except WeightsError as error:
        raise InputError("save_as", str(error)) from error
    return path


@node(
    "CompareTrainings",
    category=CATEGORY,
    title="Compare Trainings",
    output_node=True,
    search=["loss", "curves", "methods", "validation", "plot"],
)
def compare_trainings(ctx: Context, **runs: TrainingRun) -> None:
    """Show what trainings have in common and what they differ in: their curves in one chart each, and a table.

    The loss of the steps says nothing between methods, as each asks itself something else: compare the loss on pictures
    that were held out, and the pictures that the models paint.

    runs: Trainings of the same pictures.
    """
    if not runs:
        raise InputError("runs", "Link the runs of the trainings that are to be compared.")
    found = {}
    for (input_name, run), label in zip(runs.items(), _labels(list(runs.values())), strict=True):
        with told(input_name):
            found[label] = _Record(run)
    ctx.show("plots", [plot.shown() for plot in _plots(found)])
    ctx.show("tables", [_table(found).shown()])


def _labels(runs: Sequence[FinishedRun]) -> list[str]:
    """What runs are called: by their names, and where these are the same by their folders or steps."""
    labels = [run.name for run in runs]
    for more in (lambda run: run.folder.name, lambda run: f"{run.folder.name}, {run.steps} steps"):
        labels = [more(run) if labels.count(label) > 1 else label for run, label in zip(runs, labels, strict=True)]
    return labels


class _Record:
    """What a run has written down. Raises `FinishedRunError`."""

    def __init__(self, run: FinishedRun) -> None:
        self.run = run
        self.steps = run.taken()
        self.checks = run.checks()
        self.held_out = any(check.held_out is not None for check in self.checks)

    def steps_line(self, label: str) -> Series:
        """The mean loss of some steps."""
        return Series(means([step.loss for step in self.steps]), label, [step.number + 1 for step in self.steps])

    def line(self, label: str, loss: Loss, by_time: bool = False) -> Series:
        """A loss that was measured now and then, over the steps or over the seconds that these took."""
        measured = [check for check in self.checks if not math.isnan(loss(check))]
        steps = [check.steps for check in measured]
        return Series(list(map(loss, measured)), label, self._seconds(steps) if by_time else steps)

    def _seconds(self, steps: Sequence[int]) -> list[float]:
        """How long so many steps took."""
        sums = [0.0, *accumulate(step.seconds for step in self.steps)]
        numbers = [step.number for step in self.steps]
        return [sums[bisect_left(numbers, each)] for each in steps]

    def row(self, label: str, held_out: bool) -> list[object]:
        """What the table says of it."""
        timed = [step.seconds for step in self.steps if step.seconds > 0]
        rate = round(sum(timed) / len(timed), 4) if timed else None
        file = self.run.files().get(self.run.steps)
        size = round(file.stat().st_size / MEGABYTE, 2) if file else None
        losses = [*self._losses(fixed), *(self._losses(unseen) if held_out else ())]
        return [label, self.run.method, self.run.steps, *losses, rate, size]

    def _losses(self, loss: Loss) -> list[object]:
        """Before, after, and the lowest with its steps, as far as they were measured."""
        found = {check.steps: round(loss(check), 4) for check in self.checks if math.isfinite(loss(check))}
        if not found:
            return [None, None, None]
        steps = min(found, key=lambda each: found[each])
        return [found.get(0), found.get(self.run.steps), f"{found[steps]} ({steps})"]


def fixed(check: Check) -> float:
    """The loss on some of the pictures that are trained with."""
    return check.loss


def unseen(check: Check) -> float:
    """The loss on pictures that were held out; no number where none were."""
    return math.nan if check.held_out is None else check.held_out


def _plots(runs: Mapping[str, _Record]) -> list[Plot]:
    """One chart for each thing that was measured, with a line for each run; what says most comes first."""

    def chart(title: Words, loss: Loss, by_time: bool = False) -> Plot:
        lines = [run.line(label, loss, by_time) for label, run in runs.items()]
        return Plot(lines, title, Words("seconds") if by_time else Words("step"))

    measured = [(Words("loss at fixed noise"), fixed)]
    if _held_out(runs):
        measured.insert(0, (Words("loss on held-out pictures"), unseen))
    steps = [run.steps_line(label) for label, run in runs.items()]
    return [
        *(chart(title, loss) for title, loss in measured),
        chart(*measured[0], by_time=True),
        Plot(steps, Words(f"loss of the steps, mean of {SMOOTHED}"), Words("step")),
    ]


def _table(runs: Mapping[str, _Record]) -> Table:
    held_out = _held_out(runs)
    columns: list[str] = [Words("training"), Words("method"), Words("steps")]
    for before in [Words("fixed noise: before"), Words("held out: before")][: 1 + held_out]:
        columns += [before, Words("after"), Words("lowest (steps)")]
    columns += [Words("seconds a step"), "MB"]
    return Table(columns, [run.row(label, held_out) for label, run in runs.items()], Words("Losses"))


def _held_out(runs: Mapping[str, _Record]) -> bool:
    return any(run.held_out for run in runs.values())


class Painted(NamedTuple):
    """Pictures that were painted during a training, and the steps after which they were."""

    images: list[Image]
    steps: list[str]


@node(
    "TrainingSamples",
    category=CATEGORY,
    title="Training Samples",
    search=["sample pictures", "progress", "timelapse", "grid"],
)
def training_samples(ctx: Context, run: TrainingRun, prompt: Annotated[int, Range(0, 1000)] = 0) -> Painted:
    """Give the pictures that were painted during a training, to lay them out in a grid or to make a video of them.

    run: A training that a Training Monitor with sample_every is linked to.
    prompt: The number of the prompt whose pictures are wanted, from 1; 0 is all.
    """
    with told():
        found = run.pictures()
    if not found:
        raise InputError(
            "run",
            f"No picture was painted while {run.name} was trained: link a Training Monitor with sample_every to "
            "what trains it.",
        )
    wanted = [each for each in found if prompt in (0, each.prompt)]
    if not wanted:
        most = max(each.prompt for each in found)
        raise InputError("prompt", f"There are pictures of {most} prompts, and none of prompt {prompt}.")
    images = []
    for each in wanted:
        ctx.check()
        try:
            images.append(load_picture(each.path).images[:1])
        except PictureError as error:
            raise InputError("run", str(error)) from error
    return Painted(images, [str(each.steps) for each in wanted])
