"""Nodes that change lists of noise levels."""

from typing import Annotated, Any, NamedTuple, get_args

from diffusion.sampling import sigma_lists
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.schedules import sigma_at
from graph.declare import Choice, InputError, Range, node
from nodes.sockets import Model, Sigmas

Level = Annotated[float, Range(0, 20_000, step=0.001)]


class SplitLevels(NamedTuple):
    """Two lists that were one."""

    high_sigmas: Sigmas
    low_sigmas: Sigmas


@node("SplitSigmas", category="sampling/sigmas", search=["steps", "refiner", "two samplers"])
def split_sigmas(sigmas: Sigmas, step: Annotated[int, Range(0, 10_000)] = 0) -> SplitLevels:
    """Divide noise levels between two samplers.

    sigmas: The levels of the whole run.
    step: How many steps the first sampler does.
    """
    return SplitLevels(*sigma_lists.split(sigmas, step))


@node("SplitSigmasDenoise", category="sampling/sigmas", search=["steps", "refiner", "two samplers"])
def split_sigmas_denoise(sigmas: Sigmas, denoise: Annotated[float, Range(0, 1, step=0.01)] = 1.0) -> SplitLevels:
    """Divide noise levels by the part of the steps that comes second.

    sigmas: The levels of the whole run.
    denoise: The part of the steps that the second list has.
    """
    return SplitLevels(*sigma_lists.split_by_denoise(sigmas, denoise))


@node("FlipSigmas", category="sampling/sigmas", search=["unsample", "invert", "reverse"])
def flip_sigmas(sigmas: Sigmas) -> Sigmas:
    """Turn noise levels round, for a run that finds the noise that a picture comes from.

    sigmas: The levels; a first one of 0 becomes 0.0001.
    """
    return sigma_lists.flipped(sigmas)


@node("SetFirstSigma", category="sampling/sigmas", search=["sigma max"])
def set_first_sigma(sigmas: Sigmas, sigma: Level = 136.0) -> Sigmas:
    """Replace the first noise level.

    sigmas: The levels.
    sigma: The new first one.
    """
    return sigma_lists.with_first(sigmas, sigma)


@node("ExtendIntermediateSigmas", category="sampling/sigmas", search=["more steps", "interpolate"])
def extend_intermediate_sigmas(
    sigmas: Sigmas,
    steps: Annotated[int, Range(1, 100)] = 2,
    start_at_sigma: Annotated[float, Range(-1, 20_000, step=0.01)] = -1.0,
    end_at_sigma: Annotated[float, Range(0, 20_000, step=0.01)] = 12.0,
    spacing: Annotated[str, Choice(list(get_args(sigma_lists.Spacing)))] = "linear",
) -> Sigmas:
    """Divide some of the steps between noise levels into several.

    sigmas: The levels.
    steps: Into how many steps.
    start_at_sigma: The highest level from which a step is divided; -1 for any.
    end_at_sigma: The lowest level from which a step is divided.
    spacing: How the new levels are spread.
    """
    kind: Any = spacing
    start = start_at_sigma if start_at_sigma >= 0 else float("inf")
    return sigma_lists.extended(sigmas, steps, start, end_at_sigma, kind)


@node("ConcatenateSigmas", category="sampling/sigmas", search=["join", "append", "merge"])
def concatenate_sigmas(sigmas: Sigmas, **more: Sigmas) -> Sigmas:
    """Put lists of noise levels one after the other; a level that two of them share is there once.

    sigmas: The first list.
    """
    return sigma_lists.joined([sigmas, *more.values()])


@node("SliceSigmas", category="sampling/sigmas", search=["part", "range"])
def slice_sigmas(
    sigmas: Sigmas,
    start_at_step: Annotated[int, Range(0, 10_000)] = 0,
    end_at_step: Annotated[int, Range(0, 10_000)] = 10_000,
) -> Sigmas:
    """Take the noise levels of a range of the steps.

    sigmas: The levels.
    start_at_step: The first step of the range, counted from 0.
    end_at_step: The step before which the range ends.
    """
    return sigmas[start_at_step : end_at_step + 1]


@node("RescaleSigmas", category="sampling/sigmas", search=["stretch", "sigma max", "sigma min"])
def rescale_sigmas(sigmas: Sigmas, sigma_max: Level = 14.614642, sigma_min: Level = 0.0291675) -> Sigmas:
    """Stretch noise levels to others, evenly on a logarithmic scale; a last 0 stays.

    sigmas: The levels.
    sigma_max: What the largest becomes.
    sigma_min: What the smallest above 0 becomes.
    """
    try:
        return sigma_lists.rescaled(sigmas, sigma_max, sigma_min)
    except SamplingError as error:
        raise InputError("sigmas", str(error)) from error


@node("SamplingPercentToSigma", category="sampling/sigmas", output_names=["sigma_value"], search=["timestep"])
def sampling_percent_to_sigma(
    model: Model,
    sampling_percent: Annotated[float, Range(0, 1, step=0.0001)] = 0.0,
    return_actual_sigma: bool = False,
) -> float:
    """The noise level at which a part of the training timesteps lies behind.

    model: The model whose timesteps they are.
    sampling_percent: The part; 0 is the noisiest level.
    return_actual_sigma: On for the model's own first and last level at 0 and 1, in place of numbers beyond any level.
    """
    return sigma_at(model.schedule, sampling_percent, trained=return_actual_sigma)
