"""Reading JSON of which nothing is sure: what has another shape counts as nothing."""

from typing import Any

Json = dict[str, Any]


def record(value: object) -> Json:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[Json]:
    """The objects in a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def pair(value: object) -> tuple[float, float]:
    """Two numbers, such as a position, as [x, y] or as {"0": x, "1": y}."""
    if isinstance(value, dict):
        value = [value.get("0"), value.get("1")]
    first, second = value[:2] if isinstance(value, list) and len(value) >= 2 else (0, 0)
    return number(first), number(second)


def number(value: object) -> float:
    """A number, or 0."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
