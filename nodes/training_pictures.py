"""Nodes for the pictures that are trained with."""

import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from diffusion.images.files import PictureError, load_picture
from diffusion.interrogation.captioner import Captioner as Writer
from diffusion.training import pictures
from diffusion.training.buckets import Buckets
from diffusion.training.masks import MASKS, MaskRules
from graph.declare import Advanced, Choice, Context, Folders, InputError, Range, Table, Words, node
from nodes.sockets import Captioner, Dataset

CATEGORY = "training"
MOST_WARNINGS = 50
MEMORY, DISK = "memory", "disk"
THUMBNAILS = "training_pictures"  # in the temporary folder, by the pictures' contents
THUMBNAIL = 96  # pixels of a side
MOST_THUMBNAILS = 1000

Place = Annotated[str, Choice(("input", "output"))]


def _files(
    folders: Folders, folder_name: str | None = None, place: str = "input", mask_folder: str | None = None, **_: object
) -> list[tuple[str, int, int]]:
    """The state of all files of the folder, and of the one with the masks."""
    try:
        places = [folders.resolve(place, "", name) for name in (folder_name or ".", mask_folder) if name]
    except ValueError:
        return []
    found = []
    for folder, file in ((each, file) for each in places for file in sorted(each.rglob("*"))):
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
    file_names: Annotated[bool, Advanced()] = False,
    masks: Annotated[str, Choice(MASKS), Advanced()] = "files",
    mask_folder: Annotated[str, Advanced()] = "",
    cache: Annotated[str, Choice((MEMORY, DISK)), Advanced()] = MEMORY,
    captioner: Captioner | None = None,
) -> Dataset:
    """Take the pictures of a folder to train with, each with its caption: a text file of the same name.

    Folders in it may say how often their pictures come in an epoch: those of "10_red cat" come ten times.

    folder_name: A folder inside the input or output folder.
    place: Which of the two.
    caption: For pictures that have no text file; empty takes the name of their folder.
    repeats: How often each picture comes in an epoch.
    weight: What these pictures count; for class pictures, the weight of the prior.
    file_names: Pictures that have no text file are called by their file's name: "03_red cat.png" is a red cat.
    masks: Where it says what of a picture is learned from: white in a file ghost-mask.png beside ghost.png (or in
        mask_folder), what is solid in the picture itself, or nowhere.
    mask_folder: A folder of the same place with masks that have the pictures' names.
    cache: Where latents and encoded captions are kept: for this run, or on disk for later runs too.
    captioner: Describes pictures that have no text file, from any node that interrogates pictures.
    """
    folder = _folder(ctx, "folder_name", folder_name, place)
    kind = next(each for each in MASKS if each == masks)
    beside = _folder(ctx, "mask_folder", mask_folder, place) if mask_folder else None
    rules = pictures.ReadingRules(caption, file_names, repeats, weight, MaskRules(kind, beside))
    try:
        found = pictures.read_folder(folder, rules, check=ctx.check)
    except pictures.DatasetError as error:
        raise InputError("folder_name", str(error)) from error
    _warn(ctx, found.unreadable)
    if captioner is not None:
        found = _described(ctx, found, captioner)
    return replace(found, on_disk=cache == DISK)


def _warn(ctx: Context, findings: Sequence[pictures.Finding]) -> None:
    for finding in findings[:MOST_WARNINGS]:
        ctx.warn(f"{finding.file} {finding.text}")
    if len(findings) > MOST_WARNINGS:
        ctx.warn(f"There are {len(findings) - MOST_WARNINGS} more such remarks, once these are dealt with.")


def _described(ctx: Context, dataset: pictures.Dataset, captioner: Writer) -> Dataset:
    """The dataset with captions for all pictures."""
    described = []
    for count, picture in enumerate(dataset.pictures, start=1):
        if not picture.captioned:
            try:
                image = load_picture(picture.path).images[0]
            except PictureError as error:
                raise InputError("folder_name", str(error)) from error
            picture = replace(picture, caption=captioner.describe(image).text, captioned=True)
        described.append(picture)
        ctx.progress(count, len(dataset.pictures))
    return replace(dataset, pictures=tuple(described))


def _folder(ctx: Context, input_name: str, name: str, place: str) -> Path:
    try:
        folder = ctx.folders.resolve(place, "", name)
    except ValueError as error:
        raise InputError(input_name, str(error)) from error
    if not folder.is_dir():
        raise InputError(input_name, f"There is no folder '{name}' in the {place} folder. Make it, or name another.")
    return folder


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
    accumulation: Annotated[int, Range(1, 1024)] = 1,
    steps: Annotated[int, Range(0, 1_000_000)] = 0,
) -> Dataset:
    """Show what will be trained with, and what is wrong with it, before any time is spent.

    resolution: Side of the square that has the area of a training picture.
    batch_size: Pictures that are learned from at once.
    bucket_step: What the sides of training pictures are multiples of.
    accumulation: Batches of a step.
    steps: Of the training, to say how many epochs they are; 0 if that is no matter.
    """
    buckets = buckets_of(resolution, bucket_step)
    _warn(ctx, pictures.findings(dataset, buckets))
    pictured = len(dataset.pictures)
    total = [Words(f"{pictured} pictures, {dataset.per_epoch} with repeats, in batches of {batch_size}.")]
    sizes = _sizes(dataset, buckets)
    batches = sum(-(-count // batch_size) for count in sizes.values())
    if accumulation == 1:
        total.append(Words(f"An epoch has {batches} steps."))
    else:
        total.append(Words(f"An epoch has {batches} batches, {accumulation} to a step."))
    if steps and batches:
        total.append(Words(f"In {steps} steps there are {steps * accumulation / batches:.1f} epochs."))
    ctx.show("tables", [_pictures(ctx, dataset, buckets, Words.joined(total)).shown()])
    ctx.show("text", [Words.joined([*_concepts(dataset), *_batches(sizes, batch_size)], between="\n")])
    return dataset


def _pictures(ctx: Context, dataset: Dataset, buckets: Buckets, title: Words) -> Table:
    folder = ctx.folders.temp / THUMBNAILS
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[list[object]] = []
    for picture in dataset.pictures:
        ctx.check()
        file = folder / f"{picture.content[:32]}.webp"
        if len(rows) < MOST_THUMBNAILS and not file.is_file():
            with suppress(OSError, ValueError):  # whoever has removed it meanwhile hears of it when it is trained with
                file.write_bytes(pictures.thumbnail(picture, THUMBNAIL))
        seen = {"filename": file.name, "subfolder": THUMBNAILS, "type": "temp"} if file.is_file() else None
        width, height = buckets.place(*picture.size).bucket
        mask = None if picture.mask is None else picture.mask.path.name
        size = f"{width} x {height}"
        rows.append([seen, picture.name, picture.concept, picture.repeats, size, picture.caption, mask])
    names = [Words("picture"), Words("concept"), Words("repeats"), Words("trained at"), Words("caption"), Words("mask")]
    return Table(["", *names], rows, title)


def _concepts(dataset: Dataset) -> Iterator[Words]:
    """How often each concept comes, and what it counts."""
    repeats: dict[tuple[str, float], list[int]] = {}
    for picture in dataset.pictures:
        repeats.setdefault((picture.concept, picture.weight), []).append(picture.repeats)
    for (concept, weight), each in repeats.items():
        share = sum(each) / max(1, dataset.per_epoch)
        yield Words(
            f"{concept}: {len(each)} pictures, {sum(each)} with repeats, {share:.0%} of an epoch, weight {weight:g}"
        )


def _sizes(dataset: Dataset, buckets: Buckets) -> Counter[tuple[int, int]]:
    """How often pictures of each size come in an epoch."""
    counts = Counter[tuple[int, int]]()
    for picture in dataset.pictures:
        counts[buckets.place(*picture.size).bucket] += picture.repeats
    return counts


def _batches(sizes: Counter[tuple[int, int]], batch_size: int) -> Iterator[Words]:
    """In how many batches each size comes."""
    for (width, height), count in sorted(sizes.items()):
        whole, rest = divmod(count, batch_size)
        if whole and rest:
            yield Words(f"{width} x {height}: {count} in {whole + 1} batches, the last of {rest}")
        else:
            yield Words(f"{width} x {height}: {count} in {whole + bool(rest)} batches")


def buckets_of(resolution: int, step: int) -> Buckets:
    """Sizes of about the area of a square, with sides from half of its to twice its."""
    side = max(step, resolution // step * step)
    return Buckets((side, side), step, low=max(step, side // 2 // step * step), high=2 * side)
