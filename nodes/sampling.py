"""Nodes that denoise latents."""

from collections.abc import Callable
from typing import Annotated

from diffusion.previews import preview_of
from diffusion.sampling import SAMPLERS, SCHEDULERS, StepInfo, sample
from graph.declare import Choice, Context, Range, Seed, node
from nodes.sockets import Conditioning, Latent, Model

Steps = Annotated[int, Range(1, 10_000)]
Scale = Annotated[float, Range(0, 100, step=0.1)]
SamplerName = Annotated[str, Choice(list(SAMPLERS))]
SchedulerName = Annotated[str, Choice(list(SCHEDULERS))]
StepNumber = Annotated[int, Range(0, 10_000)]
Switch = Annotated[str, Choice(["enable", "disable"])]
SwitchOff = Annotated[str, Choice(["disable", "enable"])]


@node("KSampler", category="sampling", title="KSampler", search=["sample", "generate", "denoise", "txt2img", "img2img"])
def k_sampler(
    ctx: Context,
    *,
    model: Model,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Scale = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Annotated[float, Range(0, 1, step=0.01)] = 1.0,
) -> Latent:
    """Denoise a latent under guidance.

    model: The model that denoises.
    seed: The same seed, settings and model give the same picture.
    steps: More steps follow the model more exactly, and take longer.
    cfg: How strongly the positive prompt is preferred to the negative one; at 1 the negative prompt plays no part.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    positive: What the picture should show.
    negative: What it should not show.
    latent_image: The latent to start from; an empty one for a new picture.
    denoise: How much of the latent is replaced; less than 1 keeps the composition of the latent.
    """
    return sample(
        model,
        latent_image,
        positive,
        negative,
        seed=seed,
        steps=steps,
        cfg=cfg,
        sampler=sampler_name,
        scheduler=scheduler,
        denoise=denoise,
        on_step=reporting(ctx, model),
    )


@node("KSamplerAdvanced", category="sampling", title="KSampler (Advanced)", search=["sample", "refiner", "steps"])
def k_sampler_advanced(
    ctx: Context,
    *,
    model: Model,
    add_noise: Switch = "enable",
    noise_seed: Seed = 0,
    steps: Steps = 20,
    cfg: Scale = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: StepNumber = 0,
    end_at_step: StepNumber = 10_000,
    return_with_leftover_noise: SwitchOff = "disable",
) -> Latent:
    """Denoise a latent in a part of the steps, so that another sampler can do the rest.

    model: The model that denoises.
    add_noise: Off for a latent that an earlier sampler has left noisy.
    noise_seed: The same seed, settings and model give the same picture.
    steps: The steps of the whole run, of which this node may do a part.
    cfg: How strongly the positive prompt is preferred to the negative one; at 1 the negative prompt plays no part.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    positive: What the picture should show.
    negative: What it should not show.
    latent_image: The latent to start from.
    start_at_step: The first step of this part, counted from 0.
    end_at_step: The step before which this part ends.
    return_with_leftover_noise: On to hand the noise of the remaining steps on; off to remove it in the last step.
    """
    return sample(
        model,
        latent_image,
        positive,
        negative,
        seed=noise_seed,
        steps=steps,
        cfg=cfg,
        sampler=sampler_name,
        scheduler=scheduler,
        start_step=start_at_step,
        last_step=end_at_step,
        add_noise=add_noise == "enable",
        force_full_denoise=return_with_leftover_noise == "disable",
        on_step=reporting(ctx, model),
    )


def reporting(ctx: Context, model: Model) -> Callable[[StepInfo], None]:
    """Pass the steps of a run on to whoever watches the node, with a picture where it would be seen."""
    preview = preview_of(model, ctx.folders.model_folders("vae_approx"), ctx.warn)

    def report(info: StepInfo) -> None:
        ctx.progress(info.step, info.steps, preview(info.denoised) if ctx.wants_preview() else None)

    return report
