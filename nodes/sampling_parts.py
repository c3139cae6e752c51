"""Nodes that sample with parts of one's own: noise, guider, sampler and noise levels."""

from typing import Annotated, Any, NamedTuple

from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.guiders import CFGPlusPlus, DualGuidance, GuidedModel, PerpendicularNegative, Unguided
from diffusion.sampling.noise import BatchNoise, NoNoise, source_of
from diffusion.sampling.sample import Plan, sample_parts
from graph.declare import Choice, Context, Range, Seed, node
from nodes.sampling import reporting, several
from nodes.sockets import Conditioning, Guider, Latent, Model, Noise, Sampler, Sigmas

Scale = Annotated[float, Range(0, 100, step=0.1)]


class SampledLatents(NamedTuple):
    """What a run gives."""

    output: Latent
    denoised_output: Latent


@node("SamplerCustom", category="sampling", search=["sample", "parts", "denoise"])
def sampler_custom(
    ctx: Context,
    *,
    model: Model,
    add_noise: bool = True,
    noise_seed: Seed = 0,
    cfg: Scale = 8.0,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
) -> SampledLatents:
    """Denoise a latent with a sampler and noise levels of one's own.

    The first output is the latent at the last level; the second is what the model takes the clean one to be, which is
    the same if the levels end in 0.

    model: The model that denoises.
    add_noise: Off for a latent that is noisy already.
    noise_seed: The same seed, settings and model give the same picture.
    cfg: How strongly the positive prompt is preferred to the negative one; at 1 the negative prompt plays no part.
    positive: What the picture should show.
    negative: What it should not show.
    sampler: How each step is computed.
    sigmas: The noise levels that the run visits.
    latent_image: The latent to start from; an empty one for a new picture.
    """
    noise = BatchNoise(noise_seed) if add_noise else NoNoise(noise_seed)
    guider = ClassifierFreeGuidance(positive, negative, cfg)
    report = reporting(ctx, model, latent_image)
    return SampledLatents(*sample_parts(model, latent_image, noise, guider, sampler, sigmas, report))


def _plan(noise: Any, guider: Any, sampler: Any, sigmas: Any, latent_image: Any) -> Plan:
    return Plan(guider.model, latent_image, source_of(noise, latent_image), guider.guider, sampler, sigmas)


@node(
    "SamplerCustomAdvanced",
    category="sampling",
    search=["sample", "parts", "guider", "noise"],
    together=several(_plan, lambda sampled: SampledLatents(*sampled)),
)
def sampler_custom_advanced(
    ctx: Context, noise: Noise, guider: Guider, sampler: Sampler, sigmas: Sigmas, latent_image: Latent
) -> SampledLatents:
    """Denoise a latent with parts of one's own, each from a node.

    The first output is the latent at the last level; the second is what the model takes the clean one to be, which is
    the same if the levels end in 0.

    noise: Where the noise comes from.
    guider: The model, its prompts, and how they guide.
    sampler: How each step is computed.
    sigmas: The noise levels that the run visits.
    latent_image: The latent to start from; an empty one for a new picture.
    """
    planned = _plan(noise, guider, sampler, sigmas, latent_image)
    return SampledLatents(*sample_parts(*planned, reporting(ctx, guider.model, latent_image)))


@node("CFGGuider", category="sampling/guiders", title="CFG Guider", search=["guidance"])
def cfg_guider(model: Model, positive: Conditioning, negative: Conditioning, cfg: Scale = 8.0) -> Guider:
    """Guide as KSampler does: away from the negative prompt, through the positive one.

    model: The model that denoises.
    positive: What the picture should show.
    negative: What it should not show.
    cfg: How strongly the positive prompt is preferred to the negative one; at 1 the negative prompt plays no part.
    """
    return GuidedModel(model, ClassifierFreeGuidance(positive, negative, cfg))


@node("CFGPlusPlusGuider", category="sampling/guiders", title="CFG++ Guider", search=["guidance", "cfg++", "cfg_pp"])
def cfg_plus_plus_guider(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    scale: Annotated[float, Range(0, 10, step=0.01)] = 0.6,
) -> Guider:
    """Guide as CFG++ does: less garish, with a low scale. Use it with the samplers euler or ddim.

    With these it is what the sampler euler_cfg_pp is under a CFG Guider of the same scale. Samplers of higher orders,
    or with fresh noise, come near CFG++ with it but are not equal to it; samplers with cfg_pp in their names do it by
    themselves and want a CFG Guider.

    model: The model that denoises.
    positive: What the picture should show.
    negative: What it should not show; it may be empty, but it is needed.
    scale: How strongly the positive prompt is preferred; 0 to 1, a little more is possible.
    """
    return GuidedModel(model, CFGPlusPlus(positive, negative, scale))


@node("BasicGuider", category="sampling/guiders", search=["guidance", "distilled", "turbo"])
def basic_guider(model: Model, conditioning: Conditioning) -> Guider:
    """Follow one prompt without guidance, as distilled models want it.

    model: The model that denoises.
    conditioning: What the picture should show.
    """
    return GuidedModel(model, Unguided(conditioning))


@node("DualCFGGuider", category="sampling/guiders", title="Dual CFG Guider", search=["guidance", "pix2pix"])
def dual_cfg_guider(
    model: Model,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: Scale = 8.0,
    cfg_cond2_negative: Scale = 8.0,
    style: Annotated[str, Choice(["regular", "nested"])] = "regular",
) -> Guider:
    """Guide by two prompts, each with a scale: from the negative one to the second, and from there to the first.

    model: The model that denoises.
    cond1: The first prompt; for models that edit a picture, the instruction with it.
    cond2: The second prompt; for models that edit a picture, the picture alone.
    negative: What the picture should not show.
    cfg_conds: How far to go from the second prompt to the first.
    cfg_cond2_negative: How far to go from the negative prompt to the second.
    style: nested goes from the negative prompt to what lies between the other two.
    """
    nested = style == "nested"
    return GuidedModel(model, DualGuidance(cond1, cond2, negative, cfg_conds, cfg_cond2_negative, nested))


@node("PerpNegGuider", category="sampling/guiders", title="Perp-Neg Guider", search=["guidance", "perpendicular"])
def perp_neg_guider(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    empty_conditioning: Conditioning,
    cfg: Scale = 8.0,
    neg_scale: Scale = 1.0,
) -> Guider:
    """Guide with a negative prompt that takes nothing away from the positive one, even where both say the same.

    model: The model that denoises.
    positive: What the picture should show.
    negative: What it should not show.
    empty_conditioning: An empty prompt.
    cfg: How strongly the prompts count.
    neg_scale: How strongly the negative prompt counts.
    """
    return GuidedModel(model, PerpendicularNegative(positive, negative, empty_conditioning, cfg, neg_scale))
