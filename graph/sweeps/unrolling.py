"""Running a part of a graph again and again, each time with what the time before has given."""

from collections.abc import Sequence
from typing import Any

from graph.context import GraphView
from graph.prompt import Link, link_of, literal
from graph.sweeps.part import nodes_before
from graph.values import InnerNode, Reference, Subgraph


class LoopBody:
    """The nodes between one that starts a loop and the `links` at its end.

    What does not depend on the start is no part of it: it is done once, outside of the loop.
    """

    def __init__(self, graph: GraphView, start: str, links: Sequence[Link]) -> None:
        self._graph = graph
        self._start = start
        self._nodes: dict[str, dict[str, Any]] = {}
        for id, node in nodes_before(graph, links).items():
            sources = [link[0] for value in node["inputs"].values() if (link := link_of(value))]
            if id != start and any(source == start or source in self._nodes for source in sources):
                self._nodes[id] = node

    def turn(self, graph: Subgraph, given: Sequence[Any]) -> "Turn":
        """Add the nodes to a subgraph once more, with `given` in place of the outputs of the start."""
        turn = Turn(self._start, given)
        for id, node in self._nodes.items():
            inputs = {}
            for name, value in node["inputs"].items():
                link = link_of(value)
                inputs[name] = turn.output(link) if link else literal(value)
            made = graph.add(node["class_type"], **inputs)
            made.display = self._graph.display(id)
            made.title = (node.get("_meta") or {}).get("title")
            turn.made[id] = made
        return turn


class Turn:
    """One time through a loop."""

    def __init__(self, start: str, given: Sequence[Any]) -> None:
        self.made: dict[str, InnerNode] = {}
        self._start = start
        self._given = given

    def output(self, link: Link) -> Any:
        """What a link of the loop brings this time: a value, or a reference to a node."""
        id, slot = link
        if id == self._start:
            return self._given[slot]
        return self.made[id].out(slot) if id in self.made else Reference(id, slot, outer=True)
