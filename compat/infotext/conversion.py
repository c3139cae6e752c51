"""An infotext as a workflow, and what of it could not be taken over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from compat.infotext import control, details, inpainting, latents, models, plots, runs, scripts
from compat.infotext.making import Fields, Making, Prompted
from compat.infotext.sheet import Output, Sheet
from compat.infotext.units import read_units
from diffusion.infotext import Parameters
from diffusion.infotext.names import AUTOMATIC
from graph.folders import Folders
from graph.node_spec import NodeSpec

FIRST, SECOND, END, LAST = 3, 5, 6, 8
NOTE_TITLE = "From the picture's parameters"
SAYS_NOTHING = {
    "Version", "User", "Lora hashes", "Hashes", "Emphasis", "Pad conds", "Created Date", "Civitai resources",
    "Civitai metadata", "App", "Module 1", "Downcast alphas_cumprod", "Template", "Negative Template", "Style Selector",
}  # fmt: skip
"""Entries that change nothing here: hashes that names stand for, notes, and what the WebUI's other entries imply."""
SAME = ("", "Use same sampler", "Use same scheduler", "Use same checkpoint")


@dataclass(frozen=True)
class Converted:
    """`workflow` is a document of the editor; `notices` are sentences about what is missing in it or differs."""

    workflow: dict[str, Any]
    notices: list[str]


def convert(parameters: Parameters, specs: Mapping[str, NodeSpec], folders: Folders) -> Converted:
    """Make a workflow that makes the picture that `parameters` describe, with the user's files.

    Nothing is left out in silence: what has no counterpart is in the notices, and all entries are in a note on the
    canvas. Pictures that the infotext does not hold are loaders of files that the user has to choose.
    """
    making = Making(Sheet(specs), Fields(parameters.fields), folders)
    making.swept = plots.swept(making)
    parameters = models.with_old_tags(making, parameters)
    models.check_networks(making, parameters)
    loaded = models.load(making)
    matrix = scripts.matrix(making, parameters, making.seed)
    prompted = models.prompt(making, loaded, parameters)
    found = [control.prepare(making, unit, loaded.vae) for unit in read_units(making)]
    units = [unit for unit in found if unit]
    for unit in units:
        prompted = unit.on(making, prompted)
    picture = _picture(making, parameters, loaded, prompted, units)
    if matrix:
        picture = Output(making.sheet.add("PromptMatrixGrid", LAST, images=picture, matrix=matrix))
    if making.swept:
        picture = plots.plotted(making, picture)
    making.sheet.add("SaveImage", LAST, images=picture)
    _tell_rest(making)
    _note(making, parameters)
    return Converted(making.sheet.document(), making.notices)


def _picture(
    making: Making, parameters: Parameters, loaded: Prompted, prompted: Prompted, units: list[control.Unit]
) -> Output:
    """The picture, by the script or the kind of run that made it."""
    steps, size = runs.steps_of(making.fields, "Steps", 20), latents.size_of(making)
    if scripts.upscales(making):
        return scripts.upscaled(making, prompted, steps, size)
    if scripts.loops(making):
        return scripts.looped(making, prompted, steps, size)
    if scripts.inverts(making):
        result = scripts.inverted(making, loaded, prompted, size)
        return Output(making.sheet.add("VAEDecode", END, samples=result, vae=prompted.vae))
    job = runs.Job(parameters, loaded, prompted, runs.read_settings(making, FIRST), steps, size)
    refined = models.refiner(making, loaded, parameters)
    strength = making.fields.number("Denoising strength")
    if latents.wants_hires(making):
        result = _both_passes(making, job, units, refined, strength)
        picture = Output(making.sheet.add("VAEDecode", END, samples=result, vae=prompted.vae))
    elif strength is None:
        result = runs.run(making, FIRST, job.settings, prompted, latents.empty(making, size), runs.Pass(steps), refined)
        picture = Output(making.sheet.add("VAEDecode", END, samples=result, vae=prompted.vae))
    else:
        changing = inpainting.changed(making, prompted, size, job.settings.seed)
        part = runs.changing(steps, strength)
        result = runs.run(making, FIRST, job.settings, changing.prompted, changing.latent, part, refined)
        picture = changing.picture(making, result)
    return details.detailed(making, picture, job)


def _both_passes(
    making: Making, job: runs.Job, units: list[control.Unit], refined: runs.Refined | None, strength: float | None
) -> Output:
    fields, size = making.fields, job.size
    noted = fields.size("First pass size")
    final = (0, 0)
    if noted is not None:
        size, final = latents.first_pass(size, noted), size
    # The WebUI notes which pass the refiner was in, unless it was the second one.
    refined_pass = (fields.text("Hires refiner") or "second pass").lower()
    in_first = refined if refined_pass in ("first pass", "both passes") else None
    in_second = refined if refined_pass in ("second pass", "both passes") else None
    part = runs.Pass(job.steps)
    first = runs.run(making, FIRST, job.settings, job.prompted, latents.empty(making, size), part, in_first)
    larger = latents.enlarged(making, job.prompted, first, size, final)
    prompted = _second_prompts(making, job, units)
    settings = _second_settings(making, job.settings)
    # As in the WebUI, 0 steps are those of the first pass.
    steps = runs.steps_of(fields, "Hires steps", job.steps)
    part = runs.refining(steps, 0.7 if strength is None else strength)
    return runs.run(making, SECOND, settings, prompted, larger, part, in_second)


def _second_prompts(making: Making, job: runs.Job, units: list[control.Unit]) -> Prompted:
    """The prompts of the second pass: their own, or the first ones where these count steps."""
    fields, parameters = making.fields, job.parameters
    prompt, negative = fields.text("Hires prompt"), fields.text("Hires negative prompt")
    checkpoint = fields.text("Hires checkpoint") or ""
    loaded = job.loaded
    if checkpoint not in SAME:
        node = making.sheet.add("CheckpointLoader", SECOND, ckpt_name=making.file("checkpoints", checkpoint))
        loaded = replace(loaded, model=Output(node), clip=Output(node, 1))
    elif not prompt and not negative and "[" not in parameters.prompt + parameters.negative:
        return job.prompted
    wanted = replace(parameters, prompt=prompt or parameters.prompt, negative=negative or parameters.negative)
    prompted = models.prompt(making, loaded, wanted, job.steps, "Prompts of the second pass")
    for unit in units:
        prompted = unit.on(making, prompted)
    return prompted


def _second_settings(making: Making, settings: runs.Settings) -> runs.Settings:
    fields = making.fields
    sampler, schedule = fields.text("Hires sampler") or "", fields.text("Hires schedule type") or ""
    scale = fields.number("Hires CFG Scale")
    if scale:
        settings = replace(settings, cfg=min(max(scale, 0.0), 100.0))
    if sampler in SAME and schedule in SAME:
        return settings
    name = settings.sampler.label or "Euler" if sampler in SAME else sampler
    known = AUTOMATIC if sampler not in SAME and schedule in SAME else schedule or None
    return replace(settings, sampler=runs.sampler_of(making, name, known))


def _tell_rest(making: Making) -> None:
    for key, value in making.fields.unreadable:
        making.say(f"'{value}' is no value of {key}: it was left out.")
    for key, value in making.fields.left.items():
        if key not in SAYS_NOTHING:
            making.say(f"{key}: {value} was not taken over.")


def _note(making: Making, parameters: Parameters) -> None:
    entries = [f"- {key}: {value}" for key, value in parameters.fields.items()]
    notices = [f"- {notice}" for notice in making.notices]
    parts = [*(["**To be looked at**", *notices, ""] if notices else []), "**Entries**", *entries]
    making.sheet.note(LAST, NOTE_TITLE, "\n".join(parts))
