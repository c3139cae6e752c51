"""Nodes that take pictures as prompts."""

from typing import Annotated, NamedTuple

from diffusion.changes.unet import check_unet
from diffusion.image_prompts.faces import FaceError, encode_faces
from diffusion.image_prompts.ip_adapter import COMBINATIONS, Use, load_ip_adapter, with_face, with_image_prompt
from diffusion.image_prompts.style_model import load_style_model, with_style
from diffusion.image_prompts.vision import load_clip_vision
from diffusion.image_prompts.weighting import LINEAR, WEIGHT_TYPES, BlockFactorError
from diffusion.sampling.errors import SamplingError
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Files, InputError, Range, node
from nodes.preprocessors import annotator_files
from nodes.sockets import (
    ClipVision,
    ClipVisionOutput,
    Conditioning,
    FaceEmbedding,
    Image,
    IPAdapter,
    Mask,
    Model,
    StyleModel,
)

Part = Annotated[float, Range(0, 1, step=0.001)]
Weight = Annotated[float, Range(-1, 3, step=0.05)]
WeightType = Annotated[str, Choice(list(WEIGHT_TYPES))]


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
    """Open an IP-Adapter: plain, plus, full or for faces, for Stable Diffusion 1.x or SDXL.

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
    weight: Weight = 1.0,
    start_percent: Part = 0.0,
    end_percent: Part = 1.0,
    combine_embeds: Annotated[str, Choice(list(COMBINATIONS))] = "concat",
    attn_mask: Mask | None = None,
    weight_type: WeightType = LINEAR,
    block_weights: str = "",
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
    weight_type: In which blocks of the model: in some less, or in those of style or composition alone.
    block_weights: Further factors of single blocks, such as "input 8: 0.5, middle: 0, output 1: 1.2, rest: 1".
    """
    _check_unet(model)
    use = Use(weight, weight_type, block_weights, start_percent, end_percent, attn_mask, combine_embeds)
    try:
        return with_image_prompt(model, ipadapter, clip_vision_output, use)
    except BlockFactorError as error:
        raise InputError("block_weights", str(error)) from error
    except WeightsError as error:
        raise InputError("ipadapter", str(error)) from error


class EncodedFaces(NamedTuple):
    """Faces as numbers, and cut out."""

    face: FaceEmbedding
    image: Image


@node(
    "FaceEncode",
    category="conditioning",
    title="Encode Faces",
    search=["insightface", "arcface", "faceid"],
    fingerprint=annotator_files,
)
def face_encode(ctx: Context, image: Image) -> EncodedFaces:
    """Find the largest face of each picture, and describe whose it is.

    image: Pictures of one person.
    """
    try:
        return EncodedFaces(*encode_faces(image, ctx.folders.model_folders("annotators")))
    except (FaceError, WeightsError) as error:
        raise InputError("image", str(error)) from error


@node(
    "FaceIDApply",
    category="model/changes",
    title="Apply IP-Adapter FaceID",
    search=["face", "identity", "image prompt"],
)
def face_id_apply(
    *,
    model: Model,
    ipadapter: IPAdapter,
    face: FaceEmbedding,
    weight: Weight = 1.0,
    lora_strength: Annotated[float, Range(0, 2, step=0.05)] = 0.6,
    likeness: Annotated[float, Range(0, 5, step=0.05)] = 1.0,
    start_percent: Part = 0.0,
    end_percent: Part = 1.0,
    combine_embeds: Annotated[str, Choice(list(COMBINATIONS))] = "concat",
    clip_vision_output: ClipVisionOutput | None = None,
    attn_mask: Mask | None = None,
    weight_type: WeightType = LINEAR,
    block_weights: str = "",
) -> Model:
    """Show a certain person, by an IP-Adapter for faces.

    model: A model of the family that the adapter is for.
    ipadapter: The adapter.
    face: The person's face, encoded.
    weight: How much the face counts.
    lora_strength: How far the changes go that the file makes to the model's own attention.
    likeness: How much the look of the pictures counts beside the identity; for files of "plusv2" alone.
    start_percent: From which part of the run on.
    end_percent: Up to which part of the run.
    combine_embeds: Several faces side by side, or their mean.
    clip_vision_output: The cut out faces, seen by CLIP ViT-H; for "plus" files, which need it.
    attn_mask: Where the face counts.
    weight_type: In which blocks of the model: in some less, or in those of style or composition alone.
    block_weights: Further factors of single blocks, such as "input 8: 0.5, middle: 0, output 1: 1.2, rest: 1".
    """
    _check_unet(model)
    use = Use(weight, weight_type, block_weights, start_percent, end_percent, attn_mask, combine_embeds)
    try:
        return with_face(
            model, ipadapter, face, clip_vision_output, use, likeness=likeness, lora_strength=lora_strength
        )
    except BlockFactorError as error:
        raise InputError("block_weights", str(error)) from error
    except WeightsError as error:
        raise InputError("ipadapter", str(error)) from error


def _check_unet(model: Model) -> None:
    try:
        check_unet(model, "IP-Adapter")
    except SamplingError as error:
        raise InputError("model", str(error)) from error


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
