"""`comfy_execution.graph_utils`: building the graph that a node returns as its expansion."""

from contextvars import ContextVar
from typing import Any

from graph.context import Context, current
from graph.values import Blocked

__all__ = ["ExecutionBlocker", "GraphBuilder", "Node", "add_graph_prefix", "is_link"]

ExecutionBlocker = Blocked

_last: ContextVar[tuple[Context | None, int]] = ContextVar("last graph", default=(None, 0))


def is_link(value: Any) -> bool:
    """Whether the value of an input is a link, `[node id, output index]`."""
    match value:
        case [str(), int() | float() as slot] if isinstance(value, list):
            return not isinstance(slot, bool)
    return False


class Node:
    """A node of a graph that is being built."""

    def __init__(self, id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id = id
        self.class_type = class_type
        self.inputs = inputs
        self.override_display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """The link to one of its outputs."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """Give an input a value or a link; None takes it away."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        """The value or link of an input, or None."""
        return self.inputs.get(key)

    def set_override_display_id(self, override_display_id: str) -> None:
        """Say on which node the editor shows what this one does."""
        self.override_display_id = override_display_id

    def serialize(self) -> dict[str, Any]:
        """The node as it stands in an expansion."""
        node: dict[str, Any] = {"class_type": self.class_type, "inputs": self.inputs}
        if self.override_display_id is not None:
            node["override_display_id"] = self.override_display_id
        return node


class GraphBuilder:
    """A graph under construction.

    The ids of its nodes begin with `prefix`, by default `<node>.<call>.<graph>.` of the node that is being executed,
    and so are new to the prompt.
    """

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = self.alloc_prefix() if prefix is None else prefix
        self.nodes: dict[str, Node] = {}
        self.id_gen = 1

    @classmethod
    def alloc_prefix(
        cls, root: str | None = None, call_index: int | None = None, graph_index: int | None = None
    ) -> str:
        """A prefix that no graph of the node being executed has yet; parts that are not given are its own."""
        context = current()
        owner, count = _last.get()
        index = count if owner is context else 0
        if graph_index is None:
            _last.set((context, index + 1))
        parts = (
            root if root is not None else context.node_id if context else "0",
            call_index if call_index is not None else context.index if context else 0,
            index if graph_index is None else graph_index,
        )
        return "".join(f"{part}." for part in parts)

    def node(self, class_type: str, id: str | None = None, **inputs: Any) -> Node:
        """Add a node; with an `id` that is there already, that node."""
        if id is None:
            id = str(self.id_gen)
            self.id_gen += 1
        full = self.prefix + id
        return self.nodes.setdefault(full, Node(full, class_type, inputs))

    def lookup_node(self, id: str) -> Node | None:
        """The node that was added with this id, or None."""
        return self.nodes.get(self.prefix + id)

    def remove_node(self, id: str) -> None:
        """Take a node out. Raises KeyError."""
        del self.nodes[self.prefix + id]

    def replace_node_output(self, node_id: str, index: int, new_value: Any) -> None:
        """Put a value or link where the nodes have a link to an output; None takes these inputs away."""
        old = [self.prefix + node_id, index]
        for node in self.nodes.values():
            for name in [name for name, value in node.inputs.items() if is_link(value) and value == old]:
                node.set_input(name, new_value)

    def finalize(self) -> dict[str, Any]:
        """The graph, to be returned as `expand`."""
        return {id: node.serialize() for id, node in self.nodes.items()}


def add_graph_prefix(
    graph: dict[str, Any], outputs: list[Any] | tuple[Any, ...], prefix: str
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """A graph in which each id begins with `prefix`, and the outputs with their links changed alike."""

    def renamed(value: Any) -> Any:
        return [prefix + value[0], value[1]] if is_link(value) else value

    nodes = {}
    for id, node in graph.items():
        inputs = {name: renamed(value) for name, value in node.get("inputs", {}).items()}
        nodes[prefix + id] = {**node, "inputs": inputs}
    return nodes, tuple(renamed(value) for value in outputs)
