"""X/Y/Z plots of the WebUI, whose axes become those of a plot node over the widgets of the workflow."""

from collections.abc import Callable

from compat.infotext.making import Making
from compat.infotext.sheet import Output
from diffusion.infotext.names import read_sampler
from graph.sweeps.errors import SweepError
from graph.sweeps.value_text import joined_values, split_values, whole_numbers
from nodes.graph_plots import SPECIAL, WIDGETS

LAST = 8
TITLE = "x/y/z plot"
NOTHING = "Nothing"
AXES = ("X", "Y", "Z")
KINDS = {"Checkpoint name": "checkpoints", "VAE": "vae", "[ControlNet] Model": "controlnet"}


def swept(making: Making) -> frozenset[str]:
    """The axes of the plot that a text describes; none for other texts."""
    if making.fields.peek("Script").lower() != TITLE:
        return frozenset()
    return frozenset(making.fields.peek(f"{axis} Type") for axis in AXES) - {"", NOTHING}


def plotted(making: Making, picture: Output) -> Output:
    """The grid of a picture over the axes of the text."""
    making.fields.text("Script")
    values: dict[str, str] = {}
    for axis in AXES:
        label = making.fields.text(f"{axis} Type") or NOTHING
        text, fixed = making.fields.text(f"{axis} Values") or "", making.fields.text(f"Fixed {axis} Values")
        if label == NOTHING:
            continue
        target = _target(making, label)
        if target is None:
            making.say(f"The axis {label} ({text}) has no widget in this workflow: it was left out of the plot.")
            continue
        values |= {f"{axis.lower()}_target": target, f"{axis.lower()}_values": _values(making, label, fixed or text)}
    return Output(making.sheet.add("XYZPlot", LAST, images=picture, **values))


def _target(making: Making, label: str) -> str | None:
    if label in SPECIAL:
        return SPECIAL[label]
    if label == "Steps" and making.sheet.ids("SplitSigmas"):
        return None  # how many are left out does not follow
    for type, widget in WIDGETS.get(label, ()):
        if ids := making.sheet.ids(type):
            if len(ids) > 1 and label != "Denoising" and type != "ControlNetApplyModes":
                making.say(f"The axis {label} changes the first of {len(ids)} nodes alone.")
            # Only the second pass of two has a strength that says something.
            return f"{ids[-1] if label == 'Denoising' else ids[0]}.{widget}"
    return None


def _values(making: Making, label: str, text: str) -> str:
    """The values of an axis, as they are called here."""
    values = split_values(text)
    if label in KINDS:
        return joined_values(making.file(KINDS[label], value) for value in values)
    change: Callable[[str], str] | None = {"Sampler": _sampler, "Schedule type": _schedule}.get(label)
    if change:
        return joined_values(map(change, values))
    if label == "Clip skip":
        try:
            return joined_values(str(-number) for number in whole_numbers(values))
        except SweepError as error:
            making.say(f"The values {text} of the axis {label} cannot be read: {error}")
    return text


def _sampler(name: str) -> str:
    found = read_sampler(name, None)
    return name if found.label is None else found.sampler


def _schedule(name: str) -> str:
    found = read_sampler("Euler", name)
    return found.schedule if found.known_schedule else name
