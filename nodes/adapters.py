"""Nodes that put adapters (LoRA, LyCORIS) on models and text encoders."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

from diffusion.adapters import (
    UNET,
    BlockWeightsError,
    Fitted,
    LiveAdapter,
    Window,
    fit,
    load_adapter,
    read_block_weights,
    with_live_adapter,
)
from diffusion.images.tone import curve_table
from diffusion.weights import WeightsError
from graph.declare import Context, Curve, CurveValue, Files, InputError, Range, node
from nodes.sockets import Clip, Mask, Model

LoraName = Annotated[str, Files("loras")]
Strength = Annotated[float, Range(-100, 100, step=0.01)]
Percent = Annotated[float, Range(0, 1, step=0.001)]
FLAT: CurveValue = {"points": [[0.0, 1.0], [1.0, 1.0]]}
NAMES = {UNET: "the UNet", "l": "CLIP-L", "g": "OpenCLIP-bigG", "h": "OpenCLIP-H"}


class Adapted(NamedTuple):
    """A model and its text encoders with an adapter on them."""

    MODEL: Model
    CLIP: Clip


@node("LoraLoader", category="loaders/adapters", title="Load LoRA", search=["lycoris", "locon", "loha", "lokr", "dora"])
def lora_loader(
    ctx: Context,
    model: Model,
    clip: Clip,
    lora_name: LoraName,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
) -> Adapted:
    """Put a LoRA, or an adapter of LyCORIS, on a model and its text encoders; several one after the other add up.

    model: The model that the LoRA was made for, or a fine-tune of it.
    clip: The text encoders of that model.
    lora_name: A file in models/loras.
    strength_model: 1 is how it was trained; 0 leaves the model as it is, and less turns it round.
    strength_clip: The same for the text encoders.
    """
    fitted = _fitted(ctx, lora_name, model, clip)
    return Adapted(fitted.on_model(model, strength_model), fitted.on_clip(clip, strength_clip))


@node("LoraLoaderModelOnly", category="loaders/adapters", title="Load LoRA (Model Only)", search=["lycoris", "lcm"])
def lora_loader_model_only(ctx: Context, model: Model, lora_name: LoraName, strength_model: Strength = 1.0) -> Model:
    """Put a LoRA on a model, and leave out what it has for text encoders.

    model: The model that the LoRA was made for, or a fine-tune of it.
    lora_name: A file in models/loras.
    strength_model: 1 is how it was trained; 0 leaves the model as it is, and less turns it round.
    """
    return _fitted(ctx, lora_name, model, None).on_model(model, strength_model)


@node(
    "LoraLoaderBlocks",
    category="loaders/adapters",
    title="Load LoRA (Block Weights)",
    search=["lbw", "block weight", "lycoris"],
)
def lora_loader_blocks(
    ctx: Context,
    model: Model,
    clip: Clip,
    lora_name: LoraName,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    block_weights: str = "ALL",
) -> Adapted:
    """Put a LoRA on a model with another strength in each of its blocks.

    lora_name: A file in models/loras.
    strength_model: Multiplied with the weights of the blocks.
    strength_clip: Multiplied with the first weight.
    block_weights: One number for the text encoders and one for each block (with attention, or all); or a preset's name.
    """
    fitted = _fitted(ctx, lora_name, model, clip)
    try:
        weights = read_block_weights(block_weights, model)
    except BlockWeightsError as error:
        raise InputError("block_weights", str(error)) from error
    return Adapted(fitted.on_model(model, strength_model, weights), fitted.on_clip(clip, strength_clip * weights.base))


@node(
    "LoraLoaderRegional",
    category="loaders/adapters",
    title="Load LoRA (Region)",
    search=["mask", "regional", "two characters", "couple"],
)
def lora_loader_regional(
    ctx: Context,
    model: Model,
    clip: Clip,
    lora_name: LoraName,
    mask: Mask,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
) -> Adapted:
    """Let a LoRA act in a region of the picture only, so that two characters can stand side by side.

    clip: Text encoders for the prompt of this region.
    lora_name: A file in models/loras.
    mask: White where the LoRA acts; of any size, as it is stretched to the picture.
    strength_model: 1 is how it was trained.
    strength_clip: Of the text encoders that are given on, which encode the prompt of this region.
    """
    fitted = _fitted(ctx, lora_name, model, clip)
    live = LiveAdapter(fitted.kinds[UNET], strength_model, mask=mask)
    return Adapted(with_live_adapter(model, live), fitted.on_clip(clip, strength_clip))


@node(
    "LoraLoaderScheduled",
    category="loaders/adapters",
    title="Load LoRA (Schedule)",
    search=["steps", "ramp", "timestep", "hook", "keyframe"],
)
def lora_loader_scheduled(
    ctx: Context,
    model: Model,
    lora_name: LoraName,
    strength_model: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    curve: Curve = FLAT,
) -> Model:
    """Let a LoRA act in a part of the steps, with a strength that changes on the way.

    lora_name: A file in models/loras.
    strength_model: Where the curve is at the top.
    start_percent: Where in the run it begins; 0 is noise.
    end_percent: Where in the run it ends; 1 is the finished picture.
    curve: The strength from the beginning to the end.
    """
    if end_percent <= start_percent:
        raise InputError("end_percent", "The end must lie behind the start: raise end_percent, or lower start_percent.")
    window = Window(start_percent, end_percent, _looked_up(curve))
    fitted = _fitted(ctx, lora_name, model, None)
    return with_live_adapter(model, LiveAdapter(fitted.kinds[UNET], strength_model, window=window))


def _fitted(ctx: Context, lora_name: str, model: Model, clip: Clip | None) -> Fitted:
    """The adapter of a file, fitted, with a report on the node."""
    try:
        fitted = fit(load_adapter(ctx.folders.model_path("loras", lora_name)), model, clip)
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("lora_name", str(error)) from error
    report = fitted.report
    counts = (f"{count} layers of {NAMES.get(name, name)}" for name, count in report.matched.items() if count)
    ctx.show("text", [f"Changes {', '.join(counts)}."])
    if report.unmatched:
        ctx.warn(
            f"{len(report.unmatched)} tensors of {fitted.name} belong to nothing in this model and were left out; the "
            f"first is {report.unmatched[0]}."
        )
    if report.misfits:
        ctx.warn(
            f"{len(report.misfits)} layers of {fitted.name} have other sizes than those of this model and were left "
            f"out; the first is {report.misfits[0]}."
        )
    return fitted


def _looked_up(curve: CurveValue) -> Callable[[float], float]:
    table = curve_table(curve["points"], curve.get("interpolation", "monotone_cubic"))
    return lambda share: float(table[round(share * (len(table) - 1))])
