"""What an editor document says of its graph: ComfyUI's format, versions 0.4 and 1, subgraphs included.

Only what execution needs is read; the rest is the editor's.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from graph.problem import Problem
from graph.types import ANY

MUTED = 2
BYPASSED = 4

INPUT_BORDER = "-10"
"""Where links inside a subgraph come from that come from outside: the id of no node."""
OUTPUT_BORDER = "-20"
"""Where links inside a subgraph lead that lead outside."""

REROUTE = "Reroute"
PRIMITIVE = "PrimitiveNode"
NOTES = frozenset({"Note", "MarkdownNote"})
VIRTUAL = NOTES | {REROUTE, PRIMITIVE}
"""Types that exist in the editor alone."""


class DocumentError(ValueError):
    """A document that cannot be compiled or changed as asked; `problem` says why."""

    def __init__(self, details: str) -> None:
        super().__init__(details)
        self.problem = Problem("invalid_document", "The document cannot be compiled", details)


class Slot(msgspec.Struct, frozen=True, gc=False):
    """An input or output of a node. An input with `widget` is the socket of that widget."""

    name: str = ""
    type: Any = ANY
    link: int | str | None = None
    widget: Any = None

    @property
    def kind(self) -> str:
        """The type as a string; whatever else files have there fits everything."""
        return self.type if isinstance(self.type, str) and self.type else ANY


class DocumentNode(msgspec.Struct, frozen=True, gc=False):
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

    def property(self, name: str) -> Any:
        """What the file has under a name in the node's properties."""
        return self.properties.get(name) if isinstance(self.properties, dict) else None


class DocumentLink(msgspec.Struct, frozen=True, gc=False):
    """A link, by the ids of its ends and the positions of its slots."""

    id: int | str
    origin_id: int | str
    origin_slot: int
    target_id: int | str
    target_slot: int


class _ListedLink(DocumentLink, frozen=True, gc=False, array_like=True):
    """The same as [id, origin, slot, target, slot, type]."""


class Port(msgspec.Struct, frozen=True, gc=False):
    """An input or output of a subgraph, seen from inside: a socket on its border."""

    name: str = ""
    link_ids: list[int | str] | None = msgspec.field(default=None, name="linkIds")


class Definition(msgspec.Struct, frozen=True):
    """A graph: of the document itself, or of a subgraph that its nodes can be instances of."""

    nodes: list[DocumentNode]
    links: list[Any] | None = None
    id: str = ""
    name: str = ""
    inputs: list[Port] | None = None
    outputs: list[Port] | None = None
    widgets: Any = None

    def links_by_id(self) -> dict[str, DocumentLink]:
        """The links, given as objects or as lists. The first of an id counts. Raises DocumentError."""
        links: dict[str, DocumentLink] = {}
        for link in self._links():
            if link is not None:  # old files have holes where links were removed
                links.setdefault(str(link.id), link)
        return links

    def _links(self) -> list[DocumentLink | None]:
        entries = self.links or []
        try:
            if entries and isinstance(entries[0], dict):
                return msgspec.convert(entries, list[DocumentLink | None])
            return msgspec.convert(entries, list[_ListedLink | None])
        except msgspec.ValidationError:
            return [_link(entry) for entry in entries]


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
        _check_ids(graph)
    return read, subgraphs


def _check_ids(graph: Definition) -> None:
    seen: set[str] = set()
    for node in graph.nodes:
        seen.add(str(node.id))
    if len(seen) == len(graph.nodes):
        return
    for node in graph.nodes:
        if str(node.id) not in seen:
            raise DocumentError(f"Two nodes of the document have the id {node.id}. Remove one of them.")
        seen.remove(str(node.id))


def _link(entry: Any) -> DocumentLink | None:
    try:
        return msgspec.convert(entry, (DocumentLink if isinstance(entry, dict) else _ListedLink) | None)
    except msgspec.ValidationError:
        raise DocumentError(
            f"A link is [id, origin, slot, target, slot, type], and {entry!r} is not. Save the workflow again."
        ) from None
