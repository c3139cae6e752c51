"""`comfy_execution.utils`: which node is being executed."""

from contextlib import nullcontext
from typing import Any, NamedTuple

from graph.context import current

__all__ = ["CurrentNodeContext", "ExecutionContext", "get_executing_context"]


class ExecutionContext(NamedTuple):
    """A call of a node; `list_index` says which, where it is called for each value of a list."""

    prompt_id: str
    node_id: str
    list_index: int | None


def get_executing_context() -> ExecutionContext | None:
    """The node that this thread or task executes, or None. The id of the prompt is not known to nodes."""
    context = current()
    return None if context is None else ExecutionContext("", context.node_id, context.index)


def CurrentNodeContext(prompt_id: str, node_id: str, list_index: int | None = None) -> Any:  # noqa: N802
    """A context manager that does nothing: whose turn it is is the engine's affair."""
    return nullcontext()
