"""Nodes for prompts of Flux and Stable Diffusion 3, which have a text for each of several encoders."""

from typing import Annotated

from diffusion import conditioning as operations
from diffusion.text.clip import Tokenized
from graph.declare import Choice, Context, InputError, Multiline, Range, node
from nodes.sdxl import encoded
from nodes.sockets import Clip, Conditioning

Text = Annotated[str, Multiline(prompt=True)]
Guidance = Annotated[float, Range(0.0, 100.0, step=0.1)]


@node("CLIPTextEncodeFlux", category="conditioning", title="Prompt (Flux)", search=["text", "clip", "t5", "guidance"])
def clip_text_encode_flux(
    ctx: Context, clip: Clip, clip_l: Text, t5xxl: Text, guidance: Guidance = 3.5
) -> Conditioning:
    """Encode a prompt for Flux with a text for each of its encoders, and say how strongly it is followed.

    clip: CLIP-L and T5, from Load Two CLIPs or a checkpoint of Flux.
    clip_l: For CLIP-L, which gives the model an impression of the whole: a few words.
    t5xxl: For T5, whose words the model reads: whole sentences.
    guidance: The scale that the dev models are told; schnell is told none.
    """
    _check(clip, "Flux", "l", "t5")
    return operations.with_options(
        encoded(ctx, clip, clip.tokenize_each({"l": clip_l, "t5": t5xxl})), guidance=guidance
    )


@node("FluxGuidance", category="conditioning", title="Flux Guidance", search=["distilled", "cfg"])
def flux_guidance(conditioning: Conditioning, guidance: Guidance = 3.5) -> Conditioning:
    """Say how strongly the dev models of Flux follow a prompt; the sampler's cfg stays at 1.

    conditioning: The prompt.
    guidance: About 2 looks natural, 3.5 is usual, high values are glossy.
    """
    return operations.with_options(conditioning, guidance=guidance)


@node("FluxDisableGuidance", category="conditioning", title="Flux without Guidance", search=["distilled", "cfg"])
def flux_disable_guidance(conditioning: Conditioning) -> Conditioning:
    """Tell a dev model of Flux no scale of guidance, as fine-tunes want it that are sampled with cfg.

    conditioning: The prompt.
    """
    return operations.with_options(conditioning, guidance=None)


@node("CLIPTextEncodeSD3", category="conditioning", title="Prompt (SD3)", search=["text", "clip", "t5"])
def clip_text_encode_sd3(
    ctx: Context,
    clip: Clip,
    clip_l: Text,
    clip_g: Text,
    t5xxl: Text,
    empty_padding: Annotated[str, Choice(["none", "empty_prompt"])] = "none",
) -> Conditioning:
    """Encode a prompt for Stable Diffusion 3 with a text for each of its encoders.

    clip: The text encoders of Stable Diffusion 3.
    clip_l: For CLIP-L.
    clip_g: For OpenCLIP-bigG.
    t5xxl: For T5, if it is there.
    empty_padding: What an encoder without text gives: nothing, or what the empty prompt gives.
    """
    _check(clip, "Stable Diffusion 3", "l", "g")
    texts = {"l": clip_l, "g": clip_g, "t5": t5xxl}
    tokens = clip.tokenize_each(texts)
    if empty_padding == "none":
        kept = {name: each for name, each in tokens.by_encoder.items() if texts[name]}
        tokens = Tokenized(kept, tokens.warnings)
    return encoded(ctx, clip, tokens)


def _check(clip: Clip, model: str, *names: str) -> None:
    """Raise `InputError` if the text encoders are those of another model."""
    if not set(names) <= {encoder.name for encoder in clip.encoders}:
        raise InputError("clip", f"These text encoders are not those of {model}: connect the CLIP of such a model.")
