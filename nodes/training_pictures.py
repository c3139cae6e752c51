"""Nodes for the pictures that are trained with."""

import stat
from typing import Annotated

from diffusion.training import pictures
from diffusion.training.buckets import Buckets
from graph.declare import Choice, Context, Folders, InputError, Range, Table, node
from nodes.sockets import Dataset

CATEGORY = "training"
MOST_WARNINGS = 50

Place = Annotated[str, Choice(("input", "output"))]


def _files(
    folders: Folders, folder_name: str | None = None, place: str = "input", **inputs: object
) -> list[tuple[str, int, int]]:
    """The state of all files of the folder."""
    try:
        folder = folders.resolve(place, "", folder_name or ".")
    except ValueError:
        return []
    found = []
    for file in sorted(folder.rglob("*")):
        try:
            state = file.stat()
        except OSError:  # a link to nothing, or a file that was removed just now
            continue
        if stat.S_ISREG(state.st_mode):
            found.append((file.relative_to(folder).as_posix(), state.st_size, state.st_mtime_ns))
    return found


@node(
    "TrainingPictures", category=CATEGORY, title="Training Pictures", search=["dataset", "folder"], fingerprint=_files
)
def training_pictures(
    ctx: Context,
    folder_name: str = "",
    place: Place = "input",
    caption: str = "",
    repeats: Annotated[int, Range(1, 10_000)] = 1,
    weight: Annotated[float, Range(0, 100, step=0.01)] = 1.0,
) -> Dataset:
    """Take the pictures of a folder to train with, each with its caption: a text file of the same name.

    Folders in it may say how often their pictures come in an epoch: those of "10_red cat" come ten times.

    folder_name: A folder inside the input or output folder.
    place: Which of the two.
    caption: For pictures that have no text file; empty takes the name of their folder.
    repeats: How often each picture comes in an epoch.
    weight: What these pictures count; for class pictures, the weight of the prior.
    """
    try:
        folder = ctx.folders.resolve(place, "", folder_name)
    except ValueError as error:
        raise InputError("folder_name", str(error)) from error
    if not folder.is_dir():
        raise InputError(
            "folder_name", f"There is no folder '{folder_name}' in the {place} folder. Make it, or name another."
        )
    try:
        found = pictures.read_folder(folder, caption, repeats, weight, check=ctx.check)
    except pictures.DatasetError as error:
        raise InputError("folder_name", str(error)) from error
    for finding in found.unreadable:
        ctx.warn(f"{finding.file} {finding.text}")
    return found


@node(
    "JoinTrainingPictures", category=CATEGORY, title="Join Training Pictures", search=["dataset", "concepts", "class"]
)
def join_training_pictures(**datasets: Dataset) -> Dataset:
    """Train with the pictures of several folders together: several concepts, or a subject and pictures of its class."""
    return sum(datasets.values(), pictures.Dataset())


@node(
    "CheckTrainingPictures",
    category=CATEGORY,
    title="Check Training Pictures",
    output_node=True,
    search=["lint", "dataset"],
)
def check_training_pictures(
    ctx: Context,
    dataset: Dataset,
    resolution: Annotated[int, Range(32, 4096, step=8)] = 512,
    batch_size: Annotated[int, Range(1, 512)] = 1,
    bucket_step: Annotated[int, Range(8, 256, step=8)] = 64,
) -> Dataset:
    """Show what will be trained with, and what is wrong with it, before any time is spent.

    resolution: Side of the square that has the area of a training picture.
    batch_size: Pictures that are learned from at once.
    bucket_step: What the sides of training pictures are multiples of.
    """
    buckets = buckets_of(resolution, bucket_step)
    found = pictures.findings(dataset, buckets)
    for finding in found[:MOST_WARNINGS]:
        ctx.warn(f"{finding.file} {finding.text}")
    rows = []
    sizes: dict[tuple[int, int], int] = {}
    for picture in dataset.pictures:
        placement = buckets.place(*picture.size)
        sizes[placement.bucket] = sizes.get(placement.bucket, 0) + picture.repeats
        width, height = placement.bucket
        rows.append([picture.name, picture.concept, picture.repeats, f"{width} x {height}", picture.caption])
    batches = sum(-(-count // batch_size) for count in sizes.values())
    total = (
        f"{len(dataset.pictures)} pictures, {dataset.per_epoch} with repeats, in batches of {batch_size}: "
        f"{batches} steps an epoch"
    )
    ctx.show("tables", [Table(["picture", "concept", "repeats", "trained at", "caption"], rows, total).shown()])
    return dataset


def buckets_of(resolution: int, step: int) -> Buckets:
    """Sizes of about the area of a square, with sides from half of its to twice its."""
    side = max(step, resolution // step * step)
    return Buckets((side, side), step, low=max(step, side // 2 // step * step), high=2 * side)
