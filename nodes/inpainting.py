"""Nodes that repaint a part of a picture, and models that see the picture for it or for an instruction."""

from typing import Annotated, Any, NamedTuple

from diffusion import conditioning as operations
from diffusion import inpainting
from diffusion.images.colour_correction import match_colours
from diffusion.images.resize import FITS
from diffusion.pictures import masked_content as masked_content_of
from diffusion.pictures import overlay
from diffusion.pictures import soft_inpainting as softness
from graph.declare import Choice, InputError, Range, Seed, Subgraph, node
from nodes.repainting import Blur, Denoise, Repainting
from nodes.sampling import SamplerName, Scale, SchedulerName, Steps
from nodes.sockets import Conditioning, Image, InpaintPlace, Latent, Mask, Model, Vae

Area = Annotated[str, Choice(overlay.AREAS)]
Content = Annotated[str, Choice(masked_content_of.CONTENTS)]
ResizeMode = Annotated[str, Choice(FITS)]
Padding = Annotated[int, Range(0, 16384)]
Side = Annotated[int, Range(0, 16384, step=8)]
Bias = Annotated[float, Range(0, 8, step=0.1)]
Strength = Annotated[float, Range(0, 8, step=0.05)]


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


class PreparedInpaint(NamedTuple):
    """What is repainted of a picture, its mask, and where it belongs."""

    image: Image
    mask: Mask
    place: InpaintPlace


@node("PrepareInpaint", category="inpaint", title="Prepare Inpainting", search=["only masked", "mask blur", "crop"])
def prepare_inpaint(
    image: Image,
    mask: Mask,
    area: Area = "whole picture",
    padding: Padding = 32,
    mask_blur: Blur = 4,
    invert: bool = False,
    width: Side = 0,
    height: Side = 0,
    resize_mode: ResizeMode = "stretch",
) -> PreparedInpaint:
    """Prepare a picture and a mask for repainting: soften the mask, and cut out the part to work on.

    image: The picture.
    mask: White where to repaint.
    area: only masked repaints the rectangle around the mask at a size of its own, with all its detail.
    padding: Pixels around the mask that belong to the rectangle, for only masked.
    mask_blur: Width in pixels of the edge in which old and new are mixed.
    invert: Repaint what is not masked.
    width: Of what is repainted; 0 is the width of the picture.
    height: Of what is repainted; 0 is the height of the picture.
    resize_mode: How the whole picture comes to that size.
    """
    try:
        return PreparedInpaint(
            *overlay.prepare(
                image,
                mask,
                only_masked=area == "only masked",
                padding=padding,
                blur=mask_blur,
                invert=invert,
                width=width,
                height=height,
                how=resize_mode,
            )
        )
    except ValueError as error:
        raise InputError("mask", str(error)) from error


@node("EncodeInpaint", category="inpaint", title="Encode for Inpainting", search=["masked content", "fill", "latent"])
def encode_inpaint(
    model: Model,
    vae: Vae,
    image: Image,
    mask: Mask,
    masked_content: Content = "original",
    seed: Seed = 0,
    soft: bool = False,
    latent_mask: Mask | None = None,
) -> Latent:
    """Turn a prepared picture into a latent, with something in the masked part to start from.

    model: The model that repaints.
    image: From Prepare Inpainting.
    mask: From Prepare Inpainting.
    masked_content: fill blurs what is around over the mask; latent noise and latent nothing want a denoise near 1.
    seed: The one of the sampler, so that latent noise is the noise that it starts from.
    soft: Keep the greys of the mask, for soft inpainting or differential diffusion.
    latent_mask: What is repainted, if that is not what is filled.
    """
    return masked_content_of.start(model, vae, image, mask, masked_content, seed, soft, latent_mask)


@node("FinishInpaint", category="inpaint", title="Finish Inpainting", search=["overlay", "paste", "stitch"])
def finish_inpaint(image: Image, place: InpaintPlace, correct_colors: bool = False) -> Image:
    """Put what was repainted back into the picture. What the mask does not touch stays exactly as it was.

    image: The decoded result of the sampler.
    place: From Prepare Inpainting.
    correct_colors: Give the result the colours of the old picture first.
    """
    if correct_colors:
        image = match_colours(image, place.box.cut(place.picture))
    return overlay.finish(image, place)


@node("SoftInpainting", category="inpaint", search=["soft", "gradient", "mask blur"])
def soft_inpainting(
    model: Model,
    schedule_bias: Bias = 1.0,
    preservation_strength: Strength = 0.5,
    transition_contrast: Annotated[float, Range(1, 32, step=0.5)] = 4.0,
) -> Model:
    """Let the greys of a mask say how much of the picture is kept, so that a repainted part has no seam.

    Blur the mask much, and encode it with its greys.

    schedule_bias: Higher keeps the picture for longer at high noise levels, and lets it go sooner at low ones.
    preservation_strength: How much is kept where the mask is grey; 0 keeps nothing.
    transition_contrast: Keeps mixtures from becoming dull.
    """
    return model.with_guidance(softness.SoftInpainting(schedule_bias, preservation_strength, transition_contrast))


@node("SoftInpaintPlace", category="inpaint", title="Soft Inpainting Overlay", search=["composite", "difference"])
def soft_inpaint_place(
    model: Model,
    place: InpaintPlace,
    before: Latent,
    after: Latent,
    preservation_strength: Strength = 0.5,
    mask_influence: Annotated[float, Range(0, 1, step=0.05)] = 0.0,
    difference_threshold: Annotated[float, Range(0, 8, step=0.25)] = 0.5,
    difference_contrast: Annotated[float, Range(0, 8, step=0.25)] = 2.0,
) -> InpaintPlace:
    """Let the result of soft inpainting show where its latent has changed, and the old picture elsewhere.

    model: The model that has repainted.
    place: From Prepare Inpainting.
    before: From Encode for Inpainting.
    after: From the sampler.
    preservation_strength: As for Soft Inpainting.
    mask_influence: How much the mask counts beside the change.
    difference_threshold: The change at which old and new are mixed evenly.
    difference_contrast: How sharp that limit is.
    """
    mixing = softness.Mixing(preservation_strength, mask_influence, difference_threshold, difference_contrast)
    old, new = (model.latent_format.to_model(each["samples"].float()) for each in (before, after))
    weights = mixing.weights(old, new, before["noise_mask"].reshape(-1, 1, *before["noise_mask"].shape[-2:]))
    scale = overlay.CELL
    return softness.softly_placed(place, weights, old.shape[-2] * scale, old.shape[-1] * scale)


@node("Inpaint", category="inpaint", search=["repaint", "mask", "img2img", "soft inpainting"])
def inpaint(
    *,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    image: Image,
    mask: Mask,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Scale = 7.0,
    sampler_name: SamplerName = "dpmpp_2m",
    scheduler: SchedulerName = "karras",
    denoise: Denoise = 0.75,
    masked_content: Content = "original",
    area: Area = "whole picture",
    padding: Padding = 32,
    mask_blur: Blur = 4,
    invert: bool = False,
    width: Side = 0,
    height: Side = 0,
    resize_mode: ResizeMode = "stretch",
    soft: bool = False,
    correct_colors: bool = False,
) -> Image | Subgraph:
    """Repaint what a mask marks of a picture, and keep the rest of it exactly.

    It does what Prepare Inpainting, Encode for Inpainting, KSampler, VAE Decode and Finish Inpainting do in a row.

    model: One that was trained for inpainting is shown the picture too.
    positive: What the masked part should show, or for the whole picture all of it.
    negative: What it should not show.
    image: The picture.
    mask: White where to repaint.
    seed: The same seed, settings and model give the same picture.
    steps: So many are done, whatever denoise is.
    cfg: How strongly the positive prompt is preferred to the negative one.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    denoise: How much of what is there is replaced.
    masked_content: fill blurs what is around over the mask; latent noise and latent nothing want a denoise near 1.
    area: only masked repaints the rectangle around the mask at a size of its own, with all its detail.
    padding: Pixels around the mask that belong to the rectangle, for only masked.
    mask_blur: Width in pixels of the edge in which old and new are mixed.
    invert: Repaint what is not masked.
    width: Of what is repainted; 0 is the width of the picture.
    height: Of what is repainted; 0 is the height of the picture.
    resize_mode: How the whole picture comes to that size.
    soft: Let the edge of the mask fade while sampling too; wants a larger blur.
    correct_colors: Give the result the colours of the old picture.
    """
    graph = Subgraph()
    prepared = graph.add(
        prepare_inpaint, image=image, mask=mask, area=area, padding=padding, mask_blur=mask_blur, invert=invert,
        width=width, height=height, resize_mode=resize_mode,
    )  # fmt: skip
    if soft:
        model = soft_inpainting(model)
    run = Repainting(model, positive, negative, vae, seed, steps, cfg, sampler_name, scheduler, denoise)
    part, marked, place = prepared.out(0), prepared.out(1), prepared.out(2)
    latent = run.start(graph, part, marked, masked_content, soft)
    sampled = run.sampled(graph, latent, part, marked)
    if soft:
        place = graph.add(soft_inpaint_place, model=model, place=place, before=latent, after=sampled).out(0)
    decoded = graph.add("VAEDecode", samples=sampled, vae=vae)
    return graph.returns(graph.add(finish_inpaint, image=decoded, place=place, correct_colors=correct_colors))
