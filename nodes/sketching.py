"""Nodes that make masks of what was painted onto a picture, and of files."""

from typing import Annotated, NamedTuple

from diffusion.images.files import PictureError
from diffusion.pictures import sketch
from graph.declare import Context, Files, InputError, Range, node
from nodes.repainting import Blur
from nodes.sockets import Image, Mask


class Sketched(NamedTuple):
    """A picture with what was painted onto it, and the mask of that."""

    image: Image
    mask: Mask


@node("InpaintSketch", category="inpaint", title="Inpaint Sketch", search=["paint", "colour", "difference"])
def inpaint_sketch(
    original: Image,
    painted: Image,
    mask_transparency: Annotated[float, Range(0, 1, step=0.01)] = 0.0,
    mask_blur: Blur = 4,
) -> Sketched:
    """Take what was painted onto a picture for both the mask and the material to repaint it from.

    original: The picture before it was painted on.
    painted: The same picture with the paint.
    mask_transparency: How much the picture shows through the paint; above a half nothing is repainted, only mixed.
    mask_blur: Width in pixels of the soft edge of the paint.
    """
    return Sketched(*sketch.painted_over(original, painted, mask_transparency, mask_blur))


@node("InpaintSketchLayer", category="inpaint", title="Inpaint Sketch (Layer)", search=["paint", "strokes", "forge"])
def inpaint_sketch_layer(original: Image, strokes: Image, transparent: Mask) -> Sketched:
    """Lay strokes that are in a picture of their own on another one, and make a slightly larger mask of them.

    original: The picture to repaint.
    strokes: The colours of the strokes.
    transparent: White where there is no stroke, as Load Image gives it.
    """
    return Sketched(*sketch.strokes(original, strokes, 1 - transparent))


@node("LoadInpaintMask", category="inpaint", title="Load Inpainting Mask", search=["upload", "inpaint upload"])
def load_inpaint_mask(ctx: Context, image: Annotated[str, Files("input", upload="image")], soft: bool = False) -> Mask:
    """Read a picture as a mask: what is opaque is repainted, or if nothing is transparent, what is bright.

    image: A picture in the input folder.
    soft: Keep what is half transparent, for soft inpainting.
    """
    try:
        return sketch.mask_file(ctx.folders.input_path(image), soft)
    except (PictureError, FileNotFoundError) as error:
        raise InputError("image", str(error)) from error
