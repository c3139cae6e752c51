"""The document of a template, as the editor saves it."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from graph.documents.widget_values import NAMES_PROPERTY, Widgets
from graph.schema import Schemas
from tools.templates.layout import Place, lay_out
from tools.templates.sheet import Node, Output, Sheet, widget_values
from tools.templates.template import Template

OPTIONAL_SHAPE = 7
LIST_SHAPE = 6
NOTE = (360, 340)
LEFT, TOP, GAP = 40, 80, 70
DEEPEST_EXPANDED = 2
NAMESPACE = uuid.UUID("f1b5a5a0-6c0e-4b58-9a8e-0a6f0c6f2f11")


class Link(NamedTuple):
    """A link of a document: from an output to the input of a node in that position."""

    id: int
    source: Output
    target: Node
    position: int


def drawn(template: Template, schemas: Schemas) -> Sheet:
    """The sheet of a template, drawn with the nodes of `schemas`. Raises KeyError and ValueError for its mistakes."""
    sheet = Sheet(schemas)
    template.draw(sheet)
    return sheet


def document_of(template: Template, sheet: Sheet) -> dict[str, Any]:
    """The document of a template whose sheet has been drawn: its nodes, a note before them, links, and groups."""
    layout = lay_out(sheet, LEFT + NOTE[0] + GAP, TOP)
    ends = [
        (node.links[name], node, position)
        for node in sheet.nodes
        for position, name in enumerate(_listed(node))
        if name in node.links
    ]
    links = [Link(id, *end) for id, end in enumerate(ends, start=1)]
    nodes = [_node(node, place, links) for node, place in zip(sheet.nodes, layout.nodes, strict=True)]
    frames = [
        {"id": id, "title": group.title, "bounding": list(frame), "flags": {}}
        for id, (group, frame) in enumerate(zip(sheet.groups, layout.frames, strict=True), start=1)
    ]
    return {
        "id": str(uuid.uuid5(NAMESPACE, template.name)),
        "revision": 0,
        "last_node_id": len(nodes) + 1,
        "last_link_id": len(links),
        "nodes": [*nodes, _note(template, len(nodes) + 1)],
        "links": [
            [id, source.node.id, source.slot, target.id, position, source.type]
            for id, source, target, position in links
        ],
        "groups": frames,
        "config": {},
        "extra": {"ds": {"scale": 1, "offset": [0, 0]}, "template": _about(template)},
        "version": 0.4,
    }


def _listed(node: Node) -> dict[str, dict[str, Any]]:
    """The inputs that a file lists for a node: its sockets, further ones that are linked, and widgets that are."""
    widgets = Widgets(node.schema).names
    declared = node.declared()
    listed: dict[str, dict[str, Any]] = {}
    for name, (kind, _) in declared.items():
        if name not in widgets:
            shape = {"shape": OPTIONAL_SHAPE} if name in node.schema["input"].get("optional", {}) else {}
            listed[name] = {"name": name, "type": kind, "link": None, **shape}
    for name in node.links:
        if name not in declared:
            listed[name] = {"name": name, "type": node.schema["variadic"][0], "link": None}
    for name in node.links:
        if name in widgets:
            kind = declared[name][0]
            shown = kind if isinstance(kind, str) else "COMBO"
            listed[name] = {"name": name, "type": shown, "link": None, "widget": {"name": name}}
    return listed


def _node(node: Node, place: Place, links: Sequence[Link]) -> dict[str, Any]:
    inputs = list(_listed(node).values())
    for link in links:
        if link.target is node:
            inputs[link.position]["link"] = link.id
    values = widget_values(node)
    names = {NAMES_PROPERTY: list(values)} if values else {}
    return {
        "id": node.id,
        "type": node.type,
        "pos": [place.x, place.y],
        "size": [place.width, place.height],
        "flags": {},
        "order": node.id - 1,
        "mode": 0,
        "inputs": inputs,
        "outputs": [_output(output, links) for output in node],
        **({} if node.title is None else {"title": node.title}),
        "properties": {"Node name for S&R": node.type, **names},
        **({"widgets_values": list(values.values())} if values else {}),
    }


def _output(output: Output, links: Sequence[Link]) -> dict[str, Any]:
    schema = output.node.schema
    shape = {"shape": LIST_SHAPE} if schema["output_is_list"][output.slot] else {}
    leading = [link.id for link in links if link.source == output]
    return {"name": schema["output_name"][output.slot], "type": output.type, "links": leading or None, **shape}


def _note(template: Template, id: int) -> dict[str, Any]:
    title, about = template.title, template.about
    text = f"## {title.english}\n\n{about.english}\n\n## {title.chinese}\n\n{about.chinese}"
    return {
        "id": id, "type": "MarkdownNote", "pos": [LEFT, TOP], "size": list(NOTE), "flags": {}, "order": id - 1,
        "mode": 0, "inputs": [], "outputs": [], "title": "About", "properties": {}, "widgets_values": [text],
    }  # fmt: skip


def _about(template: Template) -> dict[str, Any]:
    return {
        "title": template.title.by_language(),
        "description": template.about.by_language(),
        "category": template.category,
        "tags": list(template.tags),
    }


def written(value: Any, depth: int = 0) -> str:
    """JSON with a line for each entry of the outer levels, so that a difference of two versions can be read."""
    if depth > DEEPEST_EXPANDED or not value or not isinstance(value, list | Mapping):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        entries = [f"{json.dumps(name)}: {written(each, depth + 1)}" for name, each in value.items()]
    else:
        entries = [written(each, depth + 1) for each in value]
    if all(not isinstance(each, list | Mapping) for each in (value if isinstance(value, list) else ())):
        return json.dumps(value, ensure_ascii=False)
    indent = "  " * (depth + 1)
    opening, closing = "{}" if isinstance(value, Mapping) else "[]"
    lines = f",\n{indent}".join(entries)
    return f"{opening}\n{indent}{lines}\n{'  ' * depth}{closing}"
