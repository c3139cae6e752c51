"""Naming the entries of a saved node's `widgets_values`.

Files hold the values of a node's widgets as a list without names, in the order of the inputs, with extra entries of the
editor in between: what happens to a seed after each run, and the upload button of a file input. Our own files name the
entries in the property `safelight.inputs`; the names of extra entries have a `/`.
"""

from collections.abc import Mapping
from typing import Any

from graph.document_format import DocumentNode
from graph.schema import Schema
from graph.types import WIDGET_TYPES

NAMES_PROPERTY = "safelight.inputs"
SEEDS = ("seed", "noise_seed")
CONTROLS = ("fixed", "increment", "decrement", "randomize")
UPLOADS = ("image", "audio", "video", "", None)


def named_values(node: DocumentNode, schema: Schema | None) -> dict[str, Any]:
    """The values of a node's widgets by input name, as far as they can be told: without a schema, by the file alone."""
    saved = node.widgets_values
    properties = node.properties if isinstance(node.properties, dict) else {}
    names = properties.get(NAMES_PROPERTY)
    if isinstance(saved, list) and isinstance(names, list) and len(names) == len(saved):
        saved = dict(zip(map(str, names), saved, strict=True))
    if isinstance(saved, dict):
        known = _widgets(schema) if schema else {name: {} for name in saved if "/" not in name}
        return {name: saved[name] for name in known if saved.get(name) is not None}
    if isinstance(saved, list) and schema:
        return {name: value for name, value in _by_position(saved, _widgets(schema)).items() if value is not None}
    return {}


def widgets_with(schema: Schema, option: str) -> frozenset[str]:
    """The names of the widgets for which an option is on."""
    return frozenset(name for name, options in _widgets(schema).items() if options.get(option))


def _widgets(schema: Schema) -> dict[str, Mapping[str, Any]]:
    """The inputs of a node that have a widget, in order, with their options."""
    widgets = {}
    for group in ("required", "optional"):
        for name, config in schema["input"].get(group, {}).items():
            options = config[1] if len(config) > 1 else {}
            if (isinstance(config[0], list) or config[0] in WIDGET_TYPES) and not options.get("forceInput"):
                widgets[name] = options
    return widgets


def _by_position(saved: list[Any], widgets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    position = 0
    for name, options in widgets.items():
        if position >= len(saved):
            break
        values[name] = saved[position]
        position += 1
        following = saved[position] if position < len(saved) else ...
        if name in SEEDS or options.get("control_after_generate"):
            # Very old files have true and false there.
            position += following in CONTROLS or (isinstance(following, bool) and len(saved) > len(widgets))
        elif any(key.endswith("_upload") and options[key] for key in options):
            position += following in UPLOADS
    return values
