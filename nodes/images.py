"""Nodes that read, show and save pictures."""

import secrets
from collections.abc import Mapping
from typing import Annotated, NamedTuple

import torch

from diffusion.images.files import PictureError, encode_png, load_channel, load_picture
from graph.declare import Choice, Context, Files, InputError, Range, node
from nodes.metadata import file_metadata
from nodes.sockets import Image, Mask

Picture = Annotated[str, Files("input", upload="image")]


class ImageAndMask(NamedTuple):
    """A picture and its transparency."""

    IMAGE: Image
    MASK: Mask


@node("LoadImage", category="image", title="Load Image", search=["open", "picture", "upload"])
def load_image(ctx: Context, image: Picture) -> ImageAndMask:
    """Read a picture from the input folder.

    The mask is white where the picture is transparent. An animation becomes a batch of its frames.

    image: PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF. Turned upright as the camera noted it.
    """
    try:
        loaded = load_picture(ctx.folders.input_path(image))
    except (PictureError, FileNotFoundError) as error:
        raise InputError("image", str(error)) from error
    return ImageAndMask(loaded.images, loaded.mask)


@node("LoadImageMask", category="mask", title="Load Image as Mask")
def load_image_mask(
    ctx: Context, image: Picture, channel: Annotated[str, Choice(["alpha", "red", "green", "blue"])] = "alpha"
) -> Mask:
    """Read one channel of a picture as a mask.

    channel: alpha gives white where the picture is transparent; a colour gives its brightness.
    """
    try:
        return load_channel(ctx.folders.input_path(image), channel)
    except (PictureError, FileNotFoundError) as error:
        raise InputError("image", str(error)) from error


@node("SaveImage", category="image", title="Save Image", output_node=True, search=["write", "png", "export"])
def save_image(ctx: Context, images: Image, filename_prefix: str = "Safelight") -> None:
    """Save pictures as PNG in the output folder, with the workflow that made them.

    filename_prefix: Start of the file name. A / makes subfolders; %width%, %height%, %batch_num%, %year%, %month%,
        %day%, %hour%, %minute% and %second% are filled in.
    """
    texts = file_metadata(ctx)
    for index, image in enumerate(images):
        name = filename_prefix.replace("%batch_num%", str(index))
        ctx.show("images", [_write(ctx, image, name, texts, compress_level=4, temporary=False)])


@node("PreviewImage", category="image", title="Preview Image", output_node=True, search=["show"])
def preview_image(ctx: Context, images: Image) -> None:
    """Show pictures without keeping them."""
    texts = file_metadata(ctx)
    prefix = f"preview_{secrets.token_hex(4)}"
    for image in images:
        ctx.show("images", [preview(ctx, image, prefix, texts)])


@node("EmptyImage", category="image", title="Empty Image", search=["solid", "colour", "blank"])
def empty_image(
    width: Annotated[int, Range(1, 16384)] = 512,
    height: Annotated[int, Range(1, 16384)] = 512,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
    color: Annotated[int, Range(0, 0xFFFFFF)] = 0,
) -> Image:
    """Make pictures of one colour.

    color: Red * 65536 + green * 256 + blue, each 0 to 255.
    """
    levels = torch.tensor([color >> 16 & 255, color >> 8 & 255, color & 255]) / 255
    return levels.expand(batch_size, height, width, 3).contiguous()


def preview(ctx: Context, image: torch.Tensor, prefix: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Write a picture to the temporary folder; what `ctx.show` takes for it."""
    return _write(ctx, image, prefix, texts, compress_level=1, temporary=True)


def _write(
    ctx: Context, image: torch.Tensor, prefix: str, texts: Mapping[str, str], compress_level: int, temporary: bool
) -> dict[str, str]:
    ctx.check()
    content = encode_png(image, texts, compress_level)
    try:
        place = ctx.folders.save_path(prefix, "png", image.shape[1], image.shape[0], temporary)
    except ValueError as error:
        raise InputError("filename_prefix", str(error)) from error
    place.write(content)
    return {"filename": place.filename, "subfolder": place.subfolder, "type": place.type}
