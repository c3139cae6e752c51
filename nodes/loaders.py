"""Nodes that open model files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import torch

from diffusion.checkpoint import Format, load_checkpoint, load_diffusion_model, load_text_encoders, load_vae
from diffusion.diffusers_folder import load_folder
from diffusion.families import FAMILIES
from diffusion.families.family import Family
from diffusion.families.flux import FLUX
from diffusion.families.sd3 import SD3
from diffusion.families.sdxl import SDXL
from diffusion.taesd import files_of
from diffusion.weights import WeightsError
from graph.declare import Advanced, Choice, Context, Files, Folders, InputError, node
from nodes.sockets import Clip, Model, Vae

FORMATS = {
    "default": Format(),
    "fp8_e4m3fn": Format(stored=torch.float8_e4m3fn),
    "fp8_e4m3fn_fast": Format(stored=torch.float8_e4m3fn),
    "fp8_e5m2": Format(stored=torch.float8_e5m2),
    "fp16": Format(computed=torch.float16),
    "bf16": Format(computed=torch.bfloat16),
    "fp32": Format(computed=torch.float32),
}
WITH_TWO_ENCODERS: dict[str, Family] = {"sdxl": SDXL, "sd3": SD3, "flux": FLUX}

WeightType = Annotated[str, Choice(list(FORMATS))]
WeightOption = Annotated[str, Choice(list(FORMATS)), Advanced()]
TextEncoderFile = Annotated[str, Files("text_encoders")]
Place = Annotated[str, Choice(["default", "cpu"])]


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
    search=["model", "safetensors", "ckpt", "sdxl"],
)
def checkpoint_loader(
    ctx: Context, ckpt_name: Annotated[str, Files("checkpoints")], weight_dtype: WeightOption = "default"
) -> LoadedCheckpoint:
    """Open a checkpoint: the denoising model, the text encoder and the VAE.

    ckpt_name: A file in models/checkpoints.
    weight_dtype: Of the denoising model. The fp8 formats keep it in half the memory, and widen it layer by layer.
    """
    try:
        path = ctx.folders.model_path("checkpoints", ckpt_name)
        return LoadedCheckpoint(
            *load_checkpoint(
                path,
                embedding_folders=ctx.folders.model_folders("embeddings"),
                tokenizer_folders=ctx.folders.model_folders("text_encoders"),
                number_format=FORMATS[weight_dtype],
            )
        )
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("ckpt_name", str(error)) from error


@node("UNETLoader", category="loaders", title="Load Diffusion Model", search=["unet", "fp8"])
def unet_loader(
    ctx: Context, unet_name: Annotated[str, Files("diffusion_models")], weight_dtype: WeightType = "default"
) -> Model:
    """Open a diffusion model alone, in the layout of checkpoints or of diffusers.

    unet_name: A file in models/diffusion_models.
    weight_dtype: The fp8 formats keep the weights in half the memory, and widen them layer by layer.
    """
    try:
        path = ctx.folders.model_path("diffusion_models", unet_name)
        return load_diffusion_model(path, number_format=FORMATS[weight_dtype])
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("unet_name", str(error)) from error


@node("CLIPLoader", category="loaders", title="Load CLIP", search=["text encoder"])
def clip_loader(
    ctx: Context,
    clip_name: TextEncoderFile,
    type: Annotated[str, Choice(["stable_diffusion"])] = "stable_diffusion",
    device: Place = "default",
) -> Clip:
    """Open a text encoder alone: CLIP-L is for Stable Diffusion 1.x, OpenCLIP-H for 2.x, bigG for the SDXL refiner.

    clip_name: A file in models/text_encoders.
    type: What kind of model it is for; which one is told by the file.
    device: Where it runs.
    """
    return _text_encoders(ctx, {"clip_name": clip_name}, FAMILIES, device)


@node("DualCLIPLoader", category="loaders", title="Load Two CLIPs", search=["text encoder", "sdxl", "flux", "t5"])
def dual_clip_loader(
    ctx: Context,
    clip_name1: TextEncoderFile,
    clip_name2: TextEncoderFile,
    type: Annotated[str, Choice(list(WITH_TWO_ENCODERS))] = "sdxl",
    device: Place = "default",
) -> Clip:
    """Open two text encoders in any order: CLIP-L and OpenCLIP-bigG, or for Flux CLIP-L and T5.

    T5's tokenizer, spiece.model or tokenizer.json, has to lie in models/text_encoders/t5.

    clip_name1: A file in models/text_encoders.
    clip_name2: The other one.
    type: What kind of model they are for.
    device: Where they run.
    """
    names = {"clip_name1": clip_name1, "clip_name2": clip_name2}
    return _text_encoders(ctx, names, [WITH_TWO_ENCODERS[type]], device)


@node("TripleCLIPLoader", category="loaders", title="Load Three CLIPs", search=["text encoder", "sd3", "t5"])
def triple_clip_loader(
    ctx: Context, clip_name1: TextEncoderFile, clip_name2: TextEncoderFile, clip_name3: TextEncoderFile
) -> Clip:
    """Open the three text encoders of Stable Diffusion 3 in any order: CLIP-L, OpenCLIP-bigG and T5.

    T5's tokenizer, spiece.model or tokenizer.json, has to lie in models/text_encoders/t5.

    clip_name1: A file in models/text_encoders.
    clip_name2: Another one.
    clip_name3: The last one.
    """
    names = {"clip_name1": clip_name1, "clip_name2": clip_name2, "clip_name3": clip_name3}
    return _text_encoders(ctx, names, [SD3], "default")


def _both_halves(folders: Folders, vae_name: str | None) -> list[tuple[str, int, int]]:
    """The state of the files of a TAESD, of which the cache looks at one alone."""
    try:
        files = files_of(folders.model_path("vae", vae_name)) if vae_name else []
    except FileNotFoundError:
        return []  # which the node says itself
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files[1:]]


@node("VAELoader", category="loaders", title="Load VAE", fingerprint=_both_halves)
def vae_loader(ctx: Context, vae_name: Annotated[str, Files("vae")]) -> Vae:
    """Open a VAE from a file of its own.

    vae_name: A file in models/vae, or a TAESD whose two files are in models/vae_approx.
    """
    try:
        return load_vae(ctx.folders.model_path("vae", vae_name))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("vae_name", str(error)) from error


def _files_of(folders: Folders, model_path: str | None) -> list[tuple[str, int, int]]:
    """The files of the folder; the cache would look at its index alone."""
    if model_path is None:
        return []
    root = folders.model_path("diffusers", model_path).parent
    states = [(path.relative_to(root).as_posix(), path.stat()) for path in sorted(root.glob("*/*"))]
    return [(name, state.st_size, state.st_mtime_ns) for name, state in states]


@node(
    "DiffusersLoader",
    category="loaders",
    title="Load Diffusers Folder",
    search=["huggingface"],
    fingerprint=_files_of,
)
def diffusers_loader(
    ctx: Context, model_path: Annotated[str, Files("diffusers")], weight_dtype: WeightOption = "default"
) -> LoadedCheckpoint:
    """Open a model in diffusers' layout: a folder with unet or transformer, text encoders and vae.

    model_path: A folder in models/diffusers that has a model_index.json.
    weight_dtype: Of the denoising model. The fp8 formats keep it in half the memory, and widen it layer by layer.
    """
    try:
        folder = ctx.folders.model_path("diffusers", model_path).parent
        embeddings = ctx.folders.model_folders("embeddings")
        return LoadedCheckpoint(*load_folder(folder, embedding_folders=embeddings, number_format=FORMATS[weight_dtype]))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("model_path", str(error)) from error


def _text_encoders(ctx: Context, names: dict[str, str], families: Sequence[Family], device: str) -> Clip:
    paths: list[Path] = []
    for input_name, name in names.items():
        try:
            paths.append(ctx.folders.model_path("text_encoders", name))
        except FileNotFoundError as error:
            raise InputError(input_name, str(error)) from error
    chosen = torch.device("cpu") if device == "cpu" else None
    embeddings = ctx.folders.model_folders("embeddings")
    try:
        return load_text_encoders(
            paths,
            families=families,
            embedding_folders=embeddings,
            tokenizer_folders=ctx.folders.model_folders("text_encoders"),
            device=chosen,
        )
    except WeightsError as error:
        raise InputError(next(iter(names)), str(error)) from error
