"""Nodes that lay pictures over pictures."""

from typing import Annotated

import torch

from diffusion.images import blending, compositing
from diffusion.images.colours import parsed
from diffusion.images.composite import repeat_to, with_channels
from diffusion.images.masks import batched
from diffusion.images.resize import resize, resize_images
from graph.declare import Choice, Color, InputError, Range, node
from nodes.image_operations import ImageAndMask
from nodes.sockets import Image, Mask

Share = Annotated[float, Range(0.0, 1.0, step=0.01)]


@node("ImageBlend", category="image/blend", title="Blend Images", search=["multiply", "overlay", "layer"])
def image_blend(
    image1: Image,
    image2: Image,
    blend_factor: Share = 0.5,
    blend_mode: Annotated[str, Choice(tuple(blending.MODES))] = "normal",
    mask: Mask | None = None,
) -> Image:
    """Lay pictures over others in a blend mode, as layers of an image editor.

    image1: Below.
    image2: Above; cut and scaled to the size of the one below.
    blend_factor: Opacity of the picture above.
    blend_mode: How the colours meet; the formulas are those of Photoshop.
    mask: The picture above shows where it is white.
    """
    return blending.blend(image1, image2, blend_mode, blend_factor, mask)


@node("PorterDuffImageComposite", category="image/blend", title="Compose with Transparency", search=["alpha", "over"])
def porter_duff(
    source: Image,
    source_alpha: Mask,
    destination: Image,
    destination_alpha: Mask,
    mode: Annotated[str, Choice(tuple(compositing.OPERATORS))] = "DST",
) -> ImageAndMask:
    """Put one picture with transparency together with another one, by an operator of Porter and Duff.

    source_alpha: White where the source is transparent.
    destination_alpha: White where the destination is transparent.
    mode: SRC_OVER puts the source on the destination.
    """
    height, width = destination.shape[1:3]
    count = max(len(source), len(destination))

    def plane(mask: torch.Tensor) -> torch.Tensor:
        planes = resize(batched(mask)[:, None], width, height, "bilinear")[:, 0]
        return 1 - repeat_to(planes.to(destination), count)

    if source.shape[1:3] != destination.shape[1:3]:
        source = resize_images(source, width, height, "bicubic", "center").clamp(0, 1)
    below = repeat_to(destination[..., :3], count)
    above = repeat_to(source[..., :3].to(destination), count)
    colours, alpha = compositing.compose(above, plane(source_alpha), below, plane(destination_alpha), mode)
    return ImageAndMask(colours, 1 - alpha)


@node("FillBackground", category="image/blend", title="Fill Background", search=["transparency", "flatten", "alpha"])
def fill_background(
    image: Image,
    color: Annotated[str, Color()] = "#ffffff",
    mask: Mask | None = None,
    background: Image | None = None,
) -> Image:
    """Put a colour, or another picture, behind pictures where they are transparent.

    color: What is behind the picture.
    mask: White where the background shows, as Load Image gives it; without it the alpha channel of the picture decides.
    background: A picture in place of the colour; cut and scaled to the size.
    """
    height, width = image.shape[1:3]
    alpha = with_channels(image, 4)[..., 3:]
    if mask is not None:
        planes = resize(batched(mask)[:, None], width, height, "bilinear").movedim(1, -1)
        alpha = 1 - repeat_to(planes.to(image), len(image))
    if background is not None:
        behind = background[..., :3].to(image)
        if behind.shape[1:3] != image.shape[1:3]:
            behind = resize_images(behind, width, height, "bicubic-antialiased", "center").clamp(0, 1)
        return torch.lerp(repeat_to(behind, len(image)), image[..., :3], alpha)
    try:
        return torch.lerp(parsed(color)[:3].to(image).expand_as(image[..., :3]), image[..., :3], alpha)
    except ValueError as error:
        raise InputError("color", str(error)) from error
