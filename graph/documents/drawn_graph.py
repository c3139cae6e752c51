"""A graph of a document as plain data that can be changed: nodes, wires between their sockets, points, groups.

The document and the definitions of subgraphs are both such graphs. Files say each link three times (in the list, at its
origin, at its target); here it is one `Wire`, and the rest is written anew. What only programs know stays as it is.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from graph.documents.format import INPUT_BORDER, OUTPUT_BORDER
from graph.documents.plain_data import Json, number, pair, record, records
from graph.execution.order import depth_first
from graph.types import ANY

_ENDS = ("origin_id", "target_id")
_LISTED_FIELDS = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
_OWN_FIELDS = {*_LISTED_FIELDS, "parentId"}

Place = tuple[str, int]
"""A socket: node id, position among the inputs or outputs of the node."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A link. `point` is the last of the points that it is led over."""

    id: int | str
    origin: Place
    target: Place
    type: Any = ANY
    point: int | None = None
    more: Json = field(default_factory=dict)


class DrawnGraph:
    """`wires` are found by their target, since an input has one at most. `points` are the editor's native reroutes."""

    def __init__(self, graph: Json, has_border: bool = False) -> None:
        """Take a graph apart that `read_document` has accepted, leaving it as it is. Subgraphs have a border."""
        extra = record(graph.get("extra"))
        self._graph = graph
        self.nodes: dict[str, Json] = {str(node["id"]): _with_own_slots(node) for node in graph["nodes"]}
        self.wires: dict[Place, Wire] = {}
        points = records(graph.get("reroutes")) or records(extra.get("reroutes"))
        self.points: dict[int, Json] = {point["id"]: point for point in points if isinstance(point.get("id"), int)}
        self.groups: list[Json] = records(graph.get("groups"))
        self.floating: list[Json] = records(graph.get("floatingLinks"))
        self._outgoing: dict[str, dict[Place, None]] = {}
        self._links = _links_by_id(graph, extra)
        self._last = self._last_ids()
        self._has_border = has_border
        self._read_wires()

    def _last_ids(self) -> dict[str, int]:
        graph, state = self._graph, record(self._graph.get("state"))
        links = [*self._links.values(), *self.floating]
        return {
            "Node": _last(self.nodes.values(), graph.get("last_node_id"), state.get("lastNodeId")),
            "Link": _last(links, graph.get("last_link_id"), state.get("lastLinkId")),
            "Reroute": _last(self.points.values(), state.get("lastRerouteId")),
            "Group": _last(self.groups, state.get("lastGroupId")),
        }

    def _read_wires(self) -> None:
        taken: set[str] = set()
        for id, node in self.nodes.items():
            for position, slot in enumerate(node["inputs"]):
                link = self._links.get(str(slot.get("link")))
                if link is not None:
                    self._read_wire(link, (id, position), taken)
        ports = records(self._graph.get("outputs"))
        for link in self._links.values():
            if str(link["target_id"]) == OUTPUT_BORDER and self._has_border:
                place = (OUTPUT_BORDER, link["target_slot"])
                listed = place[1] < len(ports) and link["id"] in (ports[place[1]].get("linkIds") or ())
                if listed or place not in self.wires:
                    self._read_wire(link, place, taken)

    def _read_wire(self, link: Json, target: Place, taken: set[str]) -> None:
        origin = (str(link["origin_id"]), link["origin_slot"])
        if origin[0] not in self.nodes and not (self._has_border and origin[0] == INPUT_BORDER):
            return
        more = {name: value for name, value in link.items() if name not in _OWN_FIELDS}
        point = link.get("parentId") if link.get("parentId") in self.points else None
        # A broken file may have one link lead into two inputs: then there are two.
        id = self.fresh("Link") if str(link["id"]) in taken else link["id"]
        taken.add(str(link["id"]))
        self.connect(Wire(id, origin, target, link.get("type", ANY), point, more))

    def fresh(self, kind: str) -> int:
        """An id that no "Node", "Link", "Reroute" or "Group" of the graph has, nor had."""
        self._last[kind] += 1
        return self._last[kind]

    def connect(self, wire: Wire) -> None:
        """Put a wire into an input, in place of the one that is there."""
        self.disconnect(wire.target)
        self.wires[wire.target] = wire
        self._outgoing.setdefault(wire.origin[0], {})[wire.target] = None

    def disconnect(self, target: Place) -> None:
        """Take the wire of an input away, if it has one."""
        wire = self.wires.pop(target, None)
        if wire is not None:
            del self._outgoing[wire.origin[0]][target]

    def wires_from(self, node: str) -> list[Wire]:
        """The wires that come from a node, or from the border of a subgraph."""
        return [self.wires[target] for target in self._outgoing.get(node, ())]

    def wires_into(self, node: str) -> list[Wire]:
        """The wires that lead into a node, in the order of its inputs."""
        places = ((node, position) for position in range(len(self.nodes[node]["inputs"])))
        return [self.wires[place] for place in places if place in self.wires]

    def sources(self, node: str) -> Iterator[str]:
        """The nodes that a node is linked to by its inputs."""
        return (wire.origin[0] for wire in self.wires_into(node) if wire.origin[0] in self.nodes)

    def add(self, node: Json) -> str:
        """Add a node under a fresh id, and give that."""
        id = self.fresh("Node")
        self.nodes[str(id)] = {**_with_own_slots(node), "id": id}
        return str(id)

    def remove(self, node: str) -> None:
        """Take away a node, its wires, and what floats at it."""
        for wire in [*self.wires_from(node), *self.wires_into(node)]:
            self.disconnect(wire.target)
        self.floating = [link for link in self.floating if node not in ends_of(link)]
        del self.nodes[node]

    def chain(self, point: int | None) -> list[int]:
        """The points that a wire is led over, from the one nearest to its origin to the last, which is `point`."""
        chain: list[int] = []
        while point in self.points and point not in chain:
            chain.append(point)
            point = self.points[point].get("parentId")
        return chain[::-1]

    def join(self, first: int | None, second: int | None) -> int | None:
        """Lead what comes over the points up to `first` on over those up to `second`. Gives the last of all."""
        chain = self.chain(second)
        if not chain:
            return first
        if first is not None and first not in chain:
            self.points[chain[0]] = {**self.points[chain[0]], "parentId": first}
        return second

    def take(self, other: "DrawnGraph", nodes: Collection[str], points: Collection[int]) -> None:
        """Move nodes and points of another graph here, under the ids that they have, and the wires between them."""
        for id in [id for id in other.nodes if id in nodes]:
            self.nodes[id] = other.nodes[id]
        for point in points:
            saved = other.points.pop(point)
            self.points[point] = saved if saved.get("parentId") in points else without(saved, "parentId")
        for point, saved in other.points.items():
            if saved.get("parentId") in points:
                other.points[point] = without(saved, "parentId")
        self._last["Node"] = _last(self.nodes.values())
        self._last["Reroute"] = _last(self.points.values())
        for link in other.floating:
            if any(end in nodes for end in ends_of(link)):
                self.floating.append({**link, "id": self.fresh("Link")})
        for wire in other.wires.values():
            if wire.origin[0] in nodes and wire.target[0] in nodes:
                self.connect(replace(wire, id=self.fresh("Link")))
        for id in nodes:
            other.remove(id)

    def absorb(self, other: "DrawnGraph", shift: tuple[float, float]) -> tuple[dict[str, str], dict[int, int]]:
        """Add all of another graph but what its borders are linked to, moved by `shift`.

        Gives the fresh ids of its nodes and of its points.
        """
        ids = {id: self.add(moved(node, shift)) for id, node in other.nodes.items()}
        points = {point: self.fresh("Reroute") for point in other.points}
        for point, saved in other.points.items():
            made = {**moved(saved, shift), "id": points[point]}
            if "parentId" in made:
                made["parentId"] = points.get(made["parentId"])
            self.points[points[point]] = made
        for group in other.groups:
            x, y, *size = [number(each) for each in group.get("bounding") or (0, 0, 0, 0)]
            bounding = [x + shift[0], y + shift[1], *size]
            self.groups.append({**group, "bounding": bounding, "id": self.fresh("Group")})
        for link in other.floating:
            nodes = {name: self.nodes[ids[end]]["id"] for name in _ENDS if (end := str(link.get(name))) in ids}
            if nodes:
                parent = {"parentId": points.get(link["parentId"])} if "parentId" in link else {}
                self.floating.append({**link, **nodes, **parent, "id": self.fresh("Link")})
        for wire in other.wires.values():
            (origin, output), (target, position) = wire.origin, wire.target
            if origin in ids and target in ids:
                last = None if wire.point is None else points[wire.point]
                ends: dict[str, Any] = {"origin": (ids[origin], output), "target": (ids[target], position)}
                self.connect(replace(wire, **ends, id=self.fresh("Link"), point=last))
        return ids, points

    def as_json(self) -> Json:
        """The graph as a file has it, in the version that it was read in."""
        written = {**self._graph, "nodes": self._nodes_as_json(), "groups": self.groups}
        wires = list(self.wires.values())
        points = self._points_as_json()
        if self.floating or "floatingLinks" in written:
            written["floatingLinks"] = self.floating
        if written.get("version") == 1:
            last = {f"last{kind}Id": id for kind, id in self._last.items()}
            parents = [{} if wire.point is None else {"parentId": wire.point} for wire in wires]
            return written | {
                "state": {**record(written.get("state")), **last},
                "links": [
                    {**self._ends(wire), "type": wire.type, **parent, **wire.more}
                    for wire, parent in zip(wires, parents, strict=True)
                ],
                "reroutes": points,
            }
        written.pop("reroutes", None)
        extra = dict(record(written.get("extra")))
        extensions = [{"id": wire.id, "parentId": wire.point} for wire in wires if wire.point is not None]
        extra |= {"reroutes": points} if points or "reroutes" in extra else {}
        extra |= {"linkExtensions": extensions} if extensions or "linkExtensions" in extra else {}
        return written | {
            "last_node_id": self._last["Node"],
            "last_link_id": self._last["Link"],
            "links": [[*self._ends(wire).values(), wire.type] for wire in wires],
            "extra": extra,
        }

    def _ends(self, wire: Wire) -> Json:
        def in_file(id: str) -> int | str:
            return self.nodes[id]["id"] if id in self.nodes else int(id)

        return {
            "id": wire.id,
            "origin_id": in_file(wire.origin[0]),
            "origin_slot": wire.origin[1],
            "target_id": in_file(wire.target[0]),
            "target_slot": wire.target[1],
        }

    def _nodes_as_json(self) -> list[Json]:
        places = {id: place for place, id in enumerate(depth_first(self.nodes, self.sources).nodes)}
        leaving: dict[Place, list[int | str]] = {}
        for wire in self.wires.values():
            leaving.setdefault(wire.origin, []).append(wire.id)
        nodes = []
        for id, node in self.nodes.items():
            into = [self.wires.get((id, position)) for position in range(len(node["inputs"]))]
            inputs = [
                {**slot, "link": wire.id if wire else None} for slot, wire in zip(node["inputs"], into, strict=True)
            ]
            outputs = [{**slot, "links": leaving.get((id, position))} for position, slot in enumerate(node["outputs"])]
            nodes.append({**node, "order": places[id], "inputs": inputs, "outputs": outputs})
        return nodes

    def _points_as_json(self) -> list[Json]:
        """The points that something is led over, with the links that are."""
        passing: dict[int, list[int | str]] = {id: [] for id, point in self.points.items() if point.get("floating")}
        for link in self.floating:
            for point in self.chain(link.get("parentId")):
                passing.setdefault(point, [])
        for wire in self.wires.values():
            for point in self.chain(wire.point):
                passing.setdefault(point, []).append(wire.id)
        return [{**point, "linkIds": passing[id]} for id, point in self.points.items() if id in passing]


def ends_of(link: Json) -> list[str]:
    """The ids of the nodes that a floating link hangs on: it is one, and -1 for the other end."""
    return [str(link.get(name)) for name in _ENDS]


def top_left(nodes: Iterable[Json]) -> tuple[float, float]:
    """The corner of the smallest box around the positions of nodes."""
    positions = [pair(node.get("pos")) for node in nodes] or [(0.0, 0.0)]
    return min(x for x, _ in positions), min(y for _, y in positions)


def without(record: Json, name: str) -> Json:
    """A record without one of its fields."""
    return {key: value for key, value in record.items() if key != name}


def moved(record: Json, shift: tuple[float, float]) -> Json:
    """A node or point at another position."""
    x, y = pair(record.get("pos"))
    return {**record, "pos": [x + shift[0], y + shift[1]]}


def _with_own_slots(node: Json) -> Json:
    return {**node, **{name: [dict(slot) for slot in node.get(name) or ()] for name in ("inputs", "outputs")}}


def _links_by_id(graph: Json, extra: Json) -> dict[str, Json]:
    """The links as version 1 has them."""
    points = {str(entry.get("id")): entry.get("parentId") for entry in records(extra.get("linkExtensions"))}
    links: dict[str, Json] = {}
    for link in graph.get("links") or ():
        if isinstance(link, list):
            link = {**dict(zip(_LISTED_FIELDS, link, strict=False)), "parentId": points.get(str(link[0]))}
        if link is not None:
            links.setdefault(str(link["id"]), link)
    return links


def _last(numbered: Iterable[Json], *recorded: object) -> int:
    ids = [*(each.get("id") for each in numbered), *recorded, 0]
    return max(int(id) for id in ids if isinstance(id, int) or (isinstance(id, str) and id.isdecimal()))
