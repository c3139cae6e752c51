"""Nodes that enlarge pictures with upscale models, and the sizes of hires fix."""

from typing import Annotated, NamedTuple

from diffusion.hires import hires_size
from diffusion.images import resize
from diffusion.upscaling import load_upscale_model, scaled_size
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Files, InputError, Range, node
from nodes.sockets import Image, UpscaleModel

Factor = Annotated[float, Range(0.01, 16.0, step=0.05)]
Side = Annotated[int, Range(8, 16384, step=8)]
SideOrZero = Annotated[int, Range(0, 16384, step=8)]


class Sizes(NamedTuple):
    """The size to enlarge to, and the rectangle that is kept of it."""

    upscale_width: int
    upscale_height: int
    width: int
    height: int
    x: int
    y: int


@node("UpscaleModelLoader", category="loaders", title="Load Upscale Model", search=["esrgan", "upscaler", "swinir"])
def upscale_model_loader(ctx: Context, model_name: Annotated[str, Files("upscale_models")]) -> UpscaleModel:
    """Open an upscale model: ESRGAN, SwinIR, DAT, HAT or another architecture, which is recognised by itself.

    model_name: A file in models/upscale_models.
    """
    try:
        return load_upscale_model(ctx.folders.model_path("upscale_models", model_name))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("model_name", str(error)) from error


@node(
    "ImageUpscaleWithModel",
    category="image/upscaling",
    title="Upscale Image (with Model)",
    search=["esrgan", "enlarge", "super resolution"],
)
def image_upscale_with_model(ctx: Context, upscale_model: UpscaleModel, image: Image) -> Image:
    """Enlarge pictures by the factor that the model was made for, in tiles whose seams are blended.

    upscale_model: Its factor is 4 for most; one of 1 restores pictures without enlarging them.
    """
    return upscale_model.upscale(image, ctx.progress)


@node(
    "UpscaleImageTo", category="image/upscaling", title="Upscale Image to Size", search=["enlarge", "esrgan", "hires"]
)
def upscale_image_to(
    ctx: Context,
    image: Image,
    upscale_method: Annotated[str, Choice(resize.METHODS)] = "lanczos",
    scale_by: Factor = 2.0,
    width: SideOrZero = 0,
    height: SideOrZero = 0,
    upscale_model: UpscaleModel | None = None,
) -> Image:
    """Enlarge pictures to a size or by a factor, with an upscale model or without.

    upscale_method: How pictures are resized where no upscale model is connected.
    scale_by: Counts while width and height are 0. Sides are rounded down to multiples of eight.
    width: 0 keeps the proportions.
    height: 0 keeps the proportions.
    upscale_model: Run until the size is reached, but three times at most; Lanczos then makes the size exact.
    """
    old_width, old_height = image.shape[2], image.shape[1]
    if width or height:
        size = resize.completed_size(width, height, old_width, old_height)
    else:
        size = scaled_size(old_width, old_height, scale_by)
    if upscale_model is None:
        return resize.resize_images(image, *size, upscale_method)
    return upscale_model.upscale_to(image, *size, ctx.progress)


@node("HiresSize", category="latent", title="Hires Fix Size", search=["highres", "second pass", "upscale", "size"])
def hires_fix_size(
    width: Side = 512,
    height: Side = 512,
    scale_by: Factor = 2.0,
    resize_width: SideOrZero = 0,
    resize_height: SideOrZero = 0,
) -> Sizes:
    """Compute the size of the second pass of hires fix: what to enlarge to, and what to keep of that.

    With both sides to resize to, the picture is enlarged until it covers them; width, height, x and y are for cropping
    its latent then.

    width: Of the first pass.
    height: Of the first pass.
    scale_by: Counts while both sides to resize to are 0.
    resize_width: 0 follows from the height.
    resize_height: 0 follows from the width.
    """
    return Sizes(*hires_size(width, height, scale_by, resize_width, resize_height))
