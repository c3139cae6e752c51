"""Nodes that hold a picture to edges, depths, poses and other hints."""

from typing import Annotated, NamedTuple, cast

import torch

from diffusion.control.conditioning import controlled
from diffusion.control.hints import Fit, with_masked_pixels
from diffusion.control.lllite import load_lllite, with_lllite
from diffusion.control.load import TASKS, load_control_net
from diffusion.control.reference import Way, with_reference
from diffusion.control.restoring import KeptColours, KeptPicture
from diffusion.control.unit import ControlUnit, Mode
from diffusion.sampling.sample import fitting
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Files, InputError, Range, Seed, node
from nodes.sockets import Conditioning, ControlNet, Image, Latent, Mask, Model, Vae

Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]

MODES: dict[str, Mode] = {
    "balanced": "balanced",
    "prompt is more important": "prompt",
    "ControlNet is more important": "control",
}
FITS: dict[str, Fit] = {"crop and resize": "crop", "just resize": "stretch", "resize and fill": "fill"}
LEVELS, STEPS = "noise level", "steps"
AUTO = "auto"


class Controlled(NamedTuple):
    """Both prompts."""

    positive: Conditioning
    negative: Conditioning


def _load(ctx: Context, name: str, base: Model | None = None) -> ControlNet:
    try:
        return load_control_net(ctx.folders.model_path("controlnet", name), base=base)
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("control_net_name", str(error)) from error


@node("ControlNetLoader", category="loaders", title="Load ControlNet", search=["t2i adapter", "union", "control lora"])
def control_net_loader(ctx: Context, control_net_name: Annotated[str, Files("controlnet")]) -> ControlNet:
    """Open a ControlNet, a union ControlNet, a control-LoRA or a T2I-Adapter.

    control_net_name: A file in models/controlnet.
    """
    return _load(ctx, control_net_name)


@node("DiffControlNetLoader", category="loaders", title="Load ControlNet of Differences", search=["control lora"])
def diff_control_net_loader(
    ctx: Context, model: Model, control_net_name: Annotated[str, Files("controlnet")]
) -> ControlNet:
    """Open a ControlNet whose file holds only what differs from a model.

    model: The model that it differs from.
    control_net_name: A file in models/controlnet.
    """
    return _load(ctx, control_net_name, model)


@node("ControlNetApply", category="conditioning/control", title="Apply ControlNet (one prompt)")
def control_net_apply(
    conditioning: Conditioning, control_net: ControlNet, image: Image, strength: Strength = 1.0
) -> Conditioning:
    """Hold the picture to a hint, under a positive prompt and under the negative ones that it is guided with.

    conditioning: The positive prompt.
    control_net: The network that reads the hint.
    image: The hint: what a preprocessor of the network's kind makes of a picture.
    strength: How much it counts; 0 leaves the prompt as it is.
    """
    return controlled(conditioning, ControlUnit(control_net, image, strength), negative_too=True)


@node(
    "ControlNetApplyAdvanced",
    category="conditioning/control",
    title="Apply ControlNet",
    aliases=["ControlNetApplySD3"],
    search=["hint", "t2i adapter"],
)
def control_net_apply_advanced(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    vae: Vae | None = None,
) -> Controlled:
    """Hold the picture to a hint.

    positive: What the picture should show.
    negative: What it should not show.
    control_net: The network that reads the hint.
    image: The hint: what a preprocessor of the network's kind makes of a picture.
    strength: How much it counts.
    start_percent: From which part of the sampling on; 0 is its beginning.
    end_percent: Until which part; 1 is its end.
    vae: The model's VAE, for networks for Stable Diffusion 3 and Flux, which read latents.
    """
    unit = ControlUnit(control_net, image, strength, start_percent, end_percent, vae=vae)
    return Controlled(controlled(positive, unit), controlled(negative, unit))


@node(
    "ControlNetInpaintingAliMamaApply",
    category="conditioning/control",
    title="Apply Inpainting ControlNet (Alimama)",
    search=["hint", "inpaint", "alimama"],
)
def control_net_inpainting_apply(
    *,
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    vae: Vae,
    image: Image,
    mask: Mask,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Controlled:
    """Repaint a picture within a mask, by a ControlNet for Stable Diffusion 3 or Flux that reads the mask.

    positive: What the picture should show.
    negative: What it should not show.
    control_net: A ControlNet for inpainting of Alimama.
    vae: The model's VAE.
    image: The picture to repaint.
    mask: White where it is to be repainted.
    strength: How much the network counts.
    start_percent: From which part of the sampling on; 0 is its beginning.
    end_percent: Until which part; 1 is its end.
    """
    unit = ControlUnit(control_net, image, strength, start_percent, end_percent, vae=vae, repainted=mask)
    return Controlled(controlled(positive, unit), controlled(negative, unit))


@node(
    "ControlNetApplyModes",
    category="conditioning/control",
    title="Apply ControlNet with Modes",
    search=["guess mode", "my prompt is more important", "effective region mask", "resize mode"],
)
def control_net_apply_modes(
    *,
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    control_mode: Annotated[str, Choice(list(MODES))] = "balanced",
    resize_mode: Annotated[str, Choice(list(FITS))] = "crop and resize",
    timing: Annotated[str, Choice([LEVELS, STEPS])] = LEVELS,
    mask: Mask | None = None,
    vae: Vae | None = None,
) -> Controlled:
    """Hold the picture to a hint, with the modes of the A1111 WebUI's extension.

    positive: What the picture should show.
    negative: What it should not show.
    control_net: The network that reads the hint.
    image: The hint: what a preprocessor of the network's kind makes of a picture.
    strength: How much it counts.
    start_percent: From which part of the sampling on; 0 is its beginning.
    end_percent: Until which part; 1 is its end.
    control_mode: What counts more: the prompt, or the hint, which then acts under the positive prompt alone.
    resize_mode: How a hint of other proportions is fitted to the picture.
    timing: Whether the parts of the sampling are measured by the noise level, or by steps as in the A1111 WebUI.
    mask: Where the hint counts; everywhere if there is none.
    vae: The model's VAE, for networks for Stable Diffusion 3 and Flux, which read latents and know no modes.
    """
    unit = ControlUnit(
        control_net,
        image,
        strength,
        start_percent,
        end_percent,
        mode=MODES[control_mode],
        mask=mask,
        fit=FITS[resize_mode],
        by_calls=timing == STEPS,
        vae=vae,
    )
    return Controlled(controlled(positive, unit), controlled(negative, unit))


@node("SetUnionControlNetType", category="conditioning/control", title="Set Union ControlNet Type")
def set_union_control_net_type(
    control_net: ControlNet, type: Annotated[str, Choice([AUTO, *TASKS])] = AUTO
) -> ControlNet:
    """Tell a union ControlNet what its hints show.

    control_net: A union ControlNet.
    type: What the hints show; "auto" leaves it to the network.
    """
    try:
        return control_net.for_task(type)
    except WeightsError as error:
        raise InputError("control_net", str(error)) from error


@node(
    "InpaintControlHint",
    category="conditioning/control",
    title="Inpainting Hint",
    aliases=["InpaintPreprocessor"],
    search=["inpaint preprocessor"],
)
def inpaint_control_hint(image: Image, mask: Mask) -> Image:
    """Make the hint of an inpainting ControlNet: the picture, with -1 where it is to be repainted.

    image: The picture to repaint.
    mask: White where it is to be repainted.
    """
    return with_masked_pixels(image, mask)


@node("LLLiteApply", category="conditioning/control", title="Apply ControlNet-LLLite", search=["lllite", "kohya"])
def lllite_apply(
    ctx: Context,
    *,
    model: Model,
    control_net_name: Annotated[str, Files("controlnet")],
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Model:
    """Hold what a model paints to a hint by a ControlNet-LLLite, which changes the model's attention.

    model: The model that the network was made for.
    control_net_name: A ControlNet-LLLite in models/controlnet.
    image: The hint: what a preprocessor of the network's kind makes of a picture.
    strength: How much it counts.
    start_percent: From which part of the sampling on; 0 is its beginning.
    end_percent: Until which part; 1 is its end.
    """
    try:
        layers = load_lllite(ctx.folders.model_path("controlnet", control_net_name))
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("control_net_name", str(error)) from error
    return with_lllite(model, layers, image, strength=strength, start_percent=start_percent, end_percent=end_percent)


@node(
    "ReferenceOnly",
    category="conditioning/control",
    title="Reference Only",
    search=["reference_only", "reference_adain", "style"],
)
def reference_only(
    *,
    model: Model,
    reference: Latent,
    way: Annotated[str, Choice(["attention", "adain", "attention+adain"])] = "attention",
    strength: Annotated[float, Range(0.0, 2.0, step=0.01)] = 1.0,
    style_fidelity: Share = 0.5,
    seed: Seed = 0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Model:
    """Let a model take its motif and style from a picture, without any control network.

    model: The model; each step takes twice as long.
    reference: The picture, encoded with the model's VAE.
    way: "attention" looks at its parts, "adain" takes over its contrasts and colours.
    strength: How many of the model's layers take part, the innermost first; above 1 more of them for adain.
    style_fidelity: The higher, the closer to the reference; 1 leaves the negative prompt without it.
    seed: Of the noise that is put on the reference.
    start_percent: From which part of the sampling on; 0 is its beginning.
    end_percent: Until which part; 1 is its end.
    """
    return with_reference(
        model,
        fitting(reference["samples"], model.latent_format.channels),
        way=cast(Way, way),
        strength=strength,
        fidelity=style_fidelity,
        seed=seed,
        start_percent=start_percent,
        end_percent=end_percent,
    )


@node("TileColorFix", category="conditioning/control", title="Tile Color Fix", search=["tile_colorfix", "sharp"])
def tile_color_fix(
    model: Model,
    latent: Latent,
    variation: Annotated[int, Range(1, 32)] = 8,
    sharpness: Annotated[float, Range(0.0, 2.0, step=0.01)] = 0.0,
    weight: Share = 1.0,
) -> Model:
    """Keep the colours of a picture while a tile ControlNet repaints its detail.

    model: The model that repaints.
    latent: The picture, encoded with the model's VAE.
    variation: How many latent pixels around each one may have other colours.
    sharpness: How much guidance sharpens; 0 for not at all.
    weight: How much the colours are kept.
    """
    return model.with_guidance(KeptColours(_in_model_space(model, latent), variation, sharpness, weight))


@node("InpaintOnly", category="conditioning/control", title="Inpaint Only", search=["inpaint_only", "keep"])
def inpaint_only(model: Model, latent: Latent, mask: Mask, weight: Share = 1.0) -> Model:
    """Keep a picture outside of a mask at each step, while an inpainting ControlNet repaints within it.

    model: The model that repaints.
    latent: The picture, encoded with the model's VAE.
    mask: White where it is to be repainted.
    weight: How much the picture is kept.
    """
    return model.with_guidance(KeptPicture(_in_model_space(model, latent), mask, weight))


def _in_model_space(model: Model, latent: Latent) -> torch.Tensor:
    return model.latent_format.to_model(fitting(latent["samples"], model.latent_format.channels).float())
