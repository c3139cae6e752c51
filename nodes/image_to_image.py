"""Nodes that make pictures from pictures: sizes, noise levels, loops, the noise of a picture, and saving by name."""

from typing import Annotated, NamedTuple

import torch

from diffusion.images import resize
from diffusion.images.files import encode_png
from diffusion.pictures import denoise_curves, inverse_euler
from diffusion.pictures.masked_content import CONTENTS
from diffusion.sampling import SCHEDULERS
from diffusion.sampling.guidance import ClassifierFreeGuidance
from graph.declare import Choice, Context, InputError, Multiline, Range, Seed, Subgraph, node
from nodes.metadata import file_metadata
from nodes.repainting import Denoise, Repainting
from nodes.sampling import SamplerName, Scale, SchedulerName, Steps, reporting
from nodes.sockets import (
    Captioner,
    Clip,
    Conditioning,
    Image,
    Latent,
    Mask,
    Model,
    Noise,
    Sigmas,
    UpscaleModel,
    Vae,
)

Side = Annotated[int, Range(8, 16384, step=8)]


class Found(NamedTuple):
    """The noise that a picture comes from, and an empty latent of its size."""

    noise: Noise
    latent: Latent


class Looped(NamedTuple):
    """The last picture of a loop, and all of them."""

    image: Image
    history: list[Image]


@node(
    "FitImage", category="image/transform", title="Fit Image to Size", search=["resize mode", "crop", "fill", "cover"]
)
def fit_image(
    ctx: Context,
    image: Image,
    width: Side = 512,
    height: Side = 512,
    resize_mode: Annotated[str, Choice(resize.FITS)] = "crop",
    upscale_method: Annotated[str, Choice(resize.METHODS)] = "lanczos",
    upscale_model: UpscaleModel | None = None,
) -> Image:
    """Bring pictures to a size.

    resize_mode: stretch distorts; crop cuts off what stands out; fill stretches the outermost pixels over the rest.
    upscale_method: How pixels are resized.
    upscale_model: Used where a picture becomes larger.
    """
    across, down = resize.fitted_size(image.shape[2], image.shape[1], width, height, resize_mode)
    if upscale_model is not None and (across > image.shape[2] or down > image.shape[1]):
        image = upscale_model.upscale_to(image, across, down, ctx.progress)
    return resize.fit(image, width, height, resize_mode, upscale_method)


@node(
    "ImageToImageScheduler",
    category="sampling/schedules",
    title="Image to Image Scheduler",
    search=["img2img", "denoise", "sigmas", "exact steps"],
)
def image_to_image_scheduler(
    model: Model,
    scheduler: Annotated[str, Choice(list(SCHEDULERS))] = "karras",
    steps: Steps = 20,
    denoise: Denoise = 0.75,
    counting: Annotated[str, Choice(denoise_curves.COUNTINGS)] = denoise_curves.COUNTINGS[0],
) -> Sigmas:
    """The noise levels of image to image, with steps counted as Stable Diffusion WebUI counts them.

    model: The model whose trained levels are spread.
    scheduler: How they are spread over the steps.
    steps: Of a run from nothing.
    denoise: How much of the picture is replaced.
    counting: A part of the steps does about steps times denoise, as the WebUI does; all steps is KSampler's way.
    """
    return denoise_curves.image_to_image_sigmas(model.schedule, scheduler, steps, denoise, counting)


@node(
    "FindNoise",
    category="sampling/noise",
    title="Noise of Picture",
    search=["img2img alternative", "inversion", "ddim", "unsample"],
)
def find_noise(
    ctx: Context,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    steps: Steps = 50,
    cfg: Scale = 1.0,
    sigma_adjustment: bool = False,
    randomness: Annotated[float, Range(0, 1, step=0.01)] = 0.0,
    seed: Seed = 0,
) -> Found:
    """Find the noise from which a picture comes, so that a changed prompt changes it and keeps its composition.

    Sample from the noise with euler, the schedule normal, the same number of steps and the empty latent.

    positive: What the picture shows.
    negative: The negative prompt that would have been used.
    latent: The picture.
    steps: More are more exact.
    cfg: 1 is most exact; above 2 little is left of the picture.
    sigma_adjustment: Make each estimate where its step begins, and leave the strength of the noise as it is found.
    randomness: How much random noise is mixed in.
    seed: Of the random noise.
    """
    guider = ClassifierFreeGuidance(positive, negative, cfg)
    noise = inverse_euler.find_noise(model, latent, guider, steps, sigma_adjustment, reporting(ctx, model, latent))
    return Found(inverse_euler.mixed(noise, randomness, seed), {"samples": torch.zeros_like(noise)})


@node("Loopback", category="sampling", search=["img2img", "repeat", "feedback"])
def loopback(
    *,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    image: Image,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Scale = 7.0,
    sampler_name: SamplerName = "dpmpp_2m",
    scheduler: SchedulerName = "karras",
    loops: Annotated[int, Range(1, 100)] = 4,
    denoise: Denoise = 0.75,
    final_denoise: Denoise = 0.5,
    curve: Annotated[str, Choice(denoise_curves.CURVES)] = "Linear",
    correct_colors: bool = False,
    mask: Mask | None = None,
    masked_content: Annotated[str, Choice(CONTENTS)] = "original",
    captioner: Captioner | None = None,
    clip: Clip | None = None,
    prompt: Annotated[str, Multiline(prompt=True)] = "",
) -> Looped | Subgraph:
    """Repaint a picture again and again, each time from the result, with the next seed.

    positive: What the pictures should show.
    negative: What they should not show.
    image: The picture to begin with.
    seed: Of the first loop.
    steps: So many are done in each loop.
    cfg: How strongly the positive prompt is preferred to the negative one.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    loops: How often.
    denoise: How much is replaced in the first loop.
    final_denoise: How much in the last one.
    curve: How it goes from one to the other: Aggressive changes early, Lazy late.
    correct_colors: Give each result the colours of the first picture.
    mask: Repaint only what is white.
    masked_content: What the masked part holds in the first loop; later it is what is there.
    captioner: Describes the picture before each loop; the prompt is then the one below with that after it.
    clip: For the captioner: the text encoder of the checkpoint.
    prompt: For the captioner: the prompt in place of the positive one.
    """
    if captioner is not None and clip is None:
        raise InputError("clip", "Texts of a captioner have to be encoded. Connect the CLIP of the checkpoint too.")
    graph = Subgraph()
    history: list[object] = []
    current: object = image
    for loop in range(loops):
        share = denoise_curves.loop_denoise(denoise, final_denoise, curve, loop, loops)
        if captioner is not None:
            text = graph.add(loopback_prompt, image=current, prompt=prompt, captioner=captioner)
            positive = graph.add("CLIPEncode", clip=clip, text=text).out(0)  # type: ignore[assignment]
        run = Repainting(model, positive, negative, vae, seed, steps, cfg, sampler_name, scheduler, share).later(loop)
        current = run.image(graph, current) if mask is None else _inpainted(
            graph, run, current, mask, masked_content if loop == 0 else "original"
        )  # fmt: skip
        if correct_colors:
            current = graph.add("CorrectColors", image=current, reference=image)
        history.append(current)
    pictures = graph.add("MakeList", **{f"picture_{number}": picture for number, picture in enumerate(history)})
    return graph.returns(current, pictures)


@node("LoopbackPrompt", category="sampling", title="Loopback Prompt", internal=True)
def loopback_prompt(image: Image, captioner: Captioner, prompt: str = "") -> str:
    """A prompt with what a picture shows after it.

    image: The picture; of a batch the first one.
    captioner: Describes it.
    """
    return ", ".join(text for text in (prompt, captioner.describe(image[0]).text) if text)


@node("SaveImageAs", category="image", title="Save Image As", output_node=True, search=["batch", "folder", "name"])
def save_image_as(ctx: Context, images: Image, name: str = "picture.png", folder_name: str = "batch") -> None:
    """Save pictures under a name as PNG, in place of what was there, with the workflow that made them.

    name: A link to the names of Pictures of Folder keeps those; of several pictures the later ones get numbers.
    folder_name: A folder in the output folder; empty is that folder itself.
    """
    stem = name.rsplit(".", 1)[0] if "." in name else name
    texts = file_metadata(ctx)
    for index, image in enumerate(images):
        ctx.check()
        filename = f"{stem}-{index}.png" if index else f"{stem}.png"
        try:
            place = ctx.folders.named_path(folder_name, filename)
        except ValueError as error:
            raise InputError("name", str(error)) from error
        place.write(encode_png(image, texts))
        ctx.show("images", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])


def _inpainted(graph: Subgraph, run: Repainting, image: object, mask: torch.Tensor, content: str) -> object:
    return graph.add(
        "Inpaint", model=run.model, positive=run.positive, negative=run.negative, vae=run.vae, image=image, mask=mask,
        seed=run.seed, steps=run.steps, cfg=run.cfg, sampler_name=run.sampler_name, scheduler=run.scheduler,
        denoise=run.denoise, masked_content=content,
    )  # fmt: skip
