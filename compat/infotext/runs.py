"""Runs of a workflow: noise, sampler and noise levels as the WebUI has them."""

import math
from dataclasses import dataclass
from typing import Any

from compat.infotext.making import SEEDS, Fields, Making, Prompted
from compat.infotext.sheet import Output
from diffusion.infotext import Parameters
from diffusion.infotext.names import ON_DDIM_STEPS, SamplerName, read_sampler
from diffusion.sampling import SCHEDULERS

MOST_STEPS = 10_000
SIGMA_MAX, SIGMA_MIN = 14.614642, 0.0291675
"""The ends of the levels that SD 1.x, 2.x and SDXL were trained on."""
DROPS_ONE = ("dpm_2", "dpm_2_ancestral", "dpmpp_3m_sde")
"""Samplers for which the WebUI leaves the last level but one out."""
NOT_ALIKE = ("uni_pc", "dpmpp_3m_sde")
"""Samplers whose levels in KSampler are not those of the WebUI."""
WITH_ETA = {
    "euler_ancestral": "SamplerEulerAncestral",
    "dpmpp_2s_ancestral": "SamplerDPMPP_2S_Ancestral",
    "dpmpp_sde": "SamplerDPMPP_SDE",
    "dpmpp_2m_sde": "SamplerDPMPP_2M_SDE",
    "dpmpp_3m_sde": "SamplerDPMPP_3M_SDE",
    "ddim": "SamplerDDIM",
}
WITH_CHURN = ("euler", "heun", "dpm_2")
CHURN = {"Sigma churn": "s_churn", "Sigma tmin": "s_tmin", "Sigma tmax": "s_tmax", "Sigma noise": "s_noise"}


@dataclass(frozen=True)
class Pass:
    """One run: `total` steps, of which those from `first` on are done.

    `denoise` is the strength with which KSampler does the same, where there is one.
    """

    total: int
    first: int = 0
    denoise: float | None = 1.0

    @property
    def steps(self) -> int:
        """How many steps are done."""
        return self.total - self.first


def changing(steps: int, denoise: float) -> Pass:
    """A run of img2img: the WebUI does one step more than the strength's part of the steps."""
    return Pass(steps, steps - int(min(max(denoise, 0.0), 0.999) * steps) - 1, None)


def refining(steps: int, denoise: float) -> Pass:
    """The second run of hires fix, which does all of its steps, as the last of a longer run."""
    strength = min(max(denoise, 0.01), 0.999)
    total = min(int(steps / strength), MOST_STEPS)
    return Pass(total, max(total - steps, 0), strength)


@dataclass(frozen=True)
class Refined:
    """The model that ends a run, with its prompts, and after which part of it.

    `by_steps` says that steps are counted, as before 1.8, and not how much of the noise is gone.
    """

    prompted: Prompted
    switch_at: float
    by_steps: bool


@dataclass(frozen=True)
class Settings:
    """What all runs of a picture share, and the node of its noise, if it is not that of KSampler."""

    seed: int
    cfg: float
    sampler: SamplerName
    noise: Output | None
    eta: float | None
    churn: dict[str, float]
    overrides: dict[str, float]


@dataclass(frozen=True)
class Job:
    """What a picture is made of: its prompts, the model without and with them, and how it is sampled."""

    parameters: Parameters
    loaded: Prompted
    prompted: Prompted
    settings: Settings
    steps: int
    size: tuple[int, int]


def read_settings(making: Making, column: int, parts: bool = True) -> Settings:
    """Take the entries of sampling. Without `parts` they are for a node that samples as KSampler does."""
    fields = making.fields
    name = fields.text("Sampler")
    if name is None:
        making.say("The parameters name no sampler: Euler was taken.")
    sampler = sampler_of(making, name or "Euler", fields.text("Schedule type"))
    seed = making.seed
    fields.whole("Seed")
    cfg = fields.number("CFG scale")
    cfg = 7.0 if cfg is None else min(max(cfg, 0.0), 100.0)
    if sampler.label == "DDIM CFG++":
        cfg /= 12.5  # the WebUI's own scale for it
    eta, ddim_eta = fields.number("Eta"), fields.number("Eta DDIM")
    eta = ddim_eta if sampler.label in ON_DDIM_STEPS and ddim_eta is not None else eta
    churn = {ours: value for theirs, ours in CHURN.items() if (value := fields.number(theirs)) is not None}
    ends = {"sigma_max": "Schedule max sigma", "sigma_min": "Schedule min sigma", "rho": "Schedule rho"}
    overrides = {ours: value for ours, theirs in ends.items() if (value := fields.number(theirs))}
    noise = _noise(making, column, seed) if parts else None
    return Settings(seed, cfg, sampler, noise, eta, churn, overrides)


def sampler_of(making: Making, name: str, schedule: str | None) -> SamplerName:
    """The sampler that is meant; what is not quite the same is told."""
    found = read_sampler(name, schedule)
    if found.label is None:
        making.say(f"There is no sampler '{name}': Euler was taken.")
    if not found.known_schedule:
        making.say(f"There is no schedule '{schedule}': {found.schedule} was taken.")
    if found.label == "PLMS":
        making.say("PLMS is done by ipndm, which is the same method on other steps: the picture will be alike.")
    elif found.label in ON_DDIM_STEPS:
        making.say(f"{found.label} takes slightly other steps in the WebUI: the picture will be alike, not the same.")
    return found


def _noise(making: Making, column: int, seed: int) -> Output | None:
    """The noise of the WebUI; none where it is that of KSampler, for a single picture with noise of the CPU."""
    fields = making.fields
    source = {"CPU": "cpu"}.get(fields.text("RNG") or "GPU", "nv")
    variation, strength = fields.whole("Variation seed"), fields.number("Variation seed strength")
    resized, delta = fields.size("Seed resize from"), fields.whole("ENSD") or 0
    swept = making.swept & {"Var. seed", "Var. strength"}
    if source == "cpu" and not strength and resized is None and not delta and not swept:
        return None
    width, height = resized or (0, 0)
    node = making.sheet.add(
        "VariationNoise",
        column,
        noise_seed=seed,
        variation_seed=(variation or 0) % SEEDS,
        variation_strength=min(max(strength or 0.0, 0.0), 1.0),
        source=source,
        resize_from_width=max(width, 0) // 8 * 8,
        resize_from_height=max(height, 0) // 8 * 8,
        eta_noise_seed_delta=delta % 2**32,
    )
    return Output(node)


def run(
    making: Making,
    column: int,
    settings: Settings,
    prompted: Prompted,
    latent: Output,
    part: Pass,
    refined: Refined | None = None,
) -> Output:
    """Put a run on the sheet: one node where KSampler does the same, else its parts."""
    sampler, schedule = settings.sampler[:2]
    altered = settings.eta is not None or settings.churn or settings.overrides
    if settings.noise is None and not altered and schedule in SCHEDULERS and sampler not in NOT_ALIKE:
        if refined is None:
            return _whole(making, column, settings, prompted, latent, part)
        if part.denoise is not None and not refined.by_steps:
            return _whole_refined(making, column, settings, prompted, latent, part, refined)
    levels = _levels(making, column, settings, prompted.model, part)
    noise = settings.noise or Output(making.sheet.add("RandomNoise", column, noise_seed=settings.seed))
    if refined is None:
        return sampled(making, column, settings, prompted, latent, levels, noise)
    split = _split(making, column, prompted.model, levels, part, refined)
    begun = sampled(making, column, settings, prompted, latent, Output(split), noise)
    nothing = Output(making.sheet.add("DisableNoise", column))
    return sampled(making, column, settings, refined.prompted, begun, Output(split, 1), nothing)


def _split(making: Making, column: int, model: Output, levels: Output, part: Pass, refined: Refined) -> int:
    """The node that divides the levels of a run between its two models."""
    if refined.by_steps:
        step = min(math.ceil(refined.switch_at * part.steps), part.steps)
        return making.sheet.add("SplitSigmas", column, sigmas=levels, step=step)
    values = {"model": model, "sigmas": levels, "switch_at": refined.switch_at}
    return making.sheet.add("SplitSigmasForRefiner", column, **values)


def sampled(
    making: Making,
    column: int,
    settings: Settings,
    prompted: Prompted,
    latent: Output,
    levels: Output,
    noise: Output,
) -> Output:
    """Put a run on the sheet whose levels and noise are there."""
    sheet = making.sheet
    asked = {"model": prompted.model, "positive": prompted.positive, "negative": prompted.negative}
    node = sheet.add(
        "SamplerCustomAdvanced",
        column,
        noise=noise,
        guider=Output(sheet.add("CFGGuider", column, **asked, cfg=settings.cfg)),
        sampler=_sampler(making, column, settings),
        sigmas=levels,
        latent_image=latent,
    )
    return Output(node)


def as_ksampler(making: Making, settings: Settings, part: Pass) -> dict[str, Any]:
    """The values for a node that samples as KSampler does; what it does otherwise than the WebUI is told."""
    sampler, schedule = settings.sampler[:2]
    if making.fields.text("RNG") != "CPU":
        making.say("The noise of this script is drawn on the processor here: the picture will be alike, not the same.")
    if settings.eta is not None or settings.churn or settings.overrides:
        making.say("This script has no eta, no churn and no levels of its own here: they were left out.")
    if schedule not in SCHEDULERS:
        making.say(f"The schedule {schedule} is not one of this node: karras was taken.")
        schedule = "karras"
    values = {"seed": settings.seed, "cfg": settings.cfg, "sampler_name": sampler, "scheduler": schedule}
    return values | {"steps": part.steps, "denoise": strength_of(part)}


def strength_of(part: Pass) -> float:
    """The strength with which KSampler does the steps of a run: it makes a longer one, and leaves out its beginning."""
    strength = part.steps / part.total
    # The division rounds: a little less never makes the run a step shorter.
    return strength if int(part.steps / strength) == part.total else math.nextafter(strength, 0)


def _whole_refined(
    making: Making,
    column: int,
    settings: Settings,
    prompted: Prompted,
    latent: Output,
    part: Pass,
    refined: Refined,
) -> Output:
    node = making.sheet.add(
        "KSamplerRefiner",
        column,
        **_asked(settings, prompted),
        refiner=refined.prompted.model,
        refiner_positive=refined.prompted.positive,
        refiner_negative=refined.prompted.negative,
        latent_image=latent,
        seed=settings.seed,
        steps=part.steps,
        denoise=part.denoise,
        switch_at=refined.switch_at,
    )
    return Output(node)


def _asked(settings: Settings, prompted: Prompted) -> dict[str, Any]:
    return {
        "model": prompted.model,
        "positive": prompted.positive,
        "negative": prompted.negative,
        "cfg": settings.cfg,
        "sampler_name": settings.sampler.sampler,
        "scheduler": settings.sampler.schedule,
    }


def _whole(making: Making, column: int, settings: Settings, prompted: Prompted, latent: Output, part: Pass) -> Output:
    values = {**_asked(settings, prompted), "latent_image": latent}
    if part.denoise is not None:
        values |= {"seed": settings.seed, "steps": part.steps, "denoise": part.denoise}
        return Output(making.sheet.add("KSampler", column, **values))
    values |= {"noise_seed": settings.seed, "steps": part.total, "start_at_step": part.first}
    return Output(making.sheet.add("KSamplerAdvanced", column, **values))


def _sampler(making: Making, column: int, settings: Settings) -> Output:
    sheet, name = making.sheet, settings.sampler.sampler
    if settings.churn and name in WITH_CHURN:
        return Output(sheet.add("SamplerChurn", column, method=name, **settings.churn))
    for key in settings.churn:
        making.say(f"{settings.sampler.label} has no {key} here: it was left out.")
    if settings.eta is not None:
        if name in WITH_ETA:
            return Output(sheet.add(WITH_ETA[name], column, eta=settings.eta))
        making.say(f"{settings.sampler.label} has no eta here: {settings.eta:g} was left out.")
    return Output(sheet.add("KSamplerSelect", column, sampler_name=name))


def _levels(making: Making, column: int, settings: Settings, model: Output, part: Pass) -> Output:
    sheet, drops = making.sheet, settings.sampler.sampler in DROPS_ONE
    levels = _all_levels(making, column, settings, model, part.total + drops)
    if drops:
        # All but the last two, and the 0 at the end again.
        kept = sheet.add("SplitSigmas", column, sigmas=levels, step=part.total - 1)
        end = sheet.add("ManualSigmas", column, sigmas="0")
        levels = Output(sheet.add("ConcatenateSigmas", column, sigmas=Output(kept), sigmas_2=Output(end)))
    if part.first:
        levels = Output(sheet.add("SplitSigmas", column, sigmas=levels, step=part.first), 1)
    return levels


def _all_levels(making: Making, column: int, settings: Settings, model: Output, steps: int) -> Output:
    sheet, schedule, given = making.sheet, settings.sampler.schedule, settings.overrides
    ends = {"sigma_max": given.get("sigma_max", SIGMA_MAX), "sigma_min": given.get("sigma_min", SIGMA_MIN)}
    match schedule:
        case "karras" if given:
            return Output(sheet.add("KarrasScheduler", column, steps=steps, rho=given.get("rho", 7.0), **ends))
        case "exponential" if given:
            return Output(sheet.add("ExponentialScheduler", column, steps=steps, **ends))
        case "polyexponential":
            rho = given.get("rho", 1.0)
            return Output(sheet.add("PolyexponentialScheduler", column, steps=steps, rho=rho, **ends))
    for key in given:
        making.say(f"The schedule {schedule} has no {key} here: it was left out.")
    if schedule == "align_your_steps":
        making.say("Align Your Steps is set for SD 1.x: choose SDXL in its node if the model is one.")
        return Output(sheet.add("AlignYourStepsScheduler", column, model_type="SD1", steps=steps))
    if schedule == "turbo":
        return Output(sheet.add("SDTurboScheduler", column, model=model, steps=steps))
    return Output(sheet.add("BasicScheduler", column, model=model, scheduler=schedule, steps=steps))


def steps_of(fields: Fields, key: str, otherwise: int) -> int:
    """Take a number of steps, within what nodes take."""
    return min(max(fields.whole(key) or otherwise, 1), MOST_STEPS)
