"""Compiling an editor document to an API prompt.

Notes, reroutes and primitives exist in the editor alone; muted nodes are left out, bypassed ones are passed through,
and subgraphs are put in place of their instances, their nodes as `outer:inner`. A node of a type that is not installed
keeps its entry, so that validation can name it.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.alternatives import Choose, choose_alternatives
from graph.document_format import (
    BYPASSED,
    Definition,
    DocumentError,
    DocumentLink,
    DocumentNode,
    Slot,
    read_document,
)
from graph.prompt import Link, Prompt
from graph.schema import Schemas
from graph.types import ANY, fits
from graph.widget_values import NAMES_PROPERTY, named_values, widgets_with

__all__ = ["DocumentError", "compile_document"]

NOTES = frozenset({"Note", "MarkdownNote"})
VIRTUAL = NOTES | {"Reroute", "PrimitiveNode"}
SUBGRAPH_INPUT = "-10"
SUBGRAPH_OUTPUT = "-20"
# Definitions that contain each other twice grow exponentially; nobody draws this many nodes.
MOST_NODES = 100_000


@dataclass(frozen=True, slots=True)
class _Scope:
    """A graph in its place: the document, or the definition of a subgraph for one of its instances."""

    definition: Definition
    prefix: str
    nodes: Mapping[str, DocumentNode]
    links: Mapping[str, DocumentLink]
    parent: "_Scope | None" = None
    instance: DocumentNode | None = None
    children: dict[str, "_Scope"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Value:
    """What a primitive or a subgraph's own widget gives instead of a link."""

    value: Any


def compile_document(document: object, schemas: Schemas, choose: Choose = random.choice) -> Prompt:
    """The API prompt of a document. `schemas` say how the values of its widgets are called.

    Alternatives in prompts (`{red|blue}`) become what `choose` picks, so that each call may give another
    prompt. Raises DocumentError for what is no document, and for one whose reroutes or subgraphs contain themselves.
    """
    root, subgraphs = read_document(document)
    prompt: Prompt = {}
    for scope in _scopes(root, subgraphs):
        for node in sorted(scope.nodes.values(), key=lambda node: node.order):
            if node.skipped or node.type in VIRTUAL or node.type in subgraphs:
                continue
            if node.type.startswith(("workflow>", "workflow/")):
                raise DocumentError(
                    f"The node {node.id} is a group node, '{node.type[9:]}', an older form of subgraph. Open the "
                    "workflow in a program that has them, convert it to a subgraph, and save it again."
                )
            prompt[f"{scope.prefix}{node.id}"] = _entry(scope, node, schemas, choose)
    return prompt


def _scopes(root: Definition, subgraphs: Mapping[str, Definition]) -> list[_Scope]:
    """The document and all instances of subgraphs that are to run, outer ones first."""
    scopes = [_scope(root, "", None, None)]
    count = 0
    for scope in scopes:
        count += len(scope.nodes)
        if count > MOST_NODES:
            raise DocumentError(f"Its subgraphs add up to more than {MOST_NODES:,} nodes.")
        for id, node in scope.nodes.items():
            if node.type in subgraphs and not node.skipped:
                if any(outer.definition.id == node.type for outer in _outwards(scope)):
                    raise DocumentError(f"The subgraph '{subgraphs[node.type].name}' contains itself.")
                scope.children[id] = _scope(subgraphs[node.type], f"{scope.prefix}{id}:", scope, node)
                scopes.append(scope.children[id])
    return scopes


def _scope(definition: Definition, prefix: str, parent: _Scope | None, instance: DocumentNode | None) -> _Scope:
    nodes = {str(node.id): node for node in definition.nodes}
    return _Scope(definition, prefix, nodes, definition.links_by_id(), parent, instance)


def _outwards(scope: _Scope | None) -> Iterator[_Scope]:
    while scope:
        yield scope
        scope = scope.parent


def _entry(scope: _Scope, node: DocumentNode, schemas: Schemas, choose: Choose) -> dict[str, Any]:
    schema = schemas.get(node.type)
    prompts = widgets_with(schema, "dynamicPrompts") if schema else frozenset()
    inputs = {
        name: choose_alternatives(value, choose) if name in prompts and isinstance(value, str) else _wrapped(value)
        for name, value in named_values(node, schema).items()
    }
    for slot in node.inputs or ():
        match _source(scope, slot):
            case (id, index):
                inputs[slot.name] = [id, index]
            case _Value(value):
                inputs[slot.name] = _wrapped(value)
    title = node.title if isinstance(node.title, str) and node.title else None
    shown = title or (schema["display_name"] if schema else node.type)
    return {"class_type": node.type, "inputs": inputs, "_meta": {"title": shown}}


def _source(scope: _Scope, slot: Slot) -> Link | _Value | None:
    """What an input gets in the end, through everything that exists in the editor alone."""
    wanted = slot.kind
    seen: set[tuple[str, str, int]] = set()
    while (link := scope.links.get(str(slot.link))) is not None:
        origin = str(link.origin_id)
        if (scope.prefix, origin, link.origin_slot) in seen:
            raise DocumentError(f"The links through the node {scope.prefix}{origin} lead back to it. Remove one.")
        seen.add((scope.prefix, origin, link.origin_slot))
        if origin == SUBGRAPH_INPUT and scope.parent and scope.instance:
            outer = _at(scope.instance.inputs, link.origin_slot)
            if outer is None:
                return None
            if str(outer.link) not in scope.parent.links:
                return _promoted(scope.instance, outer)
            scope, slot = scope.parent, outer
            continue
        node = scope.nodes.get(origin)
        if node is None:
            return None
        through: Slot | None
        if node.mode == BYPASSED:
            through = _bypass(node, link.origin_slot, wanted)
        elif node.skipped or node.type in NOTES:
            return None
        elif node.type == "PrimitiveNode":
            return _primitive(node)
        elif node.type == "Reroute":
            through = _at(node.inputs, 0)
        elif origin in scope.children:
            scope = scope.children[origin]
            through = _inner_output(scope, link.origin_slot)
        else:
            return f"{scope.prefix}{origin}", link.origin_slot
        if through is None:
            return None
        slot = through
    return None


def _bypass(node: DocumentNode, index: int, wanted: str) -> Slot | None:
    """The input that stands in for an output of a bypassed node."""
    inputs = node.inputs or []
    same = _at(inputs, index)
    if wanted == ANY:
        return same or _at(inputs, 0)
    output = _at(node.outputs, index)
    given = output.kind if output else wanted

    def suits(slot: Slot) -> bool:
        return fits(slot.kind, given) and fits(slot.kind, wanted)

    if same and suits(same):
        return same
    equal = next((slot for slot in inputs if slot.kind == wanted), None)
    return equal or next((slot for slot in inputs if suits(slot)), None)


def _inner_output(scope: _Scope, index: int) -> Slot | None:
    """A slot that holds the link by which a subgraph's output is fed."""
    for link in scope.links.values():
        if str(link.target_id) == SUBGRAPH_OUTPUT and link.target_slot == index:
            return Slot(link=link.id)
    return None


def _primitive(node: DocumentNode) -> _Value | None:
    match node.widgets_values:
        case [value, *_] | {"value": value}:
            return _Value(value)
    return None


def _promoted(instance: DocumentNode, slot: Slot) -> _Value | None:
    """The value of a subgraph's own widget: its instance lists them in the order of its inputs that have one."""
    saved = instance.widgets_values
    properties = instance.properties if isinstance(instance.properties, dict) else {}
    names = properties.get(NAMES_PROPERTY)
    if not isinstance(names, list) or not isinstance(saved, list) or len(names) != len(saved):
        names = [each.name for each in instance.inputs or () if each.widget]
    if isinstance(saved, list):
        saved = dict(zip(names, saved, strict=False))
    value = saved.get(slot.name) if isinstance(saved, dict) else None
    return None if value is None else _Value(value)


def _at(slots: list[Slot] | None, index: int) -> Slot | None:
    return slots[index] if slots and 0 <= index < len(slots) else None


def _wrapped(value: Any) -> Any:
    return {"__value__": value} if isinstance(value, list) else value
