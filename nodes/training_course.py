"""What all nodes that train have in common: the folder of the run, the steps, and what is shown of them."""

import glob
import json
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from blake3 import blake3

from diffusion.images.files import PictureError
from diffusion.model import Clip, LoadedModel, Model, Vae
from diffusion.training.buckets import Buckets
from diffusion.training.captions import CaptionRules
from diffusion.training.identity import digest, fingerprint
from diffusion.training.objective import Objective
from diffusion.training.optimizers import OptimizerError
from diffusion.training.pictures import Dataset
from diffusion.training.run import FINISHED, Run
from diffusion.training.samples import Sample, encoded
from diffusion.training.trainer import Plan, Step, Trainer, TrainingError
from diffusion.weights import WeightsError, is_pickle, load_pickle, read_header
from graph.declare import Context, Folders, InputError, Interrupted, Plot, Range, Series

FOLDER = "training"  # in the user's folder: a folder for each run
NAME = re.compile(r"\w[\w .-]{0,99}")
NAMED = "ss_output_name"  # in the metadata of files: what they were trained as
SMOOTHED = 20  # steps over which the shown loss is averaged
KEPT_EVERY = 300.0  # seconds after which there is another snapshot, for machines that crash

Steps = Annotated[int, Range(1, 1_000_000)]
Resolution = Annotated[int, Range(32, 4096, step=8)]
BatchSize = Annotated[int, Range(1, 512)]


def planned(
    learning: Plan | None,
    steps: int,
    learning_rate: float,
    batch_size: int,
    seed: int,
    objective: Objective | None,
    captions: CaptionRules | None,
) -> Plan:
    """How to train, from the options of a node and what is linked to it."""
    plan = learning or Plan()
    return replace(
        plan,
        seed=seed,
        batch=batch_size,
        learning_rate=learning_rate,
        schedule=replace(plan.schedule, total=steps),
        objective=objective or plan.objective,
        captions=captions or plan.captions,
    )


def target(ctx: Context, kind: str, name: str, ending: str = ".safetensors") -> Path:
    """The file in models/`kind` that a training writes: nothing is overwritten that was not trained under this name."""
    if not NAME.fullmatch(name):
        raise InputError("name", "Give it a name of letters, numbers, spaces, dots and dashes, such as my_ghost.")
    folder = ctx.folders.model_folders(kind)[0]
    path = folder / f"{name}{ending}"
    if path.exists() and _trained_as(path) != name:
        raise InputError("name", f"There is another {path.name} in models/{kind}: choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    return path


def _trained_as(path: Path) -> str | None:
    """What a file says that it was trained as; None where it cannot be read."""
    try:
        if is_pickle(path):
            content = load_pickle(path)
            return content.get("name") if isinstance(content, dict) else None
        return read_header(path).metadata.get(NAMED)
    except WeightsError:
        return None


def lost(kind: str, ending: str = ".safetensors") -> Callable[..., object]:
    """A fingerprint for a node that trains: without the file that a run has made the node's result is none any more."""

    def state(folders: Folders, name: str | None = None, **inputs: object) -> object:
        if name is None or not NAME.fullmatch(name):
            return None
        path = folders.model_folders(kind)[0] / f"{name}{ending}"
        made = (folders.user / FOLDER).glob(f"{glob.escape(name)}-*/{FINISHED}")
        gone = not path.exists() and any(each.read_text("utf-8") == _within(path) for each in made)
        return math.nan if gone else None

    return state


def _within(path: Path) -> str:
    """A model's file by its name within the folder of models."""
    return f"{path.parent.name}/{path.name}"


def samples(ctx: Context, dataset: Dataset, buckets: Buckets, vae: Vae, model: Model, flip: bool) -> list[Sample]:
    """The pictures in the model's latent space. Raises `PictureError`."""
    count = len(dataset.pictures)
    return encoded(
        dataset, buckets, vae, model.latent_format, flip=flip, on_picture=lambda done: ctx.progress(done, count)
    )


def run(ctx: Context, target: Path, model: Model, clip: Clip, vae: Vae, dataset: Dataset, plan: Plan, more: Any) -> Run:
    """The folder of the run that was asked for all this; `more` is what else makes two runs different ones.

    More steps do not make another one, unless the schedule of the learning rate depends on them.
    """
    schedule = asdict(plan.schedule)
    if plan.schedule.endless:
        del schedule["total"]
    settings = {
        "target": _within(target),
        "model": [digest(model.source, model.patches), fingerprint((model.parameterization, model.attention))],
        "text": [digest(encoder.source, encoder.patches) for encoder in clip.encoders],
        "reading": fingerprint(([each.style for each in clip.encoders], clip.last_layer, clip.embeddings)),
        "vae": [digest(vae.source, vae.patches), fingerprint(model.latent_format)],
        "pictures": [
            [each.content, each.caption, each.concept, each.repeats, each.weight] for each in dataset.pictures
        ],
        "plan": {**asdict(plan), "schedule": schedule},
        "more": more,
    }
    identity = blake3(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]
    return Run.open(ctx.folders.user / FOLDER / f"{target.stem}-{identity}", settings)


@dataclass(frozen=True)
class Course:
    """A training that is about to begin, or to go on.

    attached: a context in which the network goes through what is trained. save: writes what was learned in so many
    steps. gradient_checkpointing: whether to compute again what is needed for gradients, and not to keep it.
    """

    trainer: Trainer
    attached: Callable[[Any], AbstractContextManager[None]]
    run: Run
    target: Path
    save: Callable[[Path, int], None]
    gradient_checkpointing: bool = False

    def follow(self, ctx: Context, steps: int, save_every: int) -> float:
        """Train from the latest snapshot on until there were so many steps; the loss at fixed noise at the end."""
        trainer = self.trainer
        with (
            trainer.model.loaded() as network,
            _checkpointed(network.network, self.gradient_checkpointing),
            self.attached(network.network),
        ):
            before = trainer.fixed_loss(network, ctx.check)
            done = self.run.resume(trainer, steps)
            kept, at = done, time.monotonic()
            while done < steps:
                self.run.log(self._step(network, done, kept))
                done += 1
                files = save_every and done % save_every == 0
                if files or done == steps or time.monotonic() - at > KEPT_EVERY:
                    self.run.save(trainer, done)
                    kept, at = done, time.monotonic()
                if files and done < steps:
                    self.save(self.target.with_stem(f"{self.target.stem}-step{done:08}"), done)
                self._report(ctx, done, steps, kept)
            after = trainer.fixed_loss(network, ctx.check)
        self.save(self.target, steps)
        self.run.finish(_within(self.target))
        _show(ctx, [step for step in self.run.steps() if step.number < steps], before, after)
        return after

    def _step(self, network: LoadedModel, done: int, kept: int) -> Step:
        """Take a step; where it fails what was learned before is kept."""
        try:
            return self.trainer.step(network, done)
        except TrainingError:
            if done > kept:
                self.run.save(self.trainer, done)
            raise

    def _report(self, ctx: Context, done: int, steps: int, kept: int) -> None:
        """Tell how far it is; who stops it keeps what was learned."""
        try:
            ctx.progress(done, steps)
        except Interrupted:
            if done > kept:
                self.run.save(self.trainer, done)
            raise


@contextmanager
def told() -> Iterator[None]:
    """Say which input is wrong."""
    try:
        yield
    except PictureError as error:
        raise InputError("dataset", str(error)) from error
    except OptimizerError as error:
        raise InputError("learning", str(error)) from error
    except (TrainingError, WeightsError) as error:
        raise InputError("model", str(error)) from error


def _show(ctx: Context, log: list[Step], before: float, after: float) -> None:
    """The loss over the steps, the learning rate, and what came of it."""
    losses = [step.loss for step in log]
    smooth = [sum(losses[max(0, at - SMOOTHED + 1) : at + 1]) / min(at + 1, SMOOTHED) for at in range(len(losses))]
    plots = [
        Plot([Series(losses, "loss"), Series(smooth, f"mean of {SMOOTHED} steps")], "loss", "step"),
        Plot([Series([step.learning_rate for step in log])], "learning rate", "step"),
    ]
    ctx.show("plots", [plot.shown() for plot in plots])
    ctx.show("text", [f"Loss at fixed noise: {before:.4f} before, {after:.4f} after {len(log)} steps."])


@contextmanager
def _checkpointed(network: Any, wanted: bool) -> Iterator[None]:
    try:
        if wanted:
            network.enable_gradient_checkpointing()
        yield
    finally:
        if wanted:
            network.disable_gradient_checkpointing()
