"""ControlNet units of an infotext, in all the forms that the extension has written them in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from compat.infotext.making import Making, Prompted
from compat.infotext.sheet import Output
from diffusion.annotators.registry import ANNOTATORS, OTHER_NAMES

COLUMN = 2
OLDER_KEYS = {
    "preprocessor": "module",
    "guidance strength": "weight",
    "starting/ending": "guidance range",
    "resize mode": "resize mode",
    "control mode": "control mode",
    "preprocessor params": "parameters",
    "processor resolution": "processor res",
}
MODES = {
    "balanced": "balanced",
    "my prompt is more important": "prompt is more important",
    "controlnet is more important": "ControlNet is more important",
    "0": "balanced",
    "1": "prompt is more important",
    "2": "ControlNet is more important",
}
RESIZE_MODES = {
    "just resize": "just resize",
    "crop and resize": "crop and resize",
    "resize and fill": "resize and fill",
    "scale to fit (inner fit)": "crop and resize",
    "envelope (outer fit)": "resize and fill",
    "0": "just resize",
    "1": "crop and resize",
    "2": "resize and fill",
}
UNDERSTOOD = {
    "module", "model", "weight", "resize mode", "processor res", "guidance start", "guidance end", "pixel perfect",
    "control mode", "enabled", "low vram", "lowvram", "hr option", "save detected map", "guidance range",
}  # fmt: skip


def units(making: Making) -> list[dict[str, str]]:
    """The units that were on, each as its settings by lower-case names."""
    fields, found = making.fields, []
    for match in fields.matching(r"ControlNet \d+"):
        found.append(_settings(fields.text(match[0]) or ""))
    separate: dict[str, dict[str, str]] = {}
    for match in fields.matching(r"ControlNet(-\d+)? ([A-Z][\w /]*)"):
        unit = separate.setdefault(match[1] or "", {})
        unit[_name(match[2])] = fields.text(match[0]) or ""
    found += separate.values()
    return [unit for unit in found if unit.get("enabled", "True") != "False"]


def _settings(text: str) -> dict[str, str]:
    """`Module: canny, Model: name, Starting/Ending: (0, 1)`: values in brackets may have commas."""
    entries = re.findall(r"([A-Za-z][\w /]*):\s*(\([^)]*\)|[^,]*)(?:,|$)", text)
    return {_name(key): value.strip() for key, value in entries}


def _name(key: str) -> str:
    key = key.strip().lower()
    return OLDER_KEYS.get(key, key)


@dataclass(frozen=True)
class Unit:
    """A unit on the sheet: its network, its hint, and how it acts."""

    control_net: Output
    hint: Output
    values: Mapping[str, Any]

    def on(self, making: Making, prompted: Prompted) -> Prompted:
        """Both prompts, held to the hint."""
        node = making.sheet.add(
            "ControlNetApplyModes",
            COLUMN,
            positive=prompted.positive,
            negative=prompted.negative,
            control_net=self.control_net,
            image=self.hint,
            **self.values,
        )
        return replace(prompted, positive=Output(node), negative=Output(node, 1))


def prepare(making: Making, unit: Mapping[str, str], number: int) -> Unit | None:
    """Put a unit's network and a loader for its picture, which an infotext never has, on the sheet."""
    sheet, model = making.sheet, unit.get("model", "None")
    if model.lower() == "none":
        module = unit.get("module", "none")
        making.say(f"ControlNet unit {number} ({module}) has no model and was left out.")
        return None
    name = f"control-{number}.png"
    picture = sheet.add("LoadImage", COLUMN, image=name)
    image = Output(sheet.entitle(picture, f"Picture for ControlNet unit {number}"))
    making.say(f"The picture of ControlNet unit {number} is not in the parameters: choose it in place of {name}.")
    hint = _preprocessed(making, image, unit, number)
    loader = sheet.add("ControlNetLoader", COLUMN, control_net_name=making.file("controlnet", model))
    start, end = _range(unit)
    values = {
        "strength": min(max(_number(unit.get("weight"), 1.0), 0.0), 10.0),
        "start_percent": start,
        "end_percent": end,
        "control_mode": MODES.get(unit.get("control mode", "").lower(), "balanced"),
        "resize_mode": RESIZE_MODES.get(unit.get("resize mode", "").lower(), "crop and resize"),
        "timing": "steps",
    }
    understood = UNDERSTOOD | ({"threshold a", "threshold b", "parameters"} if unit.get("module") == "canny" else set())
    for key, value in unit.items():
        if key not in understood and value not in ("-1", "-1.0", ""):
            making.say(f"The setting '{key}: {value}' of ControlNet unit {number} was not taken over.")
    return Unit(Output(loader), hint, values)


def _preprocessed(making: Making, image: Output, unit: Mapping[str, str], number: int) -> Output:
    module = unit.get("module", "none")
    resolution = int(_number(unit.get("processor res"), 512.0))
    resolution = resolution if 64 <= resolution <= 4096 else 512
    if unit.get("pixel perfect") == "True":
        resolution = 0
    if module.lower() == "none":
        return image
    if module == "canny":
        low, high = _thresholds(unit)
        values = {"low_threshold": low, "high_threshold": high, "resolution": resolution}
        return Output(making.sheet.add("CannyEdges", COLUMN, image=image, **values))
    if module not in ANNOTATORS and module not in OTHER_NAMES:
        making.say(f"There is no preprocessor '{module}': ControlNet unit {number} takes its picture as it is.")
        return image
    return Output(making.sheet.add("AnnotateByName", COLUMN, image=image, preprocessor=module, resolution=resolution))


def _thresholds(unit: Mapping[str, str]) -> tuple[int, int]:
    """The thresholds of edges; older units have all options in one, as `(512, 100, 200)`."""
    listed = re.findall(r"-?\d+(?:\.\d+)?", unit.get("parameters", ""))
    low, high = listed[1:3] if len(listed) >= 3 else (unit.get("threshold a"), unit.get("threshold b"))
    first, second = _number(low, 100.0), _number(high, 200.0)
    return int(first) if 0 <= first <= 1000 else 100, int(second) if 0 <= second <= 1000 else 200


def _range(unit: Mapping[str, str]) -> tuple[float, float]:
    both = re.findall(r"\d+(?:\.\d+)?", unit.get("guidance range", ""))
    start, end = both if len(both) == 2 else (unit.get("guidance start"), unit.get("guidance end"))
    return min(max(_number(start, 0.0), 0.0), 1.0), min(max(_number(end, 1.0), 0.0), 1.0)


def _number(value: str | None, otherwise: float) -> float:
    try:
        return float(value or "")
    except ValueError:
        return otherwise
