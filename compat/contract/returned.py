"""What functions of packs return, turned into outputs, subgraphs and things to show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compat.contract.plain import plain, text
from compat.execution.graph_building import is_link
from graph.context import Context
from graph.node_spec import Output
from graph.values import Blocked, InnerNode, Reference, Subgraph

__all__ = ["Returned", "outcome", "read_returned"]


@dataclass(frozen=True, slots=True)
class Returned:
    """What a function gave: the values of its outputs (None for none at all), what to show, and a graph to be run."""

    result: Any = None
    ui: Any = None
    expand: Any = None


def read_returned(returned: Any) -> Returned:
    """Read what a V1 function returned: a tuple of values, or a dict with `result`, `ui`, `expand`."""
    if isinstance(returned, Mapping):
        return Returned(returned.get("result"), returned.get("ui"), returned.get("expand"))
    return Returned(returned)


def outcome(returned: Returned, outputs: Sequence[Output], context: Context, title: str) -> Any:
    """The outputs as the engine wants them, or the subgraph. What is to be shown is, on the node.

    A result that is too short blocks those that read the outputs which are missing. Raises TypeError for a result that
    is none, and for a broken graph.
    """
    _show(returned.ui, context)
    values = _values(returned.result, outputs)
    for output in outputs[len(values) :]:
        values.append(Blocked(f"{title} gave nothing on its output '{output.name}'."))
    if returned.expand:
        values = [_reference(value) for value in values]
    results = tuple(_listed(value) if output.items else value for value, output in zip(values, outputs, strict=True))
    if not returned.expand:
        return results
    return Subgraph({id: _inner(id, node, context) for id, node in _nodes(returned.expand)}, results, absolute=True)


def _values(result: Any, outputs: Sequence[Output]) -> list[Any]:
    if result is None:
        return []
    if isinstance(result, Blocked):
        return [result] * len(outputs)
    if isinstance(result, list | tuple):
        return list(result[: len(outputs)])
    if len(outputs) == 1:
        return [result]
    raise TypeError(f"it returned {type(result).__name__}, and a tuple of {len(outputs)} values is wanted")


def _listed(value: Any) -> Any:
    """The value of an output that is a list."""
    if isinstance(value, Blocked | Reference):
        return value
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]


def _show(ui: Any, context: Context) -> None:
    shown = ui.as_dict() if hasattr(ui, "as_dict") else ui
    if not isinstance(shown, Mapping):
        return
    for kind, items in shown.items():
        # A string is shown letter by letter, as front ends of packs join the letters again.
        found = plain(list(items) if isinstance(items, Iterable) else [items])
        context.show(text(str(kind)), found)


def _nodes(expand: Any) -> list[tuple[str, Mapping[str, Any]]]:
    graph = expand.finalize() if hasattr(expand, "finalize") else expand
    if not isinstance(graph, Mapping):
        raise TypeError(f"it returned {type(graph).__name__} as 'expand', and a dict of nodes by id is wanted")
    for id, node in graph.items():
        if not isinstance(node, Mapping) or "class_type" not in node:
            raise TypeError(f"the node '{id}' that it returned in 'expand' has no class_type")
    return [(str(id), node) for id, node in graph.items()]


def _inner(id: str, node: Mapping[str, Any], context: Context) -> InnerNode:
    inputs = {str(name): _reference(value) for name, value in node.get("inputs", {}).items()}
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return InnerNode(id, text(node["class_type"]), inputs, _display(node.get("override_display_id"), context), title)


def _display(id: Any, context: Context) -> str | None:
    """The node that shows what one of a subgraph does: if that is in a subgraph itself, the one which shows that."""
    if id is None:
        return None
    try:
        return context.graph.display(str(id))
    except KeyError:
        return str(id)


def _reference(value: Any) -> Any:
    return Reference(str(value[0]), int(value[1])) if is_link(value) else value
