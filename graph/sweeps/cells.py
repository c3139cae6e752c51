"""The cells of a sweep, and the graph that makes them with nothing done twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from graph.prompt import link_of, literal
from graph.sweeps.axes import Axis
from graph.sweeps.changes import Values, together
from graph.sweeps.part import Part, Place
from graph.values import InnerNode, Reference, Subgraph

Index = tuple[int, int, int]
"""The place of a cell on the x, the y and the z axis."""
SEEDS = 2**64


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the grid, and the values that widgets have there."""

    index: Index
    values: Values


def cells_of(part: Part, axes: Sequence[Axis], varied: Sequence[bool] = (False, False, False)) -> list[Cell]:
    """The cells of three axes, in the order in which they are best made: what is dear changes last.

    varied: along which axes each picture has a seed of its own: one more than the picture before it.

    Raises SweepError if a change cannot be made somewhere.
    """
    cells = []
    for index in _indices(axes):
        settings = [axis.settings[place] for axis, place in zip(axes, index, strict=True)]
        values = together(part, [each.change for each in settings if each.change is not None])
        offset = _offset(axes, index, varied)
        if offset:
            values.update({seed: (_value(part, values, seed) + offset) % SEEDS for seed in part.seeds()})
        cells.append(Cell(index, {place: value for place, value in values.items() if _is_new(part, place, value)}))
    return cells


def _indices(axes: Sequence[Axis]) -> Iterator[Index]:
    """All indices. Of axes that cost the same z is the outermost and x the innermost."""
    order = sorted(range(3), key=lambda axis: (-axes[axis].cost, -axis))
    for places in product(*(range(len(axes[axis].settings)) for axis in order)):
        by_axis = dict(zip(order, places, strict=True))
        yield by_axis[0], by_axis[1], by_axis[2]


def _offset(axes: Sequence[Axis], index: Index, varied: Sequence[bool]) -> int:
    """How far the seeds of a cell are from those of the first one."""
    offset, step = 0, 1
    for axis, place, wanted in zip(axes, index, varied, strict=True):
        if wanted:
            offset += place * step
            step *= len(axis.settings)
    return offset


def _value(part: Part, values: Values, place: Place) -> Any:
    return values.get(place, part.literal(place))


def _is_new(part: Part, place: Place, value: Any) -> bool:
    """Whether a value is another than the one that is there already; of what is linked, each is."""
    before = part.literal(place)
    return type(before) is not type(value) or before != value


class Branches:
    """Adds to a subgraph, for each cell, those nodes of a part that its values have to do with.

    All others are the nodes of the part itself; of equal nodes of several cells there is one. What the new nodes do is
    shown on the nodes that they stand for.
    """

    def __init__(self, graph: Subgraph, part: Part, cells: Sequence[Cell]) -> None:
        self._graph = graph
        self._part = part
        self._made: dict[tuple[str, tuple[tuple[Place, Any], ...]], InnerNode] = {}
        changed = {place for cell in cells for place in cell.values}
        self._places: dict[str, tuple[Place, ...]] = {}
        for id, node in part.nodes.items():
            own = {place for place in changed if place[0] == id}
            for value in node["inputs"].values():
                link = link_of(value)
                own.update(self._places[link[0]] if link else ())
            self._places[id] = tuple(sorted(own))

    def end(self, values: Values) -> Reference:
        """What the part gives with these values."""
        source, slot = self._part.link
        for id in self._part.nodes:
            self._node(id, values)
        return self._output(source, slot, values)

    def _output(self, id: str, slot: int, values: Values) -> Reference:
        made = self._node(id, values)
        return made.out(slot) if made else Reference(id, slot, outer=True)

    def _node(self, id: str, values: Values) -> InnerNode | None:
        """The node that stands for another under these values, whose sources there are; None if it is the same."""
        key = tuple((place, values[place]) for place in self._places[id] if place in values)
        if not key:
            return None
        made = self._made.get((id, key))
        if made is None:
            node = self._part.nodes[id]
            inputs: dict[str, Any] = {}
            for name, value in node["inputs"].items():
                link = link_of(value)
                inputs[name] = self._output(*link, values) if link else literal(value)
            inputs.update(
                {
                    name: values[owner, name]
                    for owner, name in self._places[id]
                    if owner == id and (owner, name) in values
                }
            )
            made = self._made[id, key] = self._graph.add(node["class_type"], **inputs)
            made.display = self._part.display(id)
            made.title = self._part.title(id)
        return made
