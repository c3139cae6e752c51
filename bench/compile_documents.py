"""Milliseconds of CPU for compiling documents, and for changing their subgraphs.

python -m bench.compile_documents [--nodes 10000] [--levels 1000] [--repeat 7]

Each line is the least of several runs on one core, the second column that of half the size: a cost that grows with the
square would be four times that.
"""

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from graph.documents.compiler import compile_document
from graph.documents.subgraphs import extract, flatten

Json = dict[str, Any]

NUMBER = ["INT", {"default": 0, "min": 0, "max": 100}]
LINK = ["INT", {"forceInput": True}]
SCHEMAS = {
    "Add": {
        "input": {"required": {"a": LINK, "b": LINK, "c": NUMBER, "d": NUMBER}},
        "output": ["INT"],
        "display_name": "Add",
    }
}


class Sheet:
    """A graph that is being drawn."""

    def __init__(self) -> None:
        self.nodes: list[Json] = []
        self.links: list[list[Any]] = []

    def node(self, type: str, *sources: tuple[int, int], values: list[Any] | None = None) -> int:
        """Draw a node that is linked to outputs of others."""
        id = len(self.nodes) + 1
        inputs = []
        for slot, (source, output) in enumerate(sources):
            self.links.append([len(self.links) + 1, source, output, id, slot, "INT"])
            inputs.append({"name": "ab"[slot], "type": "INT", "link": len(self.links)})
        self.nodes.append(
            {
                "id": id, "type": type, "pos": [id % 100 * 250, id // 100 * 150], "size": [200, 100], "flags": {},
                "order": id, "mode": 0, "inputs": inputs, "properties": {"Node name for S&R": type},
                "outputs": [{"name": "INT", "type": "INT", "links": []}], "widgets_values": values or [],
            }
        )  # fmt: skip
        return id

    def document(self, *definitions: Json) -> Json:
        """The graph as a document."""
        return {
            "nodes": self.nodes, "links": self.links, "groups": [], "config": {}, "extra": {}, "version": 0.4,
            "definitions": {"subgraphs": list(definitions)},
        }  # fmt: skip

    def definition(self, id: str, output: int) -> Json:
        """The graph as a subgraph with one input and one output."""
        self.links.append([len(self.links) + 1, output, 0, -20, 0, "INT"])
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
        ports = [{"id": "x", "name": "a", "type": "INT"}], [{"id": "y", "name": "INT", "type": "INT"}]
        return {
            "id": id, "name": id, "version": 1, "inputs": ports[0], "outputs": ports[1], "nodes": self.nodes,
            "links": [dict(zip(keys, link, strict=True)) for link in self.links],
        }  # fmt: skip


def wide(count: int) -> Json:
    """Nodes with two links and two values each."""
    chance = random.Random(0)
    sheet = Sheet()
    for id in range(1, count + 1):
        sources = [(chance.randrange(max(1, id - 50), id), 0) for _ in range(2)] if id > 1 else []
        sheet.node("Add", *sources, values=[3, 4])
    return sheet.document()


def reroutes(count: int) -> Json:
    """A chain of reroutes with a node at each."""
    sheet = Sheet()
    end = sheet.node("Add", values=[1, 2])
    for _ in range(count // 2):
        end = sheet.node("Reroute", (end, 0))
        sheet.node("Add", (end, 0), values=[1, 2])
    return sheet.document()


def nested(levels: int) -> Json:
    """Subgraphs that contain each other."""
    definitions = []
    for level in range(levels):
        sheet = Sheet()
        inner = sheet.node(f"u{level + 1}" if level + 1 < levels else "Add", (-10, 0))
        definitions.append(sheet.definition(f"u{level}", sheet.node("Add", (inner, 0), (-10, 0), values=[1, 2])))
    sheet = Sheet()
    sheet.node("u0", (sheet.node("Add", values=[1, 2]), 0))
    return sheet.document(*definitions)


def instances(count: int) -> Json:
    """Many instances of one subgraph of ten nodes, one behind the other."""
    inside = Sheet()
    end = inside.node("Add", (-10, 0), values=[1, 2])
    for _ in range(9):
        end = inside.node("Add", (end, 0), values=[1, 2])
    sheet = Sheet()
    end = sheet.node("Add", values=[1, 2])
    for _ in range(count // 10):
        end = sheet.node("u", (end, 0))
    return sheet.document(inside.definition("u", end))


def compiled(document: Json) -> object:
    """Its prompt."""
    return compile_document(document, SCHEMAS)


def half(document: Json) -> object:
    """The document with the first half of its nodes in a subgraph."""
    return extract(document, range(1, len(document["nodes"]) // 2), "Half")


def flattened(document: Json) -> object:
    """The document without subgraphs."""
    return flatten(document, SCHEMAS)


def milliseconds(work: Callable[[Json], object], document: Json, repeat: int) -> float:
    """The least CPU time of several runs."""
    times = []
    for _ in range(repeat):
        begun = time.process_time()
        work(document)
        times.append(time.process_time() - begun)
    return min(times) * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--levels", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()
    lines: list[tuple[str, int, Callable[[int], Json], Callable[[Json], object]]] = [
        ("compile a wide graph", options.nodes, wide, compiled),
        ("compile reroutes", options.nodes, reroutes, compiled),
        ("compile instances", options.nodes, instances, compiled),
        ("compile nested levels", options.levels, nested, compiled),
        ("extract half of it", options.nodes, wide, half),
        ("flatten instances", options.nodes, instances, flattened),
        ("flatten nested levels", options.levels, nested, flattened),
    ]
    print(f"{'':24}{'ms':>9}{'half':>9}")
    for name, size, make, work in lines:
        spent = [milliseconds(work, make(count), options.repeat) for count in (size, size // 2)]
        print(f"{name:24}{spent[0]:9.1f}{spent[1]:9.1f}")


if __name__ == "__main__":
    main()
