"""Reading the ControlNet units of an infotext, in all the forms that the extension has written them in."""

import re
from dataclasses import dataclass

from compat.infotext.making import Making

OLDER_KEYS = {
    "preprocessor": "module",
    "guidance strength": "guidance end",  # the part of the steps, before it had two ends
    "starting/ending": "guidance range",
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
    "control mode", "enabled", "low vram", "lowvram", "hr option", "save detected map", "guidance range", "guess mode",
}  # fmt: skip
USES_THRESHOLDS = ("canny", "reference_", "tile_colorfix")


@dataclass(frozen=True)
class UnitText:
    """The settings of a unit by lower-case names, and its number."""

    entries: dict[str, str]
    number: int

    @property
    def module(self) -> str:
        """Its preprocessor."""
        return self.entries.get("module", "none").strip()

    @property
    def model(self) -> str:
        """Its network; an empty text if there is none."""
        name = self.entries.get("model", "").strip()
        return "" if name.lower() == "none" else name

    @property
    def weight(self) -> float:
        """How much it counts."""
        return self.value("weight", 1.0, 0.0, 2.0)

    @property
    def start(self) -> float:
        """The part of the sampling at which it begins."""
        return self._range()[0]

    @property
    def end(self) -> float:
        """The part of the sampling at which it ends."""
        return self._range()[1]

    @property
    def mode(self) -> str:
        """What counts more, as nodes call it."""
        if self.entries.get("guess mode") == "True":
            return "ControlNet is more important"
        return MODES.get(self.entries.get("control mode", "").lower(), "balanced")

    @property
    def resize_mode(self) -> str:
        """How its picture is fitted, as nodes call it."""
        return RESIZE_MODES.get(self.entries.get("resize mode", "").lower(), "crop and resize")

    @property
    def pixel_perfect(self) -> bool:
        """Whether its hint has a pixel for each pixel that is painted."""
        return self.entries.get("pixel perfect") == "True"

    @property
    def resolution(self) -> int:
        """At which its picture is looked at otherwise."""
        given = int(_number(self.entries.get("processor res"), 512.0))
        return given if 64 <= given <= 4096 else 512

    def value(self, name: str, otherwise: float, least: float, most: float) -> float:
        """A number within limits; another one where there is none, or -1, which stands for that."""
        found = _number(self.entries.get(name), otherwise)
        return min(max(otherwise if found == -1 else found, least), most)

    def thresholds(self, first: float, second: float) -> tuple[float, float]:
        """The options of the preprocessor; older units have all in one, as `(512, 100, 200)`."""
        listed = re.findall(r"-?\d+(?:\.\d+)?", self.entries.get("parameters", ""))
        texts = listed[1:3] if len(listed) >= 3 else (self.entries.get("threshold a"), self.entries.get("threshold b"))
        found = _number(texts[0], first), _number(texts[1], second)
        return first if found[0] < 0 else found[0], second if found[1] < 0 else found[1]

    def tell_rest(self, making: Making) -> None:
        """Say which of its settings nothing here takes."""
        understood = set(UNDERSTOOD)
        if self.module.startswith(USES_THRESHOLDS):
            understood |= {"threshold a", "threshold b", "parameters"}
        for key, value in self.entries.items():
            if key not in understood and value not in ("-1", "-1.0", ""):
                making.say(f"The setting '{key}: {value}' of ControlNet unit {self.number} was not taken over.")

    def _range(self) -> tuple[float, float]:
        both = re.findall(r"\d+(?:\.\d+)?", self.entries.get("guidance range", ""))
        start, end = both if len(both) == 2 else (self.entries.get("guidance start"), self.entries.get("guidance end"))
        return min(max(_number(start, 0.0), 0.0), 1.0), min(max(_number(end, 1.0), 0.0), 1.0)


def read_units(making: Making) -> list[UnitText]:
    """Take the units that were on."""
    fields = making.fields
    found = [_settings(fields.text(match[0]) or "") for match in fields.matching(r"ControlNet \d+")]
    separate: dict[str, dict[str, str]] = {}
    for match in fields.matching(r"ControlNet(-\d+)? ([A-Z][\w /]*)"):
        unit = separate.setdefault(match[1] or "", {})
        unit[_name(match[2])] = fields.text(match[0]) or ""
    on = [unit for unit in (*found, *separate.values()) if unit.get("enabled", "True") != "False"]
    return [UnitText(unit, number) for number, unit in enumerate(on)]


def _settings(text: str) -> dict[str, str]:
    """`Module: canny, Model: name, Starting/Ending: (0, 1)`: values in brackets may have commas."""
    entries = re.findall(r"([A-Za-z][\w /]*):\s*(\([^)]*\)|[^,]*)(?:,|$)", text)
    return {_name(key): value.strip() for key, value in entries}


def _name(key: str) -> str:
    key = key.strip().lower()
    return OLDER_KEYS.get(key, key)


def _number(value: str | None, otherwise: float) -> float:
    try:
        return float(value or "")
    except ValueError:
        return otherwise
