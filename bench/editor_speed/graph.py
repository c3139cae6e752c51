"""The graph that every editor shows: blocks on a grid, each linked to the next three."""

import math
from typing import Any

WIDTH, HEIGHT = 220, 146
ACROSS, DOWN = 300, 240
# Output and input of the links to the next node, the one after it, and the third.
ENDS = ((0, 0), (1, 1), (0, 2))
TYPES = ("NUMBER", "BENCH_WORDS", "NUMBER")
MARGIN = 48

Link = tuple[int, int, int, int]


def places(count: int) -> list[tuple[int, int]]:
    """The top left of each node's body."""
    columns = math.ceil(math.sqrt(count))
    return [(index % columns * ACROSS, index // columns * DOWN) for index in range(count)]


def links(count: int) -> list[Link]:
    """Source, output, target and input of each link."""
    return [
        (index, output, index + step, slot)
        for index in range(count)
        for step, (output, slot) in enumerate(ENDS, 1)
        if index + step < count
    ]


def fit_scale(count: int, width: int, height: int) -> float:
    """The zoom at which a view of this size shows everything."""
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    wide, high = columns * ACROSS, rows * DOWN
    return min(1.0, (width - 2 * MARGIN) / wide, (height - 2 * MARGIN) / high)


def plain(count: int, width: int, height: int) -> dict[str, Any]:
    """The graph as the pages of the libraries read it."""
    columns = math.ceil(math.sqrt(count))
    return {
        "nodes": [{"x": x, "y": y, "width": WIDTH} for x, y in places(count)],
        "links": links(count),
        "width": columns * ACROSS,
        "height": math.ceil(count / columns) * DOWN,
        "fit": fit_scale(count, width, height),
    }


def workflow(count: int) -> dict[str, Any]:
    """The graph as a file of the editor."""
    into: dict[int, dict[int, int]] = {}
    wires = []
    for id, (source, output, target, slot) in enumerate(links(count), 1):
        into.setdefault(target, {})[slot] = id
        wires.append([id, source + 1, output, target + 1, slot, TYPES[slot]])
    inputs = tuple(zip(("number", "words", "more"), TYPES, strict=True))
    nodes = [
        {
            "id": index + 1,
            "type": "BenchBlock",
            "pos": [x, y],
            "size": [WIDTH, HEIGHT],
            "flags": {},
            "order": index,
            "mode": 0,
            "inputs": [
                {"name": name, "type": type, "link": into.get(index, {}).get(slot)}
                for slot, (name, type) in enumerate(inputs)
            ],
            "outputs": [
                {"name": "number", "type": "NUMBER", "links": []},
                {"name": "words", "type": "BENCH_WORDS", "links": []},
            ],
            "properties": {},
            "widgets_values": [1.0, "add"],
        }
        for index, (x, y) in enumerate(places(count))
    ]
    return {
        "last_node_id": count,
        "last_link_id": len(wires),
        "nodes": nodes,
        "links": wires,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }
