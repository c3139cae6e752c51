"""Nodes that open model files."""

from typing import Annotated, NamedTuple

from diffusion.checkpoint import load_checkpoint, load_vae
from diffusion.weights import WeightsError
from graph.declare import Context, Files, InputError, node
from nodes.sockets import Clip, Model, Vae


class LoadedCheckpoint(NamedTuple):
    """The parts of a checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae


@node(
    "CheckpointLoader",
    category="loaders",
    title="Load Checkpoint",
    aliases=["CheckpointLoaderSimple"],
    search=["model", "safetensors", "ckpt"],
)
def checkpoint_loader(ctx: Context, ckpt_name: Annotated[str, Files("checkpoints")]) -> LoadedCheckpoint:
    """Open a checkpoint: the denoising model, the text encoder and the VAE.

    ckpt_name: A file in models/checkpoints.
    """
    try:
        path = ctx.folders.model_path("checkpoints", ckpt_name)
        return LoadedCheckpoint(*load_checkpoint(path, embedding_folders=ctx.folders.model_folders("embeddings")))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("ckpt_name", str(error)) from error


@node("VAELoader", category="loaders", title="Load VAE")
def vae_loader(ctx: Context, vae_name: Annotated[str, Files("vae")]) -> Vae:
    """Open a VAE from a file of its own.

    vae_name: A file in models/vae, or a TAESD whose two files are in models/vae_approx.
    """
    try:
        return load_vae(ctx.folders.model_path("vae", vae_name))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("vae_name", str(error)) from error
