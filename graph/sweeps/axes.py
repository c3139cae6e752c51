"""The axes of a sweep: what changes, through which values, and how these are called."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from graph.schema import files_kind
from graph.sweeps.changes import Assign, Change, Reorder, Replace
from graph.sweeps.choices import matching, stem
from graph.sweeps.errors import SweepError
from graph.sweeps.part import Config, Part, Place
from graph.sweeps.value_text import MOST_VALUES, numbers, split_values, whole_numbers
from graph.validation.literals import LiteralError, convert
from graph.validation.type_checks import type_name

REPLACE, ORDER, SEED = "Prompt S/R", "Prompt order", "Seed"
SPECIAL_TARGETS = (REPLACE, ORDER, SEED)
RANDOM = -1
MOST_WORDS = 6
TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
COSTS = {"checkpoints": 1.0, "diffusion_models": 1.0, "diffusers": 1.0, "text_encoders": 0.9, "vae": 0.7}
"""How dear a change is, by the folder that files are chosen from; other files cost a half."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of an axis: what the legend calls it, and what it changes (nothing, if it is None)."""

    label: str
    change: Change | None


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis. The one that costs most is the outermost loop."""

    settings: tuple[Setting, ...] = (Setting("", None),)
    cost: float = 0.0


class TargetError(SweepError):
    """The target of an axis is to blame, not its values."""


def read_axis(part: Part, target: str, text: str, seed: int, aliases: Mapping[str, str]) -> Axis:
    """The axis of a target and the text of its values; without a target one of a single setting that changes nothing.

    seed: random seeds (-1, or nothing) are drawn from it. aliases: what choices are called elsewhere.

    Raises TargetError and SweepError.
    """
    target = target.strip()
    if not target:
        return Axis()
    values = split_values(text)
    if target == REPLACE:
        return _filled(Axis(tuple(Setting(value, Replace(values[0], value)) for value in values)))
    if target == ORDER:
        return _ordered(values)
    if target == SEED:
        places = tuple(part.seeds())
        if not places:
            raise TargetError("No node before this one has a seed. Choose something else.")
    else:
        try:
            places = (part.find(target),)
        except SweepError as error:
            raise TargetError(str(error)) from None
    return _filled(_assigned(part, places, values, random.Random(seed), aliases))


def _filled(axis: Axis) -> Axis:
    if not axis.settings:
        raise SweepError("There is no value. Write some, such as 1, 2, 3 or 1-3; a range that counts down has (-1).")
    return axis


def _ordered(words: list[str]) -> Axis:
    if not 2 <= len(words) <= MOST_WORDS:
        raise SweepError(f"Prompt order takes 2 to {MOST_WORDS} words, and there are {len(words)}.")
    return Axis(tuple(Setting(", ".join(order), Reorder(order)) for order in permutations(words)))


def _assigned(
    part: Part, places: tuple[Place, ...], texts: list[str], drawn: random.Random, aliases: Mapping[str, str]
) -> Axis:
    config = part.config(places[0])
    assert config is not None
    name = places[0][1].replace("_", " ")
    settings = []
    for value in _values(part, config, texts, drawn, aliases):
        for place in places:
            converted = _converted(part, part.config(place) or config, value)
        settings.append(Setting(_label(name, config, converted), Assign(places, converted)))
    kind = files_kind(_options(config))
    return Axis(tuple(settings), COSTS.get(kind, 0.5) if kind else 0.0)


def _values(
    part: Part, config: Config, texts: list[str], drawn: random.Random, aliases: Mapping[str, str]
) -> list[Any]:
    options = _options(config)
    match type_name(config[0]):
        case "INT" if options.get("control_after_generate"):
            return seeds(texts, drawn)
        case "INT":
            return whole_numbers(texts)
        case "FLOAT":
            return numbers(texts)
        case "BOOLEAN":
            return [_truth(text) for text in texts]
        case "COMBO" if choices := part.choices(config):
            files = files_kind(options) is not None
            return [choice for text in texts for choice in matching(text, choices, files, aliases)]
    return texts


def seeds(texts: list[str], drawn: random.Random) -> list[int]:
    """Seeds as they are written; those that are not said come from `drawn`. Raises SweepError."""
    found = whole_numbers(text or str(RANDOM) for text in texts or [""])
    return [drawn.randrange(2**32) if value == RANDOM else value for value in found]


def _truth(text: str) -> bool:
    if text.lower() not in TRUTHS:
        raise SweepError(f"'{text}' is neither true nor false. Write one of the two.")
    return TRUTHS[text.lower()]


def _converted(part: Part, config: Config, value: Any) -> Any:
    try:
        return convert(value, config, part.folders)
    except LiteralError as error:
        raise SweepError(f"The input {error.problem.details}") from None


def _label(name: str, config: Config, value: Any) -> str:
    if type_name(config[0]) == "COMBO":
        return stem(str(value)) if files_kind(_options(config)) else str(value)
    shown = str(round(value, 8)).removesuffix(".0") if isinstance(value, float) else str(value)
    return f"{name}: {shown}"


def _options(config: Config) -> Mapping[str, Any]:
    return config[1] if len(config) > 1 else {}


def check_count(axes: tuple[Axis, ...]) -> int:
    """How many cells axes make. Raises SweepError if that are too many."""
    count = 1
    for axis in axes:
        count *= len(axis.settings)
    if count > MOST_VALUES:
        raise SweepError(f"The axes make {count} pictures; {MOST_VALUES} are the most. Choose fewer values.")
    return count
