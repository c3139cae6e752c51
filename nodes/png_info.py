"""Nodes that read from pictures how they were made, and write it into them as Stable Diffusion WebUI does."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from PIL import Image as PillowImage

from diffusion.images.files import PictureError
from diffusion.infotext import InfotextError, Parameters, parse, write
from diffusion.infotext.pictures import PARAMETERS, texts_of
from diffusion.infotext.saving import EXTENSIONS, FORMATS, encode
from graph.declare import Choice, Context, Files, InputError, Multiline, Range, Table, Words, node
from nodes.graph_parameters import parameters_of
from nodes.graph_plots import PICTURES, cell_prompt, plot_of
from nodes.metadata import file_metadata
from nodes.prompt_graph import Graph
from nodes.sockets import Image

Picture = Annotated[str, Files("input", upload="image")]
PROMPT, NEGATIVE = "Prompt", "Negative prompt"
NOTHING = Words("This picture says nothing about how it was made.")


class Info(NamedTuple):
    """What a picture says of its making."""

    parameters: str
    prompt: str
    negative_prompt: str
    text: str


class Difference(NamedTuple):
    """A table as text."""

    table: str


@node(
    "PNGInfo", category="image", title="PNG Info", output_node=True, search=["metadata", "parameters", "exif", "a1111"]
)
def png_info(ctx: Context, image: Picture) -> Info:
    """Read how a picture was made: the parameters of Stable Diffusion WebUI, ComfyUI's graph, or our own.

    The first output is the text of the WebUI; of a picture with a graph, one that is made of it. The last output is all
    that the file has, as it is there.

    image: PNG, JPEG, WebP or AVIF. A picture that other programs have saved anew has often lost these texts.
    """
    texts, parameters = _read(ctx, "image", image)
    everything = "\n\n".join(f"{key}:\n{text}" for key, text in texts.items())
    if parameters is None:
        ctx.show("text", [everything or NOTHING])
        return Info("", "", "", everything)
    written = write(parameters)
    ctx.show("text", [written])
    return Info(written, parameters.prompt, parameters.negative, everything)


@node(
    "ComparePNGInfo",
    category="image",
    title="Compare PNG Info",
    output_node=True,
    search=["difference", "metadata", "parameters", "settings"],
)
def compare_png_info(ctx: Context, image_a: Picture, image_b: Picture, only_differences: bool = True) -> Difference:
    """Show in a table how the settings of two pictures differ.

    image_a: One picture.
    image_b: The other one.
    only_differences: Off to show what is the same, too.
    """
    sides = [_settings(ctx, name, file) for name, file in (("image_a", image_a), ("image_b", image_b))]
    keys = list(dict.fromkeys(key for side in sides for key in side))
    rows = [[key, sides[0].get(key), sides[1].get(key)] for key in keys]
    shown = [row for row in rows if not only_differences or row[1] != row[2]]
    ctx.show("tables", [Table([Words("setting"), image_a, image_b], shown, "").shown()])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["setting", image_a, image_b], *shown])
    return Difference(text.getvalue())


@node(
    "SaveImageWithParameters",
    category="image",
    title="Save Image with Parameters",
    output_node=True,
    search=["a1111", "civitai", "metadata", "jpeg", "webp", "infotext"],
)
def save_image_with_parameters(
    ctx: Context,
    images: Image,
    filename_prefix: str = "Safelight",
    format: Annotated[str, Choice(FORMATS)] = "png",
    quality: Annotated[int, Range(1, 100)] = 95,
    parameters: Annotated[str, Multiline()] = "",
) -> None:
    """Save pictures with the parameters that Stable Diffusion WebUI and sites for pictures read, beside the workflow.

    They are read off the graph: prompts, sampler, seed, size, model and its hash, LoRAs, hires fix, ControlNet.

    filename_prefix: Start of the file name. A / makes subfolders; %width%, %height% and the other names of Save Image
        are filled in.
    format: JPEG and WebP are smaller and lose detail; a large workflow has no room in a JPEG.
    quality: Of JPEG and WebP.
    parameters: A text to write in place of the one that the graph gives.
    """
    texts = file_metadata(ctx)
    read = parse(parameters) if parameters else _of_graph(ctx, images.shape[2], images.shape[1])
    if read is None:
        ctx.warn("No sampler leads to these pictures, so they were saved without parameters.")
    for index, image in enumerate(images):
        ctx.check()
        written = write(_for_place(read, index, len(images))) if read else ""
        content, left_out = encode(image, format, quality, parameters or written, texts)
        for key in left_out:
            ctx.warn(f"The {key} has no room in a file of this format and was left out.")
        name = filename_prefix.replace("%batch_num%", str(index))
        try:
            place = ctx.folders.save_path(name, EXTENSIONS[format], image.shape[1], image.shape[0])
        except ValueError as error:
            raise InputError("filename_prefix", str(error)) from error
        place.write(content)
        ctx.show("images", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])


def _of_graph(ctx: Context, width: int, height: int) -> Parameters | None:
    if not ctx.metadata:
        return None
    id, prompt = ctx.graph.real(ctx.node_id), ctx.prompt
    plot = plot_of(Graph(prompt), id) if id in prompt else None
    if plot and plot[1] == PICTURES:
        prompt = cell_prompt(ctx, prompt, plot[0], ctx.index)
    return parameters_of(prompt, id, (width, height), lambda *file: _hash(ctx, *file))


def _hash(ctx: Context, kind: str, name: str) -> str | None:
    """The hash of a model file, which takes a while the first time."""
    ctx.check()
    try:
        return ctx.folders.sha256(ctx.folders.model_path(kind, name))
    except OSError:
        return None


def _for_place(parameters: Parameters, index: int, count: int) -> Parameters:
    """The parameters of one picture of a batch. Only noise of the WebUI's kind has a seed for each."""
    fields = dict(parameters.fields)
    if count == 1:
        return parameters
    if index and fields.get("RNG") == "CPU":
        fields |= {"Batch size": str(count), "Batch pos": str(index)}
    elif "Variation seed" in fields:
        fields["Variation seed"] = str(int(fields["Variation seed"]) + index)
    elif fields.get("Seed", "").isdigit():
        fields["Seed"] = str(int(fields["Seed"]) + index)
    return Parameters(parameters.prompt, parameters.negative, fields)


def _read(ctx: Context, input_name: str, image: str) -> tuple[dict[str, str], Parameters | None]:
    """The texts of a picture, and its settings, from its parameters or else from its graph."""
    try:
        path = ctx.folders.input_path(image)
        texts = texts_of(path)
        if PARAMETERS in texts:
            return texts, parse(texts[PARAMETERS])
        return texts, _of_stored_graph(texts, path)
    except (PictureError, InfotextError, FileNotFoundError) as error:
        raise InputError(input_name, str(error)) from error


def _of_stored_graph(texts: Mapping[str, str], path: Path) -> Parameters | None:
    try:
        prompt: Any = json.loads(texts.get("prompt", ""))
    except (ValueError, RecursionError):
        return None
    if not isinstance(prompt, dict):
        return None
    with PillowImage.open(path) as picture:
        size = picture.size
    used = {str(given[0]) for each in prompt.values() for given in _links(each)}
    ends = [id for id in prompt if id not in used]
    ends.sort(key=lambda id: "SaveImage" not in str(prompt[id]))
    found = (parameters_of(prompt, id, size, lambda kind, name: None) for id in ends)
    return next((each for each in found if each), None)


def _links(entry: Any) -> list[list[Any]]:
    inputs = entry.get("inputs") if isinstance(entry, dict) else None
    values = inputs.values() if isinstance(inputs, dict) else ()
    return [value for value in values if isinstance(value, list) and len(value) == 2]


def _settings(ctx: Context, input_name: str, image: str) -> dict[str, str]:
    _, parameters = _read(ctx, input_name, image)
    if parameters is None:
        raise InputError(input_name, f"{image} does not say how it was made: choose a picture that has its parameters.")
    return {PROMPT: parameters.prompt, NEGATIVE: parameters.negative, **parameters.fields}
