"""Group nodes, the form that subgraphs had in older files, read as subgraphs.

An instance has the type `workflow>NAME` (before that `workflow/NAME`), and `extra.groupNodes` has under the name

- `nodes`: the inner nodes, which are known by their index;
- `links`: [index, output, index, input, …] between them; what comes from elsewhere has null for the first;
- `external`: [index, output, type] of outputs that lead outside though they are also used inside;
- `config`: {index: {"input": {name: {"name", "visible"}}, "output": {index: {"name", "visible"}}}}.

What an instance shows is not saved but derived, in a fixed order: `Face` has it.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from graph.documents.format import NOTES, PRIMITIVE, REROUTE, DocumentError
from graph.documents.plain_data import Json, record, records
from graph.documents.promotion import LISTED_PROPERTY, OWN_INPUT
from graph.documents.widget_values import Widget, Widgets, places
from graph.execution.order import depth_first
from graph.schema import Schemas
from graph.types import ANY

PREFIX = "workflow>"
OLD_PREFIX = "workflow/"


def with_subgraphs(document: Json, schemas: Schemas) -> Json:
    """The document with a subgraph for each of its group nodes; the same object if it has none.

    A group node whose definition is missing stays as it is. Raises DocumentError for a broken definition.
    """
    groups = record(record(document.get("extra")).get("groupNodes"))
    if not groups:
        return document
    definitions = record(document.get("definitions"))
    subgraphs = records(definitions.get("subgraphs"))
    used = {name for graph in (document, *subgraphs) for name in _used(graph, groups)}
    if not used:
        return document
    order = depth_first(used, lambda name: _used(record(groups[name]), groups))
    for circle in order.cycles:
        raise DocumentError(f"The group node '{circle[0]}' contains itself.")
    faces: dict[str, Face] = {}
    for name in order.nodes:
        faces[name] = Face(name, _read(name, groups[name]), schemas, faces)
    made = [face.definition() for face in faces.values()]
    left = {name: group for name, group in groups.items() if name not in faces}
    return {
        **document,
        "extra": {**record(document.get("extra")), "groupNodes": left},
        "nodes": _with_instances(document.get("nodes"), faces),
        "definitions": {
            **definitions,
            "subgraphs": [*({**each, "nodes": _with_instances(each.get("nodes"), faces)} for each in subgraphs), *made],
        },
    }


def _group_of(node: Json) -> str:
    """The name of the group that a node is an instance of, or nothing."""
    type = node.get("type")
    return type[len(PREFIX) :] if isinstance(type, str) and type.startswith((PREFIX, OLD_PREFIX)) else ""


def _used(graph: Json, groups: Mapping[str, Any]) -> list[str]:
    return [name for node in records(graph.get("nodes")) if (name := _group_of(node)) in groups]


def _with_instances(nodes: object, faces: Mapping[str, "Face"]) -> object:
    if not isinstance(nodes, list):
        return nodes
    return [
        faces[name].instance(node) if isinstance(node, dict) and (name := _group_of(node)) in faces else node
        for node in nodes
    ]


class _InnerNode(msgspec.Struct):
    type: str
    inputs: list[Json] | None = None
    outputs: list[Json] | None = None


class _Group(msgspec.Struct):
    nodes: list[Json]
    links: list[list[Any]] = []
    external: list[list[Any]] | None = None
    config: dict[str, Json] | None = None


def _read(name: str, saved: object) -> _Group:
    try:
        group = msgspec.convert(saved, _Group)
        msgspec.convert(group.nodes, list[_InnerNode])
    except msgspec.ValidationError as error:
        raise DocumentError(
            f"The group node '{name}' is broken ({error}). Remove its nodes, or take an older copy of the workflow."
        ) from None
    return group


@dataclass(frozen=True, slots=True)
class _Shown:
    """An input that instances show, and what it sets.

    `slot` is the place among the inputs of the inner node at `index`, or None for a widget without one. A widget
    without a name is one of a type that is not known: it only takes its place among the values.
    """

    name: str
    index: int
    type: Any = ANY
    slot: int | None = None
    widget: Widget | None = None
    visible: bool = True

    @property
    def is_known(self) -> bool:
        return self.widget is None or self.widget.name != ""


class Face:
    """What the instances of a group show: sockets, widgets in the order of their values, outputs.

    Sockets are those of the inner nodes that are not linked inside. The widgets of all nodes follow each other;
    those that were made inputs of their nodes come last. A name that is taken gets the node's title in front.
    """

    def __init__(self, name: str, group: _Group, schemas: Schemas, others: Mapping[str, "Face"]) -> None:
        self.name = name
        self.id = str(uuid.uuid5(uuid.NAMESPACE_URL, PREFIX + name))
        self.sockets: list[_Shown] = []
        self.widgets: list[_Shown] = []
        self.outputs: list[tuple[int, int]] = []
        self._group = group
        self._schemas = schemas
        self._others = others
        self._nodes = [{**node, "id": index, "inputs": self._slots(node)} for index, node in enumerate(group.nodes)]
        self._links = list(self._inner_links())
        self._linked_from = {(source, output) for source, output, _, _ in self._links}
        self._linked_to = {(target, slot) for _, _, target, slot in self._links}
        self._external = {(entry[0], entry[1]): entry[2:] for entry in group.external or () if len(entry) >= 2}
        self._seen: dict[str, int] = {}
        self._show()

    def _inner_links(self) -> Iterator[tuple[int, int, int, int]]:
        for link in self._group.links:
            match link:
                case [int(source), int(output), int(target), int(slot), *_]:
                    if {source, target} <= set(range(len(self._nodes))) and 0 <= slot < len(self._slots_of(target)):
                        yield source, output, target, slot

    def _slots_of(self, index: int) -> list[Json]:
        slots: list[Json] = self._nodes[index]["inputs"]
        return slots

    def _slots(self, node: Json) -> list[Json]:
        """The inputs that the file has for an inner node, or else the sockets of its type."""
        slots = [{**slot, "name": str(slot.get("name", "")), "link": None} for slot in node.get("inputs") or ()]
        schema = self._schemas.get(node["type"])
        if slots or schema is None:
            return slots
        widgets = Widgets(schema).names
        inputs = [pair for group in ("required", "optional") for pair in schema["input"].get(group, {}).items()]
        return [{"name": name, "type": config[0], "link": None} for name, config in inputs if name not in widgets]

    def _show(self) -> None:
        converted: list[tuple[int, int, Widget]] = []
        for index, node in enumerate(self._nodes):
            if self._has_face(index, node):
                # By the digits of the slot, as by programs that sort numbers as texts.
                inputs = sorted(self._show_widgets(index, node), key=lambda each: str(each[0]))
                converted.extend((index, slot, widget) for slot, widget in inputs)
                self._show_sockets(index, node)
                self._show_outputs(index, node)
        for index, slot, widget in converted:
            type = self._slots_of(index)[slot].get("type", ANY)
            self.widgets.append(self._shown(index, widget.name, type, slot, widget))

    def _has_face(self, index: int, node: Json) -> bool:
        used = (index, 0) in self._linked_from
        if node["type"] == REROUTE:
            return not (used and (index, 0) in self._linked_to and (index, 0) not in self._external)
        return used if node["type"] == PRIMITIVE else node["type"] not in NOTES

    def _show_widgets(self, index: int, node: Json) -> Iterator[tuple[int, Widget]]:
        """Show the widgets of an inner node, but give those that were made inputs and are free, with their slots."""
        slots = {slot["name"]: position for position, slot in enumerate(node["inputs"]) if slot.get("widget")}
        for widget in self._widgets_of(node):
            slot = slots.get(widget.name)
            if slot is None:
                self.widgets.append(self._shown(index, widget.name, ANY, None, widget))
            elif (index, slot) not in self._linked_to:
                yield slot, widget

    def _show_sockets(self, index: int, node: Json) -> None:
        for position, slot in enumerate(node["inputs"]):
            if not slot.get("widget") and (index, position) not in self._linked_to:
                name = self._reroute_type(index, slot) if node["type"] == REROUTE else slot["name"]
                shown = self._shown(index, name, slot.get("type", ANY), position, None)
                if shown.visible:
                    self.sockets.append(shown)

    def _show_outputs(self, index: int, node: Json) -> None:
        config = record(self._config(index).get("output"))
        schema = self._schemas.get(node["type"])
        for output in range(len(node.get("outputs") or (schema["output"] if schema else ()))):
            used_inside = (index, output) in self._linked_from and (index, output) not in self._external
            if record(config.get(str(output))).get("visible", not used_inside):
                self.outputs.append((index, output))

    def _widgets_of(self, node: Json) -> list[Widget]:
        saved = node.get("widgets_values")
        count = len(saved) if isinstance(saved, list) else 0
        group = _group_of(node)
        if group in self._others:
            shown = self._others[group].widgets
            return [Widget(each.name, each.widget.extra if each.widget else None) for each in shown if each.is_known]
        if node["type"] == PRIMITIVE:
            # One of a list of choices has a filter too.
            return [Widget("value", "control" if count > 1 else None), *(Widget("") for _ in range(2, count))]
        if node["type"] in self._schemas:
            return Widgets(self._schemas[node["type"]]).in_order
        return [Widget("")] * count

    def _config(self, index: int) -> Json:
        return record((self._group.config or {}).get(str(index)))

    def _shown(self, index: int, input: str, type: Any, slot: int | None, widget: Widget | None) -> _Shown:
        """An input under the name that it has outside."""
        if widget and not widget.name:
            return _Shown("", index, type, slot, widget)
        node = self._nodes[index]
        config = record(record(self._config(index).get("input")).get(input))
        label = next((each.get("label") for each in node["inputs"] if each["name"] == input), None)
        name = key = str(config.get("name") or label or input)
        if name in self._seen or (node["type"] == PRIMITIVE and node.get("title")):
            prefix = node.get("title") or node["type"]
            name = key = f"{prefix} {input}"
            if key in self._seen:
                name = f"{prefix} {self._seen[key]} {input}"
        self._seen[key] = self._seen.get(key, 1) + 1
        return _Shown(name, index, type, slot, widget, config.get("visible") is not False)

    def _reroute_type(self, index: int, slot: Json) -> str:
        """The input of a reroute is called by its type: that of what it feeds, or else of what is known."""
        for source, _, target, position in self._links:
            fed = self._slots_of(target)[position].get("type", ANY)
            if source == index and fed != ANY:
                return str(fed)
        outside = self._external.get((index, 0))
        return str(outside[0] if outside else slot.get("type") or ANY)

    def instance(self, node: Json) -> Json:
        """An instance of the group as one of its subgraph: its values listed with the inputs that they set."""
        made = {**node, "type": self.id, "inputs": self._renamed(node.get("inputs"))}
        saved = node.get("widgets_values")
        if isinstance(saved, list):
            found = self._places(saved)
            listed = [self._listed(shown) for shown, _ in found]
            made["properties"] = {**record(node.get("properties")), LISTED_PROPERTY: listed}
            made["widgets_values"] = [saved[position] for _, position in found]
        return made

    def _places(self, saved: list[Any]) -> list[tuple[_Shown, int]]:
        """Where the values of the widgets are. Hidden ones have theirs too, except in files where that does not fit."""
        taken: list[tuple[_Shown, int]] = []
        for shown in (self.widgets, [each for each in self.widgets if each.visible], self.widgets):
            found, end = places(saved, [each.widget or Widget("") for each in shown])
            taken = [(each, position) for each, (_, position) in zip(shown, found, strict=False)]
            if len(found) == len(shown) and end == len(saved):
                break
        return taken

    def _listed(self, shown: _Shown) -> list[str]:
        if not shown.is_known:
            return ["", ""]
        if shown.widget and self._nodes[shown.index]["type"] == PRIMITIVE:
            return [str(shown.index), shown.widget.name]
        return [OWN_INPUT, shown.name]

    def _renamed(self, saved: object) -> object:
        """The sockets of an instance under the names that they have now; one with an unknown name goes by its place."""
        known = {shown.name for shown in (*self.sockets, *self.widgets)}
        own = {slot.get("name") for slot in records(saved)}
        renamed = []
        for position, slot in enumerate(saved if isinstance(saved, list) else ()):
            name = self.sockets[position].name if position < len(self.sockets) else None
            stray = isinstance(slot, dict) and slot.get("name") not in known and name is not None and name not in own
            renamed.append({**slot, "name": name} if stray else slot)
        return renamed if isinstance(saved, list) else saved

    def definition(self) -> Json:
        """The group as the definition of a subgraph, with an input for each of the sockets and widgets."""
        nodes = [{**node, "inputs": [dict(slot) for slot in node["inputs"]]} for node in self._nodes]
        links: list[Json] = []
        for source, output, target, slot in self._links:
            nodes[target]["inputs"][slot]["link"] = _link(links, (source, output), (target, slot))
        ports: list[Json] = []
        for shown in (*self.sockets, *self.widgets):
            if not shown.is_known or (shown.widget and nodes[shown.index]["type"] == PRIMITIVE):
                continue
            slots = nodes[shown.index]["inputs"]
            place = len(slots) if shown.slot is None else shown.slot
            id = _link(links, (-10, len(ports)), (shown.index, place))
            if shown.widget and shown.slot is None:
                slots.append({"name": shown.widget.name, "type": shown.type, "widget": {"name": shown.widget.name}})
            slots[place]["link"] = id
            ports.append({"id": f"input {len(ports)}", "name": shown.name, "type": shown.type, "linkIds": [id]})
        outputs = [
            {"id": f"output {slot}", "name": str(slot), "type": ANY, "linkIds": [_link(links, end, (-20, slot))]}
            for slot, end in enumerate(self.outputs)
        ]
        return {
            "id": self.id, "version": 1, "name": self.name, "inputs": ports, "outputs": outputs,
            "nodes": _with_instances(nodes, self._others), "links": links,
        }  # fmt: skip


def _link(links: list[Json], origin: tuple[int, int], target: tuple[int, int]) -> int:
    """Add a link and give its id."""
    ends = {"origin_id": origin[0], "origin_slot": origin[1], "target_id": target[0], "target_slot": target[1]}
    links.append({"id": len(links) + 1, **ends, "type": ANY})
    return len(links)
