"""Nodes for prompts of SDXL, which come with sizes, and with a text for each of two encoders."""

from typing import Annotated

from diffusion import conditioning as operations
from diffusion.text.clip import Tokenized
from graph.declare import Context, Multiline, Range, node
from nodes.sockets import Clip, Conditioning

Side = Annotated[int, Range(0, 16384)]
Text = Annotated[str, Multiline(prompt=True)]


@node("CLIPTextEncodeSDXL", category="conditioning", title="Prompt (SDXL)", search=["text", "clip", "size", "crop"])
def clip_text_encode_sdxl(
    ctx: Context,
    *,
    clip: Clip,
    width: Side = 1024,
    height: Side = 1024,
    crop_w: Side = 0,
    crop_h: Side = 0,
    target_width: Side = 1024,
    target_height: Side = 1024,
    text_g: Text,
    text_l: Text,
) -> Conditioning:
    """Encode a prompt for SDXL with a text for each of its encoders, and say of which size the picture seems to be.

    clip: The text encoders of an SDXL checkpoint.
    width: Of the picture before it was cut; small values give the look of pictures that were made larger.
    height: Of the picture before it was cut.
    crop_w: How much seems to be cut off on the left; 0 keeps what is shown in the middle.
    crop_h: How much seems to be cut off above.
    target_width: The width that is wanted.
    target_height: The height that is wanted.
    text_g: For the larger encoder, OpenCLIP-bigG.
    text_l: For CLIP-L.
    """
    conditioning = encoded(ctx, clip, clip.tokenize_each({"g": text_g, "l": text_l}))
    return operations.with_options(
        conditioning,
        width=width,
        height=height,
        crop_w=crop_w,
        crop_h=crop_h,
        target_width=target_width,
        target_height=target_height,
    )


@node(
    "CLIPTextEncodeSDXLRefiner",
    category="conditioning",
    title="Prompt (SDXL Refiner)",
    search=["text", "clip", "aesthetic"],
)
def clip_text_encode_sdxl_refiner(
    ctx: Context,
    *,
    ascore: Annotated[float, Range(0.0, 1000.0, step=0.01)] = 6.0,
    width: Side = 1024,
    height: Side = 1024,
    text: Text,
    clip: Clip,
) -> Conditioning:
    """Encode a prompt for the SDXL refiner.

    ascore: How beautiful the picture should be, about 1 to 10; 2.5 is usual for a negative prompt.
    width: Of the picture before it was cut.
    height: Of the picture before it was cut.
    clip: The text encoder of the refiner's checkpoint.
    """
    conditioning = encoded(ctx, clip, clip.tokenize(text))
    return operations.with_options(conditioning, aesthetic_score=ascore, width=width, height=height)


def encoded(ctx: Context, clip: Clip, tokens: Tokenized) -> Conditioning:
    """The conditioning of tokens; what could not be used is said."""
    for warning in tokens.warnings:
        ctx.warn(warning)
    return clip.encode_tokens(tokens)
