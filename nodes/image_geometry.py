"""Nodes that pad, turn and join pictures, and tell their size."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from diffusion.images import composite, geometry, resize
from graph.declare import Choice, Color, Context, InputError, Range, node
from nodes.image_operations import ImageAndMask
from nodes.sockets import Image

Border = Annotated[int, Range(0, 16384)]
Side = Annotated[int, Range(1, 16384)]
Method = Annotated[str, Choice(("area", "bicubic", "nearest-exact", "bilinear", "lanczos"))]

SPACING = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "green": "#00ff00", "blue": "#0000ff"}


class Size(NamedTuple):
    """The size of pictures in pixels, and how many there are."""

    width: int
    height: int
    batch_size: int


@node("PadImage", category="image/transform", search=["extend", "border", "smear", "reflect", "mirror", "outpaint"])
def pad_image(
    image: Image,
    left: Border = 0,
    top: Border = 0,
    right: Border = 0,
    bottom: Border = 0,
    edges: Annotated[str, Choice(geometry.EDGES)] = "edge",
    color: Annotated[str, Color()] = "#000000",
) -> ImageAndMask:
    """Add room around pictures, and make the mask of what is new.

    edges: What fills it: a color; edge smears the outermost pixels; reflect mirrors the picture; tile repeats it.
    color: For edges = color.
    """
    try:
        padded = geometry.pad(image, left, top, right, bottom, edges, color)
    except ValueError as error:
        raise InputError("color", str(error)) from error
    return ImageAndMask(padded.images, padded.mask)


@node("RotateImage", category="image/transform", title="Rotate Image by Angle", search=["turn", "straighten", "tilt"])
def rotate_image(
    image: Image,
    angle: Annotated[float, Range(-360.0, 360.0, step=0.5)] = 0.0,
    expand: bool = True,
    edges: Annotated[str, Choice(("color", "edge", "reflect"))] = "color",
    color: Annotated[str, Color()] = "#000000",
) -> ImageAndMask:
    """Turn pictures by any angle, and make the mask of where there was no picture.

    angle: In degrees clockwise.
    expand: Make the picture larger so that nothing is cut off.
    edges: What fills the corners: a color; edge smears the outermost pixels; reflect mirrors the picture.
    color: For edges = color.
    """
    try:
        turned = geometry.rotate(image, angle, expand, edges, color)
    except ValueError as error:
        raise InputError("color", str(error)) from error
    return ImageAndMask(turned.images, turned.mask)


@node("ResizeAndPadImage", category="image/transform", title="Resize and Pad Image", search=["fit", "letterbox"])
def resize_and_pad_image(
    image: Image,
    target_width: Side = 512,
    target_height: Side = 512,
    padding_color: Annotated[str, Choice(("white", "black"))] = "white",
    interpolation: Method = "area",
) -> Image:
    """Scale pictures to fit into a size, in proportion, and fill the rest.

    padding_color: What the rest is.
    interpolation: lanczos and area are good for making pictures smaller.
    """
    return geometry.fit_inside(image, target_width, target_height, SPACING[padding_color], interpolation).clamp(0, 1)


@node("ImageScaleToMaxDimension", category="image/upscaling", title="Scale Image to Longest Side")
def image_scale_to_max_dimension(
    image: Image,
    upscale_method: Annotated[str, Choice(("area", "lanczos", "bilinear", "nearest-exact", "bicubic"))] = "area",
    largest_size: Side = 512,
) -> Image:
    """Scale pictures, in proportion, so that the longer side has a length.

    largest_size: Of the longer side, in pixels.
    """
    height, width = image.shape[1:3]
    size = (largest_size, 0) if width >= height else (0, largest_size)
    return resize.resize_images(image, *resize.completed_size(*size, width, height), upscale_method)


@node("ImageStitch", category="image/transform", title="Stitch Images", search=["side by side", "concatenate", "join"])
def image_stitch(
    image1: Image,
    direction: Annotated[str, Choice(geometry.DIRECTIONS)] = "right",
    match_image_size: bool = True,
    spacing_width: Annotated[int, Range(0, 1024)] = 0,
    spacing_color: Annotated[str, Choice(tuple(SPACING))] = "white",
    image2: Image | None = None,
) -> Image:
    """Put a picture beside, above or below another one.

    direction: Where the second picture comes.
    match_image_size: Scale the second picture to the height, or width, of the first; otherwise the smaller one gets
        black bars.
    spacing_width: Pixels between the two.
    """
    if image2 is None:
        return image1
    return geometry.stitch(image1, image2, direction, match_image_size, spacing_width, SPACING[spacing_color])


@node("GetImageSize", category="image", title="Image Size", search=["width", "height", "resolution"])
def get_image_size(ctx: Context, image: Image) -> Size:
    """Give width and height of pictures, and how many there are."""
    size = Size(image.shape[2], image.shape[1], image.shape[0])
    ctx.show("text", [f"{size.width} x {size.height}, {size.batch_size}"])
    return size


@node("RebatchImages", category="image/batch", title="Rebatch Images", search=["list", "split batch", "single"])
def rebatch_images(images: list[Image], batch_size: Annotated[int, Range(1, 4096)] = 1) -> Iterator[Image]:
    """Make a list of batches of one size from batches of any; size 1 gives a list of single pictures.

    batch_size: How many pictures are in a batch. A batch ends early where the pictures end or change their size.
    """
    yield from composite.rebatched(images, batch_size)
