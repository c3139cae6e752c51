"""Nodes that make adapters of models and of other adapters, and save them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import torch

from diffusion.adapters import Fitted, fit, load_adapter
from diffusion.adapters.extraction import Extracted, Size, extract, merge
from diffusion.adapters.writing import save_adapter
from diffusion.model import Clip as ClipHandle
from diffusion.model import Model as ModelHandle
from diffusion.training.metadata import base_metadata
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Files, InputError, Range, Words, node
from nodes.adapters import warn_of_rest
from nodes.metadata import file_metadata
from nodes.sockets import Clip, Model

LoraName = Annotated[str, Files("loras")]
Rank = Annotated[int, Range(1, 4096)]
Energy = Annotated[float, Range(0.01, 1, step=0.01)]
Strength = Annotated[float, Range(-100, 100, step=0.01)]
STANDARD, WHOLE = "standard", "full_diff"


@node("LoraSave", category="saving", title="Extract and Save LoRA", output_node=True, search=["svd", "difference"])
def lora_save(
    ctx: Context,
    filename_prefix: str = "loras/Safelight",
    rank: Rank = 8,
    lora_type: Annotated[str, Choice([STANDARD, WHOLE])] = STANDARD,
    bias_diff: bool = True,
    model_diff: Model | None = None,
    text_encoder_diff: Clip | None = None,
    energy: Energy = 1.0,
) -> None:
    """Make a LoRA of what a model was taught: of the difference that Subtract Models and Subtract CLIPs give.

    filename_prefix: Start of the file name. A / makes subfolders.
    rank: The largest rank; more holds more, and makes a larger file.
    lora_type: Of this rank, or whole differences, which lose nothing.
    bias_diff: Keep what was learned by biases and normalisations too.
    model_diff: The difference of two models.
    text_encoder_diff: The difference of their text encoders.
    energy: Less than 1: only as much rank in each layer as holds this part of its difference.
    """
    size = None if lora_type == WHOLE else Size(rank, energy)
    with _told("model_diff"):
        made = extract(model_diff, text_encoder_diff, size, biases=bias_diff, on_tensor=ctx.progress)
        _save(ctx, filename_prefix, made, model_diff, text_encoder_diff)


@node("LoraMerge", category="saving", title="Merge and Save LoRAs", output_node=True, search=["combine", "svd"])
def lora_merge(
    ctx: Context,
    model: Model,
    lora_name_1: LoraName,
    lora_name_2: LoraName,
    strength_1: Strength = 1.0,
    strength_2: Strength = 1.0,
    rank: Rank = 32,
    energy: Energy = 1.0,
    filename_prefix: str = "loras/Safelight",
    clip: Clip | None = None,
) -> None:
    """Make one LoRA of two; of any kinds, which become a LoRA of this rank.

    model: The model that they are for.
    lora_name_1: A file in models/loras.
    lora_name_2: A file in models/loras.
    strength_1: How much of the first.
    strength_2: How much of the second.
    rank: The largest rank; the sum of both ranks loses nothing.
    energy: Less than 1: only as much rank in each layer as holds this part of it.
    filename_prefix: Start of the file name. A / makes subfolders.
    clip: The text encoders that they are for; without, what they have for these is left out.
    """
    first = _fitted(ctx, "lora_name_1", lora_name_1, model, clip)
    second = _fitted(ctx, "lora_name_2", lora_name_2, model, clip)
    parts = [(first, strength_1), (second, strength_2)]
    with _told("lora_name_1"):
        made = merge(parts, model, clip, Size(rank, energy), on_tensor=ctx.progress)
        _save(ctx, filename_prefix, made, model, clip)


@node("LoraResize", category="saving", title="Resize and Save LoRA", output_node=True, search=["svd", "rank", "shrink"])
def lora_resize(
    ctx: Context,
    model: Model,
    lora_name: LoraName,
    rank: Rank = 8,
    energy: Energy = 1.0,
    filename_prefix: str = "loras/Safelight",
    clip: Clip | None = None,
) -> None:
    """Make a smaller file of a LoRA; an adapter of another kind becomes a LoRA.

    model: The model that it is for.
    lora_name: A file in models/loras.
    rank: The largest rank.
    energy: Less than 1: only as much rank in each layer as holds this part of it.
    filename_prefix: Start of the file name. A / makes subfolders.
    clip: The text encoders that it is for; without, what it has for these is left out.
    """
    fitted = _fitted(ctx, "lora_name", lora_name, model, clip)
    with _told("lora_name"):
        made = merge([(fitted, 1.0)], model, clip, Size(rank, energy), on_tensor=ctx.progress)
        _save(ctx, filename_prefix, made, model, clip)


def _fitted(ctx: Context, input_name: str, name: str, model: ModelHandle, clip: ClipHandle | None) -> Fitted:
    """The adapter of a file, fitted; what would be lost in the file that is made of it is told."""
    try:
        fitted = fit(load_adapter(ctx.folders.model_path("loras", name)), model, clip)
    except (WeightsError, FileNotFoundError) as error:
        raise InputError(input_name, str(error)) from error
    warn_of_rest(ctx, fitted)
    return fitted


def _save(ctx: Context, prefix: str, made: Extracted, model: ModelHandle | None, clip: ClipHandle | None) -> None:
    """Write the file, and show how much of the difference it holds."""
    try:
        place = ctx.folders.save_path(prefix, "safetensors")
    except ValueError as error:
        raise InputError("filename_prefix", str(error)) from error
    metadata = {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(made.rank),
        "ss_network_alpha": str(made.rank),
        "ss_network_args": "{}",
        "safelight_retained_energy": f"{made.retained:.6f}",
    }
    if model is not None:
        metadata |= {**base_metadata(model), "modelspec.architecture": f"{model.family.id}/lora"}
    with place.writing() as path:
        texts = {**metadata, **file_metadata(ctx)}
        save_adapter(path, made.kinds, model, clip, dtype=torch.float16, metadata=texts)
    ctx.show("models", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])
    ctx.show("text", [Words(f"Holds {made.retained:.1%} of the difference, with ranks up to {made.rank}.")])


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say which input is wrong."""
    try:
        yield
    except WeightsError as error:
        raise InputError(name, str(error)) from error
