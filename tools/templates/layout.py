"""Sizes and places of the nodes of a sheet, near to those that the editor gives them.

Boxes stand in columns, each one column right of the last that feeds it. A group is laid out by itself, and is one box
among the others.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from graph.documents.widget_values import Widgets
from tools.templates.sheet import Group, Node, Sheet

COLUMN_GAP = 70
ROW_GAP = 44
MARGIN = 14
TITLE = 30
SOCKET_ROW = 21
FIELD = 28
TALL_FIELDS = {"multiline": 80, "image_upload": 152}
RESULT = 300
FRAME_MARGIN = 20
FRAME_TITLE = 28

Box = TypeVar("Box", bound=Hashable)


class Place(NamedTuple):
    """Where a box stands: its top left corner and its size. A node's title is above that."""

    x: int
    y: int
    width: int
    height: int


class Layout(NamedTuple):
    """The places of nodes and the frames of groups, in their order on the sheet."""

    nodes: list[Place]
    frames: list[Place]


def size_of(node: Node) -> tuple[int, int]:
    """Width and height of a node; one that shows something has room for it."""
    declared = node.declared()
    widgets = Widgets(node.schema).in_order
    shown = [declared[name][1] for name, _ in widgets if not declared[name][1].get("advanced")]
    sockets = len(declared) - len(widgets) + len([name for name in node.links if name not in declared])
    rows = max(sockets, len(node.schema["output"]))
    fields = sum(next((TALL_FIELDS[key] for key in TALL_FIELDS if each.get(key)), FIELD) for each in shown)
    width = 360 if any(each.get("multiline") for each in shown) else 280 if widgets else 200
    if node.schema["output_node"]:
        return max(width, 320), MARGIN + rows * SOCKET_ROW + fields + RESULT
    return width, MARGIN + rows * SOCKET_ROW + fields


def lay_out(sheet: Sheet, left: int, top: int) -> Layout:
    """Place the nodes of a sheet from its top left corner on."""
    sizes = {node: size_of(node) for node in sheet.nodes}
    inner: dict[Group, dict[Node, Place]] = {}
    owner: dict[Node, Node | Group] = {node: node for node in sheet.nodes}
    for group in sheet.groups:
        inner[group] = _columns(group.nodes, _arcs(group.nodes, lambda node: node), sizes)
        owner.update(dict.fromkeys(group.nodes, group))
    boxes = list(dict.fromkeys(owner[node] for node in sheet.nodes))
    outer_sizes = {box: _framed(inner[box]) if isinstance(box, Group) else sizes[box] for box in boxes}
    outer = _columns(boxes, _arcs(sheet.nodes, owner.__getitem__), outer_sizes)
    places: dict[Node, Place] = {}
    for box, (x, y, width, height) in outer.items():
        if isinstance(box, Group):
            dx, dy = left + x + FRAME_MARGIN, top + y + FRAME_MARGIN + FRAME_TITLE
            places |= {node: Place(at.x + dx, at.y + dy, at.width, at.height) for node, at in inner[box].items()}
        else:
            places[box] = Place(left + x, top + y, width, height)
    frames = [
        Place(left + outer[group].x, top + outer[group].y - TITLE, outer[group].width, outer[group].height + TITLE)
        for group in sheet.groups
    ]
    return Layout([places[node] for node in sheet.nodes], frames)


def _arcs(nodes: Iterable[Node], box_of: Callable[[Node], Box]) -> list[tuple[Box, Box]]:
    """Which box feeds which."""
    inside = set(nodes)
    pairs = [
        (box_of(output.node), box_of(node)) for node in nodes for output in node.links.values() if output.node in inside
    ]
    return list(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]))


def _framed(inner: Mapping[Node, Place]) -> tuple[int, int]:
    width = max(place.x + place.width for place in inner.values())
    height = max(place.y + place.height for place in inner.values())
    return width + 2 * FRAME_MARGIN, height + 2 * FRAME_MARGIN + FRAME_TITLE


def _columns(
    boxes: Sequence[Box], arcs: Sequence[tuple[Box, Box]], sizes: Mapping[Box, tuple[int, int]]
) -> dict[Box, Place]:
    columns: dict[int, list[Box]] = {}
    for box, depth in _depths(boxes, arcs).items():
        columns.setdefault(depth, []).append(box)
    places: dict[Box, Place] = {}
    x = 0
    for _, column in sorted(columns.items()):
        y = 0
        for box in sorted(column, key=lambda box: _height_of_sources(box, arcs, places)):
            places[box] = Place(x, y, *sizes[box])
            y += sizes[box][1] + ROW_GAP + TITLE
        x += max(sizes[box][0] for box in column) + COLUMN_GAP
    return places


def _height_of_sources(box: Box, arcs: Sequence[tuple[Box, Box]], places: Mapping[Box, Place]) -> float:
    found = [places[source].y for source, target in arcs if target == box and source in places]
    return sum(found) / len(found) if found else 0.0


def _depths(boxes: Sequence[Box], arcs: Sequence[tuple[Box, Box]]) -> dict[Box, int]:
    """The column of each box, in the order of `boxes`; what nothing feeds stands just left of what it feeds.

    Boxes are declared after those that feed them, groups maybe not: an arc that leads back is ignored.
    """
    order = {box: index for index, box in enumerate(boxes)}
    forward = [arc for arc in arcs if order[arc[0]] < order[arc[1]]]
    depth: dict[Box, int] = {}
    for box in boxes:
        depth[box] = max((depth[source] + 1 for source, target in forward if target == box), default=0)
    for box in boxes:
        targets = [depth[target] for source, target in forward if source == box]
        if targets and all(target != box for _, target in forward):
            depth[box] = max(0, min(targets) - 1)
    return depth
