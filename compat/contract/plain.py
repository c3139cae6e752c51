"""Values of packs as JSON can say them, for /object_info and for what nodes show."""

import math
from collections.abc import Mapping, Set, ValuesView
from enum import Enum
from typing import Any

SMALLEST, LARGEST = -(1 << 63), (1 << 64) - 1
"""The whole numbers that the messages between worker and server can hold."""


def plain(value: Any) -> Any:
    """The value as JSON; what JSON has no form for becomes its text, and a number that is not finite null."""
    match value:
        case None | bool():
            return value
        case Enum():
            return plain(value.value)
        case str():
            return text(value)
        case int():
            return int(value) if SMALLEST <= value <= LARGEST else float(value)
        case float():
            return float(value) if math.isfinite(value) else None
        case Mapping():
            return {text(key) if isinstance(key, str) else str(plain(key)): plain(each) for key, each in value.items()}
        case list() | tuple() | Set() | ValuesView():
            return [plain(each) for each in value]
    return _other(value)


def text(value: str) -> str:
    """A string without what a subclass makes of it."""
    return str.__str__(value)


def _other(value: Any) -> Any:
    number = getattr(value, "item", None)  # a number of numpy or torch
    if callable(number) and getattr(value, "ndim", None) == 0:
        return plain(number())
    if callable(number) and hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)
