"""Giving inputs of a workflow other values."""

from collections.abc import Iterable
from typing import Any

from graph.documents.alternatives import Choose, choose_alternatives
from graph.documents.plain_data import Json, record, records
from graph.documents.widget_values import Widgets
from graph.documents.written_values import with_value
from graph.places import Assignment
from graph.prompt import Prompt
from graph.schema import Schemas


def assign(prompt: Prompt, found: Iterable[Assignment]) -> Prompt:
    """The prompt with these values; an input that was linked is linked no longer."""
    changed = dict(prompt)
    for node, input, value in found:
        if node in changed:
            plain = {"__value__": value} if isinstance(value, list) else value
            changed[node] = {**changed[node], "inputs": {**record(changed[node].get("inputs")), input: plain}}
    return changed


def assign_in_document(document: Json, schemas: Schemas, found: Iterable[Assignment]) -> Json | None:
    """The document with these values in the widgets of its nodes; None if it does not have one of them.

    A node in a subgraph is changed for all instances, and where something is linked that is what counts.
    """
    definitions = record(document.get("definitions"))
    graphs = {str(each.get("id")): dict(each) for each in records(definitions.get("subgraphs"))}
    changed = dict(document)
    for node, input, value in found:
        graph: Json | None = changed
        *outer, last = node.split(":")
        for id in outer:
            instance = _node_of(graph, id) if graph else None
            graph = graphs.get(str(instance.get("type"))) if instance else None
        if graph is None or not _write(graph, last, schemas, input, value):
            return None
    return {**changed, "definitions": {**definitions, "subgraphs": list(graphs.values())}} if graphs else changed


def with_alternatives_chosen(
    found: Iterable[Assignment], prompt: Prompt, schemas: Schemas, choose: Choose
) -> list[Assignment]:
    """The values as they are when a document is compiled, which has alternatives (`{red|blue}`) in its texts."""
    chosen = []
    for each in found:
        schema = schemas.get(str(record(prompt.get(each.node)).get("class_type")))
        if isinstance(each.value, str) and schema and each.input in Widgets(schema).prompts:
            each = each._replace(value=choose_alternatives(each.value, choose))
        chosen.append(each)
    return chosen


def _write(graph: Json, id: str, schemas: Schemas, input: str, value: Any) -> bool:
    node = _node_of(graph, id)
    schema = schemas.get(str(node.get("type"))) if node else None
    written = with_value(node, Widgets(schema), input, value) if node and schema else None
    if written is not None:
        graph["nodes"] = [written if each is node else each for each in graph["nodes"]]
    return written is not None


def _node_of(graph: Json, id: str) -> Json | None:
    return next((node for node in records(graph.get("nodes")) if str(node.get("id")) == id), None)
