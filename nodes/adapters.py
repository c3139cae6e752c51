"""Nodes that put adapters (LoRA, LyCORIS) on models and text encoders."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

from diffusion.adapters import (
    UNET,
    BlockWeights,
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
from graph.declare import Advanced, Context, Curve, CurveValue, Files, InputError, Range, Words, node
from nodes.sockets import Clip, Mask, Model

LoraName = Annotated[str, Files("loras")]
Strength = Annotated[float, Range(-100, 100, step=0.01)]
Percent = Annotated[float, Range(0, 1, step=0.001)]
PercentOption = Annotated[float, Range(0, 1, step=0.001), Advanced()]
FLAT: CurveValue = {"points": [[0.0, 1.0], [1.0, 1.0]]}
ALL_BLOCKS = "ALL"
NAMES = {UNET: "the UNet", "l": "CLIP-L", "g": "OpenCLIP-bigG", "h": "OpenCLIP-H", "t5": "T5"}


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
    block_weights: str = ALL_BLOCKS,
) -> Adapted:
    """Put a LoRA on a model with another strength in each of its blocks.

    lora_name: A file in models/loras.
    strength_model: Multiplied with the weights of the blocks.
    strength_clip: Multiplied with the first weight.
    block_weights: One number for the text encoders and one for each block (with attention, or all); or a preset's name.
    """
    fitted = _fitted(ctx, lora_name, model, clip)
    weights = _block_weights(block_weights, model)
    base = 1.0 if weights is None else weights.base
    return Adapted(fitted.on_model(model, strength_model, weights), fitted.on_clip(clip, strength_clip * base))


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
    block_weights: Annotated[str, Advanced()] = ALL_BLOCKS,
    start_percent: PercentOption = 0.0,
    end_percent: PercentOption = 1.0,
) -> Adapted:
    """Let a LoRA act in a region of the picture only, so that two characters can stand side by side.

    clip: Text encoders for the prompt of this region.
    lora_name: A file in models/loras.
    mask: White where the LoRA acts; of any size, as it is stretched to the picture.
    strength_model: 1 is how it was trained.
    strength_clip: Of the text encoders that are given on, which encode the prompt of this region.
    block_weights: As in Load LoRA (Block Weights).
    start_percent: Where in the run it begins; 0 is noise.
    end_percent: Where in the run it ends; 1 is the finished picture.
    """
    when = _window(start_percent, end_percent) if (start_percent, end_percent) != (0, 1) else None
    fitted = _fitted(ctx, lora_name, model, clip)
    weights = _block_weights(block_weights, model)
    live = LiveAdapter(fitted.kinds[UNET], strength_model, mask, when, _factors(fitted, model, weights))
    base = 1.0 if weights is None else weights.base
    return Adapted(with_live_adapter(model, live), fitted.on_clip(clip, strength_clip * base))


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
    block_weights: Annotated[str, Advanced()] = ALL_BLOCKS,
) -> Model:
    """Let a LoRA act in a part of the steps, with a strength that changes on the way.

    lora_name: A file in models/loras.
    strength_model: Where the curve is at the top.
    start_percent: Where in the run it begins; 0 is noise.
    end_percent: Where in the run it ends; 1 is the finished picture.
    curve: The strength from the beginning to the end.
    block_weights: As in Load LoRA (Block Weights).
    """
    window = _window(start_percent, end_percent, _looked_up(curve))
    fitted = _fitted(ctx, lora_name, model, None)
    factors = _factors(fitted, model, _block_weights(block_weights, model))
    return with_live_adapter(model, LiveAdapter(fitted.kinds[UNET], strength_model, window=window, factors=factors))


def _fitted(ctx: Context, lora_name: str, model: Model, clip: Clip | None) -> Fitted:
    """The adapter of a file, fitted, with a report on the node."""
    try:
        fitted = fit(load_adapter(ctx.folders.model_path("loras", lora_name)), model, clip)
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("lora_name", str(error)) from error
    ctx.show("text", [changed_layers(fitted)])
    warn_of_rest(ctx, fitted)
    return fitted


def changed_layers(fitted: Fitted) -> Words:
    """How many layers of which networks an adapter changes."""
    matched = fitted.report.matched
    return Words.joined(
        Words(f"Changes {count} layers of {NAMES.get(name, name)}.") for name, count in matched.items() if count
    )


def warn_of_rest(ctx: Context, fitted: Fitted) -> None:
    """Say what of an adapter's file is not used."""
    report = fitted.report
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


def _block_weights(text: str, model: Model) -> BlockWeights | None:
    """The weights of a model's blocks; None if all are 1, which is said of models without such blocks too."""
    if text.strip().upper() == ALL_BLOCKS:
        return None
    try:
        return read_block_weights(text, model)
    except BlockWeightsError as error:
        raise InputError("block_weights", str(error)) from error


def _factors(fitted: Fitted, model: Model, weights: BlockWeights | None) -> dict[str, float]:
    return {} if weights is None else fitted.factors(model, weights)


def _window(start: float, end: float, curve: Callable[[float], float] | None = None) -> Window:
    if end <= start:
        raise InputError("end_percent", "The end must lie behind the start: raise end_percent, or lower start_percent.")
    return Window(start, end, curve)


def _looked_up(curve: CurveValue) -> Callable[[float], float]:
    table = curve_table(curve["points"], curve.get("interpolation", "monotone_cubic"))
    return lambda share: float(table[round(share * (len(table) - 1))])
