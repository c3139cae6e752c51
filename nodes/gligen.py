"""Nodes that put phrases at places."""

from typing import Annotated

from diffusion.gligen import Box, load_gligen, with_box
from diffusion.weights import WeightsError
from graph.declare import Context, Files, InputError, Range, node
from nodes.sockets import Clip, Conditioning, Gligen

CELL = 8  # pixels
Length = Annotated[int, Range(8, 16_384, step=8)]
Offset = Annotated[int, Range(0, 16_384, step=8)]


@node("GLIGENLoader", category="loaders", title="Load GLIGEN", search=["box", "place", "region"])
def gligen_loader(ctx: Context, gligen_name: Annotated[str, Files("gligen")]) -> Gligen:
    """Open a GLIGEN model, which puts phrases at places; for Stable Diffusion 1.x.

    gligen_name: A file in models/gligen.
    """
    try:
        return load_gligen(ctx.folders.model_path("gligen", gligen_name))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("gligen_name", str(error)) from error


@node("GLIGENTextBoxApply", category="conditioning", title="GLIGEN Text Box", search=["box", "place", "region"])
def gligen_text_box_apply(
    conditioning_to: Conditioning,
    clip: Clip,
    gligen_textbox_model: Gligen,
    text: str,
    width: Length = 64,
    height: Length = 64,
    x: Offset = 0,
    y: Offset = 0,
) -> Conditioning:
    """Say where something of the prompt is to be; up to 30 boxes may follow each other.

    conditioning_to: The prompt, which should name the thing too.
    clip: The text encoder of the model.
    gligen_textbox_model: The GLIGEN model.
    text: What is to be in the box.
    width: Of the box, in pixels.
    height: Of the box, in pixels.
    x: Left edge, in pixels.
    y: Top edge, in pixels.
    """
    phrase = clip.encode(text)[0][1]["pooled_output"]
    box = Box(phrase, height // CELL, width // CELL, y // CELL, x // CELL)
    return with_box(conditioning_to, gligen_textbox_model, box)
