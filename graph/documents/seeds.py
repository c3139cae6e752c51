"""Seeds from one job to the next, for a document that is queued several times at once.

The editor does the same for what it queues by itself; the rules in `web/core/seeds.js` are these.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from graph.documents.format import DocumentNode
from graph.documents.widget_values import NAMES_PROPERTY, Widgets, places
from graph.schema import Schema, Schemas

LARGEST_SEED = 2**53 - 1
"""JSON numbers are exact up to here in every program."""
DIGITS = re.compile(r"[-+]?[0-9]+")

Chance = Callable[[], float]
"""Gives a number from 0 up to 1, as `random.random` does."""


def batch(document: dict[str, Any], schemas: Schemas, count: int, chance: Chance = random.random) -> Iterator[Any]:
    """A document as it is, then with what its seeds become after each job: `count` documents in all.

    What does not change is shared by them. The document must be one that compiles.
    """
    for index in range(count):
        yield document
        if index + 1 < count:
            document = _changed(document, schemas, chance, only=None)


def with_new_seeds(document: dict[str, Any], schemas: Schemas, chance: Chance = random.random) -> dict[str, Any]:
    """A document whose seeds are others, whatever their controls say; other controlled values stay as they are."""
    return _changed(document, schemas, chance, only="randomize")


def _changed(document: dict[str, Any], schemas: Schemas, chance: Chance, only: str | None) -> dict[str, Any]:
    known: dict[str, Widgets] = {}
    nodes = [_after_a_job(node, schemas.get(node["type"]), known, chance, only) for node in document["nodes"]]
    return {**document, "nodes": nodes}


def _after_a_job(
    saved: dict[str, Any], schema: Schema | None, known: dict[str, Widgets], chance: Chance, only: str | None
) -> Any:
    """A node as it is in the next document; with `only`, its seeds alone follow that control."""
    node = msgspec.convert(saved, DocumentNode)
    if schema is None or not isinstance(node.widgets_values, list | dict):
        return saved
    if node.type not in known:
        known[node.type] = Widgets(schema)
    widgets = known[node.type]
    where = _where(node, widgets)
    linked = {slot.name for slot in node.inputs or () if slot.link is not None}
    values = node.widgets_values.copy()
    for widget in widgets.in_order:
        place, control = where.get(widget.name), where.get(f"{widget.name}/control")
        if place is None or control is None or widget.name in linked:
            continue
        config = _config(schema, widget.name)
        if only is None or config[0] == "INT":
            values[place] = next_value(config, values[place], only or values[control], chance)
    return {**saved, "widgets_values": values}


def _where(node: DocumentNode, widgets: Widgets) -> dict[str, Any]:
    """Where a node's values and their controls are, by name: positions in a list, or keys."""
    values, names = node.widgets_values, node.property(NAMES_PROPERTY)
    if isinstance(values, dict):
        return {name: name for name in values}
    if isinstance(names, list) and len(names) == len(values):
        return {str(name): place for place, name in enumerate(names)}
    where = {}
    for widget, place in places(values, widgets.in_order)[0]:
        where[widget.name] = place
        if widget.extra == "control" and place + 1 < len(values):
            where[f"{widget.name}/control"] = place + 1
    return where


def _config(schema: Schema, name: str) -> Sequence[Any]:
    groups = schema["input"]
    config: Sequence[Any] = groups.get("required", {}).get(name) or groups["optional"][name]
    return config


def next_value(config: Sequence[Any], value: Any, control: Any, chance: Chance) -> Any:
    """The value for the next job: one more, one less, another one, or the same, as `control` says.

    `config` is the input's entry in /object_info: its type or its choices, and its options.
    """
    options = config[1] if len(config) > 1 else {}
    choices = config[0] if isinstance(config[0], list) else options.get("options") if config[0] == "COMBO" else None
    if choices is not None:
        return _next_choice([str(choice) for choice in choices], value, control, chance)
    if config[0] == "INT" and isinstance(value, str) and DIGITS.fullmatch(value):
        return _next_large(options, value, control, chance)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    least = max(options.get("min", 0), -LARGEST_SEED)
    most = min(options.get("max", LARGEST_SEED), LARGEST_SEED)
    match control:
        case "increment":
            return least if value >= most else value + 1
        case "decrement":
            return most if value <= least else value - 1
        case "randomize":
            return min(most, least + int(chance() * (most - least + 1)))
    return value


def _next_large(options: Mapping[str, Any], value: str, control: Any, chance: Chance) -> Any:
    """The next of a seed that is written as text, as the editor writes those beyond `LARGEST_SEED`."""
    least, most = options.get("min", 0), options.get("max", 2**64 - 1)
    match control:
        case "increment":
            return _written(least if int(value) >= most else int(value) + 1)
        case "decrement":
            return _written(most if int(value) <= least else int(value) - 1)
        case "randomize":
            low, high = max(least, -LARGEST_SEED), min(options.get("max", LARGEST_SEED), LARGEST_SEED)
            return min(high, low + int(chance() * (high - low + 1)))
    return value


def _written(whole: int) -> int | str:
    return whole if abs(whole) <= LARGEST_SEED else str(whole)


def _next_choice(choices: list[str], value: Any, control: Any, chance: Chance) -> Any:
    if not choices:
        return value
    place = choices.index(str(value)) if str(value) in choices else -1
    match control:
        case "increment":
            return choices[(place + 1) % len(choices)]
        case "decrement":
            return choices[(place - 1) % len(choices)]
        case "randomize":
            return choices[int(chance() * len(choices))]
    return value
