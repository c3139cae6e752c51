"""The widgets that a subgraph shows on its instances, and the values that an instance has for them.

Programs have saved this in several ways, all of which are read:

- `properties.proxyWidgets` lists [inner node id, widget name], with -1 as the id for the subgraph's own inputs, and
  sometimes a third entry, the id of the node in an inner subgraph whose widget it is;
- older definitions list `widgets`, as {"id": inner node id, "name": widget name};
- an input of the subgraph that leads to the widget of an inner node shows it, whether it is listed or not.

The instance's `widgets_values` follow that order: inputs that are not listed come first.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph.documents.format import DocumentNode
from graph.documents.sheet import Sheet
from graph.documents.widget_values import named_by_file

LISTED_PROPERTY = "proxyWidgets"
OWN_INPUT = "-1"


class WidgetName(NamedTuple):
    """A widget of an inner node. In an inner subgraph, `source` may say which of its nodes has it."""

    name: str
    source: str = ""


Target = int | tuple[str, WidgetName] | None
"""What a widget of an instance sets: an input of the subgraph, or a widget of the inner node with an id."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """The values of an instance: by input of the subgraph, and by inner node and widget."""

    inputs: dict[int, Any] = field(default_factory=dict)
    widgets: dict[str, dict[WidgetName, Any]] = field(default_factory=dict)

    def put(self, target: Target, value: Any) -> None:
        """Set a value; null stands for the inner one."""
        if value is None or target is None:
            return
        if isinstance(target, int):
            self.inputs[target] = value
        else:
            id, name = target
            self.widgets.setdefault(id, {})[name] = value

    def get(self, target: Target) -> Any:
        """A value, or None."""
        if isinstance(target, int):
            return self.inputs.get(target)
        return None if target is None else self.widgets.get(target[0], {}).get(target[1])

    def targets(self) -> list[Target]:
        """All that there is a value for."""
        return [*self.inputs, *((id, name) for id, names in self.widgets.items() for name in names)]


NOTHING = Promoted()


def promoted_values(instance: DocumentNode, sheet: Sheet, given: Iterable[tuple[WidgetName, Any]] = ()) -> Promoted:
    """The values that an instance of the subgraph of `sheet` sets by its file, and, before those, the `given` ones."""
    saved = named_by_file(instance)
    values = Promoted()
    if isinstance(saved, list):
        for target, value in zip(_targets(instance, sheet, len(saved)), saved, strict=False):
            values.put(target, value)
    elif isinstance(saved, dict):
        for name, value in saved.items():
            values.put(target_named(instance, sheet, WidgetName(name)), value)
    for widget, value in given:
        values.put(target_named(instance, sheet, widget), value)
    return values


def target_named(instance: DocumentNode, sheet: Sheet, widget: WidgetName) -> Target:
    """What the widget of an instance with a name sets."""
    listed = _listed(instance, sheet)
    if widget.source:
        for id, name in listed:
            if (id, name.name) == (widget.source, widget.name):
                return _target(instance, sheet, id, name)
        if (widget.source, widget.name) in sheet.fed:
            return sheet.fed[widget.source, widget.name]
    if widget.name in (names := sheet.input_names(instance)):
        return names.index(widget.name)
    return next((_target(instance, sheet, id, name) for id, name in listed if name.name == widget.name), None)


def listed_targets(instance: DocumentNode, sheet: Sheet) -> list[Target]:
    """What the widgets set that the file lists for an instance."""
    return [_target(instance, sheet, id, name) for id, name in _listed(instance, sheet)]


def _targets(instance: DocumentNode, sheet: Sheet, count: int) -> list[Target]:
    """What the entries of an instance's `widgets_values` set, if there are `count`."""
    listed = listed_targets(instance, sheet)
    unlisted: list[Target] = [index for index in sheet.widget_inputs if index not in listed]
    # Some versions list inputs too, others only what else is shown: the number of values tells.
    return unlisted + listed if not listed or count == len(unlisted) + len(listed) else listed


def _target(instance: DocumentNode, sheet: Sheet, id: str, widget: WidgetName) -> Target:
    if id == OWN_INPUT:
        names = sheet.input_names(instance)
        return names.index(widget.name) if widget.name in names else None
    # With a source it is a widget further inside, which an input of the same name does not feed.
    index = None if widget.source else sheet.fed.get((id, widget.name))
    if index is not None:
        return index
    return (id, widget) if id in sheet.nodes else None


def _listed(instance: DocumentNode, sheet: Sheet) -> list[tuple[str, WidgetName]]:
    """The widgets that the file lists for an instance, as (inner node id, name)."""
    entries = instance.property(LISTED_PROPERTY)
    if isinstance(entries, str):  # some versions wrote the list as text
        try:
            entries = json.loads(entries)
        except ValueError:
            entries = None
    if not entries:
        entries = sheet.definition.widgets
    listed = []
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case [str() | int() as id, str(name), *more]:
                listed.append((str(id), _named(name, more)))
            case {"id": str() | int() as id, "name": str(name)}:
                listed.append((str(id), _named(name, ())))
            case _:
                listed.append(("", WidgetName("")))  # it holds a place among the values all the same
    return listed


def _named(name: str, more: Iterable[Any]) -> WidgetName:
    """The widget of a list's entry. One of an inner subgraph was called `instance: inner node: name` for a while."""
    source = next((str(id) for id in more if isinstance(id, str | int)), "")
    while (parts := name.partition(": "))[0].isdigit() and parts[2]:
        path, _, name = parts
        if not name.partition(": ")[0].isdigit():
            source = source or path
    return WidgetName(name, source)
