"""Nodes that write models into files, with all changes that were made to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import torch

from diffusion.saving import save_checkpoint, save_text_encoder, save_vae
from graph.declare import Choice, Context, InputError, node
from nodes.metadata import file_metadata
from nodes.sockets import Clip, Model, Vae

AS_IT_IS = "as in the file"
FORMATS = {AS_IT_IS: None, "fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}

NumberFormat = Annotated[str, Choice(list(FORMATS))]


@node("CheckpointSave", category="saving", title="Save Checkpoint", output_node=True, search=["export", "merge"])
def checkpoint_save(
    ctx: Context,
    model: Model,
    clip: Clip,
    vae: Vae,
    filename_prefix: str = "checkpoints/Safelight",
    weight_dtype: NumberFormat = AS_IT_IS,
) -> None:
    """Write model, text encoders and VAE into one checkpoint in the output folder, with the workflow that made them.

    filename_prefix: Start of the file name. A / makes subfolders.
    weight_dtype: The number format of all weights; 16 bits are the usual ones.
    """
    with _file(ctx, filename_prefix) as path:
        save_checkpoint(path, model, clip, vae, dtype=FORMATS[weight_dtype], metadata=file_metadata(ctx))


@node("ModelSave", category="saving", title="Save Diffusion Model", output_node=True, search=["export", "unet"])
def model_save(
    ctx: Context,
    model: Model,
    filename_prefix: str = "diffusion_models/Safelight",
    weight_dtype: NumberFormat = AS_IT_IS,
) -> None:
    """Write a diffusion model alone into a file in the output folder.

    filename_prefix: Start of the file name. A / makes subfolders.
    weight_dtype: The number format of all weights.
    """
    with _file(ctx, filename_prefix) as path:
        save_checkpoint(path, model, dtype=FORMATS[weight_dtype], metadata=file_metadata(ctx))


@node("CLIPSave", category="saving", title="Save CLIP", output_node=True, search=["export", "text encoder"])
def clip_save(
    ctx: Context, clip: Clip, filename_prefix: str = "clip/Safelight", weight_dtype: NumberFormat = AS_IT_IS
) -> None:
    """Write each text encoder into a file of its own in the output folder.

    filename_prefix: Start of the file names; clip_l, clip_g or clip_h is added. A / makes subfolders.
    weight_dtype: The number format of all weights.
    """
    for encoder in clip.encoders:
        with _file(ctx, f"{filename_prefix}_clip_{encoder.name}") as path:
            save_text_encoder(path, encoder, dtype=FORMATS[weight_dtype], metadata=file_metadata(ctx))


@node("VAESave", category="saving", title="Save VAE", output_node=True, search=["export"])
def vae_save(
    ctx: Context, vae: Vae, filename_prefix: str = "vae/Safelight", weight_dtype: NumberFormat = AS_IT_IS
) -> None:
    """Write a VAE into a file in the output folder.

    filename_prefix: Start of the file name. A / makes subfolders.
    weight_dtype: The number format of all weights.
    """
    with _file(ctx, filename_prefix) as path:
        save_vae(path, vae, dtype=FORMATS[weight_dtype], metadata=file_metadata(ctx))


@contextmanager
def _file(ctx: Context, prefix: str) -> Iterator[Path]:
    """A new file in the output folder, which is there when it is whole."""
    try:
        place = ctx.folders.save_path(prefix, "safetensors")
    except ValueError as error:
        raise InputError("filename_prefix", str(error)) from error
    with place.writing() as path:
        yield path
    ctx.show("models", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])
