"""Nodes that make the noise levels of a run."""

from typing import Annotated, Any, get_args

from diffusion.sampling import SCHEDULERS, searched_levels, sigma_lists
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.schedules import beta as beta_schedule
from diffusion.sampling.schedules import sigmas_for, turbo
from graph.declare import Choice, InputError, Multiline, Range, node
from nodes.sockets import Model, Sigmas

Steps = Annotated[int, Range(1, 10_000)]
Denoise = Annotated[float, Range(0, 1, step=0.01)]
Level = Annotated[float, Range(0, 5000, step=0.01)]


@node("BasicScheduler", category="sampling/schedules", search=["sigmas", "steps"])
def basic_scheduler(
    model: Model,
    scheduler: Annotated[str, Choice(list(SCHEDULERS))] = "simple",
    steps: Steps = 20,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """The noise levels that KSampler visits.

    model: The model whose trained levels are spread.
    scheduler: How they are spread over the steps.
    steps: How many steps.
    denoise: Less than 1 gives the last steps of a longer run.
    """
    return sigmas_for(model.schedule, scheduler, steps, denoise)


@node("KarrasScheduler", category="sampling/schedules", search=["sigmas"])
def karras_scheduler(
    steps: Steps = 20,
    sigma_max: Level = 14.614642,
    sigma_min: Level = 0.0291675,
    rho: Annotated[float, Range(0.01, 100, step=0.01)] = 7.0,
) -> Sigmas:
    """Noise levels after Karras: many low ones.

    steps: How many steps.
    sigma_max: The first level.
    sigma_min: The last level above 0.
    rho: The higher, the more steps are at low levels; 1 spreads them evenly.
    """
    return sigma_lists.karras_levels(steps, sigma_min, sigma_max, rho)


@node("ExponentialScheduler", category="sampling/schedules", search=["sigmas"])
def exponential_scheduler(steps: Steps = 20, sigma_max: Level = 14.614642, sigma_min: Level = 0.0291675) -> Sigmas:
    """Noise levels each of which is the same part of the one before.

    steps: How many steps.
    sigma_max: The first level.
    sigma_min: The last level above 0.
    """
    return sigma_lists.exponential_levels(steps, sigma_min, sigma_max)


@node("PolyexponentialScheduler", category="sampling/schedules", search=["sigmas"])
def polyexponential_scheduler(
    steps: Steps = 20,
    sigma_max: Level = 14.614642,
    sigma_min: Level = 0.0291675,
    rho: Annotated[float, Range(0.01, 100, step=0.01)] = 1.0,
) -> Sigmas:
    """Noise levels whose logarithm falls as a power of the steps that remain.

    steps: How many steps.
    sigma_max: The first level.
    sigma_min: The last level above 0.
    rho: 1 is exponential; the higher, the more steps are at low levels.
    """
    return sigma_lists.polyexponential_levels(steps, sigma_min, sigma_max, rho)


@node("LaplaceScheduler", category="sampling/schedules", search=["sigmas"])
def laplace_scheduler(
    steps: Steps = 20,
    sigma_max: Level = 14.614642,
    sigma_min: Level = 0.0291675,
    mu: Annotated[float, Range(-10, 10, step=0.1)] = 0.0,
    beta: Annotated[float, Range(0, 10, step=0.1)] = 0.5,
) -> Sigmas:
    """Noise levels that are dense around one; there are as many as steps, and no 0 follows the last.

    steps: How many levels.
    sigma_max: The largest level.
    sigma_min: The smallest level.
    mu: The logarithm of the level around which they are dense.
    beta: How far they spread.
    """
    return sigma_lists.laplace_levels(steps, sigma_min, sigma_max, mu, beta)


@node("VPScheduler", category="sampling/schedules", search=["sigmas", "variance preserving"])
def vp_scheduler(
    steps: Steps = 20,
    beta_d: Level = 19.9,
    beta_min: Level = 0.1,
    eps_s: Annotated[float, Range(0, 1, step=0.0001)] = 0.001,
) -> Sigmas:
    """Noise levels at even times of the process that keeps the variance.

    steps: How many steps.
    beta_d: How much faster noise comes at the end of the process than at its start.
    beta_min: How fast it comes at the start.
    eps_s: The time of the last level above 0.
    """
    return sigma_lists.vp_levels(steps, beta_d, beta_min, eps_s)


@node("BetaSamplingScheduler", category="sampling/schedules", search=["sigmas"])
def beta_sampling_scheduler(
    model: Model,
    steps: Steps = 20,
    alpha: Annotated[float, Range(0.01, 50, step=0.01)] = 0.6,
    beta: Annotated[float, Range(0.01, 50, step=0.01)] = 0.6,
) -> Sigmas:
    """Noise levels at the quantiles of a beta distribution of the training timesteps.

    model: The model whose trained levels are spread.
    steps: How many steps.
    alpha: The lower, the more steps are at low levels.
    beta: The lower, the more steps are at high levels.
    """
    return beta_schedule(model.schedule, steps, alpha, beta)


@node("SDTurboScheduler", category="sampling/schedules", title="SD Turbo Scheduler", search=["sigmas", "sdxl turbo"])
def sd_turbo_scheduler(model: Model, steps: Annotated[int, Range(1, 10)] = 1, denoise: Denoise = 1.0) -> Sigmas:
    """The noise levels that SD-Turbo and SDXL-Turbo were distilled on.

    model: The model.
    steps: The first so many of the ten levels.
    denoise: Less than 1 leaves out the highest levels.
    """
    return turbo(model.schedule, steps, denoise)


@node("AlignYourStepsScheduler", category="sampling/schedules", search=["sigmas", "AYS"])
def align_your_steps_scheduler(
    model_type: Annotated[str, Choice(list(get_args(sigma_lists.AlignedModel)))] = "SD1",
    steps: Steps = 10,
    denoise: Denoise = 1.0,
    keep_last: bool = False,
) -> Sigmas:
    """Noise levels that were found best for a family of models at ten steps.

    model_type: The family.
    steps: How many steps; other numbers than ten are interpolated.
    denoise: Less than 1 gives the last part of the steps.
    keep_last: On to let 0 follow the smallest level, as Stable Diffusion WebUI does, instead of taking its place.
    """
    model: Any = model_type
    return sigma_lists.aligned_levels(model, steps, denoise, keep_last=keep_last)


@node("GITSScheduler", category="sampling/schedules", title="GITS Scheduler", search=["sigmas", "few steps"])
def gits_scheduler(
    coeff: Annotated[float, Range(0.8, 1.5, step=0.05)] = 1.2,
    steps: Annotated[int, Range(2, 1000)] = 10,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """Noise levels where the paths of Stable Diffusion 1.x bend, as a search found them.

    coeff: The higher, the more steps are at low levels.
    steps: How many steps; more than 20 are interpolated.
    denoise: Less than 1 gives the last part of the steps.
    """
    return searched_levels.gits_levels(coeff, steps, denoise)


@node("OptimalStepsScheduler", category="sampling/schedules", search=["sigmas", "OSS", "flux", "few steps"])
def optimal_steps_scheduler(
    model_type: Annotated[str, Choice(list(get_args(searched_levels.SteppedModel)))] = "FLUX",
    steps: Annotated[int, Range(3, 1000)] = 20,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """Noise levels that a search found best for a flow model.

    model_type: The model.
    steps: How many steps; the search was for 10 with Flux, 20 with Wan, 40 with Chroma, others are interpolated.
    denoise: Less than 1 gives the last part of the steps.
    """
    model: Any = model_type
    return searched_levels.optimal_levels(model, steps, denoise)


@node("ManualSigmas", category="sampling/schedules", search=["custom", "list", "text"])
def manual_sigmas(sigmas: Annotated[str, Multiline()] = "14.6, 6.5, 3.9, 1.9, 0.96, 0.4, 0.03, 0") -> Sigmas:
    """Noise levels that are written down.

    sigmas: Numbers with commas or spaces between them; a run ends clean if the last is 0.
    """
    try:
        return sigma_lists.levels_from_text(sigmas)
    except SamplingError as error:
        raise InputError("sigmas", str(error)) from error
