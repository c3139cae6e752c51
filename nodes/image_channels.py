"""Nodes that take pictures apart into channels, and put them together."""

from typing import Annotated, NamedTuple

import torch

from diffusion.images import channels
from diffusion.images.composite import repeat_to
from diffusion.images.masks import batched, to_images
from diffusion.images.resize import resize
from graph.declare import Choice, InputError, node
from nodes.image_operations import ImageAndMask
from nodes.sockets import Image, Mask

Space = Annotated[str, Choice(tuple(channels.SPACES))]


class Channels(NamedTuple):
    """The channels of a picture as masks."""

    first: Mask
    second: Mask
    third: Mask
    alpha: Mask


class YUV(NamedTuple):
    """Brightness and colour differences, each as a grey picture."""

    Y: Image
    U: Image
    V: Image


@node("SplitChannels", category="image/channels", title="Split Channels", search=["rgb", "hsv", "lab", "separate"])
def split_channels(image: Image, space: Space = "RGB") -> Channels:
    """Take pictures apart into the three channels of a colour space, and alpha.

    space: RGB; HSV (hue, saturation, value); HLS (hue, lightness, saturation); Lab (lightness, green to red, blue to
        yellow); YCbCr (brightness, blue, red).
    """
    return Channels(*channels.split(image, space))


@node("MergeChannels", category="image/channels", title="Merge Channels", search=["rgb", "hsv", "lab", "combine"])
def merge_channels(first: Mask, second: Mask, third: Mask, alpha: Mask | None = None, space: Space = "RGB") -> Image:
    """Put pictures together from the three channels of a colour space.

    alpha: Where the picture is opaque; without it the picture has no alpha channel.
    space: What the channels are.
    """
    rest = None if alpha is None else batched(alpha)
    try:
        return channels.merge([batched(first), batched(second), batched(third)], space, rest)
    except ValueError as error:
        raise InputError("first", str(error)) from error


@node("SplitImageWithAlpha", category="image/channels", title="Split Image with Alpha", search=["transparency"])
def split_image_with_alpha(image: Image) -> ImageAndMask:
    """Take transparency off pictures: colours, and a mask that is white where they are transparent."""
    alpha = image[..., 3] if image.shape[-1] > 3 else torch.ones_like(image[..., 0])
    return ImageAndMask(image[..., :3], 1 - alpha)


@node("JoinImageWithAlpha", category="image/channels", title="Join Image with Alpha", search=["transparency"])
def join_image_with_alpha(image: Image, alpha: Mask) -> Image:
    """Make pictures transparent where a mask is white.

    alpha: Stretched to the size of the picture.
    """
    planes = resize(batched(alpha)[:, None], image.shape[2], image.shape[1], "bilinear")[:, 0]
    count = max(len(image), len(planes))
    colours, planes = repeat_to(image[..., :3], count), repeat_to(planes.to(image), count)
    return torch.cat([colours, 1 - planes[..., None]], -1)


@node("ImageRGBToYUV", category="image/channels", title="RGB to YUV", search=["ycbcr", "luma"])
def image_rgb_to_yuv(image: Image) -> YUV:
    """Take pictures apart into brightness and two colour differences, as grey pictures."""
    *parts, _ = channels.split(image, "YCbCr")
    return YUV(*(to_images(part) for part in parts))


@node("ImageYUVToRGB", category="image/channels", title="YUV to RGB", search=["ycbcr"])
def image_yuv_to_rgb(Y: Image, U: Image, V: Image) -> Image:
    """Put pictures together from brightness and two colour differences."""
    return channels.merge([part.mean(-1) for part in (Y, U, V)], "YCbCr")
