"""Nodes that denoise latents."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from diffusion.previews import preview_of
from diffusion.sampling import SAMPLERS, SCHEDULERS, SamplingError, StepInfo
from diffusion.sampling.sample import Plan, plan, sample_parts
from diffusion.sampling.together import Sampled, alongside, most_together, sample_together
from graph.declare import Choice, Context, Range, Seed, Together, node
from nodes.memory import warn_of_memory
from nodes.sockets import Conditioning, Latent, Model

Steps = Annotated[int, Range(1, 10_000)]
Scale = Annotated[float, Range(0, 100, step=0.1)]
SamplerName = Annotated[str, Choice(list(SAMPLERS))]
SchedulerName = Annotated[str, Choice(list(SCHEDULERS))]
StepNumber = Annotated[int, Range(0, 10_000)]
Switch = Annotated[str, Choice(["enable", "disable"])]
SwitchOff = Annotated[str, Choice(["disable", "enable"])]


def several(planned: Callable[..., Plan], result: Callable[[Sampled], Any]) -> Together:
    """How a node does several runs in one batch.

    planned: from the inputs of a call to its run. result: what the node gives of one. Where inputs are wrong nothing
    is done: the call that they belong to says what it is.
    """

    def together(ctx: Context, calls: Sequence[Mapping[str, Any]]) -> Mapping[int, Any]:
        try:
            if most_together(planned(**calls[0])) == 1:
                return {}
            plans = [planned(**call) for call in calls]
        except Exception:  # noqa: BLE001 - whatever it is, the call itself raises it again
            return {}
        chosen = alongside(plans)
        if len(chosen) == 1:
            return {}
        model: Any = plans[0].model
        try:
            sampled = sample_together([plans[place] for place in chosen], reporting(ctx, model))
        except SamplingError:
            return {}
        return dict(zip(chosen, map(result, sampled), strict=True))

    return together


def first_of(sampled: Sampled) -> dict[str, Any]:
    """The latent at the last level."""
    return sampled[0]


def _plan(
    model: Any,
    positive: Any,
    negative: Any,
    latent_image: Any,
    seed: int = 0,
    steps: int = 20,
    cfg: float = 8.0,
    sampler_name: str = "euler",
    scheduler: str = "simple",
    denoise: float = 1.0,
) -> Plan:
    return plan(
        model, latent_image, positive, negative,
        seed=seed, steps=steps, cfg=cfg, sampler=sampler_name, scheduler=scheduler, denoise=denoise,
    )  # fmt: skip


def _plan_advanced(
    model: Any,
    positive: Any,
    negative: Any,
    latent_image: Any,
    add_noise: str = "enable",
    noise_seed: int = 0,
    steps: int = 20,
    cfg: float = 8.0,
    sampler_name: str = "euler",
    scheduler: str = "simple",
    start_at_step: int = 0,
    end_at_step: int = 10_000,
    return_with_leftover_noise: str = "disable",
) -> Plan:
    return plan(
        model, latent_image, positive, negative,
        seed=noise_seed, steps=steps, cfg=cfg, sampler=sampler_name, scheduler=scheduler,
        start_step=start_at_step, last_step=end_at_step, add_noise=add_noise == "enable",
        force_full_denoise=return_with_leftover_noise == "disable",
    )  # fmt: skip


@node(
    "KSampler",
    category="sampling",
    title="KSampler",
    search=["sample", "generate", "denoise", "txt2img", "img2img"],
    together=several(_plan, first_of),
)
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
    planned = _plan(
        model, positive, negative, latent_image, seed, steps, cfg, sampler_name, scheduler, denoise
    )  # fmt: skip
    return sample_parts(*planned, reporting(ctx, model, latent_image))[0]


@node(
    "KSamplerAdvanced",
    category="sampling",
    title="KSampler (Advanced)",
    search=["sample", "refiner", "steps"],
    together=several(_plan_advanced, first_of),
)
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
    planned = _plan_advanced(
        model, positive, negative, latent_image, add_noise, noise_seed, steps, cfg, sampler_name, scheduler,
        start_at_step, end_at_step, return_with_leftover_noise,
    )  # fmt: skip
    return sample_parts(*planned, reporting(ctx, model, latent_image))[0]


def reporting(ctx: Context, model: Model, latent: Latent | None = None) -> Callable[[StepInfo], None]:
    """Pass the steps of a run on to whoever watches the node, with a picture where it would be seen.

    A run of a latent that will not find the memory for one prompt is warned of before it begins.
    """
    if latent is not None:
        batch, *_, height, width = latent["samples"].shape
        warn_of_memory(ctx, model.memory(batch, height * width))
    preview = preview_of(model, ctx.folders.model_folders("vae_approx"), ctx.warn, ctx.preview_method)

    def report(info: StepInfo) -> None:
        ctx.progress(info.step, info.steps, preview(info.denoised) if ctx.wants_preview() else None)

    return report
