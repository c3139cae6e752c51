"""Putting what is in a subgraph in place of an instance of it, so that the document means the same as before."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from graph.documents.compiler import Compilation, check_subgraphs
from graph.documents.drawn_graph import DrawnGraph, Place, Wire, top_left
from graph.documents.format import (
    BYPASSED,
    INPUT_BORDER,
    MUTED,
    NOTES,
    OUTPUT_BORDER,
    PRIMITIVE,
    VIRTUAL,
    DocumentError,
    DocumentNode,
    Slot,
    read_document,
)
from graph.documents.group_nodes import with_subgraphs
from graph.documents.plain_data import Json, pair, record, records
from graph.documents.promotion import WidgetName, promoted_values, target_named
from graph.documents.sheet import Sheet
from graph.documents.walk import Border, Walk, bypass
from graph.documents.widget_values import Widgets
from graph.documents.written_values import as_node, primitive, with_promoted, with_value
from graph.execution.order import depth_first
from graph.problem import brief, labelled
from graph.schema import Schemas
from graph.types import ANY


def inline(document: Json, node: str | int, schemas: Schemas) -> Json:
    """The document with the nodes of a subgraph in place of its instance `node`, under fresh ids.

    The values that the instance has for widgets are put into the inner nodes, and where a file cannot say them, because
    a type is not in `schemas`, into primitives. What is skipped stays skipped. Definitions that are used no more go;
    group nodes become subgraphs. Raises DocumentError.
    """
    inlining = _Inlining(document, schemas)
    inlining.put_in_place(str(node))
    return inlining.document()


def flatten(document: Json, schemas: Schemas) -> Json:
    """The document without any subgraph: all are put in place of their instances, as by `inline`."""
    inlining = _Inlining(document, schemas)
    check_subgraphs(inlining.walk.root.sheet.definition, inlining.walk.subgraphs, running=False)
    waiting = deque(inlining.instances(inlining.graph.nodes))
    while waiting:
        waiting.extend(inlining.put_in_place(waiting.popleft()))
    return inlining.document()


class _Leftover(NamedTuple):
    """A value that an input gets if nothing else comes to it, and that could not be put into its node.

    A widget need not have a socket yet: then `position` is None.
    """

    node: str
    input: str
    value: Any
    position: int | None = None


class _Borders:
    """What in a subgraph hangs on its inputs, passing over what exists in the editor alone."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        sheet = walk.root.sheet
        self.inputs = [
            (id, position, found.input)
            for id, node in (*sheet.runs.items(), *sheet.instances.items())
            for position, slot in enumerate(node.inputs or ())
            if isinstance(found := walk.source(walk.root, slot), Border)
        ]
        """(inner node, position of its input, input of the subgraph)"""

    def passed(self, output: int, wanted: Any) -> int | None:
        """The input that comes out again at an output, if one does."""
        link = self._walk.root.sheet.feeds_outputs.get(output)
        found = self._walk.source(self._walk.root, Slot(type=wanted, link=link.id)) if link else None
        return found.input if isinstance(found, Border) else None


class _Inlining:
    """A document in which instances are put in place one after the other."""

    def __init__(self, document: Json, schemas: Schemas) -> None:
        self._document = with_subgraphs(document, schemas)
        self.walk = Walk(*read_document(self._document))
        self.graph = DrawnGraph(self._document)
        saved = records(record(self._document.get("definitions")).get("subgraphs"))
        self._definitions = {each.get("id", ""): each for each in saved}
        self._schemas = schemas
        self._borders: dict[str, _Borders] = {}

    def instances(self, ids: Iterable[str]) -> list[str]:
        """Those among nodes of the document that are instances of a subgraph."""
        return [id for id in ids if self.graph.nodes[id]["type"] in self.walk.subgraphs]

    def document(self) -> Json:
        """The document as it is now, without the definitions that were used and are no more."""
        before, now = self._used(self._document["nodes"]), self._used(self.graph.nodes.values())
        written = self.graph.as_json()
        definitions = dict(record(written.pop("definitions", None)))
        definitions["subgraphs"] = [each for id, each in self._definitions.items() if id in now or id not in before]
        if not definitions["subgraphs"]:
            del definitions["subgraphs"]
        return {**written, "definitions": definitions} if definitions else written

    def _used(self, nodes: Iterable[Json]) -> set[str]:
        """The subgraphs that nodes are instances of, and those in these."""
        subgraphs = self.walk.subgraphs
        types = {node["type"] for node in nodes if node["type"] in subgraphs}
        inside = depth_first(types, lambda id: {each.type for each in subgraphs[id].nodes if each.type in subgraphs})
        return set(inside.nodes)

    def put_in_place(self, id: str) -> list[str]:
        """Replace an instance by the nodes of its subgraph. Gives those of them that are instances themselves."""
        saved = self.graph.nodes.get(id)
        if saved is None:
            raise DocumentError(f"There is no node {brief(id)} in the document. Choose one that is.")
        if saved["type"] not in self.walk.subgraphs:
            raise DocumentError(f"{labelled(saved['type'], id)} is no subgraph. Choose one that is.")
        inner = DrawnGraph(self._definitions[saved["type"]], has_border=True)
        leftovers = list(self._carry_values(as_node(saved), inner))
        swap = _Swap(self.graph, id, self.walk.sheet(saved["type"]), inner)
        leftovers = [each._replace(node=swap.ids[each.node]) for each in leftovers]
        self._lead_in(swap)
        leftovers += self._lead_out(swap)
        self.graph.remove(id)
        self._give(leftovers if not swap.node.skipped else [])
        return self.instances(swap.ids.values())

    def _carry_values(self, node: DocumentNode, inner: DrawnGraph) -> Iterator[_Leftover]:
        """Put the values of an instance into the inner nodes; gives those for which that cannot be done."""
        values = promoted_values(node, self.walk.sheet(node.type))
        for id, settings in values.widgets.items():
            for widget, value in settings.items():
                if not self._set(inner, id, widget, value) and not as_node(inner.nodes[id]).skipped:
                    yield _Leftover(id, widget.name, value)
        for id, position, input in self._border(node.type).inputs if values.inputs else ():
            if input in values.inputs:
                name = inner.nodes[id]["inputs"][position].get("name", "")
                if not self._set_input(inner, id, position, values.inputs[input]):
                    yield _Leftover(id, name, values.inputs[input], position)

    def _border(self, type: str) -> _Borders:
        if type not in self._borders:
            self._borders[type] = _Borders(Walk(self.walk.subgraphs[type], self.walk.subgraphs))
        return self._borders[type]

    def _set(self, graph: DrawnGraph, id: str, widget: WidgetName, value: Any) -> bool:
        """Set a widget of a node, if it has it. False if the file cannot say it."""
        node = graph.nodes[id]
        if node["type"] in self.walk.subgraphs:
            sheet = self.walk.sheet(node["type"])
            target = target_named(as_node(node), sheet, widget)
            if target is not None:
                graph.nodes[id] = with_promoted(node, sheet, target, value)
            return True
        if node["type"] == PRIMITIVE:
            saved = node.get("widgets_values")
            graph.nodes[id] = {**node, "widgets_values": [value, *saved[1:]] if isinstance(saved, list) else [value]}
            return True
        widgets = self._widgets(node["type"])
        return (widgets is not None and widget.name not in widgets.names) or self._write(graph, id, widget.name, value)

    def _set_input(self, graph: DrawnGraph, id: str, position: int, value: Any) -> bool:
        """Set the widget of an input, or of an inner instance what the input is of. False if that cannot be said."""
        node = graph.nodes[id]
        if node["type"] in self.walk.subgraphs:
            sheet = self.walk.sheet(node["type"])
            places = sheet.places(as_node(node))
            if position in places:
                graph.nodes[id] = with_promoted(node, sheet, places.index(position), value)
            return True
        return self._write(graph, id, node["inputs"][position].get("name", ""), value)

    def _write(self, graph: DrawnGraph, id: str, name: str, value: Any) -> bool:
        widgets = self._widgets(graph.nodes[id]["type"])
        known = widgets is None or name in widgets.names
        written = with_value(graph.nodes[id], widgets, name, value) if known else None
        if written is not None:
            graph.nodes[id] = written
        return written is not None

    def _widgets(self, type: str) -> Widgets | None:
        return Widgets(self._schemas[type]) if type in self._schemas else None

    def _lead_in(self, swap: "_Swap") -> None:
        """Lead what comes to an instance on to its inner nodes."""
        for wire in swap.inner.wires_from(INPUT_BORDER):
            outer = swap.entering.get(wire.origin[1])
            if outer and wire.target[0] in swap.ids:
                target = (swap.ids[wire.target[0]], wire.target[1])
                point = self.graph.join(outer.point, swap.point(wire))
                made = replace(wire, id=self.graph.fresh("Link"), origin=outer.origin)
                self.graph.connect(replace(made, target=target, point=point))

    def _lead_out(self, swap: "_Swap") -> Iterator[_Leftover]:
        """Let what the outputs of an instance lead to come from its inner nodes, or from what passes through it.

        Gives the values of widgets that come out again at an output.
        """
        values = promoted_values(swap.node, self.walk.sheet(swap.node.type)).inputs
        for outer in self.graph.wires_from(swap.id):
            slot = self.graph.nodes[outer.target[0]]["inputs"][outer.target[1]]
            passed = self._border(swap.node.type).passed(outer.origin[1], slot.get("type", ANY)) if values else None
            if passed in values:
                yield _Leftover(outer.target[0], "", values[passed], outer.target[1])
            before = self._bypassed(swap, outer) if swap.node.mode == BYPASSED else swap.before(outer)
            if before:
                origin, point = before
                self.graph.connect(replace(outer, origin=origin, point=self.graph.join(point, outer.point)))

    def _bypassed(self, swap: "_Swap", outer: Wire) -> "_Before | None":
        """What passes through a bypassed instance to one of its wires, which hangs on the type that is wanted there."""
        target = as_node(self.graph.nodes[outer.target[0]])
        kind = (target.inputs or [])[outer.target[1]].kind
        ends_here = not target.skipped and target.type not in VIRTUAL and target.type not in self.walk.subgraphs
        wanted = {kind} if ends_here else self._wanted(swap.id, outer.origin[1]) or {kind}
        passed = {swap.standing_in(outer.origin[1], kind) for kind in wanted}
        if len(passed) > 1:
            raise DocumentError(
                f"{labelled(swap.title, swap.id)} is bypassed, and what passes through it depends on what its output "
                f"{outer.origin[1] + 1} is used for. Let it run, then put it in place."
            )
        return passed.pop()

    def _wanted(self, id: str, output: int) -> set[str]:
        """The types that are wanted in the end of an output of a bypassed node."""
        root, _ = read_document(self.graph.as_json())
        walk = Walk(root, self.walk.subgraphs)
        Compilation(walk, {}, min).prompt()
        return walk.bypasses.get((id, output), set())

    def _give(self, leftovers: list[_Leftover]) -> None:
        """Make primitives for values where nothing else comes to the input."""
        if not leftovers:
            return
        placed = [(each, self._place(each)) for each in leftovers]
        root, _ = read_document(self.graph.as_json())
        walk = Walk(root, self.walk.subgraphs)
        for (id, _, value, _), (_, position) in placed:
            slot = (walk.root.sheet.nodes[id].inputs or [])[position]
            if walk.source(walk.root, slot) is None:
                made = self.graph.add(primitive(self.graph.nodes[id], position, value))
                self.graph.connect(Wire(self.graph.fresh("Link"), (made, 0), (id, position), slot.kind))

    def _place(self, leftover: _Leftover) -> Place:
        """The input that a value is for, which may have to be made."""
        slots = self.graph.nodes[leftover.node]["inputs"]
        position = leftover.position
        if position is None:
            names = [slot.get("name") for slot in slots]
            if leftover.input not in names:
                slots.append({"name": leftover.input, "type": ANY, "widget": {"name": leftover.input}})
                names.append(leftover.input)
            position = names.index(leftover.input)
        return leftover.node, position


_Before = tuple[Place, int | None]
"""Where a wire comes from, and the last point that it is led over."""


class _Swap:
    """An instance that is being replaced, and the nodes that have been put beside it for that."""

    def __init__(self, graph: DrawnGraph, id: str, sheet: Sheet, inner: DrawnGraph) -> None:
        saved = graph.nodes[id]
        self.id = id
        self.node = as_node(saved)
        self.title = self.node.title if isinstance(self.node.title, str) else sheet.definition.name
        self.inner = inner
        self._graph = graph
        self._into = [graph.wires.get((id, position)) for position in range(len(saved["inputs"]))]
        into = {input: self._into[place] for input, place in enumerate(sheet.places(self.node)) if place is not None}
        self.entering = {input: wire for input, wire in into.items() if wire}
        if self.node.skipped:
            _skip(inner, self.node.mode)
        (x, y), (left, top) = pair(saved.get("pos")), top_left(inner.nodes.values())
        self.ids, self._points = graph.absorb(inner, (x - left, y - top))

    def point(self, wire: Wire) -> int | None:
        """The last point of an inner wire, as it is called outside."""
        return None if wire.point is None else self._points[wire.point]

    def before(self, outer: Wire) -> _Before | None:
        """Where what comes out of the instance to a wire comes from."""
        wire = self.inner.wires.get((OUTPUT_BORDER, outer.origin[1]))
        if wire is None:
            return None
        if wire.origin[0] != INPUT_BORDER:
            return (self.ids[wire.origin[0]], wire.origin[1]), self.point(wire)
        into = self.entering.get(wire.origin[1])
        if into is None or self.node.skipped:
            return None
        return into.origin, self._graph.join(into.point, self.point(wire))

    def standing_in(self, output: int, wanted: str) -> _Before | None:
        """Where what passes through the instance comes from, if it is bypassed."""
        slot = bypass(self.node, output, wanted)
        for wire, each in zip(self._into, self.node.inputs or (), strict=True):
            if each is slot and wire:
                return wire.origin, wire.point
        return None


def _skip(inner: DrawnGraph, mode: int) -> None:
    """Give all nodes the mode of their instance; muted ones stay muted."""
    for id, node in inner.nodes.items():
        if node["type"] not in NOTES and node.get("mode") != MUTED:
            inner.nodes[id] = {**node, "mode": mode}
