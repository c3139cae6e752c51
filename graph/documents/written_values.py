"""Writing values of widgets into nodes of a document, in whatever way the file has them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from graph.documents.format import PRIMITIVE, DocumentNode
from graph.documents.plain_data import Json, pair, record
from graph.documents.promotion import LISTED_PROPERTY, OWN_INPUT, Target, listed_targets, promoted_values
from graph.documents.sheet import Sheet
from graph.documents.widget_values import NAMES_PROPERTY, Widgets, named_values, places
from graph.types import ANY

PRIMITIVE_SIZE = (210, 82)


def as_node(node: Json) -> DocumentNode:
    """A node as it is compiled."""
    return msgspec.convert(node, DocumentNode)


def with_value(node: Json, widgets: Widgets | None, name: str, value: Any) -> Json | None:
    """The node with another value for a widget, or None if that cannot be said, its type being unknown."""
    wanted = {**named_values(as_node(node), widgets), name: value}
    for written in _ways(node, widgets, wanted, name):
        if named_values(as_node(written), widgets) == wanted:
            return written
    return None


def _ways(node: Json, widgets: Widgets | None, wanted: Json, name: str) -> Iterator[Json]:
    saved = node.get("widgets_values")
    properties = record(node.get("properties"))
    names = properties.get(NAMES_PROPERTY)
    if isinstance(saved, dict):
        yield {**node, "widgets_values": {**saved, name: wanted[name]}}
    elif isinstance(saved, list) and isinstance(names, list) and name in names:
        yield {**node, "widgets_values": _replaced(saved, names.index(name), wanted[name])}
    elif isinstance(saved, list) and widgets:
        for widget, place in places(saved, widgets.in_order)[0]:
            if widget.name == name:
                yield {**node, "widgets_values": _replaced(saved, place, wanted[name])}
    if widgets or not saved:
        # A list that gives its own names can say everything.
        named = {NAMES_PROPERTY: list(wanted)}
        yield {**node, "properties": {**properties, **named}, "widgets_values": list(wanted.values())}


def _replaced(values: list[Any], place: int, value: Any) -> list[Any]:
    return [value if index == place else each for index, each in enumerate(values)]


def with_promoted(instance: Json, sheet: Sheet, target: Target, value: Any) -> Json:
    """The instance of the subgraph of `sheet` with another value for one of its widgets; others keep their places."""
    node = as_node(instance)
    values = promoted_values(node, sheet)
    values.put(target, value)
    targets: list[Target] = [each for each in listed_targets(node, sheet) if each is not None]
    targets += [each for each in values.targets() if each not in targets]
    names = sheet.input_names(node)
    listed = [
        [OWN_INPUT, names[each]] if isinstance(each, int) else [each[0], *(part for part in each[1] if part)]
        for each in targets
        if each is not None
    ]
    properties = {name: kept for name, kept in record(instance.get("properties")).items() if name != NAMES_PROPERTY}
    properties[LISTED_PROPERTY] = listed
    return {**instance, "properties": properties, "widgets_values": [values.get(each) for each in targets]}


def primitive(target: Json, position: int, value: Any) -> Json:
    """A primitive with a value for an input of the node `target`, left of that."""
    slot = target["inputs"][position]
    x, y = pair(target.get("pos"))
    widget = slot.get("widget") or {"name": slot.get("name", "")}
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "type": PRIMITIVE, "pos": [x - PRIMITIVE_SIZE[0] - 40, y], "size": [*PRIMITIVE_SIZE], "flags": {}, "mode": 0,
        "inputs": [], "outputs": [{"name": "value", "type": slot.get("type", ANY), "widget": widget, "links": None}],
        "properties": {}, "widgets_values": [value, "fixed"] if is_number else [value],
    }  # fmt: skip
