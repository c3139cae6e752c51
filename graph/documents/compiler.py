"""Compiling an editor document to an API prompt.

Notes, reroutes and primitives exist in the editor alone; muted nodes are left out, bypassed ones are passed through,
and subgraphs are put in place of their instances, their nodes as `outer:inner`, with what the instances are called as
`within` beside their titles. A node of a type that is not installed
keeps its entry, so that validation can name it.
"""

import random
from collections.abc import Mapping
from typing import Any

from graph.documents.alternatives import Choose, choose_alternatives
from graph.documents.format import Definition, DocumentError, DocumentNode, read_document
from graph.documents.group_nodes import with_subgraphs
from graph.documents.walk import Border, Scope, Value, Walk
from graph.documents.widget_values import Widgets, named_values
from graph.execution.order import depth_first
from graph.prompt import Prompt
from graph.schema import Schemas

__all__ = ["DocumentError", "compile_document"]

# Definitions that contain each other twice grow exponentially, and ids grow with each level; nobody draws this much.
MOST_NODES = 100_000
MOST_LEVELS = 2_000

# What a type is called, its widgets, if it is known, and which of them have alternatives.
_Described = tuple[str, Widgets | None, frozenset[str]]


def compile_document(document: object, schemas: Schemas, choose: Choose = random.choice) -> Prompt:
    """The API prompt of a document. `schemas` say how the values of its widgets are called.

    Alternatives in prompts (`{red|blue}`) become what `choose` picks, so that each call may give another
    prompt. Raises DocumentError for what is no document, and for one whose reroutes or subgraphs contain themselves.
    """
    if isinstance(document, dict):
        document = with_subgraphs(document, schemas)
    return Compilation(Walk(*read_document(document)), schemas, choose).prompt()


class Compilation:
    """Writes the entries of a prompt."""

    def __init__(self, walk: Walk, schemas: Schemas, choose: Choose) -> None:
        self._walk = walk
        self._schemas = schemas
        self._choose = choose
        self._types: dict[str, _Described] = {}

    def prompt(self) -> Prompt:
        """The entries of all that is to run, those of outer graphs first. Raises DocumentError."""
        check_subgraphs(self._walk.root.sheet.definition, self._walk.subgraphs, running=True)
        prompt: Prompt = {}
        scopes = [self._walk.root]
        for scope in scopes:
            for id, node in scope.sheet.runs.items():
                full = f"{scope.prefix}{id}"
                if full in prompt:
                    raise DocumentError(f"Two nodes would be called {full}. Give the one outside another id.")
                prompt[full] = self._entry(scope, id, node)
            scopes.extend(self._walk.inside(scope, id) for id in scope.sheet.instances)
        return prompt

    def _entry(self, scope: Scope, id: str, node: DocumentNode) -> dict[str, Any]:
        title, widgets, prompts = self._types.get(node.type) or self._describe(node.type)
        inputs = named_values(node, widgets)
        if scope.promoted.widgets:
            for widget, value in scope.promoted.widgets.get(id, {}).items():
                if widgets is None or widget.name in widgets.names:
                    inputs[widget.name] = value
        for name, value in inputs.items():
            if isinstance(value, str | list):
                inputs[name] = self._literal(value, name in prompts)
        for slot in node.inputs or ():
            found = self._walk.source(scope, slot)
            if isinstance(found, Value):
                inputs[slot.name] = self._literal(found.value, slot.name in prompts)
            elif found is not None and not isinstance(found, Border):
                inputs[slot.name] = list(found)
        own = node.title if isinstance(node.title, str) and node.title else title
        meta = {"title": own, "within": list(scope.names)} if scope.names else {"title": own}
        return {"class_type": node.type, "inputs": inputs, "_meta": meta}

    def _literal(self, value: Any, is_prompt: bool) -> Any:
        if isinstance(value, str):
            return choose_alternatives(value, self._choose) if is_prompt else value
        return {"__value__": value} if isinstance(value, list) else value

    def _describe(self, type: str) -> _Described:
        schema = self._schemas.get(type)
        widgets = Widgets(schema) if schema else None
        described = (schema["display_name"] if schema else type, widgets, widgets.prompts if widgets else frozenset())
        self._types[type] = described
        return described


def check_subgraphs(root: Definition, subgraphs: Mapping[str, Definition], running: bool) -> None:
    """Raise DocumentError if subgraphs contain themselves or add up to too much. `running` leaves out skipped ones."""

    def used(graph: Definition) -> list[str]:
        return [node.type for node in graph.nodes if node.type in subgraphs and not (running and node.skipped)]

    order = depth_first(used(root), lambda id: used(subgraphs[id]))
    for circle in order.cycles:
        raise DocumentError(f"The subgraph '{subgraphs[circle[0]].name}' contains itself.")
    sizes: dict[str, int] = {}
    levels: dict[str, int] = {}
    for id in order.nodes:
        inner = used(subgraphs[id])
        sizes[id] = len(subgraphs[id].nodes) + sum(sizes[each] for each in inner)
        levels[id] = 1 + max((levels[each] for each in inner), default=0)
    if len(root.nodes) + sum(sizes[id] for id in used(root)) > MOST_NODES:
        raise DocumentError(f"Its subgraphs add up to more than {MOST_NODES:,} nodes.")
    if max(levels.values(), default=0) > MOST_LEVELS:
        raise DocumentError(f"Its subgraphs contain each other over more than {MOST_LEVELS:,} levels.")
