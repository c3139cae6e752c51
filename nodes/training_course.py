"""What all nodes that train have in common: the folder of the run, the steps, and what is shown of them."""

import glob
import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

from blake3 import blake3

from diffusion.images.files import PictureError
from diffusion.model import Clip, Model, Vae
from diffusion.training.buckets import Buckets
from diffusion.training.captions import CaptionRules
from diffusion.training.encodings import Encodings, kept_states
from diffusion.training.identity import digest, fingerprint
from diffusion.training.lora import states_of
from diffusion.training.objective import Objective
from diffusion.training.optimizers import OptimizerError
from diffusion.training.pictures import Dataset
from diffusion.training.run import FINISHED, Run, within
from diffusion.training.samples import Sample, encoded
from diffusion.training.trainer import Plan, States, TrainingError
from diffusion.weights import WeightsError, is_pickle, load_pickle, read_header
from graph.declare import Context, Folders, InputError, Range
from nodes.training_follow import Course as Course

FOLDER = "training"  # in the user's folder: a folder for each run
ENCODINGS = Path("cache") / "training"  # in the user's folder: latents and encoded captions
NAME = re.compile(r"\w[\w .-]{0,99}")
NAMED = "ss_output_name"  # in the metadata of files: what they were trained as

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
    """A fingerprint for a node that trains: without the files that a run has made its result is none any more."""

    def state(folders: Folders, name: str | None = None, **inputs: object) -> object:
        if name is None or not NAME.fullmatch(name):
            return None
        path = folders.model_folders(kind)[0] / f"{name}{ending}"
        made = (folders.user / FOLDER).glob(f"{glob.escape(name)}-*/{FINISHED}")
        paths = [path, folders.model_folders("loras")[0] / path.name] if inputs.get("lora_rank") else [path]
        gone = not all(each.exists() for each in paths)
        return math.nan if gone and any(each.read_text("utf-8") == within(path) for each in made) else None

    return state


def samples(ctx: Context, dataset: Dataset, buckets: Buckets, vae: Vae, model: Model, flip: bool) -> list[Sample]:
    """The pictures in the model's latent space. Raises `PictureError`."""
    count = len(dataset.pictures)

    def on_picture(done: int) -> None:
        ctx.progress(done, count)
        if ctx.others_wait():
            ctx.give_way()

    return encoded(
        dataset,
        buckets,
        vae,
        model.latent_format,
        flip=flip,
        kept=_encodings(ctx, dataset),
        on_picture=on_picture,
    )


def states(ctx: Context, dataset: Dataset, clip: Clip) -> States:
    """What text encoders that stay as they are make of captions, kept on disk where the dataset is."""
    kept = _encodings(ctx, dataset)
    most = len(dataset.pictures) + 1  # the empty one too
    return kept_states(clip, states_of(clip), kept, most) if kept else states_of(clip)


def _encodings(ctx: Context, dataset: Dataset) -> Encodings | None:
    if not dataset.on_disk:
        return None
    kept = Encodings(ctx.folders.user / ENCODINGS)
    kept.trim()
    return kept


def run(ctx: Context, target: Path, model: Model, clip: Clip, vae: Vae, dataset: Dataset, plan: Plan, more: Any) -> Run:
    """The folder of the run that was asked for all this; `more` is what else makes two runs different ones.

    More steps do not make another one, unless the schedule of the learning rate depends on them.
    """
    schedule = asdict(plan.schedule)
    # without the colours of previews, which are measured, and so not to the last digit the same in each process
    space = replace(model.latent_format, rgb_factors=(), rgb_bias=(0.0, 0.0, 0.0))
    if plan.schedule.endless:
        del schedule["total"]
    settings = {
        "target": within(target),
        "model": [digest(model.source, model.patches), fingerprint((model.parameterization, model.attention))],
        "text": [digest(encoder.source, encoder.patches) for encoder in clip.encoders],
        "reading": fingerprint(([each.style for each in clip.encoders], clip.last_layer, clip.embeddings)),
        "vae": [digest(vae.source, vae.patches), fingerprint(space)],
        "pictures": [
            [each.content, each.caption, each.concept, each.repeats, each.weight]
            + ([each.mask.content] if each.mask else [])
            for each in dataset.pictures
        ],
        "plan": {**asdict(plan), "schedule": schedule},
        "more": more,
    }
    identity = blake3(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]
    return Run.open(ctx.folders.user / FOLDER / f"{target.stem}-{identity}", settings)


@contextmanager
def told() -> Iterator[None]:
    """Say which input is wrong."""
    try:
        yield
    except PictureError as error:
        raise InputError("dataset", str(error)) from error
    except OptimizerError as error:
        raise InputError("learning", str(error)) from error
    except TrainingError as error:
        raise InputError(error.option, str(error)) from error
    except WeightsError as error:
        raise InputError("model", str(error)) from error
