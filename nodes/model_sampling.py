"""Nodes that say what a model was trained to predict, on which noise levels, where its file does not."""

from dataclasses import replace
from typing import Annotated, Any, get_args

from diffusion.sampling import model_sampling as kinds
from diffusion.sampling.errors import SamplingError
from graph.declare import Choice, InputError, Range, node
from nodes.sockets import Model

Shift = Annotated[float, Range(0, 100, step=0.01)]
Level = Annotated[float, Range(0.0001, 1000, step=0.001)]
Pixels = Annotated[int, Range(16, 16384, step=8)]


@node("ModelSamplingDiscrete", category="model/sampling", search=["v_prediction", "zsnr", "lcm"])
def model_sampling_discrete(
    model: Model,
    sampling: Annotated[str, Choice(list(get_args(kinds.DiscretePrediction)))] = "eps",
    zsnr: bool = False,
) -> Model:
    """Say what a model with timesteps predicts.

    model: The model.
    sampling: v_prediction for models that say so; lcm for those that have a latent consistency LoRA.
    zsnr: On for models that were trained with levels that end in pure noise.
    """
    prediction: Any = sampling
    try:
        return replace(model, parameterization=kinds.discrete(model.schedule, prediction, zsnr))
    except SamplingError as error:
        raise InputError("model", str(error)) from error


@node("ModelSamplingContinuousEDM", category="model/sampling", title="Model Sampling Continuous EDM")
def model_sampling_continuous_edm(
    model: Model,
    sampling: Annotated[str, Choice(list(get_args(kinds.ContinuousPrediction)))] = "v_prediction",
    sigma_max: Level = 120.0,
    sigma_min: Level = 0.002,
) -> Model:
    """Say what a model predicts that was trained on any noise level.

    model: The model.
    sampling: What it predicts.
    sigma_max: The largest level.
    sigma_min: The smallest level.
    """
    prediction: Any = sampling
    return replace(model, parameterization=kinds.continuous_edm(prediction, sigma_min, sigma_max))


@node("ModelSamplingContinuousV", category="model/sampling", title="Model Sampling Continuous V")
def model_sampling_continuous_v(
    model: Model,
    sampling: Annotated[str, Choice(["v_prediction"])] = "v_prediction",
    sigma_max: Level = 500.0,
    sigma_min: Level = 0.03,
) -> Model:
    """Say that a model predicts velocity and is told noise levels as angles, as Cosine-SDXL is.

    model: The model.
    sampling: What it predicts.
    sigma_max: The largest level.
    sigma_min: The smallest level.
    """
    return replace(model, parameterization=kinds.continuous_v(sigma_min, sigma_max))


@node("ModelSamplingSD3", category="model/sampling", title="Model Sampling SD3", search=["shift", "flow"])
def model_sampling_sd3(model: Model, shift: Shift = 3.0) -> Model:
    """Move the noise levels of a flow model.

    model: The model.
    shift: The higher, the more steps are spent on composition; larger pictures want more.
    """
    return replace(model, parameterization=kinds.flow(shift))


@node("ModelSamplingAuraFlow", category="model/sampling", title="Model Sampling AuraFlow", search=["shift", "flow"])
def model_sampling_aura_flow(model: Model, shift: Shift = 1.73) -> Model:
    """Move the noise levels of a flow model that is told levels from 0 to 1.

    model: The model.
    shift: The higher, the more steps are spent on composition; larger pictures want more.
    """
    return replace(model, parameterization=kinds.flow(shift, multiplier=1.0))


@node("ModelSamplingFlux", category="model/sampling", title="Model Sampling Flux", search=["shift", "flow"])
def model_sampling_flux(
    model: Model, max_shift: Shift = 1.15, base_shift: Shift = 0.5, width: Pixels = 1024, height: Pixels = 1024
) -> Model:
    """Move the noise levels of Flux to suit the size of the picture.

    model: The model.
    max_shift: The logarithm of the shift at 1024 x 1024 pixels.
    base_shift: The logarithm of the shift at 256 x 256 pixels.
    width: The width of the picture.
    height: The height of the picture.
    """
    shift = kinds.flux_shift(width, height, base_shift, max_shift)
    return replace(model, parameterization=kinds.flow(shift, multiplier=1.0))
