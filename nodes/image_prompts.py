"""Nodes that take pictures as prompts."""

from typing import Annotated

from diffusion.changes.unet import check_unet
from diffusion.image_prompts.ip_adapter import COMBINATIONS, load_ip_adapter, with_image_prompt
from diffusion.image_prompts.style_model import load_style_model, with_style
from diffusion.image_prompts.vision import load_clip_vision
from diffusion.sampling.errors import SamplingError
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Files, InputError, Range, node
from nodes.sockets import (
    ClipVision,
    ClipVisionOutput,
    Conditioning,
    Image,
    IPAdapter,
    Mask,
    Model,
    StyleModel,
)

Part = Annotated[float, Range(0, 1, step=0.001)]


@node("CLIPVisionLoader", category="loaders", title="Load CLIP Vision", search=["image encoder", "ViT"])
def clip_vision_loader(ctx: Context, clip_name: Annotated[str, Files("clip_vision")]) -> ClipVision:
    """Open a CLIP vision model: ViT-L, ViT-H or ViT-bigG.

    clip_name: A file in models/clip_vision.
    """
    try:
        return load_clip_vision(ctx.folders.model_path("clip_vision", clip_name))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("clip_name", str(error)) from error


@node("CLIPVisionEncode", category="conditioning", title="CLIP Vision Encode", search=["image prompt"])
def clip_vision_encode(
    clip_vision: ClipVision, image: Image, crop: Annotated[str, Choice(["center", "none"])] = "center"
) -> ClipVisionOutput:
    """Let CLIP look at pictures.

    clip_vision: The vision model.
    image: The pictures.
    crop: Whether it sees the square in the middle, or the whole squeezed into a square.
    """
    return clip_vision.encode(image, crop == "center")


@node("IPAdapterLoader", category="loaders", title="Load IP-Adapter", search=["image prompt"])
def ip_adapter_loader(ctx: Context, ipadapter_file: Annotated[str, Files("ipadapter")]) -> IPAdapter:
    """Open an IP-Adapter: plain, plus or full, for Stable Diffusion 1.x or SDXL.

    ipadapter_file: A file in models/ipadapter.
    """
    try:
        return load_ip_adapter(ctx.folders.model_path("ipadapter", ipadapter_file))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("ipadapter_file", str(error)) from error


@node("IPAdapterApply", category="model/changes", title="Apply IP-Adapter", search=["image prompt", "reference"])
def ip_adapter_apply(
    model: Model,
    ipadapter: IPAdapter,
    clip_vision_output: ClipVisionOutput,
    weight: Annotated[float, Range(-1, 3, step=0.05)] = 1.0,
    start_percent: Part = 0.0,
    end_percent: Part = 1.0,
    combine_embeds: Annotated[str, Choice(list(COMBINATIONS))] = "concat",
    attn_mask: Mask | None = None,
) -> Model:
    """Use pictures as a prompt beside the text.

    model: A model of the family that the adapter is for.
    ipadapter: The adapter.
    clip_vision_output: The pictures, seen by the vision model that the adapter was trained on.
    weight: How much the pictures count.
    start_percent: From which part of the run on.
    end_percent: Up to which part of the run.
    combine_embeds: Several pictures side by side, or their mean.
    attn_mask: Where the pictures count.
    """
    try:
        check_unet(model, "IP-Adapter")
    except SamplingError as error:
        raise InputError("model", str(error)) from error
    try:
        return with_image_prompt(
            model,
            ipadapter,
            clip_vision_output,
            weight=weight,
            start_percent=start_percent,
            end_percent=end_percent,
            mask=attn_mask,
            combination=combine_embeds,
        )
    except WeightsError as error:
        raise InputError("ipadapter", str(error)) from error


@node("StyleModelLoader", category="loaders", title="Load Style Model", search=["t2i adapter"])
def style_model_loader(ctx: Context, style_model_name: Annotated[str, Files("style_models")]) -> StyleModel:
    """Open the style adapter of T2I-Adapter.

    style_model_name: A file in models/style_models.
    """
    try:
        return load_style_model(ctx.folders.model_path("style_models", style_model_name))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("style_model_name", str(error)) from error


@node("StyleModelApply", category="conditioning", title="Apply Style Model", search=["t2i adapter", "image prompt"])
def style_model_apply(
    conditioning: Conditioning,
    style_model: StyleModel,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Range(0, 10, step=0.001)] = 1.0,
    strength_type: Annotated[str, Choice(["multiply"])] = "multiply",
) -> Conditioning:
    """Add the style of a picture to a prompt.

    conditioning: The prompt.
    style_model: The style adapter.
    clip_vision_output: The picture, seen by CLIP ViT-L.
    strength: How strongly.
    strength_type: How the strength acts: the tokens of the style are multiplied with it.
    """
    try:
        return with_style(conditioning, style_model, clip_vision_output, strength)
    except WeightsError as error:
        raise InputError("clip_vision_output", str(error)) from error
