"""Nodes that select parts of pictures as masks, and change the shape of masks."""

import secrets
from collections.abc import Iterator
from typing import Annotated, NamedTuple

import torch

from diffusion.images import masks, morphology, regions, selection
from graph.declare import Choice, Color, Context, InputError, Range, node
from nodes.images import preview
from nodes.metadata import file_metadata
from nodes.sockets import Image, Mask

Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Area = Annotated[int, Range(0, 2**28)]
Distance = Annotated[float, Range(0.0, 200.0, step=0.5)]
OPERATIONS = ("dilate", "erode", "open", "close")


class Rectangle(NamedTuple):
    """A rectangle in pixels, and the mask that is white in it."""

    x: int
    y: int
    width: int
    height: int
    mask: Mask


@node("MaskByColor", category="mask", title="Mask by Colour", search=["chroma key", "green screen", "select"])
def mask_by_color(
    image: Image,
    color: Annotated[str, Color()] = "#00ff00",
    tolerance: Distance = 20.0,
    softness: Distance = 5.0,
) -> Mask:
    """Make a mask that is white where pictures have about a colour.

    tolerance: How far colours may be, as the eye sees it: 2 is hardly seen, black and white are 100 apart.
    softness: Over how much more the mask fades to black.
    """
    try:
        return selection.near_colour(image, color, tolerance, softness)
    except ValueError as error:
        raise InputError("color", str(error)) from error


@node("MaskByBrightness", category="mask", title="Mask by Brightness", search=["luma", "shadows", "select"])
def mask_by_brightness(image: Image, low: Share = 0.5, high: Share = 1.0, softness: Share = 0.05) -> Mask:
    """Make a mask that is white where the brightness of pictures is in a range.

    softness: Over how much beside the range the mask fades to black.
    """
    return selection.in_brightness(image, low, high, softness)


@node("MaskMorphology", category="mask", search=["dilate", "erode", "open", "close", "grow", "shrink"])
def mask_morphology(
    mask: Mask,
    operation: Annotated[str, Choice(OPERATIONS)] = "dilate",
    radius: Annotated[int, Range(0, 512)] = 4,
    shape: Annotated[str, Choice(morphology.SHAPES)] = "disc",
) -> Mask:
    """Grow, shrink or clean the white parts of a mask.

    operation: dilate grows, erode shrinks; open removes small white parts and thin lines, close small holes and gaps.
    radius: How far, in pixels.
    shape: What a point grows to.
    """
    return morphology.on_mask(mask, operation, radius, shape)


@node("BlurMask", category="mask", search=["soften", "feather", "gaussian"])
def blur_mask(mask: Mask, sigma: Annotated[float, Range(0.0, 256.0, step=0.5)] = 4.0) -> Mask:
    """Give a mask soft edges.

    sigma: Standard deviation of the blur, in pixels; 0 changes nothing.
    """
    return morphology.blurred_mask(mask, sigma)


@node("FillMaskHoles", category="mask", search=["holes", "close"])
def fill_mask_holes(mask: Mask, largest: Area = 0) -> Mask:
    """Make black parts of a mask white that white surrounds.

    largest: Holes of more pixels stay; 0 fills all.
    """
    return regions.fill_holes(mask, largest)


@node("RemoveSmallParts", category="mask", title="Remove Small Parts of Mask", search=["specks", "islands", "clean"])
def remove_small_parts(mask: Mask, smallest: Area = 64) -> Mask:
    """Make white parts of a mask black that are too small.

    smallest: Parts of fewer pixels go.
    """
    return regions.remove_small(mask, smallest)


@node("SplitMask", category="mask", search=["parts", "connected components", "islands", "regions"])
def split_mask(mask: Mask, smallest: Area = 64, most: Annotated[int, Range(1, 1000)] = 16) -> Iterator[Mask]:
    """Make a list of masks from one: its separate white parts, largest first.

    smallest: Parts of fewer pixels are left out.
    most: No more parts than this.
    """
    if len(masks.batched(mask)) > 1:
        raise InputError("mask", "A batch of masks cannot be split. Give one mask.")
    yield from regions.parts(mask, smallest, most)


@node("MaskBounds", category="mask", search=["bounding box", "rectangle", "position"])
def mask_bounds(mask: Mask, padding: Annotated[int, Range(0, 16384)] = 0) -> Rectangle:
    """Give the rectangle around everything in a mask that is not black; it is empty if there is nothing.

    padding: Pixels that are added at each side, as far as the mask has them.
    """
    filled = torch.zeros_like(masks.batched(mask)[:1])
    box = regions.bounds(mask)
    if box is None:
        return Rectangle(0, 0, 0, 0, filled)
    box = regions.padded(box, padding, mask.shape[-1], mask.shape[-2])
    box.cut(filled).fill_(1)
    return Rectangle(box.left, box.top, box.width, box.height, filled)


@node("MaskPreview", category="mask", title="Preview Mask", output_node=True, search=["show"])
def mask_preview(ctx: Context, mask: Mask) -> None:
    """Show masks as grey pictures without keeping them."""
    texts = file_metadata(ctx)
    prefix = f"mask_{secrets.token_hex(4)}"
    ctx.show("images", [preview(ctx, image, prefix, texts) for image in masks.to_images(mask)])
