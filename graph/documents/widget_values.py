"""Naming the entries of a saved node's `widgets_values`.

Files hold the values of a node's widgets as a list without names, in the order of the inputs, with extra entries of the
editor in between: what happens to a seed after each run, and the upload button of a file input. Our own files name the
entries in the property `safelight.inputs`; the names of extra entries have a `/`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from graph.documents.format import DocumentNode
from graph.schema import Schema
from graph.types import WIDGET_TYPES

NAMES_PROPERTY = "safelight.inputs"
SEEDS = ("seed", "noise_seed")
CONTROLS = ("fixed", "increment", "decrement", "randomize")
UPLOADS = ("image", "audio", "video", "", None)


class Widget(NamedTuple):
    """A widget of a type of node; `extra` says what files may have after its value."""

    name: str
    extra: Literal["control", "upload"] | None = None


class Widgets:
    """The widgets of a type of node, as its schema has them."""

    def __init__(self, schema: Schema) -> None:
        inputs = _with_widgets(schema)
        self.in_order = [Widget(name, _extra(name, options)) for name, options in inputs.items()]
        self.names = frozenset(inputs)
        self.have_extras = any(widget.extra for widget in self.in_order)
        self.prompts = frozenset(name for name, options in inputs.items() if options.get("dynamicPrompts"))
        """Those whose text may have alternatives."""


def named_values(node: DocumentNode, widgets: Widgets | None) -> dict[str, Any]:
    """The values of a node's widgets by input name, as far as they can be told; without `widgets` by the file."""
    saved = named_by_file(node)
    if isinstance(saved, dict):
        known = [widget.name for widget in widgets.in_order] if widgets else [name for name in saved if "/" not in name]
        return {name: saved[name] for name in known if saved.get(name) is not None}
    if isinstance(saved, list) and widgets:
        if not widgets.have_extras:
            return {name: value for (name, _), value in zip(widgets.in_order, saved, strict=False) if value is not None}
        found, _ = places(saved, widgets.in_order)
        return {widget.name: saved[place] for widget, place in found if saved[place] is not None}
    return {}


def named_by_file(node: DocumentNode) -> Any:
    """A node's `widgets_values`: as a dictionary if the file names the entries, else as it is."""
    saved = node.widgets_values
    if isinstance(saved, list):
        names = node.property(NAMES_PROPERTY)
        if isinstance(names, list) and len(names) == len(saved):
            return dict(zip(map(str, names), saved, strict=True))
    return saved


def places(saved: Sequence[Any], widgets: Sequence[Widget]) -> tuple[list[tuple[Widget, int]], int]:
    """Where the values of widgets are in a list without names, and how many entries they and what follows them take."""
    found: list[tuple[Widget, int]] = []
    position = 0
    for widget in widgets:
        if position >= len(saved):
            break
        found.append((widget, position))
        position += 1
        if widget.extra and position < len(saved):
            following = saved[position]
            if widget.extra == "upload":
                position += following in UPLOADS
            else:
                # Very old files have true and false there.
                position += following in CONTROLS or (isinstance(following, bool) and len(saved) > len(widgets))
    return found, position


def _extra(name: str, options: Mapping[str, Any]) -> Literal["control", "upload"] | None:
    if name in SEEDS or options.get("control_after_generate"):
        return "control"
    return "upload" if any(key.endswith("_upload") and options[key] for key in options) else None


def _with_widgets(schema: Schema) -> dict[str, Mapping[str, Any]]:
    """The inputs of a node that have a widget, in order, with their options."""
    widgets = {}
    for group in ("required", "optional"):
        for name, config in schema["input"].get(group, {}).items():
            options = config[1] if len(config) > 1 else {}
            if (isinstance(config[0], list) or config[0] in WIDGET_TYPES) and not options.get("forceInput"):
                widgets[name] = options
    return widgets
