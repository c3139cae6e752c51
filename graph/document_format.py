"""What an editor document says of its graph: ComfyUI's format, versions 0.4 and 1, subgraphs included.

Only what execution needs is read; the rest is the editor's.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from graph.problem import Problem

MUTED = 2
BYPASSED = 4


class DocumentError(ValueError):
    """A document that cannot be compiled; `problem` says why."""

    def __init__(self, details: str) -> None:
        super().__init__(details)
        self.problem = Problem("invalid_document", "The document cannot be compiled", details)


class Slot(msgspec.Struct, frozen=True):
    """An input or output of a node. An input with `widget` is the socket of that widget."""

    name: str = ""
    type: Any = "*"
    link: int | str | None = None
    widget: Any = None

    @property
    def kind(self) -> str:
        """The type as a string; whatever else files have there fits everything."""
        return self.type if isinstance(self.type, str) and self.type else "*"


class DocumentNode(msgspec.Struct, frozen=True):
    """A node as it is drawn."""

    id: int | str
    type: str
    mode: int = 0
    order: int = 0
    title: Any = None
    inputs: list[Slot] | None = None
    outputs: list[Slot] | None = None
    properties: Any = None
    widgets_values: Any = None

    @property
    def skipped(self) -> bool:
        """Whether the user has muted or bypassed it."""
        return self.mode in (MUTED, BYPASSED)


class DocumentLink(msgspec.Struct, frozen=True):
    """A link, by the ids of its ends and the positions of its slots."""

    id: int | str
    origin_id: int | str
    origin_slot: int
    target_id: int | str
    target_slot: int


class Definition(msgspec.Struct, frozen=True):
    """A graph: of the document itself, or of a subgraph that its nodes can be instances of."""

    nodes: list[DocumentNode]
    links: list[list[Any] | DocumentLink | None] | None = None
    id: str = ""
    name: str = ""

    def links_by_id(self) -> dict[str, DocumentLink]:
        """The links, given as objects or as [id, origin, slot, target, slot, type]. The first of an id counts."""
        links: dict[str, DocumentLink] = {}
        for entry in self.links or ():
            if entry is not None:  # old files have holes where links were removed
                link = DocumentLink(*entry[:5]) if isinstance(entry, list) else entry
                links.setdefault(str(link.id), link)
        return links


class _Definitions(msgspec.Struct):
    subgraphs: list[Definition] | None = None


class _Document(Definition, frozen=True):
    definitions: _Definitions | None = None


def read_document(document: object) -> tuple[Definition, Mapping[str, Definition]]:
    """The document's graph, and its subgraph definitions by id.

    Raises DocumentError.
    """
    try:
        # The document's own id is of no use here, and some programs write null.
        read = msgspec.convert({**document, "id": ""} if isinstance(document, dict) else document, _Document)
    except (msgspec.ValidationError, TypeError) as error:
        raise DocumentError(
            f"This is no workflow as an editor saves it ({error}). Save it again in the editor."
        ) from None
    subgraphs = {each.id: each for each in (read.definitions.subgraphs if read.definitions else None) or ()}
    for graph in (read, *subgraphs.values()):
        _check(graph)
    return read, subgraphs


def _check(graph: Definition) -> None:
    seen: set[str] = set()
    for node in graph.nodes:
        if str(node.id) in seen:
            raise DocumentError(f"Two nodes of the document have the id {node.id}. Remove one of them.")
        seen.add(str(node.id))
    for link in graph.links or ():
        if isinstance(link, list) and not (len(link) >= 5 and all(isinstance(end, int | str) for end in link[:5])):
            raise DocumentError(f"A link is [id, origin, slot, target, slot, type], and {link!r} is not.")
