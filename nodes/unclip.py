"""Nodes for models that take pictures, as CLIP sees them, in place of a part of the prompt."""

from typing import Annotated, NamedTuple

from diffusion.checkpoint import load_checkpoint
from diffusion.families.unclip import SEEN
from diffusion.image_prompts.vision import load_clip_vision
from diffusion.weights import WeightsError
from graph.declare import Context, Files, InputError, Range, node
from nodes.sockets import Clip, ClipVision, ClipVisionOutput, Conditioning, Model, Vae


class LoadedUnclipCheckpoint(NamedTuple):
    """The parts of a checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae
    CLIP_VISION: ClipVision


@node("unCLIPCheckpointLoader", category="loaders/unclip", title="Load unCLIP Checkpoint", search=["image variations"])
def unclip_checkpoint_loader(ctx: Context, ckpt_name: Annotated[str, Files("checkpoints")]) -> LoadedUnclipCheckpoint:
    """Open an unCLIP checkpoint: what others have, and the vision model that sees pictures for it.

    ckpt_name: A file in models/checkpoints.
    """
    embeddings = ctx.folders.model_folders("embeddings")
    tokenizers = ctx.folders.model_folders("text_encoders")
    try:
        path = ctx.folders.model_path("checkpoints", ckpt_name)
        parts = load_checkpoint(path, embedding_folders=embeddings, tokenizer_folders=tokenizers)
        return LoadedUnclipCheckpoint(*parts, load_clip_vision(path))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("ckpt_name", str(error)) from error


@node(
    "unCLIPConditioning", category="conditioning", title="unCLIP Conditioning", search=["image variations", "revision"]
)
def unclip_conditioning(
    conditioning: Conditioning,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.0,
) -> Conditioning:
    """Give an unCLIP model pictures to make variations of; several of these nodes mix their pictures.

    SDXL takes pictures seen by ViT-bigG so, in place of what it reads of the prompt as a whole.

    conditioning: The prompt.
    clip_vision_output: The pictures, seen by the vision model of the checkpoint.
    strength: How much they count.
    noise_augmentation: How far the result may go from them: 0 stays near, 1 takes little more than a hint.
    """
    if strength == 0:
        return conditioning
    picture = {
        "clip_vision_output": clip_vision_output,
        "strength": strength,
        "noise_augmentation": noise_augmentation,
    }
    return [[states, {**options, SEEN: [*options.get(SEEN, ()), picture]}] for states, options in conditioning]
