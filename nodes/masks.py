"""Nodes that make and change masks."""

from typing import Annotated

import torch

from diffusion.images import masks
from graph.declare import Choice, InputError, Range, node
from nodes.sockets import Image, Mask

Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Side = Annotated[int, Range(1, 16384)]
Place = Annotated[int, Range(0, 16384)]
CHANNELS = ("red", "green", "blue", "alpha")


@node("SolidMask", category="mask", title="Solid Mask", search=["empty", "fill"])
def solid_mask(value: Share = 1.0, width: Side = 512, height: Side = 512) -> Mask:
    """Make a mask of one value."""
    return torch.full((1, height, width), value)


@node("InvertMask", category="mask", title="Invert Mask")
def invert_mask(mask: Mask) -> Mask:
    """Turn white into black and black into white."""
    return 1 - mask


@node("CropMask", category="mask", title="Crop Mask", search=["cut"])
def crop_mask(mask: Mask, x: Place = 0, y: Place = 0, width: Side = 512, height: Side = 512) -> Mask:
    """Cut a rectangle out of a mask; it ends where the mask ends."""
    mask = masks.batched(mask)
    left, top = min(x, mask.shape[2] - 1), min(y, mask.shape[1] - 1)
    return mask[:, top : top + height, left : left + width]


@node("MaskComposite", category="mask", title="Combine Masks", search=["union", "intersection", "subtract"])
def mask_composite(
    destination: Mask,
    source: Mask,
    x: Place = 0,
    y: Place = 0,
    operation: Annotated[str, Choice(masks.OPERATIONS)] = "multiply",
) -> Mask:
    """Combine two masks where the second covers the first.

    x: Where the left edge of the source comes to lie.
    y: Where its upper edge comes to lie.
    operation: and, or and xor take more than a half for white.
    """
    return masks.combine(destination, source, x, y, operation)


@node("FeatherMask", category="mask", title="Feather Mask", search=["soften", "fade"])
def feather_mask(mask: Mask, left: Place = 0, top: Place = 0, right: Place = 0, bottom: Place = 0) -> Mask:
    """Let a mask fade to black towards its edges, over so many pixels at each."""
    return masks.feather(mask, left, top, right, bottom)


@node("GrowMask", category="mask", title="Grow Mask", search=["expand", "shrink", "dilate", "erode"])
def grow_mask(mask: Mask, expand: Annotated[int, Range(-16384, 16384)] = 0, tapered_corners: bool = True) -> Mask:
    """Grow the white parts of a mask.

    expand: In pixels; a negative number shrinks.
    tapered_corners: Cut the corners off.
    """
    return masks.grow(mask, expand, tapered_corners)


@node("ThresholdMask", category="mask", title="Threshold Mask", search=["binary"])
def threshold_mask(mask: Mask, value: Share = 0.5) -> Mask:
    """Make everything above a value white and the rest black."""
    return (mask > value).float()


@node("MaskToImage", category="mask", title="Mask to Image", search=["convert"])
def mask_to_image(mask: Mask) -> Image:
    """Show a mask as a grey picture."""
    return masks.to_images(mask)


@node("ImageToMask", category="mask", title="Image to Mask", search=["convert", "channel"])
def image_to_mask(image: Image, channel: Annotated[str, Choice(CHANNELS)] = "red") -> Mask:
    """Take one channel of pictures as a mask."""
    index = CHANNELS.index(channel)
    if index >= image.shape[-1]:
        raise InputError("channel", f"The picture has no channel '{channel}': it has {image.shape[-1]} channels.")
    return image[..., index]


@node("ImageColorToMask", category="mask", title="Colour to Mask", search=["color", "chroma"])
def image_color_to_mask(image: Image, color: Annotated[int, Range(0, 0xFFFFFF)] = 0) -> Mask:
    """Make a mask that is white where pictures have exactly one colour.

    color: Red * 65536 + green * 256 + blue, each 0 to 255.
    """
    return masks.of_colour(image, color)
