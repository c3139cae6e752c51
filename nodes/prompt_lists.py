"""Nodes that make many prompts at once, each of which goes through the graph by itself."""

import random
from typing import Annotated, Any, NamedTuple, get_args

import torch

from diffusion.images.grid import labelled_grid
from diffusion.infotext.names import read_sampler
from diffusion.text.webui.matrix import PromptMatrix, read_matrix
from diffusion.text.webui.prompt_lines import JOINS, Join, joined, read_lines
from graph.declare import Choice, Context, Files, InputError, Multiline, Range, Seed, node
from graph.sweeps.choices import matching
from graph.sweeps.errors import SweepError
from nodes.sampling import SamplerName, Scale, SchedulerName, Steps
from nodes.sockets import Image

SEEDS = 2**64
LAST_RANDOM = 2**32 - 1
EACH, SAME, RANDOM = "one more for each line", "the same for all", "random for each line"
SEPARATORS = {"comma": ", ", "space": " "}

Prompt = Annotated[str, Multiline(prompt=True, dialect="webui")]
Pixels = Annotated[int, Range(16, 16384, step=8)]
BatchSize = Annotated[int, Range(1, 4096)]
CheckpointName = Annotated[str, Files("checkpoints")]


class MatrixPrompts(NamedTuple):
    """The prompts of a matrix."""

    prompts: list[str]
    seeds: list[int]
    matrix: str


class Lines(NamedTuple):
    """The settings of all lines: each output a list with one value for each picture that is to be made."""

    prompt: list[str]
    negative_prompt: list[str]
    seed: list[int]
    steps: list[int]
    cfg: list[float]
    sampler_name: list[SamplerName]
    scheduler: list[SchedulerName]
    width: list[int]
    height: list[int]
    batch_size: list[int]
    styles: list[str]
    ckpt_name: list[CheckpointName]


IGNORED = {
    "outpath_samples", "outpath_grids", "prompt_for_display", "subseed", "subseed_strength", "seed_resize_from_h",
    "seed_resize_from_w", "sampler_index", "restore_faces", "tiling", "do_not_save_samples", "do_not_save_grid",
}  # fmt: skip


def _matrix(name: str, text: str) -> PromptMatrix:
    try:
        return read_matrix(text)
    except ValueError as error:
        raise InputError(name, str(error)) from None


def _check_matrix(text: str | None) -> None:
    if text is not None:
        _matrix("text", text)


@node(
    "PromptMatrix",
    category="sweeps",
    search=["combinations", "a1111", "script", "optional", "list", "prompts"],
    validate=_check_matrix,
)
def prompt_matrix(
    text: Prompt = "",
    optional_at_start: bool = False,
    separator: Annotated[str, Choice(list(SEPARATORS))] = "comma",
    seed: Seed = 0,
    different_seeds: bool = False,
) -> MatrixPrompts:
    """Make all prompts in which the optional parts of a prompt are there or not, as a list.

    What follows is done for each of them. Prompt Matrix Grid puts the pictures together.

    text: Parts with | between them, as in a girl|with a hat|in snow. The first is in all prompts.
    optional_at_start: Put the optional parts before the first one.
    separator: What is written between the parts.
    seed: The seed of all pictures.
    different_seeds: Give each picture a seed of its own, one more than the last.
    """
    prompts = _matrix("text", text).prompts(SEPARATORS[separator], optional_at_start)
    step = 1 if different_seeds else 0
    return MatrixPrompts(prompts, [(seed + step * index) % SEEDS for index in range(len(prompts))], text)


@node("PromptMatrixGrid", category="sweeps", search=["legend", "a1111", "prompt matrix"])
def prompt_matrix_grid(images: list[Image], matrix: str = "", margin: Annotated[int, Range(0, 500)] = 0) -> Image:
    """Put the pictures of a prompt matrix into a grid, whose legend strikes out the parts that are not there.

    images: The pictures, one for each prompt.
    matrix: The prompt with its | signs, from Prompt Matrix.
    margin: Pixels between the pictures.
    """
    parts = _matrix("matrix", matrix)
    pictures: list[torch.Tensor | None] = [picture for batch in images for picture in batch]
    count = parts.rows * parts.columns
    if len(pictures) != count:
        raise InputError(
            "images",
            f"The prompt makes {count} pictures, and there are {len(pictures)}. Connect the pictures of all its "
            "prompts, one for each.",
        )
    rows = [pictures[start : start + parts.columns] for start in range(0, count, parts.columns)]
    return labelled_grid(rows, parts.column_labels(), parts.row_labels(), margin)[None]


@node(
    "PromptsFromText",
    category="sweeps",
    title="Prompts from Lines",
    search=["file", "textbox", "a1111", "list", "batch"],
)
def prompts_from_text(
    ctx: Context,
    lines: Annotated[str, Multiline(placeholder="--prompt a red cat --steps 20")] = "",
    prompt: Prompt = "",
    negative_prompt: Prompt = "",
    mode: Annotated[str, Choice(list(JOINS))] = "start",
    seed: Seed = 0,
    seeds: Annotated[str, Choice((EACH, SAME, RANDOM))] = EACH,
    steps: Steps = 20,
    cfg: Scale = 7.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "normal",
    width: Pixels = 512,
    height: Pixels = 512,
    batch_size: BatchSize = 1,
    styles: str = "",
    ckpt_name: CheckpointName | None = None,
) -> Lines:
    """Read a prompt from each line, with settings of its own, as lists: what follows is done for each line.

    lines: A line is a prompt, or --prompt a cat --steps 20 with any of negative_prompt, seed, steps, cfg_scale,
        sampler_name, width, height, batch_size, n_iter, styles, sd_model. Link Text of File here to read a file.
    prompt: What all prompts have.
    negative_prompt: What all negative prompts have.
    mode: The line stands in place of the common prompt (replace), before it (start) or after it (end).
    seed: The seed of the first line.
    seeds: What the seeds of the others are. A line may have its own; -1 is random.
    steps: The steps of a line that does not say them; so with the other settings.
    cfg: The guidance scale.
    sampler_name: The sampler.
    scheduler: The schedule.
    width: In pixels.
    height: In pixels.
    batch_size: Pictures at a time.
    styles: Names of styles, for Prompts (WebUI).
    ckpt_name: The checkpoint of lines without sd_model.
    """
    read = read_lines(lines)
    if not read:
        raise InputError("lines", "There is no line. Write a prompt on each, or link a text.")
    ignored = sorted({tag for line in read for tag in line} & IGNORED)
    if ignored:
        ctx.warn(f"These settings of lines were left out: {', '.join(ignored)}.")
    drawn = random.Random(seed)
    rows: list[tuple[Any, ...]] = []
    for number, line in enumerate(read):
        own = {EACH: seed + number * batch_size, SAME: seed, RANDOM: drawn.randrange(LAST_RANDOM)}[seeds]
        first = line.get("seed", own)
        first = drawn.randrange(LAST_RANDOM) if first < 0 else first
        sampler, schedule = _sampler(line, sampler_name, scheduler)
        size = line.get("batch_size", batch_size)
        how: Join = mode if mode in get_args(Join) else "start"  # type: ignore[assignment]  # one of the choices
        for time in range(max(1, line.get("n_iter", 1))):
            rows.append(
                (
                    joined(line, "prompt", prompt, how),
                    joined(line, "negative_prompt", negative_prompt, how),
                    (first + time * size) % SEEDS,
                    line.get("steps", steps),
                    line.get("cfg_scale", cfg),
                    sampler,
                    schedule,
                    line.get("width", width),
                    line.get("height", height),
                    size,
                    line.get("styles", styles),
                    _checkpoint(ctx, line, ckpt_name),
                )
            )
    return Lines(*(list(column) for column in zip(*rows, strict=True)))


def _sampler(line: dict[str, Any], sampler: str, scheduler: str) -> tuple[str, str]:
    """The sampler and the schedule of a line: a sampler's name may end in that of a schedule."""
    name = line.get("sampler_name")
    if name is None:
        return sampler, scheduler
    found = read_sampler(name, scheduler)
    if found.label is None:
        raise InputError("lines", f"There is no sampler '{name}'. Choose one that KSampler offers.")
    return found.sampler, read_sampler(name, None).schedule if found.fused else scheduler


def _checkpoint(ctx: Context, line: dict[str, Any], common: str | None) -> str:
    name = line.get("sd_model")
    if name is None:
        return common or ""
    try:
        return matching(name, ctx.folders.model_choices("checkpoints"), True, {})[0]
    except SweepError as error:
        raise InputError("lines", str(error)) from None
