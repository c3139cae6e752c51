"""`comfy_execution.graph`: the graph that is being executed, as nodes with the hidden input DYNPROMPT see it."""

from typing import Any

from compat.execution.graph_building import ExecutionBlocker, is_link
from compat.host.stubs import unsupported
from graph.context import Context

__all__ = [
    "DependencyCycleError",
    "DynamicPrompt",
    "ExecutionBlocker",
    "NodeInputError",
    "NodeNotFoundError",
    "get_input_info",
    "is_link",
]


class DependencyCycleError(Exception):
    """Nodes wait for each other in a circle."""


class NodeInputError(Exception):
    """An input of a node is not as it should be."""


class NodeNotFoundError(Exception):
    """There is no node of that id."""


class DynamicPrompt:
    """The nodes of the prompt, and those that expansions have added to it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._graph = context.graph

    def get_node(self, node_id: str) -> dict[str, Any]:
        """A node, `{"class_type", "inputs"}`. Raises NodeNotFoundError."""
        try:
            return self._graph.node(node_id)
        except KeyError:
            raise NodeNotFoundError(f"There is no node {node_id}.") from None

    def has_node(self, node_id: str) -> bool:
        """Whether there is a node of that id."""
        try:
            self._graph.parent(node_id)
        except KeyError:
            return False
        return True

    def add_ephemeral_node(self, *_: Any, **__: Any) -> None:
        """Not supported: a node adds others by returning them as `expand`."""
        raise unsupported("DynamicPrompt.add_ephemeral_node")

    def get_real_node_id(self, node_id: str) -> str:
        """The node of the prompt that a node belongs to in the end; an unknown one is its own."""
        return self._graph.real(node_id) if self.has_node(node_id) else node_id

    def get_parent_node_id(self, node_id: str) -> str | None:
        """The node whose expansion a node belongs to, or None."""
        return self._graph.parent(node_id) if self.has_node(node_id) else None

    def get_display_node_id(self, node_id: str) -> str:
        """The node on which the editor shows what a node does; an unknown one is its own."""
        return self._graph.display(node_id) if self.has_node(node_id) else node_id

    def all_node_ids(self) -> set[str]:
        """The ids of all nodes."""
        return set(self._graph.ids())

    def get_original_prompt(self) -> dict[str, Any]:
        """The prompt as it was queued."""
        return dict(self._context.prompt)


def get_input_info(
    class_def: Any, input_name: str, valid_inputs: Any = None
) -> tuple[Any, str | None, dict[str, Any] | None]:
    """The type of an input, the group it is declared in, and its options; three times None for an unknown one."""
    declared = valid_inputs or class_def.INPUT_TYPES()
    for group in ("required", "optional", "hidden"):
        if input_name in declared.get(group, {}):
            entry = declared[group][input_name]
            kind, *options = entry if isinstance(entry, list | tuple) else (entry,)
            return kind, group, options[0] if options else {}
    return None, None, None
