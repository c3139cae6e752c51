"""Nodes that change how a model is guided, whatever samples it."""

from typing import Annotated

from diffusion.sampling import guidance_changes as changes
from graph.declare import Range, node
from nodes.sockets import Conditioning, Model

Part = Annotated[float, Range(0, 1, step=0.01)]
PATCHED = ["patched_model"]


@node("RescaleCFG", category="model/guidance", title="Rescale CFG", search=["guidance", "v_prediction", "overexposed"])
def rescale_cfg(model: Model, multiplier: Part = 0.7) -> Model:
    """Keep high guidance from overexposing: give the guided prediction the contrast of the positive one.

    model: The model to guide.
    multiplier: How much of that contrast.
    """
    return model.with_guidance(changes.RescaledGuidance(multiplier))


@node(
    "DynamicThresholding",
    category="model/guidance",
    aliases=["DynamicThresholdingSimple"],
    search=["guidance", "cfg", "mimic"],
)
def dynamic_thresholding(
    model: Model, mimic_scale: Annotated[float, Range(0, 100, step=0.5)] = 7.0, threshold_percentile: Part = 1.0
) -> Model:
    """Sample with a high guidance scale in the colours of a lower one.

    model: The model to guide.
    mimic_scale: The lower scale.
    threshold_percentile: Which part of the values is not cut off, so that a few do not set the measure.
    """
    return model.with_guidance(changes.DynamicThresholding(mimic_scale, threshold_percentile))


@node("APG", category="model/guidance", title="Adaptive Projected Guidance", search=["guidance", "saturation"])
def apg(
    model: Model,
    eta: Annotated[float, Range(-10, 10, step=0.01)] = 1.0,
    norm_threshold: Annotated[float, Range(0, 50, step=0.1)] = 5.0,
    momentum: Annotated[float, Range(-5, 1, step=0.01)] = 0.0,
) -> Model:
    """Guide without making pictures garish.

    model: The model to guide.
    eta: How much of the guidance along the picture itself stays; 0 takes away what saturates.
    norm_threshold: The strongest guidance of a step; 0 for any.
    momentum: How much of the guidance of earlier steps is added; below 0 it takes away what repeats.
    """
    return model.with_guidance(changes.AdaptiveProjectedGuidance(eta, norm_threshold, momentum))


@node("CFGZeroStar", category="model/guidance", title="CFG Zero*", output_names=PATCHED, search=["guidance"])
def cfg_zero_star(model: Model) -> Model:
    """Scale the negative estimate to what it has in common with the positive one before guiding; for flow models.

    model: The model to guide.
    """
    return model.with_guidance(changes.ZeroStarGuidance())


@node("CFGNorm", category="model/guidance", title="CFG Norm", output_names=PATCHED, experimental=True)
def cfg_norm(model: Model, strength: Annotated[float, Range(0, 100, step=0.01)] = 1.0) -> Model:
    """Keep the guided estimate from growing beyond the positive one anywhere.

    model: The model to guide.
    strength: What the result is multiplied with.
    """
    return model.with_guidance(changes.NormLimitedGuidance(strength))


@node("TCFG", category="model/guidance", title="Tangential Damping CFG", output_names=PATCHED, search=["guidance"])
def tcfg(model: Model) -> Model:
    """Take from the negative estimate what leads away from the pictures that the model knows.

    model: The model to guide.
    """
    return model.with_guidance(changes.TangentialDamping())


@node("Mahiro", category="model/guidance", output_names=PATCHED, search=["guidance"], experimental=True)
def mahiro(model: Model) -> Model:
    """Follow the positive prompt more, the more guidance turns away from the negative one.

    model: The model to guide.
    """
    return model.with_guidance(changes.PositiveBiasedGuidance())


@node("Epsilon Scaling", category="model/guidance", search=["exposure bias", "noise"])
def epsilon_scaling(model: Model, scaling_factor: Annotated[float, Range(0.5, 1.5, step=0.001)] = 1.005) -> Model:
    """Lower the predicted noise a little, as models predict too much of it in a run.

    model: The model to guide.
    scaling_factor: What the noise is divided by.
    """
    return model.with_guidance(changes.ScaledEpsilon(scaling_factor))


@node(
    "SkipNegative", category="model/guidance", search=["NGMS", "webui", "faster", "negative guidance", "s_min_uncond"]
)
def skip_negative(
    model: Model,
    below_sigma: Annotated[float, Range(0, 15, step=0.01)] = 0.0,
    every_step: bool = False,
    first_part: Part = 0.0,
) -> Model:
    """Leave the negative prompt out of some steps, which then take half the time.

    model: The model to guide.
    below_sigma: The noise level below which every second step does without; WebUI's NGMS. 0 for none.
    every_step: On to do without in every step below it.
    first_part: The part of the steps, from the first, that does without.
    """
    return model.with_guidance(changes.SkippedNegative(below_sigma, every_step, first_part))


@node("PerpNeg", category="model/guidance", title="Perp-Neg", deprecated=True, search=["perpendicular", "guidance"])
def perp_neg(
    model: Model, empty_conditioning: Conditioning, neg_scale: Annotated[float, Range(0, 100, step=0.01)] = 1.0
) -> Model:
    """Guide with a negative prompt that takes nothing away from the positive one; PerpNegGuider does it by itself.

    model: The model to guide.
    empty_conditioning: An empty prompt.
    neg_scale: How strongly the negative prompt counts.
    """
    return model.with_guidance(changes.PerpendicularNegativePrompt(empty_conditioning, neg_scale))


@node(
    "FreSca", category="model/guidance", title="FreSca", search=["frequency", "detail", "guidance"], experimental=True
)
def fre_sca(
    model: Model,
    scale_low: Annotated[float, Range(0, 10, step=0.01)] = 1.0,
    scale_high: Annotated[float, Range(0, 10, step=0.01)] = 1.25,
    freq_cutoff: Annotated[int, Range(1, 10_000)] = 20,
) -> Model:
    """Guide coarse and fine parts of a picture with strengths of their own.

    model: The model to guide.
    scale_low: Factor of the guidance of coarse parts.
    scale_high: Factor of the guidance of fine parts; above 1 for more detail.
    freq_cutoff: What has fewer waves than this in the picture is coarse.
    """
    return model.with_guidance(changes.FrequencyScaledGuidance(scale_low, scale_high, freq_cutoff))
