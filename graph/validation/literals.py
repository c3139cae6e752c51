"""Checking a literal against what an input takes, and converting it to that."""

import math
import reprlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from graph.annotations import INTERPOLATIONS
from graph.files.safe_path import safe_parts
from graph.folders import Folders, UnsafePathError
from graph.problem import Problem
from graph.schema import file_choices, files_kind
from graph.types import ANY

# With more choices than this a problem does not repeat them.
MOST_CHOICES_TOLD = 20

_told = reprlib.Repr()
_told.maxlevel, _told.maxstring, _told.maxother = 2, 80, 80


class LiteralError(ValueError):
    """A literal that an input does not take. `problem.details` is a clause that follows the input's name."""

    def __init__(self, type: str, message: str, details: str) -> None:
        super().__init__(details)
        self.problem = Problem(type, message, details)


def convert(value: Any, config: Sequence[Any], folders: Folders, loosely: bool = False) -> Any:
    """The value as the input of this `[type, options]` wants it: a number from its text, a file name with `/`.

    With `loosely`, bounds and choices are somebody else's affair. Raises LiteralError.
    """
    kind, options = config[0], config[1] if len(config) > 1 else {}
    if isinstance(kind, list):
        return value if loosely else _choice(value, kind, options, folders)
    match kind:
        case "INT" | "FLOAT":
            return _number(value, kind) if loosely else _in_range(_number(value, kind), options)
        case "COMBO":
            return value
        case "STRING":
            return _text(value)
        case "BOOLEAN":
            return _truth(value)
        case "CURVE":
            return _curve(value)
    if ANY in kind:
        return value
    raise LiteralError(
        "invalid_input_type",
        f"A link is wanted, from an output of type {kind}",
        f"takes a link from an output of type {kind}, and has the value {_short(value)}. Connect it.",
    )


def told_config(config: Sequence[Any], folders: Folders) -> Sequence[Any] | None:
    """What a problem says of the input: its `[type, options]`, or None where the choices are too many."""
    kind, *options = config
    if not isinstance(kind, list):
        return list(config)
    choices = file_choices(options[0], folders) if options and files_kind(options[0]) else kind
    return None if len(choices) > MOST_CHOICES_TOLD else [choices, *options]


def _number(value: Any, kind: str) -> float:
    wanted = "a whole number" if kind == "INT" else "a number"
    try:
        number = int(value) if kind == "INT" else float(value)
        if math.isfinite(number):
            return number
    except (TypeError, ValueError, OverflowError):
        pass
    raise LiteralError(
        "invalid_input_type",
        f"Failed to convert an input value to a {kind} value",
        f"takes {wanted}, and {_short(value)} is not one. Enter {wanted}.",
    )


def _in_range(number: float, options: Mapping[str, Any]) -> float:
    low, high = options.get("min"), options.get("max")
    if low is not None and number < low:
        raise LiteralError(
            "value_smaller_than_min",
            f"Value {number} smaller than min of {low}",
            f"must be at least {_plain(low)}, and is {_plain(number)}. Raise it.",
        )
    if high is not None and number > high:
        raise LiteralError(
            "value_bigger_than_max",
            f"Value {number} bigger than max of {high}",
            f"must be at most {_plain(high)}, and is {_plain(number)}. Lower it.",
        )
    return number


def _text(value: Any) -> str:
    if isinstance(value, str | int | float):
        text = str(value)
        if not any("\ud800" <= character <= "\udfff" for character in text):
            return text
    raise LiteralError(
        "invalid_input_type",
        "Failed to convert an input value to a STRING value",
        f"takes text, and {_short(value)} is not text. Enter text.",
    )


def _truth(value: Any) -> bool:
    match value:
        case bool() | int() | float():
            return bool(value)
        case str() if value.lower() in ("true", "false"):
            return value.lower() == "true"
    raise LiteralError(
        "invalid_input_type",
        "Failed to convert an input value to a BOOLEAN value",
        f"takes true or false, and {_short(value)} is neither. Choose one of them.",
    )


def _curve(value: Any) -> dict[str, Any]:
    """A curve with its points from left to right."""
    match value:
        case {"points": [_, _, *_] as points} if all(_is_point(point) for point in points):
            interpolation = value.get("interpolation", INTERPOLATIONS[0])
            ordered = sorted([float(x), float(y)] for x, y in points)
            if len({x for x, _ in ordered}) == len(ordered) and interpolation in INTERPOLATIONS:
                return {**value, "points": ordered}
    raise LiteralError(
        "invalid_input_type",
        "Failed to convert an input value to a CURVE value",
        f"takes a curve, and {_short(value)} is none. Give two points or more, each [x, y] with both from 0 to 1 and "
        "no two above each other.",
    )


def _is_point(point: Any) -> bool:
    match point:
        case [int() | float() as x, int() | float() as y]:
            return 0 <= x <= 1 and 0 <= y <= 1
    return False


def _choice(value: Any, choices: Sequence[Any], options: Mapping[str, Any], folders: Folders) -> Any:
    kind = files_kind(options)
    if kind is None:
        if value in choices:
            return value
        raise LiteralError("value_not_in_list", "Value not in list", _not_listed(value, choices))
    if not isinstance(value, str):
        raise LiteralError(
            "value_not_in_list",
            "Value not in list",
            f"takes a file name, and {_short(value)} is not one. Choose a file.",
        )
    if not value and options.get("optional"):
        return value
    try:
        if kind == "input":
            folders.input_path(value)
            return value
        folders.model_path(kind, value)
        return "/".join(safe_parts(value))
    except (FileNotFoundError, UnsafePathError) as error:
        details = f"names a file that cannot be used. {error}"
        raise LiteralError("value_not_in_list", "Value not in list", details) from None


def _not_listed(value: Any, choices: Sequence[Any]) -> str:
    if not choices:
        return f"has the value {_short(value)}, and there is nothing to choose from."
    texts = [str(choice) for choice in choices]
    close = get_close_matches(str(value), texts, n=3)
    if close:
        hint = f"Similar: {', '.join(close)}."
    else:
        more = f" and {len(texts) - 8} more" if len(texts) > 8 else ""
        hint = f"Choose one of: {', '.join(texts[:8])}{more}."
    return f"does not offer {_short(value)}. {hint}"


def _plain(number: float) -> str:
    """A number as people write it: a whole one without a point."""
    return str(number).removesuffix(".0")


def _short(value: Any) -> str:
    return _told.repr(value)
