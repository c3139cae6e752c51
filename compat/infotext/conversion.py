"""An infotext as a workflow, and what of it could not be taken over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from compat.infotext import control, latents, models, runs
from compat.infotext.making import Fields, Making, Prompted
from compat.infotext.sheet import Output, Sheet
from diffusion.infotext import Parameters
from diffusion.infotext.names import AUTOMATIC
from graph.folders import Folders
from graph.node_spec import NodeSpec

FIRST, SECOND, END = 3, 5, 6
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
    parameters = models.with_old_tags(making, parameters)
    models.check_networks(making, parameters)
    loaded = models.load(making)
    hires = latents.wants_hires(making)
    prompted = models.prompt(making, loaded, parameters)
    changes = not hires and "Denoising strength" in making.fields
    found = [control.prepare(making, unit, number) for number, unit in enumerate(control.units(making))]
    units = [unit for unit in found if unit]
    for unit in units:
        prompted = unit.on(making, prompted)
    settings = runs.read_settings(making, FIRST)
    steps = runs.steps_of(making.fields, "Steps", 20)
    size = latents.size_of(making)
    strength = making.fields.number("Denoising strength")
    if hires:
        result = _both_passes(making, _Pictured(parameters, loaded, prompted, settings, units), steps, size, strength)
    else:
        start = latents.changed(making, prompted.vae, size) if changes else latents.empty(making, size)
        part = runs.changing(steps, 1.0 if strength is None else strength) if changes else runs.Pass(steps)
        result = runs.run(making, FIRST, settings, prompted, start, part)
    picture = making.sheet.add("VAEDecode", END, samples=result, vae=prompted.vae)
    making.sheet.add("SaveImage", END, images=Output(picture))
    _tell_rest(making)
    _note(making, parameters)
    return Converted(making.sheet.document(), making.notices)


@dataclass(frozen=True)
class _Pictured:
    """What both passes of hires fix are made of."""

    parameters: Parameters
    loaded: Prompted
    prompted: Prompted
    settings: runs.Settings
    units: list[control.Unit]


def _both_passes(making: Making, made: _Pictured, steps: int, size: tuple[int, int], strength: float | None) -> Output:
    fields = making.fields
    noted = fields.size("First pass size")
    final = (0, 0)
    if noted is not None:
        size, final = latents.first_pass(size, noted), size
    first = runs.run(making, FIRST, made.settings, made.prompted, latents.empty(making, size), runs.Pass(steps))
    larger = latents.enlarged(making, made.prompted, first, size, final)
    prompted = _second_prompts(making, made, steps)
    settings = _second_settings(making, made.settings)
    # As in the WebUI, 0 steps are those of the first pass.
    part = runs.refining(runs.steps_of(fields, "Hires steps", steps), 0.7 if strength is None else strength)
    return runs.run(making, SECOND, settings, prompted, larger, part)


def _second_prompts(making: Making, made: _Pictured, steps: int) -> Prompted:
    """The prompts of the second pass: their own, or the first ones where these count steps."""
    fields, parameters = making.fields, made.parameters
    prompt, negative = fields.text("Hires prompt"), fields.text("Hires negative prompt")
    checkpoint = fields.text("Hires checkpoint") or ""
    loaded = made.loaded
    if checkpoint not in SAME:
        node = making.sheet.add("CheckpointLoader", SECOND, ckpt_name=making.file("checkpoints", checkpoint))
        loaded = replace(loaded, model=Output(node), clip=Output(node, 1))
    elif not prompt and not negative and "[" not in parameters.prompt + parameters.negative:
        return made.prompted
    wanted = replace(parameters, prompt=prompt or parameters.prompt, negative=negative or parameters.negative)
    prompted = models.prompt(making, loaded, wanted, steps)
    for unit in made.units:
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
    making.sheet.note(END, NOTE_TITLE, "\n".join(parts))
