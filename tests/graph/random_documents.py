"""Random documents for property tests: every type of node that the editor alone has, skipped ones, nested subgraphs."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

MUTE, BYPASS = 2, 4
Json = dict[str, Any]

# Inputs as (name, type, whether it is a widget) and outputs, by type of node.
TYPES: dict[str, tuple[list[tuple[str, str, bool]], list[str]]] = {
    "Number": ([("value", "INT", True)], ["INT"]),
    "Add": ([("a", "INT", True), ("b", "INT", True)], ["INT"]),
    "Split": ([("value", "INT", True)], ["INT", "MODEL"]),
    "Paint": ([("model", "MODEL", False), ("seed", "INT", True), ("text", "STRING", True)], ["IMAGE"]),
    "Save": ([("images", "IMAGE", False), ("prefix", "STRING", True)], []),
    "Show": ([("value", "*", False)], []),
    "Foreign": ([("x", "INT", True), ("y", "MODEL", False)], ["MODEL", "INT"]),
    "Reroute": ([("", "*", False)], ["*"]),
    "PrimitiveNode": ([], ["INT"]),
    "Note": ([], []),
}


@dataclass
class Canvas:
    """A graph that is being drawn. `ends` are the outputs that there are so far, as (node id, output, type)."""

    draw: Any
    numbers: list[int]
    nodes: list[Json] = field(default_factory=list)
    links: list[Json] = field(default_factory=list)
    points: list[Json] = field(default_factory=list)
    ends: list[tuple[int, int, str]] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(1, 100)) <= percent

    def number(self) -> int:
        self.numbers[0] += 1
        return self.numbers[0]

    def value(self, kind: str) -> Any:
        return f"{{old|new}} {self.number()}" if kind == "STRING" else self.number()

    def end(self, kind: str) -> tuple[int, int, str] | None:
        """Somewhere that a link to an input of a type may come from; what does not fit comes up too, but rarely."""
        if not self.ends or not self.chance(65):
            return None
        fitting = [end for end in self.ends if kind in (end[2], "*") or end[2] == "*"]
        return self.draw(st.sampled_from(self.ends if self.chance(10) or not fitting else fitting))

    def link(self, origin: tuple[int, int, str], target: int, slot: int, kind: str) -> int:
        id = len(self.links) + 1
        link = {
            "id": id, "origin_id": origin[0], "origin_slot": origin[1], "target_id": target, "target_slot": slot,
            "type": kind,
        }  # fmt: skip
        if self.chance(25):
            # A point of its own, perhaps beyond one that another link from the same output is led over.
            same = [each["parentId"] for each in self.links if each.get("parentId") and self.comes_from(each, origin)]
            parent = {"parentId": self.draw(st.sampled_from(same))} if same and self.chance(60) else {}
            self.points.append({"id": len(self.points) + 1, "pos": [self.number(), 0], "linkIds": [], **parent})
            link["parentId"] = len(self.points)
        self.links.append(link)
        return id

    @staticmethod
    def comes_from(link: Json, origin: tuple[int, int, str]) -> bool:
        return (link["origin_id"], link["origin_slot"]) == origin[:2]

    def place(self, type: str, inputs: list[tuple[str, str, bool]], outputs: list[str], **more: Any) -> Json:
        """Draw a node and its links."""
        id = len(self.nodes) + 1
        slots = []
        for name, kind, widget in inputs:
            end = self.end(kind)
            if widget and end is None and self.chance(60):
                continue  # programs do not save the sockets of widgets that nothing is linked to
            slot: Json = {"name": name, "type": kind, "link": None}
            slots.append(slot | ({"widget": {"name": name}} if widget else {}))
            if end is not None:
                slots[-1]["link"] = self.link(end, id, len(slots) - 1, kind)
        number = self.number()
        node = {
            "id": id, "type": type, "pos": [number * 10 % 970, number * 7 % 530], "size": [200, 100], "order": id,
            "mode": self.draw(st.sampled_from([0, 0, 0, 0, 0, MUTE, BYPASS])), "flags": {}, "inputs": slots,
            "outputs": [{"name": kind, "type": kind, "links": None} for kind in outputs], "properties": {},
            "title": f"T{number}", **more,
        }  # fmt: skip
        self.nodes.append(node)
        self.ends += [(id, output, kind) for output, kind in enumerate(outputs)]
        return node

    def groups(self) -> list[Json]:
        boxes = st.tuples(st.integers(0, 900), st.integers(0, 500), st.integers(0, 900), st.integers(0, 500))
        return [{"title": f"G{self.number()}", "bounding": list(box)} for box in self.draw(st.lists(boxes, max_size=2))]


def ordinary(canvas: Canvas) -> None:
    type = canvas.draw(st.sampled_from(list(TYPES)))
    inputs, outputs = TYPES[type]
    widgets = [(name, kind) for name, kind, widget in inputs if widget]
    if type in ("PrimitiveNode", "Note"):
        values: Any = [canvas.number(), "fixed"]
    elif type == "Paint":
        values = [canvas.number(), "randomize", 0.5, canvas.value("STRING"), True]
    elif type == "Reroute":
        values = None
    else:
        values = [canvas.value(kind) for _, kind in widgets]
    more: Json = {"widgets_values": values}
    if canvas.chance(20) and values is not None and type not in ("PrimitiveNode", "Note", "Paint"):
        named = {name: value for (name, _), value in zip(widgets, values, strict=True)}
        more = {"widgets_values": named}
        if canvas.chance(50):
            more = {"widgets_values": [*named.values()], "properties": {"safelight.inputs": [*named]}}
    canvas.place(type, inputs, outputs, **more)


def instance(canvas: Canvas, definition: Json) -> None:
    ports = definition["inputs"]
    fed = {link["origin_slot"]: link for link in definition["links"] if link["origin_id"] == -10}
    inner = {node["id"]: node for node in definition["nodes"]}

    def is_widget(place: int) -> bool:
        link = fed.get(place)
        target = inner.get(link["target_id"]) if link else None
        return target is not None and "widget" in target["inputs"][link["target_slot"]]

    inputs = [(port["name"], port["type"], is_widget(place)) for place, port in enumerate(ports)]
    more: Json = {"widgets_values": []}
    names = [["-1", name] for name, _, widget in inputs if widget]
    for node in definition["nodes"]:
        widgets = TYPES.get(node["type"], ([], []))[0]
        names += [[str(node["id"]), name] for name, _, widget in widgets if widget and canvas.chance(25)]
        if node["type"] == "PrimitiveNode" and canvas.chance(25):
            names.append([str(node["id"]), "value"])
        nested = [name for id, name in node["properties"].get("proxyWidgets", ()) if id == "-1"]
        names += [[str(node["id"]), name] for name in nested if canvas.chance(25)]
    if names and canvas.chance(70):
        values = [canvas.number() if canvas.chance(70) else None for _ in names]
        more = {"properties": {"proxyWidgets": names}, "widgets_values": values}
    elif canvas.chance(50):
        more = {"widgets_values": [canvas.number() for _, _, widget in inputs if widget]}
    canvas.place(definition["id"], inputs, [port["type"] for port in definition["outputs"]], **more)


def filled(canvas: Canvas, definitions: list[Json], most: int) -> None:
    for _ in range(canvas.draw(st.integers(1, most))):
        if definitions and canvas.chance(35):
            instance(canvas, canvas.draw(st.sampled_from(definitions)))
        else:
            ordinary(canvas)


def definition(draw: Any, numbers: list[int], definitions: list[Json]) -> Json:
    canvas = Canvas(draw, numbers)
    kinds = draw(st.lists(st.sampled_from(["INT", "INT", "MODEL", "*", "STRING"]), max_size=3))
    canvas.ends = [(-10, place, kind) for place, kind in enumerate(kinds)]
    filled(canvas, definitions, 5)
    outputs = []
    for _ in range(draw(st.integers(0, 3)) if canvas.ends else 0):
        end = draw(st.sampled_from(canvas.ends))
        link = canvas.link(end, -20, len(outputs), end[2])
        outputs.append({"id": f"o{len(outputs)}", "name": f"o{len(outputs)}", "type": end[2], "linkIds": [link]})
    return {
        "id": f"uuid-{len(definitions)}", "name": f"S{len(definitions)}", "version": 1, "state": {},
        "inputs": [{"id": f"i{place}", "name": f"i{place}", "type": kind} for place, kind in enumerate(kinds)],
        "outputs": outputs, "nodes": canvas.nodes, "links": canvas.links, "reroutes": canvas.points,
        "groups": canvas.groups(),
    }  # fmt: skip


@st.composite
def documents(draw: Any) -> Json:
    """A document of version 0.4 or 1 with up to three definitions, some of which contain others."""
    numbers = [0]
    definitions: list[Json] = []
    for _ in range(draw(st.integers(0, 3))):
        definitions.append(definition(draw, numbers, definitions))
    canvas = Canvas(draw, numbers)
    filled(canvas, definitions, 7)
    document: Json = {"nodes": canvas.nodes, "groups": canvas.groups(), "definitions": {"subgraphs": definitions}}
    if canvas.chance(30):
        return {**document, "version": 1, "state": {}, "links": canvas.links, "reroutes": canvas.points}
    listed = [[value for name, value in link.items() if name != "parentId"] for link in canvas.links]
    extensions = [{"id": link["id"], "parentId": link["parentId"]} for link in canvas.links if "parentId" in link]
    extra = {"reroutes": canvas.points, "linkExtensions": extensions}
    return {**document, "version": 0.4, "links": listed, "extra": extra}
