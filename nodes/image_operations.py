"""Nodes that change, cut, batch and put together pictures."""

from typing import Annotated, NamedTuple

import torch

from diffusion.images import composite, resize
from graph.declare import Choice, Range, node
from nodes.sockets import Image, Mask

Method = Annotated[str, Choice(resize.METHODS)]
Crop = Annotated[str, Choice(resize.CROPS)]
SideOrZero = Annotated[int, Range(0, 16384)]
Side = Annotated[int, Range(1, 16384)]
Place = Annotated[int, Range(0, 16384)]
Border = Annotated[int, Range(0, 16384, step=8)]

ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")
FLIPS = ("x-axis: vertically", "y-axis: horizontally")


class ImageAndMask(NamedTuple):
    """A picture and where it has to be painted."""

    IMAGE: Image
    MASK: Mask


@node("ImageScale", category="image/upscaling", title="Scale Image", search=["resize", "upscale"])
def image_scale(
    image: Image,
    upscale_method: Method = "nearest-exact",
    width: SideOrZero = 512,
    height: SideOrZero = 512,
    crop: Crop = "disabled",
) -> Image:
    """Resize pictures.

    width: 0 keeps the proportions.
    height: 0 keeps the proportions.
    crop: center cuts off what does not fit the new proportions; disabled distorts.
    """
    size = resize.completed_size(width, height, image.shape[2], image.shape[1])
    return resize.resize_images(image, *size, upscale_method, crop)


@node("ImageScaleBy", category="image/upscaling", title="Scale Image by Factor", search=["resize", "upscale"])
def image_scale_by(
    image: Image,
    upscale_method: Method = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.0,
) -> Image:
    """Resize pictures by a factor."""
    width, height = max(1, round(image.shape[2] * scale_by)), max(1, round(image.shape[1] * scale_by))
    return resize.resize_images(image, width, height, upscale_method)


@node("ImageScaleToTotalPixels", category="image/upscaling", title="Scale Image to Megapixels")
def image_scale_to_total_pixels(
    image: Image,
    upscale_method: Method = "nearest-exact",
    megapixels: Annotated[float, Range(0.01, 16.0, step=0.01)] = 1.0,
) -> Image:
    """Resize pictures to a number of pixels, keeping their proportions.

    megapixels: In units of 1024 x 1024 pixels.
    """
    size = resize.size_of_megapixels(megapixels, image.shape[2], image.shape[1])
    return resize.resize_images(image, *size, upscale_method)


@node("ImageCrop", category="image/transform", title="Crop Image", search=["cut"])
def image_crop(image: Image, width: Side = 512, height: Side = 512, x: Place = 0, y: Place = 0) -> Image:
    """Cut a rectangle out of pictures; it ends where the picture ends.

    x: Its left edge.
    y: Its upper edge.
    """
    left, top = min(x, image.shape[2] - 1), min(y, image.shape[1] - 1)
    return image[:, top : top + height, left : left + width]


@node("ImageFlip", category="image/transform", title="Flip Image", search=["mirror"])
def image_flip(image: Image, flip_method: Annotated[str, Choice(FLIPS)] = FLIPS[0]) -> Image:
    """Mirror pictures."""
    return image.flip(1 if flip_method.startswith("x") else 2)


@node("ImageRotate", category="image/transform", title="Rotate Image", search=["turn"])
def image_rotate(image: Image, rotation: Annotated[str, Choice(ROTATIONS)] = ROTATIONS[0]) -> Image:
    """Turn pictures clockwise."""
    return torch.rot90(image, ROTATIONS.index(rotation), dims=(2, 1))


@node("ImageInvert", category="image", title="Invert Image", search=["negative"])
def image_invert(image: Image) -> Image:
    """Turn pictures into their negatives."""
    return 1 - image


@node("ImageBatch", category="image/batch", title="Join Image Batches", search=["append", "concatenate"])
def image_batch(image1: Image, image2: Image) -> Image:
    """Make one batch of two.

    image2: Cut and scaled to the size of the first if it differs.
    """
    return composite.join_batches(image1, image2)


@node("ImageFromBatch", category="image/batch", title="Image from Batch", search=["select", "index"])
def image_from_batch(
    image: Image,
    batch_index: Annotated[int, Range(0, 4095)] = 0,
    length: Annotated[int, Range(1, 4096)] = 1,
) -> Image:
    """Take some pictures out of a batch.

    batch_index: The first one, counted from 0.
    """
    start = min(len(image) - 1, batch_index)
    return image[start : start + length].clone()


@node("RepeatImageBatch", category="image/batch", title="Repeat Image Batch", search=["duplicate"])
def repeat_image_batch(image: Image, amount: Annotated[int, Range(1, 4096)] = 1) -> Image:
    """Repeat a batch so many times."""
    return image.repeat(amount, 1, 1, 1)


@node("ImageCompositeMasked", category="image", title="Put Image on Image", search=["paste", "overlay", "composite"])
def image_composite_masked(
    destination: Image,
    source: Image,
    x: Place = 0,
    y: Place = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Image:
    """Put one picture on another.

    x: Where the left edge of the source comes to lie.
    y: Where its upper edge comes to lie.
    resize_source: Stretch the source over the whole destination.
    mask: The source shows where it is white; stretched to the size of the source.
    """
    source = composite.with_channels(source, destination.shape[-1])
    pasted = composite.composite(destination.movedim(-1, 1), source.movedim(-1, 1), x, y, mask, resize_source)
    return pasted.movedim(1, -1)


@node("ImagePadForOutpaint", category="image", title="Pad Image for Outpainting", search=["extend", "border"])
def image_pad_for_outpaint(
    image: Image,
    left: Border = 0,
    top: Border = 0,
    right: Border = 0,
    bottom: Border = 0,
    feathering: Annotated[int, Range(0, 16384)] = 40,
) -> ImageAndMask:
    """Add room around pictures, and make the mask of what has to be painted.

    feathering: How far the mask fades into the picture, in pixels.
    """
    padded = composite.pad_for_outpainting(image, left, top, right, bottom, feathering)
    return ImageAndMask(padded.images, padded.mask)
