"""Nodes that mix the weights of models."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

from diffusion import merging
from graph.declare import SPEC_ATTRIBUTE, Input, InputError, Range, node, spec_of
from nodes.sockets import Clip, Model, Vae

Ratio = Annotated[float, Range(0, 1, step=0.01)]
Multiplier = Annotated[float, Range(-10, 10, step=0.01)]


@node("ModelMergeSimple", category="model/merging", title="Merge Models", search=["checkpoint merger", "weighted sum"])
def model_merge_simple(model1: Model, model2: Model, ratio: Ratio = 1.0) -> Model:
    """Mix two models of one family.

    model1: The first model.
    model2: The second model.
    ratio: How much of the first; the rest is of the second.
    """
    with _told("model2"):
        return merging.merge_models(model1, model2, merging.weighted(ratio))


@node("ModelMergeAdd", category="model/merging", title="Add Models", search=["add difference", "checkpoint merger"])
def model_merge_add(model1: Model, model2: Model) -> Model:
    """Add the weights of a model, mostly a difference that Subtract Models gives, to another one.

    model1: The model that is added to; of an inpainting model the channels for the mask stay as they are.
    model2: The model that is added.
    """
    with _told("model2"):
        return merging.merge_models(model1, model2, merging.added())


@node("ModelMergeSubtract", category="model/merging", title="Subtract Models", search=["add difference"])
def model_merge_subtract(model1: Model, model2: Model, multiplier: Multiplier = 1.0) -> Model:
    """What a model was taught beyond another one; add it to a third with Add Models.

    model1: The model that was taught.
    model2: The model that it was made of.
    multiplier: How much of the difference.
    """
    with _told("model2"):
        return merging.merge_models(model1, model2, merging.subtracted(multiplier))


@node("ModelMergeBlocks", category="model/merging", title="Merge Models by Part", search=["block weights", "MBW"])
def model_merge_blocks(
    model1: Model, model2: Model, input: Ratio = 1.0, middle: Ratio = 1.0, out: Ratio = 1.0
) -> Model:
    """Mix two models with a ratio of its own for each part of the UNet.

    model1: The first model.
    model2: The second model.
    input: How much of the first in the encoder, and in what belongs to no part.
    middle: How much of the first in the middle.
    out: How much of the first in the decoder.
    """
    with _told("model2"):
        return merging.merge_models(model1, model2, merging.by_block({"input": input, "middle": middle, "out": out}))


def _blocks(inputs: int, dot: str) -> list[str]:
    """The parts of a UNet in the order of the file; `dot` ends the names of numbered ones."""
    numbered = [(f"{side}_blocks", range(inputs)) for side in ("input", "output")]
    numbered.insert(1, ("middle_block", range(3)))
    return ["time_embed.", "label_emb.", *(f"{name}.{n}{dot}" for name, numbers in numbered for n in numbers), "out."]


def _with_ratios(names: Iterable[str]) -> Callable[[Callable[..., Model]], Callable[..., Model]]:
    """Give a node a ratio for each name; they have dots, which names of parameters cannot."""
    options = {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.01}
    ratios = tuple(Input(name, "FLOAT", required=True, options=options) for name in names)

    def extend(function: Callable[..., Model]) -> Callable[..., Model]:
        spec = spec_of(function)
        assert spec is not None
        setattr(function, SPEC_ATTRIBUTE, replace(spec, inputs=(*spec.inputs, *ratios), variadic=None))
        return function

    return extend


@_with_ratios(_blocks(12, "."))
@node(
    "ModelMergeSD1",
    category="model/merging",
    title="Merge Models by Block (SD 1, SD 2)",
    aliases=["ModelMergeSD2"],
    search=["block weights", "MBW", "supermerger"],
)
def model_merge_sd1(model1: Model, model2: Model, **ratios: float) -> Model:
    """Mix two models of Stable Diffusion 1.x or 2.x with a ratio of its own for each block.

    model1: The first model.
    model2: The second model.
    """
    with _told("model2"):
        return merging.merge_models(model1, model2, merging.by_block(ratios))


@_with_ratios(_blocks(9, ""))
@node(
    "ModelMergeSDXL",
    category="model/merging",
    title="Merge Models by Block (SDXL)",
    search=["block weights", "MBW", "supermerger"],
)
def model_merge_sdxl(model1: Model, model2: Model, **ratios: float) -> Model:
    """Mix two SDXL models with a ratio of its own for each block.

    model1: The first model.
    model2: The second model.
    """
    with _told("model2"):
        return merging.merge_models(model1, model2, merging.by_block(ratios))


@node("CLIPMergeSimple", category="model/merging", title="Merge CLIPs", search=["text encoder", "checkpoint merger"])
def clip_merge_simple(clip1: Clip, clip2: Clip, ratio: Ratio = 1.0) -> Clip:
    """Mix the text encoders of two models of one family.

    clip1: The first text encoders.
    clip2: The second text encoders.
    ratio: How much of the first; the rest is of the second.
    """
    with _told("clip2"):
        return merging.merge_clips(clip1, clip2, merging.weighted(ratio))


@node("CLIPMergeAdd", category="model/merging", title="Add CLIPs", search=["text encoder", "add difference"])
def clip_merge_add(clip1: Clip, clip2: Clip) -> Clip:
    """Add the weights of text encoders, mostly a difference that Subtract CLIPs gives, to others.

    clip1: The text encoders that are added to.
    clip2: The text encoders that are added.
    """
    with _told("clip2"):
        return merging.merge_clips(clip1, clip2, merging.added())


@node("CLIPMergeSubtract", category="model/merging", title="Subtract CLIPs", search=["text encoder", "add difference"])
def clip_merge_subtract(clip1: Clip, clip2: Clip, multiplier: Multiplier = 1.0) -> Clip:
    """What text encoders were taught beyond others; add it to a third with Add CLIPs.

    clip1: The text encoders that were taught.
    clip2: The text encoders that they were made of.
    multiplier: How much of the difference.
    """
    with _told("clip2"):
        return merging.merge_clips(clip1, clip2, merging.subtracted(multiplier))


@node("CLIPMergeBlocks", category="model/merging", title="Merge CLIPs by Part", search=["text encoder", "MBW"])
def clip_merge_blocks(clip1: Clip, clip2: Clip, early: Ratio = 1.0, middle: Ratio = 1.0, late: Ratio = 1.0) -> Clip:
    """Mix the text encoders of two models with a ratio of its own for each third of their layers.

    clip1: The first text encoders.
    clip2: The second text encoders.
    early: How much of the first in the words and the layers near them.
    middle: How much of the first in the layers between.
    late: How much of the first in the last layers, and in what comes after them.
    """
    with _told("clip2"):
        return merging.merge_clips_by_depth(clip1, clip2, (early, middle, late))


@node("VAEMerge", category="model/merging", title="Merge VAEs", search=["checkpoint merger"])
def vae_merge(vae1: Vae, vae2: Vae, ratio: Ratio = 1.0) -> Vae:
    """Mix two VAEs of one family.

    vae1: The first VAE.
    vae2: The second VAE.
    ratio: How much of the first; the rest is of the second.
    """
    with _told("vae2"):
        return merging.merge_vaes(vae1, vae2, merging.weighted(ratio))


@node("VAEMergeAdd", category="model/merging", title="Add VAEs", search=["add difference", "checkpoint merger"])
def vae_merge_add(vae1: Vae, vae2: Vae) -> Vae:
    """Add the weights of a VAE, mostly a difference that Subtract VAEs gives, to another one.

    vae1: The VAE that is added to.
    vae2: The VAE that is added.
    """
    with _told("vae2"):
        return merging.merge_vaes(vae1, vae2, merging.added())


@node("VAEMergeSubtract", category="model/merging", title="Subtract VAEs", search=["add difference"])
def vae_merge_subtract(vae1: Vae, vae2: Vae, multiplier: Multiplier = 1.0) -> Vae:
    """What a VAE was taught beyond another one; add it to a third with Add VAEs.

    vae1: The VAE that was taught.
    vae2: The VAE that it was made of.
    multiplier: How much of the difference.
    """
    with _told("vae2"):
        return merging.merge_vaes(vae1, vae2, merging.subtracted(multiplier))


@node("VAEMergeBlocks", category="model/merging", title="Merge VAEs by Part", search=["encoder", "decoder", "MBW"])
def vae_merge_blocks(vae1: Vae, vae2: Vae, encoder: Ratio = 1.0, decoder: Ratio = 1.0) -> Vae:
    """Mix two VAEs with a ratio for what makes latents of pictures, and one for what makes pictures of latents.

    vae1: The first VAE.
    vae2: The second VAE.
    encoder: How much of the first in the encoder; at 1, latents stay what they are.
    decoder: How much of the first in the decoder.
    """
    ratios = {"encoder.": encoder, "quant_conv.": encoder, "decoder.": decoder, "post_quant_conv.": decoder}
    with _told("vae2"):
        return merging.merge_vaes(vae1, vae2, merging.by_block(ratios))


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say which input is wrong."""
    try:
        yield
    except merging.MergeError as error:
        raise InputError(name, str(error)) from error
