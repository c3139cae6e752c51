"""Nodes for models that see a picture beside the latent: to paint into it, or to follow an instruction."""

from typing import Any, NamedTuple

from diffusion import conditioning as operations
from diffusion import inpainting
from graph.declare import node
from nodes.sockets import Conditioning, Image, Latent, Mask, Vae


class Prepared(NamedTuple):
    """Prompts that carry the picture, and the latent to start from."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent


@node(
    "InpaintModelConditioning",
    category="conditioning/inpaint",
    title="Inpaint Model Conditioning",
    search=["inpainting", "mask"],
)
def inpaint_model_conditioning(
    positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image, mask: Mask, noise_mask: bool = True
) -> Prepared:
    """Give a picture and the place to paint to a model for inpainting.

    pixels: The picture; its sides are cropped to multiples of eight pixels.
    mask: White where to paint.
    noise_mask: Also keep everything outside the mask as it is while sampling.
    """
    picture = inpainting.for_model(vae, pixels, mask)
    shown = {"concat_latent_image": picture.masked, "concat_mask": picture.mask}
    latent: dict[str, Any] = {"samples": picture.latent}
    if noise_mask:
        latent["noise_mask"] = picture.mask
    return Prepared(operations.with_options(positive, **shown), operations.with_options(negative, **shown), latent)


@node(
    "InstructPixToPixConditioning",
    category="conditioning/inpaint",
    title="InstructPix2Pix Conditioning",
    search=["ip2p", "edit", "instruction"],
)
def instruct_pix_to_pix_conditioning(
    positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image
) -> Prepared:
    """Give the picture that a prompt is an instruction for to an InstructPix2Pix model.

    positive: What to do with the picture, such as "make it winter".
    pixels: The picture; its sides are cropped to multiples of eight pixels.
    """
    encoded = vae.encode(inpainting.crop_to_multiple(pixels, vae.downscale, rows=1, columns=2))
    shown = {"concat_latent_image": encoded}
    latent = {"samples": encoded.new_zeros(encoded.shape)}
    return Prepared(operations.with_options(positive, **shown), operations.with_options(negative, **shown), latent)
