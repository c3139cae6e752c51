"""Seeds from one job to the next, for a document that is queued several times at once.

The editor does the same for what it queues by itself; the rules in `web/core/seeds.js` are these.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from graph.documents.format import DocumentNode
from graph.documents.widget_values import NAMES_PROPERTY, Widgets, places
from graph.schema import Schema, Schemas

LARGEST_SEED = 2**53 - 1
"""JSON numbers are exact up to here in every program."""

Chance = Callable[[], float]
"""Gives a number from 0 up to 1, as `random.random` does."""


def batch(document: dict[str, Any], schemas: Schemas, count: int, chance: Chance = random.random) -> Iterator[Any]:
    """A document as it is, then with what its seeds become after each job: `count` documents in all.

    What does not change is shared by them. The document must be one that compiles.
    """
    known: dict[str, Widgets] = {}
    for index in range(count):
        if index > 0:
            nodes = [_after_a_job(node, schemas.get(node["type"]), known, chance) for node in document["nodes"]]
            document = {**document, "nodes": nodes}
        yield document


def _after_a_job(saved: dict[str, Any], schema: Schema | None, known: dict[str, Widgets], chance: Chance) -> Any:
    """A node as it is in the next document."""
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
        if place is not None and control is not None and widget.name not in linked:
            values[place] = next_value(_config(schema, widget.name), values[place], values[control], chance)
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
