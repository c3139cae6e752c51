"""ComfyUI's `comfy.sd`: opening model files."""

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compat.host.installation import host
from compat.host.stubs import unsupported
from diffusion.checkpoint import load_checkpoint as open_checkpoint
from diffusion.model import Clip, Model, Vae

CLIPType = enum.Enum(
    "CLIPType",
    "STABLE_DIFFUSION STABLE_CASCADE SD3 STABLE_AUDIO HUNYUAN_DIT FLUX MOCHI LTXV HUNYUAN_VIDEO PIXART COSMOS LUMINA2"
    " WAN HIDREAM CHROMA ACE OMNIGEN2 QWEN_IMAGE HUNYUAN_IMAGE",
)
"""Kinds of text encoders."""


class _HandleType(type):
    """The type of classes that stand for a handle of Safelight: `isinstance` means that."""

    handle: type

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.handle)


class VAE(metaclass=_HandleType):
    """The class of autoencoders; they come from loaders, and cannot be made of a table of weights."""

    handle = Vae

    def __init__(self, *values: Any, **named: Any) -> None:
        raise unsupported("Making a comfy.sd.VAE of weights")


class CLIP(metaclass=_HandleType):
    """The class of text encoders; they come from loaders, and cannot be made of a table of weights."""

    handle = Clip

    def __init__(self, *values: Any, **named: Any) -> None:
        raise unsupported("Making a comfy.sd.CLIP of weights")


def load_checkpoint_guess_config(
    ckpt_path: str | Path,
    output_vae: bool = True,
    output_clip: bool = True,
    output_clipvision: bool = False,
    embedding_directory: Any = None,
    output_model: bool = True,
    model_options: Mapping[str, Any] | None = None,
    te_model_options: Mapping[str, Any] | None = None,
) -> tuple[Model | None, Clip | None, Vae | None, None]:
    """Open a checkpoint: its model, text encoder and VAE, and no vision encoder.

    Raises `diffusion.weights.WeightsError`, a ValueError; NotSupportedError for options.
    """
    if output_clipvision or model_options or te_model_options:
        raise unsupported("comfy.sd.load_checkpoint_guess_config with these options")
    if embedding_directory is None:
        folders = host().folders.model_folders("embeddings")
    else:
        listed = embedding_directory if isinstance(embedding_directory, list | tuple) else [embedding_directory]
        folders = [Path(folder) for folder in listed]
    tokenizers = host().folders.model_folders("text_encoders")
    opened = open_checkpoint(Path(ckpt_path), embedding_folders=folders, tokenizer_folders=tokenizers)
    return (
        opened.model if output_model else None,
        opened.clip if output_clip else None,
        opened.vae if output_vae else None,
        None,
    )
