"""Drawing a workflow: nodes in columns, their values by name, and links, as a document of the editor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph.documents.widget_values import NAMES_PROPERTY
from graph.node_spec import NodeSpec
from graph.types import WIDGET_TYPES

COLUMN, GAP, TOP, LEFT = 380, 40, 60, 40
WIDTH = 320
HEAD, ROW, TEXT_BOX, PICTURE = 50, 28, 110, 220
FORMAT_VERSION = 0.4


class Output(NamedTuple):
    """An output of a node on the sheet."""

    node: int
    slot: int = 0


@dataclass
class Sheet:
    """A document that grows. `specs` are the nodes that there are, by id."""

    specs: Mapping[str, NodeSpec]
    _nodes: list[dict[str, Any]] = field(default_factory=list)
    _links: list[list[Any]] = field(default_factory=list)
    _bottoms: dict[int, int] = field(default_factory=dict)
    _columns: list[int] = field(default_factory=list)

    def add(self, type: str, column: int, /, **inputs: Any) -> int:
        """Put a node into a column; `inputs` are values, or outputs that are linked. Returns its id."""
        spec = self.specs[type]
        linked = {name: value for name, value in inputs.items() if isinstance(value, Output)}
        values = {name: value for name, value in inputs.items() if name not in linked and value is not None}
        node = {
            **self._placed(column, _height(spec)),
            "type": type,
            "inputs": [],
            "outputs": [{"name": output.name, "type": output.type, "links": []} for output in spec.outputs],
            "properties": {"Node name for S&R": type, NAMES_PROPERTY: list(values)},
            "widgets_values": list(values.values()),
        }
        self._nodes.append(node)
        for name, source in linked.items():
            self._link(source, node, name, spec)
        return int(node["id"])

    def entitle(self, id: int, title: str) -> int:
        """Give a node a title of its own. Returns its id."""
        self._nodes[id - 1]["title"] = title
        return id

    def ids(self, type: str) -> list[int]:
        """The ids of the nodes of a type, in the order in which they were put down."""
        return [int(node["id"]) for node in self._nodes if node["type"] == type]

    def note(self, column: int, title: str, text: str) -> None:
        """Put a text on the sheet."""
        height = HEAD + TEXT_BOX + ROW * min(16, text.count("\n") + len(text) // 40)
        node = self._placed(column, height)
        self._nodes.append({**node, "type": "MarkdownNote", "title": title, "widgets_values": [text]})

    def document(self) -> dict[str, Any]:
        """The document. Columns that nothing is in take no room."""
        places = {column: place for place, column in enumerate(sorted(self._bottoms))}
        for node, column in zip(self._nodes, self._columns, strict=True):
            node["pos"][0] = LEFT + places[column] * COLUMN
        return {
            "last_node_id": len(self._nodes),
            "last_link_id": len(self._links),
            "nodes": self._nodes,
            "links": self._links,
            "groups": [],
            "config": {},
            "extra": {},
            "version": FORMAT_VERSION,
        }

    def _placed(self, column: int, height: int) -> dict[str, Any]:
        top = self._bottoms.get(column, TOP)
        self._bottoms[column] = top + height + GAP
        self._columns.append(column)
        number = len(self._nodes) + 1
        place = {"pos": [LEFT + column * COLUMN, top], "size": [WIDTH, height]}
        return {"id": number, **place, "flags": {}, "order": number - 1, "mode": 0}

    def _link(self, source: Output, node: dict[str, Any], name: str, spec: NodeSpec) -> None:
        number = len(self._links) + 1
        output = self._nodes[source.node - 1]["outputs"][source.slot]
        output["links"].append(number)
        wanted = next((item for item in spec.inputs if item.name == name), spec.variadic)
        assert wanted is not None, f"{spec.id} has no input {name}"
        entry: dict[str, Any] = {"name": name, "type": wanted.type, "link": number}
        if wanted.type in WIDGET_TYPES:
            entry["widget"] = {"name": name}
        node["inputs"].append(entry)
        slot = len(node["inputs"]) - 1
        self._links.append([number, source.node, source.slot, node["id"], slot, output["type"]])


def _height(spec: NodeSpec) -> int:
    """About as high as the editor draws it."""
    texts = sum(bool(item.options.get("multiline")) for item in spec.inputs)
    sockets = sum(item.type not in WIDGET_TYPES for item in spec.inputs)
    rows = max(sockets, len(spec.outputs)) + len(spec.inputs) - sockets - texts
    shows = PICTURE if spec.output_node or spec.id == "LoadImage" else 0
    return HEAD + ROW * rows + TEXT_BOX * texts + shows
