"""Nodes that show pictures to be compared, plots and tables."""

import csv
import json
import secrets
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import torch

from diffusion.sampling import SAMPLERS, SCHEDULERS
from diffusion.sampling.schedules import sigmas_for
from graph.declare import Choice, Context, InputError, Multiline, Plot, Range, Series, Table, Words, node
from nodes.images import preview
from nodes.metadata import file_metadata
from nodes.sockets import AnyValue, Image, Model, Sigmas

Scale = Annotated[str, Choice(["linear", "log"])]


@node(
    "CompareImages",
    category="image",
    output_node=True,
    aliases=["ImageCompare"],
    search=["before", "after", "slider", "difference"],
)
def compare_images(ctx: Context, image_a: Image | None = None, image_b: Image | None = None) -> None:
    """Show two pictures in one place, with a line between them that can be moved.

    image_a: Shown at the left of the line.
    image_b: Shown at the right of it.
    """
    texts = file_metadata(ctx)
    for kind, images in (("a_images", image_a), ("b_images", image_b)):
        prefix = f"compare_{secrets.token_hex(4)}"
        shown = [] if images is None else [preview(ctx, image, prefix, texts) for image in images]
        ctx.show(kind, shown)


@node("PlotSchedule", category="sampling/show", output_node=True, search=["sigmas", "scheduler", "noise", "karras"])
def plot_schedule(
    ctx: Context,
    model: Model,
    scheduler: Annotated[str, Choice(["all", *SCHEDULERS])] = "all",
    steps: Annotated[int, Range(1, 1000)] = 20,
    denoise: Annotated[float, Range(0, 1, step=0.01)] = 1.0,
    scale: Scale = "log",
) -> None:
    """Plot the noise levels that schedulers give a run of a model.

    scheduler: all compares them.
    steps: The steps of the run.
    denoise: Less than 1 shows the last steps of a longer run, as a sampler takes them.
    scale: On a logarithmic axis the last level, 0, is left out.
    """
    names = list(SCHEDULERS) if scheduler == "all" else [scheduler]
    levels = [sigmas_for(model.schedule, name, steps, denoise, SAMPLERS["euler"]).tolist() for name in names]
    lines = [Series(each, name) for name, each in zip(names, levels, strict=True)]
    ctx.show("plots", [Plot(lines, x_label=Words("step"), y_label="sigma", log_y=scale == "log").shown()])


@node("PlotSigmas", category="sampling/show", output_node=True, search=["noise", "schedule"])
def plot_sigmas(ctx: Context, sigmas: Sigmas, scale: Scale = "log", **more: Sigmas) -> None:
    """Plot noise levels, and further ones to compare them with.

    scale: On a logarithmic axis the last level, 0, is left out.
    """
    lines = [Series(each.tolist(), name) for name, each in {"sigmas": sigmas, **more}.items()]
    ctx.show("plots", [Plot(lines, x_label=Words("step"), y_label="sigma", log_y=scale == "log").shown()])


@node("PlotValues", category="logic/show", output_node=True, search=["graph", "chart", "line", "loss"])
def plot_values(ctx: Context, values: list[AnyValue], label: str = "", scale: Scale = "linear") -> None:
    """Plot numbers: a list of them is one line, a list of lists several.

    values: Numbers, lists of numbers, or tensors of one dimension.
    label: The name of what is plotted.
    """
    lines = _lines(values)
    names = [label] if len(lines) == 1 else [f"{label} {number}".strip() for number in range(1, len(lines) + 1)]
    series = [Series(line, name) for line, name in zip(lines, names, strict=True)]
    ctx.show("plots", [Plot(series, y_label=label, log_y=scale == "log").shown()])


@node("ShowTable", category="logic/show", output_node=True, search=["csv", "json", "data"])
def show_table(ctx: Context, text: Annotated[str, Multiline()] = "", title: str = "") -> None:
    """Show data as a table.

    text: CSV whose first line names the columns (comma, semicolon or tab between the cells), or JSON: a list of
        objects, or an object of lists.
    """
    columns, rows = _read_json(text) if text.lstrip()[:1] in ("[", "{") else _read_csv(text)
    ctx.show("tables", [Table(columns, rows, title).shown()])


def _lines(values: Sequence[Any]) -> list[list[float]]:
    """Numbers among the values are one line, every sequence another."""
    numbers = [float(value) for value in values if _is_number(value)]
    others = [_numbers(value) for value in values if not _is_number(value)]
    return ([numbers] if numbers else []) + others


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, torch.Tensor) and value.dim() == 0)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, torch.Tensor):
        value = value.flatten().tolist() if value.dim() == 1 else None
    if not isinstance(value, Iterable) or isinstance(value, str | dict):
        raise InputError("values", "Only numbers, lists of numbers and tensors of one dimension can be plotted.")
    numbers = list(value)
    if not all(_is_number(each) for each in numbers):
        raise InputError("values", "A list holds something that is no number. Give numbers alone.")
    return [float(each) for each in numbers]


def _read_csv(text: str) -> tuple[list[str], list[list[Any]]]:
    lines = text.strip().splitlines()
    if not lines:
        return [], []
    delimiter = max("\t;,", key=lines[0].count)
    columns, *rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter) if row]
    for row in rows:
        if len(row) > len(columns):
            raise InputError("text", f"A line has {len(row)} cells, and the first one names {len(columns)} columns.")
    return columns, [[_typed(cell) for cell in row] + [None] * (len(columns) - len(row)) for row in rows]


def _typed(cell: str) -> Any:
    if cell == "":
        return None
    if "_" in cell:  # Python reads 1_000 as a number; in a table it is more likely a name
        return cell
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell


def _read_json(text: str) -> tuple[list[str], list[list[Any]]]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError("text", f"It begins as JSON and is none: {error}.") from None
    match data:
        case list() if all(isinstance(row, dict) for row in data):
            columns = list(dict.fromkeys(name for row in data for name in row))
            return columns, [[row.get(name) for name in columns] for row in data]
        case dict() if all(isinstance(column, list) for column in data.values()):
            length = max((len(column) for column in data.values()), default=0)
            filled = [column + [None] * (length - len(column)) for column in data.values()]
            return list(data), [list(row) for row in zip(*filled, strict=True)]
    raise InputError("text", "JSON for a table is a list of objects, or an object of lists.")
