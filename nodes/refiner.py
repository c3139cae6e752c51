"""Sampling with two models."""

from typing import Annotated

from diffusion.sampling.refine import first_refined, sample_with_refiner
from graph.declare import Context, Range, Seed, node
from nodes.sampling import SamplerName, Scale, SchedulerName, Steps, reporting
from nodes.sigmas import SplitLevels
from nodes.sockets import Conditioning, Latent, Model, Sigmas

SwitchAt = Annotated[float, Range(0, 1, step=0.01)]


@node(
    "KSamplerRefiner",
    category="sampling",
    title="KSampler (with Refiner)",
    search=["sample", "sdxl", "refine", "two models"],
)
def k_sampler_refiner(
    ctx: Context,
    *,
    model: Model,
    refiner: Model,
    seed: Seed = 0,
    steps: Steps = 25,
    cfg: Scale = 7.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "normal",
    switch_at: SwitchAt = 0.8,
    positive: Conditioning,
    negative: Conditioning,
    refiner_positive: Conditioning,
    refiner_negative: Conditioning,
    latent_image: Latent,
    denoise: Annotated[float, Range(0, 1, step=0.01)] = 1.0,
) -> Latent:
    """Denoise a latent with one model, and end with another, such as the SDXL refiner.

    model: The model that begins.
    refiner: The model that ends; it has to have latents of the same kind.
    seed: The same seed, settings and models give the same picture.
    switch_at: The refiner does the steps after so much of the noise levels; at 1 it does none.
    refiner_positive: What the picture should show, encoded with the refiner's text encoder.
    refiner_negative: What it should not show, encoded with the refiner's text encoder.
    latent_image: The latent to start from; an empty one for a new picture.
    denoise: How much of the latent is replaced; less than 1 keeps the composition of the latent.
    """
    return sample_with_refiner(
        model,
        (positive, negative),
        refiner,
        (refiner_positive, refiner_negative),
        latent_image,
        seed=seed,
        steps=steps,
        cfg=cfg,
        sampler=sampler_name,
        scheduler=scheduler,
        denoise=denoise,
        switch_at=switch_at,
        on_step=reporting(ctx, model, latent_image),
    )


@node(
    "SplitSigmasForRefiner",
    category="sampling/sigmas",
    title="Split Sigmas for Refiner",
    search=["sdxl", "two models", "two samplers"],
)
def split_sigmas_for_refiner(model: Model, sigmas: Sigmas, switch_at: SwitchAt = 0.8) -> SplitLevels:
    """Divide noise levels between a model and its refiner, where so much of the model's training timesteps lies behind.

    model: The model that begins.
    sigmas: The levels of the whole run.
    switch_at: The refiner gets the steps that begin at this part or later; at 1 it gets none.
    """
    first = first_refined(sigmas, model.schedule.percent_to_sigma(switch_at))
    return SplitLevels(sigmas[: first + 1], sigmas[first:])
