"""Following the links of a document back to where values come from: through everything that exists in the editor alone.

Notes, reroutes, primitives and bypassed nodes are passed, and the borders of subgraphs are crossed in both directions.
Each stretch is walked once, however many inputs hang on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph.documents.format import (
    BYPASSED,
    INPUT_BORDER,
    NOTES,
    PRIMITIVE,
    REROUTE,
    Definition,
    DocumentError,
    DocumentLink,
    DocumentNode,
    Slot,
)
from graph.documents.promotion import NOTHING, Promoted, promoted_values
from graph.documents.sheet import Sheet
from graph.prompt import Link
from graph.types import ANY, fits


class Value(NamedTuple):
    """What a primitive or a subgraph's own widget gives instead of a link."""

    value: Any


class Border(NamedTuple):
    """An input of a subgraph that is walked by itself."""

    input: int


Source = Link | Value | Border | None


@dataclass(eq=False, slots=True)
class Scope:
    """A graph in its place: the document, or the definition of a subgraph for one of its instances.

    `names` are what the instances are called that lead to it, from the outermost.
    """

    sheet: Sheet
    prefix: str = ""
    parent: "Scope | None" = None
    sockets: list[Slot | None] = field(default_factory=list)
    promoted: Promoted = NOTHING
    children: dict[str, "Scope"] = field(default_factory=dict)
    names: tuple[str, ...] = ()


Step = tuple[Scope, DocumentLink]
Key = tuple[str, str, str]


class Walk:
    """Walks over a graph and those in it: `root` is the document, or a subgraph that is walked by itself.

    `bypasses` collects the types that are wanted of the outputs of bypassed nodes, by (node's full id, output).
    """

    def __init__(self, root: Definition, subgraphs: Mapping[str, Definition]) -> None:
        self.root = Scope(Sheet(root, subgraphs))
        self.subgraphs = subgraphs
        self.bypasses: dict[tuple[str, int], set[str]] = {}
        self._sheets: dict[str, Sheet] = {}
        self._found: dict[Key, Source] = {}

    def sheet(self, id: str) -> Sheet:
        """The graph of a subgraph."""
        if id not in self._sheets:
            self._sheets[id] = Sheet(self.subgraphs[id], self.subgraphs)
        return self._sheets[id]

    def inside(self, scope: Scope, id: str) -> Scope:
        """The graph of an instance that is to run."""
        child = scope.children.get(id)
        if child is None:
            instance = scope.sheet.instances[id]
            sheet = self.sheet(instance.type)
            promoted = promoted_values(instance, sheet, scope.promoted.widgets.get(id, {}).items())
            name = instance.title if isinstance(instance.title, str) and instance.title else sheet.definition.name
            names = (*scope.names, str(name))
            child = Scope(sheet, f"{scope.prefix}{id}:", scope, sheet.sockets(instance), promoted, names=names)
            scope.children[id] = child
        return child

    def source(self, scope: Scope, slot: Slot) -> Source:
        """What an input gets in the end. Raises DocumentError for links that lead back to where they came from."""
        if slot.link is None:
            return None
        link = scope.sheet.links.get(str(slot.link))
        if link is None:
            return None
        origin = str(link.origin_id)
        if origin in scope.sheet.runs:  # most of them, and no walk is needed
            return f"{scope.prefix}{origin}", link.origin_slot
        return self._follow((scope, link), slot.kind)

    def _follow(self, step: Step, wanted: str) -> Source:
        # What was passed on the way, the farthest last: stretches, and the values of instances whose border was
        # crossed. Such a value holds where what lies behind the border gives nothing.
        trail: list[Key | Value] = []
        begun: set[Key] = set()
        found: Source = None
        while True:
            scope, link = step
            key = (scope.prefix, str(link.id), wanted)
            if key in self._found:
                found = self._found[key]
                break
            if key in begun:
                raise DocumentError(
                    f"The links through the node {_place(scope, link)} lead back to it. Remove one of them."
                )
            begun.add(key)
            trail.append(key)
            following = self._step(scope, link, wanted, trail)
            if not isinstance(following, _Next):
                found = following
                break
            if following.link is None:
                break
            step = following.scope, following.link
        for passed in reversed(trail):
            if not isinstance(passed, Value):
                self._found[passed] = found
            elif found is None:
                found = passed
        return found

    def _step(self, scope: Scope, link: DocumentLink, wanted: str, trail: list[Key | Value]) -> "Source | _Next":
        """What a link leads back to: a source, or a link before it."""
        origin = str(link.origin_id)
        if origin in scope.sheet.runs:
            return f"{scope.prefix}{origin}", link.origin_slot
        if origin in scope.sheet.instances:
            inner = self.inside(scope, origin)
            return _Next(inner, inner.sheet.feeds_outputs.get(link.origin_slot))
        if origin == INPUT_BORDER:
            if scope.parent is None:
                return Border(link.origin_slot)
            if link.origin_slot in scope.promoted.inputs:
                trail.append(Value(scope.promoted.inputs[link.origin_slot]))
            return _before(scope.parent, _at(scope.sockets, link.origin_slot))
        node = scope.sheet.nodes.get(origin)
        if node is None:
            return None
        if node.mode == BYPASSED:
            self.bypasses.setdefault((f"{scope.prefix}{origin}", link.origin_slot), set()).add(wanted)
            return _before(scope, bypass(node, link.origin_slot, wanted))
        if node.skipped or node.type in NOTES:
            return None
        if node.type == PRIMITIVE:
            return _primitive(node, scope.promoted.widgets.get(origin))
        assert node.type == REROUTE
        return _before(scope, _at(node.inputs or [], 0))


class _Next(NamedTuple):
    scope: Scope
    link: DocumentLink | None


def bypass(node: DocumentNode, index: int, wanted: str) -> Slot | None:
    """The input that stands in for an output of a bypassed node."""
    inputs = node.inputs or []
    same = _at(inputs, index)
    if wanted == ANY:
        return same or _at(inputs, 0)
    output = _at(node.outputs or [], index)
    given = output.kind if output else wanted

    def suits(slot: Slot) -> bool:
        return fits(slot.kind, given) and fits(slot.kind, wanted)

    if same and suits(same):
        return same
    equal = next((slot for slot in inputs if slot.kind == wanted), None)
    return equal or next((slot for slot in inputs if suits(slot)), None)


def _before(scope: Scope, slot: Slot | None) -> _Next:
    return _Next(scope, scope.sheet.link_of(slot) if slot else None)


def _primitive(node: DocumentNode, settings: Mapping[Any, Any] | None) -> Value | None:
    for value in (settings or {}).values():
        return Value(value)
    match node.widgets_values:
        case [value, *_] | {"value": value}:
            return Value(value)
    return None


def _at(slots: Sequence[Slot | None], index: int) -> Slot | None:
    return slots[index] if 0 <= index < len(slots) else None


def _place(scope: Scope, link: DocumentLink) -> str:
    """The full id of the node that a link comes from; of the instance, if it is its border."""
    origin = str(link.origin_id)
    return scope.prefix.rstrip(":") if origin == INPUT_BORDER else f"{scope.prefix}{origin}"
