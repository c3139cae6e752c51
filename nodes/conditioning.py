"""Nodes that turn prompts into conditioning, and combine and restrict it."""

from typing import Annotated

from diffusion import conditioning as operations
from diffusion.text.webui import encode as webui
from diffusion.text.webui.extra_networks import extract, without_comments
from graph.declare import Advanced, Choice, Context, Folders, Multiline, Range, node
from nodes.sockets import Clip, Conditioning, Mask

Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Time = Annotated[float, Range(0.0, 1.0, step=0.001)]
Size = Annotated[int, Range(64, 16384, step=8)]
Position = Annotated[int, Range(0, 16384, step=8)]

DIALECTS = ("ComfyUI", "WebUI")
LATENT_PIXEL = 8  # areas are given in picture pixels and kept in latent pixels


def _embeddings(
    folders: Folders, text: str | None = None, dialect: str = DIALECTS[0], **inputs: object
) -> list[tuple[str, int, int]]:
    """The embeddings that there are, if the prompt may name one: a linked prompt might, and any word of the WebUI."""
    if text is not None and dialect == DIALECTS[0] and "embedding:" not in text:
        return []
    states = [(name, folders.model_path("embeddings", name).stat()) for name in folders.model_names("embeddings")]
    return [(name, state.st_size, state.st_mtime_ns) for name, state in states]


@node(
    "CLIPEncode",
    category="conditioning",
    title="Prompt",
    aliases=["CLIPTextEncode"],
    search=["text", "clip"],
    fingerprint=_embeddings,
)
def clip_encode(
    ctx: Context,
    text: Annotated[str, Multiline(prompt=True)],
    clip: Clip,
    dialect: Annotated[str, Choice(DIALECTS), Advanced()] = "ComfyUI",
) -> Conditioning:
    """Encode a prompt.

    text: (word:1.3) gives a word more weight, (word:0.7) less; embedding:name uses a textual inversion.
    clip: The text encoder of the checkpoint that the prompt is for.
    dialect: Whose syntax the prompt is in. WebUI has [word], BREAK, AND, [cat:dog:0.5] and [cat|dog], too.
    """
    if dialect == "WebUI":
        bare, tags = extract(without_comments(text))
        if tags:
            ctx.warn("LoRAs and hypernetworks are loaded by Prompts (WebUI); here their tags were left out.")
        conditioning, warnings = webui.encode_positive(clip, bare, webui.Dialect())
        for warning in warnings:
            ctx.warn(warning)
        return conditioning
    tokens = clip.tokenize(text)
    for warning in tokens.warnings:
        ctx.warn(warning)
    return clip.encode_tokens(tokens)


@node("CLIPSetLastLayer", category="conditioning", title="CLIP Set Last Layer", search=["clip skip"])
def clip_set_last_layer(clip: Clip, stop_at_clip_layer: Annotated[int, Range(-24, -1, step=1)] = -1) -> Clip:
    """Take the text encoder's states from an earlier layer ("CLIP skip").

    stop_at_clip_layer: -1 is the last layer, -2 the one before it.
    """
    return clip.with_last_layer(stop_at_clip_layer)


@node("ConditioningCombine", category="conditioning", title="Combine Conditioning")
def conditioning_combine(conditioning_1: Conditioning, conditioning_2: Conditioning) -> Conditioning:
    """Follow both prompts at each step, and average what they ask for."""
    return [*conditioning_1, *conditioning_2]


@node("ConditioningConcat", category="conditioning", title="Concatenate Conditioning")
def conditioning_concat(conditioning_to: Conditioning, conditioning_from: Conditioning) -> Conditioning:
    """Put one prompt's tokens after another's, so that the model reads both as one long prompt."""
    return operations.concatenate(conditioning_to, conditioning_from)


@node("ConditioningAverage", category="conditioning", title="Average Conditioning")
def conditioning_average(
    conditioning_to: Conditioning, conditioning_from: Conditioning, conditioning_to_strength: Share = 1.0
) -> Conditioning:
    """Mix the encoded states of two prompts.

    conditioning_to_strength: 1 is the first prompt alone, 0 the second.
    """
    return operations.average(conditioning_to, conditioning_from, conditioning_to_strength)


@node("ConditioningSetArea", category="conditioning", title="Set Area")
def conditioning_set_area(
    conditioning: Conditioning,
    width: Size = 64,
    height: Size = 64,
    x: Position = 0,
    y: Position = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt act in a rectangle of the picture only; sizes in pixels."""
    area = tuple(value // LATENT_PIXEL for value in (height, width, y, x))
    return operations.with_options(conditioning, area=area, strength=strength, set_area_to_bounds=False)


@node("ConditioningSetAreaPercentage", category="conditioning", title="Set Area by Share")
def conditioning_set_area_percentage(
    conditioning: Conditioning,
    width: Share = 1.0,
    height: Share = 1.0,
    x: Share = 0.0,
    y: Share = 0.0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt act in a rectangle of the picture only; sizes as shares of the picture's, 0 to 1."""
    area = ("percentage", height, width, y, x)
    return operations.with_options(conditioning, area=area, strength=strength, set_area_to_bounds=False)


@node("ConditioningSetAreaStrength", category="conditioning", title="Set Strength")
def conditioning_set_area_strength(conditioning: Conditioning, strength: Strength = 1.0) -> Conditioning:
    """Set how much a prompt counts where several act on the same place."""
    return operations.with_options(conditioning, strength=strength)


@node("ConditioningSetMask", category="conditioning", title="Set Mask")
def conditioning_set_mask(
    conditioning: Conditioning,
    mask: Mask,
    strength: Strength = 1.0,
    set_cond_area: Annotated[str, Choice(["default", "mask bounds"])] = "default",
) -> Conditioning:
    """Let a prompt act where a mask is white.

    set_cond_area: "mask bounds" computes the prompt in the rectangle around the mask only.
    """
    layers = mask.reshape(-1, *mask.shape[-2:])
    return operations.with_options(
        conditioning, mask=layers, mask_strength=strength, set_area_to_bounds=set_cond_area == "mask bounds"
    )


@node("ConditioningSetTimestepRange", category="conditioning", title="Set Timestep Range")
def conditioning_set_timestep_range(conditioning: Conditioning, start: Time = 0.0, end: Time = 1.0) -> Conditioning:
    """Let a prompt act during a part of the sampling only.

    start: 0 is the beginning of the sampling.
    end: 1 is its end.
    """
    return operations.with_options(conditioning, start_percent=start, end_percent=end)


@node("ConditioningZeroOut", category="conditioning", title="Zero Out Conditioning")
def conditioning_zero_out(conditioning: Conditioning) -> Conditioning:
    """Replace the encoded prompt by zeros."""
    return operations.zero(conditioning)
