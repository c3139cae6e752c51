"""Nodes that make many pictures from one graph, and put them into a grid."""

from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Any, NamedTuple

import torch

from diffusion.images.grid import labelled_grid
from diffusion.infotext.names import SAMPLERS, SCHEDULES
from graph.declare import (
    Advanced,
    Context,
    Folders,
    InputError,
    Lazy,
    Multiline,
    Range,
    Subgraph,
    WidgetTarget,
    WidgetValues,
    node,
)
from graph.sweeps.axes import SPECIAL_TARGETS, Axis, TargetError, check_count, read_axis
from graph.sweeps.cells import Branches, Cell, cells_of
from graph.sweeps.choices import mentioned
from graph.sweeps.errors import SweepError
from graph.sweeps.part import Part
from graph.sweeps.value_text import split_values
from nodes.sockets import AnyValue, Image

AXES = ("x", "y", "z")
MEGAPIXEL = 1_000_000
ALIASES = {name: sampler for name, (sampler, _) in SAMPLERS.items()} | SCHEDULES

Target = Annotated[str, WidgetTarget(SPECIAL_TARGETS)]
XValues = Annotated[str, Multiline(), WidgetValues("x_target")]
YValues = Annotated[str, Multiline(), WidgetValues("y_target")]
ZValues = Annotated[str, Multiline(), WidgetValues("z_target")]
Margin = Annotated[int, Range(0, 500)]
Switch = Annotated[bool, Advanced()]


class Plotted(NamedTuple):
    """What a sweep gives."""

    grid: Image
    sub_grids: list[Image]
    pictures: list[Image]


def _files(folders: Folders, **inputs: object) -> list[tuple[str, int, int]]:
    """The state of all files that the axes may name, so that a changed or a new one is seen."""
    written = [inputs.get(f"{axis}_values") for axis in AXES]
    texts = [text for values in written if isinstance(values, str) for text in split_values(values)]
    paths = [
        folders.model_path(kind, name)
        for kind in folders.kinds()
        for name in mentioned(texts, folders.model_names(kind))
    ]
    paths += [folders.input_path(name) for name in mentioned(texts, folders.input_names())]
    return [(path.as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]


def sweep(part: Part, inputs: Mapping[str, Any]) -> tuple[list[Axis], list[Cell]]:
    """The axes and the cells that the inputs of a plot mean. Raises InputError."""
    axes = []
    for axis in AXES:
        try:
            axes.append(
                read_axis(part, inputs[f"{axis}_target"], inputs[f"{axis}_values"], inputs["random_seed"], ALIASES)
            )
        except TargetError as error:
            raise InputError(f"{axis}_target", str(error)) from None
        except SweepError as error:
            raise InputError(f"{axis}_values", str(error)) from None
    try:
        check_count(tuple(axes))
        cells = cells_of(part, axes, [inputs[f"vary_seeds_{axis}"] for axis in AXES])
    except SweepError as error:
        raise InputError("x_values", str(error)) from None
    _check_size(sum(part.pixels(cell.values) for cell in cells), inputs["most_megapixels"])
    return axes, cells


def _check_size(pixels: int, most_megapixels: int) -> None:
    if pixels > most_megapixels * MEGAPIXEL:
        raise InputError(
            "most_megapixels",
            f"The grid would have {pixels / MEGAPIXEL:.0f} megapixels, and {most_megapixels} are allowed. Choose fewer "
            "values or smaller pictures, or allow more.",
        )


def _check(graph: Any, node_id: str, folders: Folders, **inputs: Any) -> None:
    part = Part.before(graph, node_id, "images", folders)
    if part is not None and all(value is not None for name, value in inputs.items() if name != "images"):
        sweep(part, inputs)


@node(
    "XYZPlot",
    category="sweeps",
    title="X/Y/Z Plot",
    search=["xyz", "grid", "compare", "sweep", "script", "a1111", "prompt s/r"],
    reads_graph=True,
    fingerprint=_files,
    validate=_check,
)
def xyz_plot(
    ctx: Context,
    *,
    images: Lazy[Image],
    x_target: Target = "",
    x_values: XValues = "",
    y_target: Target = "",
    y_values: YValues = "",
    z_target: Target = "",
    z_values: ZValues = "",
    legend: bool = True,
    margin: Margin = 0,
    vary_seeds_x: Switch = False,
    vary_seeds_y: Switch = False,
    vary_seeds_z: Switch = False,
    random_seed: Annotated[int, Range(0, 2**64 - 1), Advanced()] = 0,
    most_megapixels: Annotated[int, Range(1, 2000), Advanced()] = 200,
) -> Plotted | Subgraph:
    """Make a picture for each combination of the values of up to three widgets, and put them into a grid.

    Only what depends on these widgets is done again: prompts, for example, are encoded once for all seeds. Of a batch
    the first picture is taken.

    images: The pictures as one run makes them. That run itself is not needed.
    x_target: The widget that changes from column to column, as in KSampler.cfg: the node's title or number, a dot, the
        input. Prompt S/R replaces the first value by the others in all prompts; Prompt order tries all orders of the
        values; Seed sets all seeds.
    x_values: XValues with commas between them or on lines; ranges are 1-5, 1-10 (+2), 0-1 [5]; my_lora-* is all files
        that begin so.
    y_target: The widget that changes from row to row.
    y_values: Its values.
    z_target: The widget that changes from one grid to the next.
    z_values: Its values.
    legend: Write the values beside the rows and above the columns.
    margin: Pixels between the pictures.
    vary_seeds_x: Give each column another seed, one more than the last.
    vary_seeds_y: Give each row another seed.
    vary_seeds_z: Give each grid another seed.
    random_seed: What the seeds come from that are written as -1.
    most_megapixels: A grid that is larger is refused before anything is made.
    """
    assert images.link is not None
    inputs = {
        "x_target": x_target,
        "x_values": x_values,
        "y_target": y_target,
        "y_values": y_values,
        "z_target": z_target,
        "z_values": z_values,
        "vary_seeds_x": vary_seeds_x,
        "vary_seeds_y": vary_seeds_y,
        "vary_seeds_z": vary_seeds_z,
        "random_seed": random_seed,
        "most_megapixels": most_megapixels,
    }
    part = Part(ctx.graph, images.link, ctx.folders)
    axes, cells = sweep(part, inputs)
    graph = Subgraph()
    branches = Branches(graph, part, cells)
    made = {}
    for cell in cells:
        picture = branches.end(cell.values)
        name = " ".join(map(str, cell.index))
        made[name] = graph.add("SweepCell", images=picture, cells=len(cells), most_megapixels=most_megapixels)
    graph.milestones = tuple(each.id for each in made.values())
    labels = [[setting.label for setting in axis.settings] for axis in axes]
    drawn = graph.add("SweepGrid", labels=labels, legend=legend, margin=margin, **made)
    return graph.returns(drawn.out(0), drawn.out(1), drawn.out(2))


@node("SweepCell", category="sweeps", title="Picture of a Plot", internal=True)
def sweep_cell(images: list[Image], cells: int = 1, most_megapixels: int = 200) -> Image:
    """Take the first picture of those that a cell has.

    images: All that was made.
    cells: How many cells there are.
    most_megapixels: What they may be together.
    """
    if not images or not len(images[0]):
        raise ValueError("A cell of the plot has no picture. Connect pictures that are always there.")
    _check_size(images[0].shape[1] * images[0].shape[2] * cells, most_megapixels)
    return images[0][:1]


@node("SweepGrid", category="sweeps", title="Grid of a Plot", internal=True)
def sweep_grid(labels: AnyValue, legend: bool = True, margin: Margin = 0, **cells: Image) -> Plotted:
    """Put the pictures of a plot into grids: one for each value of z, and these side by side.

    labels: What the values of the three axes are called.
    legend: Whether that is written.
    margin: Pixels between the pictures.
    """
    columns, rows, grids = (names if legend else [""] * len(names) for names in labels)

    def picture(x: int, y: int, z: int) -> torch.Tensor:
        return cells[f"{x} {y} {z}"][0]

    sub_grids = []
    for z in range(len(grids)):
        lines = [[picture(x, y, z) for x in range(len(columns))] for y in range(len(rows))]
        sub_grids.append(labelled_grid(lines, columns, rows, margin))
    whole = labelled_grid([sub_grids], grids, margin=margin) if len(sub_grids) > 1 else sub_grids[0]
    order = chain.from_iterable(
        [(x, y, z) for y in range(len(rows)) for x in range(len(columns))] for z in range(len(grids))
    )
    pictures = [picture(*place)[None] for place in order]
    return Plotted(whole[None], [grid[None] for grid in sub_grids], pictures)
