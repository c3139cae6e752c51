"""What all nodes that train make of their options: a plan, a name, a file; and which input an error is about."""

import glob
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from diffusion.images.files import PictureError
from diffusion.training.captions import CaptionRules
from diffusion.training.file_copy import COPY_OF
from diffusion.training.metadata import NAMED
from diffusion.training.objective import Objective
from diffusion.training.optimizer_arguments import OptimizerError
from diffusion.training.trainer import Plan, TrainingError
from diffusion.weights import UnwritableError, WeightsError, is_pickle, load_pickle, read_header
from graph.declare import Context, InputError, Range

NAME = re.compile(r"\w[\w .-]{0,99}")
MOST_BYTES = 200  # of a name: file systems take 255, with the number of steps and an ending
# What kohya's scripts write into their files, and the WebUI into its hypernetworks, beside the name; we do not.
OF_OTHERS = ("ss_training_started_at", "ss_sd_scripts_commit_hash", "modelspec.date", "dropout_structure")

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
    pieces = plan.schedule.pieces
    if pieces and learning_rate and pieces[0][0] not in (1, learning_rate):
        raise InputError(
            "learning_rate",
            f"The rates in Learning Options begin with {pieces[0][0]:g}: write that here too, or let them begin with "
            "1, for factors of this one.",
        )
    return replace(
        plan,
        seed=seed,
        batch=batch_size,
        learning_rate=learning_rate,
        schedule=replace(plan.schedule, total=steps),
        objective=objective or plan.objective,
        captions=captions or plan.captions,
    )


def named(ctx: Context, name: str) -> str:
    """What this call of a node is to be named, which is called for each value of a list, such as of learning rates.

    A name that is the same for all gets a number from the second on, as files would replace each other.
    """
    if not ctx.index or isinstance(ctx.graph.node(ctx.node_id)["inputs"].get("name"), list):
        return name
    return f"{name}-{ctx.index + 1}"


def target(ctx: Context, kind: str, name: str, ending: str = ".safetensors") -> Path:
    """The file in models/`kind` that a training writes: nothing is overwritten that was not trained under this name."""
    if not NAME.fullmatch(name):
        raise InputError("name", "Give it a name of letters, numbers, spaces, dots and dashes, such as my_ghost.")
    if len(name.encode()) > MOST_BYTES:
        raise InputError("name", "This name is too long for a file: shorten it.")
    folder = ctx.folders.model_folders(kind)[0]
    path = folder / f"{name}{ending}"
    for file in (path, *sorted(folder.glob(f"{glob.escape(name)}-step????????{ending}"))):
        if file.exists() and _trained_as(file) != name:
            raise InputError("name", f"There is another {file.name} in models/{kind}: choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise InputError("name", f"Nothing can be written into models/{kind}: make its folder writable.")
    return path


def _trained_as(path: Path) -> str | None:
    """What a file says that it was trained as; None for a copy, one of another program, and one that is unreadable."""
    try:
        told = load_pickle(path) if is_pickle(path) else read_header(path).metadata
    except WeightsError:
        return None
    if not isinstance(told, Mapping) or any(key in told for key in (COPY_OF, *OF_OTHERS)):
        return None
    name = told.get("name" if is_pickle(path) else NAMED)
    return name if isinstance(name, str) else None


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
    except UnwritableError as error:
        raise InputError("name", str(error)) from error
    except WeightsError as error:
        raise InputError("model", str(error)) from error
