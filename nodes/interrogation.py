"""Nodes that say what pictures show: as prompts, as tags with scores, and as captions for training."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import torch

from diffusion.interrogation import blip, captioner, deepbooru, folder, pocket, ranking, tags, wd14
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Files, Folders, InputError, Multiline, Range, Table, Words, node
from nodes.sockets import Captioner, Image

LISTS = "interrogate"  # in the user's folder
CATEGORY = "image/interrogation"
MOST_WARNINGS = 10
SCORE_COLUMNS = ["picture", "group", "tag", "score"]

Opened = TypeVar("Opened")
Threshold = Annotated[float, Range(0, 1, step=0.01)]
Sort = Annotated[str, Choice(["alphabetical", "score"])]
SomeTags = Annotated[str, Multiline()]


class Interrogated(NamedTuple):
    """What pictures show: a text for each, the scores of all as a table in CSV, and what wrote them."""

    text: list[str]
    scores: str
    captioner: Captioner


def table_beside(folders: Folders, tagger: str | None = None, **inputs: object) -> tuple[int, int] | None:
    """The state of the table of tags that a tagger reads, so that another one is noticed."""
    if tagger is None:
        return None
    try:
        state = (folders.model_path("taggers", tagger).parent / wd14.TABLE).stat()
    except (OSError, ValueError):
        return None
    return state.st_size, state.st_mtime_ns


def word_lists(folders: Folders, **inputs: object) -> list[tuple[str, int, int]]:
    """The state of the user's lists of words, so that a changed one is noticed."""
    place = folders.user / LISTS
    paths = sorted(place.glob("*.txt")) if place.is_dir() else []
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]


@node("Interrogate", category=CATEGORY, title="Interrogate (Pocket)", search=["tagger", "caption", "img2txt"])
def interrogate(
    ctx: Context,
    image: Image | None = None,
    tagger: Annotated[str, Files("taggers", extensions=(".safetensors",))] = "pocket_tagger.safetensors",
    threshold: Threshold = 0.35,
) -> Interrogated:
    """Describe pictures in the words that a small checkpoint knows, as a prompt for it.

    image: The pictures; none are needed where the captioner goes to a node that brings its own.
    tagger: A file in models/taggers that says which words there are; pocket_tagger.safetensors knows those of
        pocket.safetensors.
    threshold: How sure the tagger must be of a word to tell it.
    """
    opened = _opened(ctx, "taggers", "tagger", tagger, pocket.load_tagger)
    return _described(ctx, pocket.PocketCaptioner(opened, threshold), image)


@node(
    "InterrogateDeepbooru", category=CATEGORY, title="Interrogate (Deepbooru)", search=["tagger", "danbooru", "anime"]
)
def interrogate_deepbooru(
    ctx: Context,
    tagger: Annotated[str, Files("taggers", extensions=(".pt",))],
    image: Image | None = None,
    threshold: Threshold = 0.5,
    sort: Sort = "alphabetical",
    spaces: bool = True,
    escape: bool = True,
    ranks: bool = False,
    without: SomeTags = "",
) -> Interrogated:
    """Tag drawn pictures by Deepbooru.

    tagger: model-resnet_custom_v3.pt of TorchDeepDanbooru, in models/taggers.
    image: The pictures; none are needed where the captioner goes to a node that brings its own.
    threshold: The least score of a tag that is told.
    sort: By name, or the highest score first.
    spaces: Write spaces in place of underscores.
    escape: Write backslashes before brackets, which would weight words of a prompt.
    ranks: Write each tag with its score as its weight.
    without: Tags that are left out, with commas between them.
    """
    opened = _opened(ctx, "taggers", "tagger", tagger, deepbooru.load_deepbooru)
    style = tags.TagStyle(sort == "alphabetical", spaces, escape, ranks, tags.names_in(without))
    return _described(ctx, deepbooru.DeepbooruCaptioner(opened, threshold, style), image)


@node(
    "InterrogateWD14",
    category=CATEGORY,
    title="Interrogate (WD14)",
    search=["tagger", "waifu diffusion", "onnx", "anime"],
    fingerprint=table_beside,
)
def interrogate_wd14(
    ctx: Context,
    tagger: Annotated[str, Files("taggers", extensions=(".onnx",))],
    image: Image | None = None,
    threshold: Threshold = 0.35,
    character_threshold: Threshold = 0.85,
    mcut: bool = False,
    sort: Sort = "score",
    spaces: bool = True,
    escape: bool = True,
    ranks: bool = False,
    without: SomeTags = "",
) -> Interrogated:
    """Tag drawn pictures by a network of the WD14 type: characters first, then everything else.

    tagger: The ONNX file, in a folder in models/taggers together with its selected_tags.csv.
    image: The pictures; none are needed where the captioner goes to a node that brings its own.
    threshold: The least score of a general tag that is told.
    character_threshold: The least score of a character that is told.
    mcut: Find both thresholds for each picture, at the largest gap between its scores.
    sort: By name, or the highest score first.
    spaces: Write spaces in place of underscores, but not in faces such as >_<.
    escape: Write backslashes before brackets, which would weight words of a prompt.
    ranks: Write each tag with its score as its weight.
    without: Tags that are left out, with commas between them.
    """
    opened = _opened(ctx, "taggers", "tagger", tagger, wd14.load_onnx)
    style = tags.TagStyle(sort == "alphabetical", spaces, escape, ranks, tags.names_in(without), keep_faces=True)
    return _described(ctx, wd14.OnnxCaptioner(opened, threshold, character_threshold, mcut, style), image)


@node("InterrogateBLIP", category=CATEGORY, title="Interrogate (BLIP)", search=["caption", "img2txt", "sentence"])
def interrogate_blip(
    ctx: Context,
    model: Annotated[str, Files("captioners")],
    image: Image | None = None,
    beams: Annotated[int, Range(1, 16)] = 1,
    min_length: Annotated[int, Range(1, 128)] = 24,
    max_length: Annotated[int, Range(4, 256)] = 48,
) -> Interrogated:
    """Describe pictures in a sentence by BLIP.

    model: The weights in a folder in models/captioners that has all files of blip-image-captioning-base or -large.
    image: The pictures; none are needed where the captioner goes to a node that brings its own.
    beams: How many sentences are followed at once; 1 is fastest.
    min_length: The least number of tokens of a caption.
    max_length: The largest number of tokens of a caption.
    """
    if min_length > max_length:
        raise InputError("min_length", "min_length is above max_length: exchange the two.")
    opened = _opened(ctx, "captioners", "model", model, blip.load_blip)
    return _described(ctx, blip.BlipCaptioner(opened, beams, min_length, max_length), image)


@node(
    "InterrogateCLIP",
    category=CATEGORY,
    title="Interrogate (CLIP)",
    search=["clip interrogator", "img2txt", "artists", "style"],
    fingerprint=word_lists,
)
def interrogate_clip(
    ctx: Context,
    clip_name: Annotated[str, Files("clip_vision")],
    image: Image | None = None,
    caption: Captioner | None = None,
    skip: str = "",
    ranks: bool = False,
) -> Interrogated:
    """Find the words that fit pictures best, as CLIP sees them: artists, mediums, movements, flavors.

    The words come from lists, one text file each; those in the user folder's `interrogate` replace the shipped ones of
    the same name. `flavors.top3.txt` tells three.

    clip_name: A whole CLIP ViT-L/14 in models/clip_vision, with its text encoder.
    image: The pictures; none are needed where the captioner goes to a node that brings its own.
    caption: Writes the sentence before the words, such as BLIP.
    skip: Names of lists that are not used, with commas between them.
    ranks: Write each item with its score as its weight.
    """
    try:
        lists = ranking.read_lists(ctx.folders.user / LISTS, {name.strip() for name in skip.split(",") if name.strip()})
    except ValueError as error:
        raise InputError("skip", str(error)) from error
    ranker = _opened(ctx, "clip_vision", "clip_name", clip_name, ranking.load_ranker)
    return _described(ctx, ranking.ClipCaptioner(ranker, lists, caption, ranks), image)


@node(
    "CaptionFolder",
    category=CATEGORY,
    title="Caption Folder",
    output_node=True,
    always=True,
    search=["dataset", "training", "txt", "tags"],
)
def caption_folder(
    ctx: Context,
    captioner: Captioner,
    folder_name: str = "",
    place: Annotated[str, Choice(["input", "output"])] = "input",
    existing: Annotated[str, Choice(folder.EXISTING)] = "skip",
    prefix: str = "",
    suffix: str = "",
    subfolders: bool = False,
) -> list[str]:
    """Write a caption beside each picture of a folder, as a text file of the same name, for training.

    Pictures that cannot be read are named, and the rest goes on.

    captioner: What writes the captions, from any node that interrogates pictures.
    folder_name: A folder inside the input or output folder; empty is that folder itself.
    place: Which of the two.
    existing: What becomes of captions that are there: kept, replaced, or joined with the new one after or before.
    prefix: Written before each new caption.
    suffix: Written after each new caption.
    subfolders: Take the pictures in subfolders too.
    """
    path = _folder(ctx, place, folder_name)
    files = folder.CaptionFiles(next(each for each in folder.EXISTING if each == existing), prefix, suffix)
    outcome = folder.caption_folder(path, captioner, files, subfolders=subfolders, on_progress=ctx.progress)
    if not (outcome.captions or outcome.skipped or outcome.failures):
        raise InputError("folder_name", f"There are no pictures in '{folder_name or place}'. Choose another folder.")
    for name, reason in list(outcome.failures.items())[:MOST_WARNINGS]:
        ctx.warn(f"{name}: {reason}")
    rows = [[name, text] for name, text in outcome.captions.items()]
    counts = Words(f"{len(rows)} captioned, {len(outcome.skipped)} skipped, {len(outcome.failures)} failed")
    ctx.show("tables", [Table([Words("picture"), Words("caption")], rows, counts).shown()])
    return list(outcome.captions.values())


def _folder(ctx: Context, place: str, name: str) -> Path:
    try:
        path = ctx.folders.resolve(place, "", name) if name.strip() else ctx.folders.area(place)
    except ValueError as error:
        raise InputError("folder_name", str(error)) from error
    if not path.is_dir():
        raise InputError("folder_name", f"There is no folder '{name}' in the {place} folder. Make it, or name another.")
    return path


def _opened(
    ctx: Context, kind: str, input_name: str, name: str, load: Callable[[Path, torch.device], Opened]
) -> Opened:
    try:
        return captioner.opened(load, ctx.folders.model_path(kind, name))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError(input_name, str(error)) from error


def _described(ctx: Context, writer: captioner.Captioner, images: torch.Tensor | None) -> Interrogated:
    texts: list[str] = []
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(SCORE_COLUMNS)
    pictures = [] if images is None else list(images)
    for number, picture in enumerate(pictures):
        ctx.progress(number, len(pictures))
        found = writer.describe(picture)
        texts.append(found.text)
        rows.writerows([number + 1, each.group, each.tag, f"{each.score:.4f}"] for each in found.scores)
    ctx.show("text", texts)
    return Interrogated(texts, table.getvalue(), writer)
