"""Making subgraphs of nodes, and nodes of subgraphs, in plain documents: `extract`, `inline`, `flatten`.

All three leave what they are given as it is, and what they give compiles to the same prompt, but for ids.
"""

import itertools
import uuid
from collections.abc import Iterable
from dataclasses import replace

from graph.documents.drawn_graph import DrawnGraph, Place, Wire, ends_of, top_left, without
from graph.documents.format import INPUT_BORDER, OUTPUT_BORDER, DocumentError, read_document
from graph.documents.inlining import flatten, inline
from graph.documents.plain_data import Json, number, pair, record, records
from graph.problem import brief, labelled
from graph.types import ANY

__all__ = ["extract", "flatten", "inline"]

ROW = 20
WIDTH = 210
BORDER_WIDTH = 120
MARGIN = 80


def extract(document: Json, nodes: Iterable[str | int], name: str) -> Json:
    """The document with `nodes` in a new subgraph called `name`, and an instance of it in their place.

    What comes from outside becomes inputs, one for each output that it comes from; what leads outside becomes outputs.
    Groups go along if all nodes in them do. Raises DocumentError if there are no nodes, if one is not in the document,
    and if a way leads out of them and back.
    """
    read_document(document)
    graph = DrawnGraph(document)
    chosen = {str(id) for id in nodes}
    _check(graph, chosen)
    definition = _Extraction(graph, chosen, name).run()
    definitions = record(document.get("definitions"))
    subgraphs = [*records(definitions.get("subgraphs")), definition]
    return {**graph.as_json(), "definitions": {**definitions, "subgraphs": subgraphs}}


def _check(graph: DrawnGraph, chosen: set[str]) -> None:
    if not chosen:
        raise DocumentError("No nodes are chosen. Choose those that the subgraph is to have.")
    for id in chosen:
        if id not in graph.nodes:
            raise DocumentError(f"There is no node {brief(id)} in the document. Choose nodes that are.")
    waiting = [wire.target[0] for id in chosen for wire in graph.wires_from(id) if wire.target[0] not in chosen]
    passed = set(waiting)
    while waiting:
        id = waiting.pop()
        for target in {wire.target[0] for wire in graph.wires_from(id)}:
            if target in chosen:
                title = str(graph.nodes[id].get("title") or graph.nodes[id]["type"])
                raise DocumentError(
                    f"A way leads out of the chosen nodes and over {labelled(title, id)} back into them. "
                    "Choose all nodes on the way too, or fewer nodes."
                )
            if target not in passed:
                passed.add(target)
                waiting.append(target)


class _Extraction:
    """Moves nodes of a graph into one of their own."""

    def __init__(self, graph: DrawnGraph, chosen: set[str], name: str) -> None:
        self._graph = graph
        self._chosen = chosen
        self._points = self._points_inside()
        self._inputs, self._outputs = _Side(), _Side()
        id = str(uuid.uuid4())
        nodes = [graph.nodes[each] for each in chosen]
        self._definition = _empty_definition(id, name, nodes)
        self._inner = DrawnGraph(self._definition, has_border=True)
        self._instance = graph.add(
            {
                "type": id, "pos": [*top_left(nodes)], "size": [WIDTH, ROW], "flags": {}, "mode": 0,
                "inputs": [], "outputs": [], "properties": {}, "widgets_values": [],
            }
        )  # fmt: skip

    def run(self) -> Json:
        """Put an instance in place of the nodes, and give its definition."""
        crossing = [
            (wire, self._graph.chain(wire.point))
            for wire in self._graph.wires.values()
            if (wire.origin[0] in self._chosen) != (wire.target[0] in self._chosen)
        ]
        self._take_groups()
        self._inner.take(self._graph, self._chosen, self._points)
        for wire, chain in crossing:
            inside = [point for point in chain if point in self._points]
            outside = [point for point in chain if point not in self._points]
            last = (inside[-1] if inside else None), (outside[-1] if outside else None)
            if wire.target[0] in self._chosen:
                self._enter(wire, *last)
            else:
                self._leave(wire, *last)
        instance = self._graph.nodes[self._instance]
        instance["inputs"], instance["outputs"] = self._inputs.sockets, self._outputs.sockets
        instance["size"] = [WIDTH, ROW * (1 + max(len(self._inputs.sockets), len(self._outputs.sockets)))]
        return {**self._inner.as_json(), "inputs": self._inputs.ports, "outputs": self._outputs.ports}

    def _enter(self, wire: Wire, inside: int | None, outside: int | None) -> None:
        """Lead a wire from outside over the border."""
        slot = self._inner.nodes[wire.target[0]]["inputs"][wire.target[1]]
        place, is_new = self._inputs.place((wire.origin, outside), slot)
        if is_new:
            self._graph.connect(replace(wire, target=(self._instance, place), point=outside))
        link = self._inner.fresh("Link")
        self._inner.connect(Wire(link, (INPUT_BORDER, place), wire.target, wire.type, inside))
        self._inputs.ports[place]["linkIds"].append(link)

    def _leave(self, wire: Wire, inside: int | None, outside: int | None) -> None:
        """Lead a wire from inside over the border."""
        slots = self._inner.nodes[wire.origin[0]]["outputs"]
        slot = slots[wire.origin[1]] if wire.origin[1] < len(slots) else {"type": wire.type}
        place, is_new = self._outputs.place((wire.origin, inside), without(slot, "widget"))
        if is_new:
            link = self._inner.fresh("Link")
            self._inner.connect(Wire(link, wire.origin, (OUTPUT_BORDER, place), wire.type, inside))
            self._outputs.ports[place]["linkIds"].append(link)
        self._graph.connect(replace(wire, origin=(self._instance, place), point=outside))

    def _points_inside(self) -> set[int]:
        """The points that go along: what is led over them ends inside, or some of it does and it comes from inside."""
        ends: dict[int, set[bool]] = {}
        begins: dict[int, bool] = {}
        for wire in self._graph.wires.values():
            for point in self._graph.chain(wire.point):
                ends.setdefault(point, set()).add(wire.target[0] in self._chosen)
                begins[point] = wire.origin[0] in self._chosen
        for link in self._graph.floating:
            inside = any(end in self._chosen for end in ends_of(link))
            for point in self._graph.chain(link.get("parentId")):
                ends.setdefault(point, set()).add(inside)
                begins.setdefault(point, inside)
        return {point for point, sides in ends.items() if sides == {True} or (len(sides) == 2 and begins[point])}

    def _take_groups(self) -> None:
        for group in list(self._graph.groups):
            members = {id for id, node in self._graph.nodes.items() if id != self._instance and _lies_in(node, group)}
            if members and members <= self._chosen:
                self._graph.groups.remove(group)
                self._inner.groups.append(group)


class _Side:
    """The inputs or outputs of a subgraph, as ports of its definition and as sockets of its instance.

    There is one for each output that something comes from, and for each point that it was led over before the border.
    """

    def __init__(self) -> None:
        self.ports: list[Json] = []
        self.sockets: list[Json] = []
        self._places: dict[tuple[Place, int | None], int] = {}
        self._names: set[str] = set()

    def place(self, key: tuple[Place, int | None], slot: Json) -> tuple[int, bool]:
        """The place for what comes from somewhere, and whether it is new. It looks like the socket `slot` then."""
        if key in self._places:
            return self._places[key], False
        base = str(slot.get("name", ""))
        numbered = (f"{base}_{number}" for number in itertools.count(1))
        name = next(each for each in itertools.chain([base], numbered) if each not in self._names)
        self._names.add(name)
        shown = {"name": name, "type": slot.get("type", ANY)}
        shown |= {kept: slot[kept] for kept in ("label", "localized_name", "shape") if kept in slot}
        self.ports.append({"id": str(uuid.uuid4()), **shown, "linkIds": []})
        self.sockets.append({**shown, "widget": {"name": name}} if slot.get("widget") else shown)
        return self._places.setdefault(key, len(self._places)), True


def _lies_in(node: Json, group: Json) -> bool:
    """Whether the middle of a node is in a group."""
    (x, y), (width, height) = pair(node.get("pos")), pair(node.get("size"))
    left, top, *extent = [number(each) for each in group.get("bounding") or (0, 0, 0, 0)]
    middle = x + width / 2 - left, y + height / 2 - top
    return all(0 <= place <= length for place, length in zip(middle, extent, strict=False))


def _empty_definition(id: str, name: str, nodes: list[Json]) -> Json:
    """A definition without anything in it, with its borders beside where `nodes` are."""
    left, top = top_left(nodes)
    right = max(pair(node.get("pos"))[0] + pair(node.get("size"))[0] for node in nodes)
    return {
        "id": id, "version": 1, "state": {}, "revision": 0, "config": {}, "name": name,
        "inputNode": {"id": int(INPUT_BORDER), "bounding": [left - MARGIN - BORDER_WIDTH, top, BORDER_WIDTH, ROW]},
        "outputNode": {"id": int(OUTPUT_BORDER), "bounding": [right + MARGIN, top, BORDER_WIDTH, ROW]},
        "inputs": [], "outputs": [], "widgets": [], "nodes": [], "groups": [], "links": [], "extra": {},
    }  # fmt: skip
