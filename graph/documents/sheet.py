"""One graph of a document, indexed: made once for a definition, however many instances the subgraph has."""

from collections.abc import Container
from functools import cached_property

from graph.documents.format import (
    INPUT_BORDER,
    OUTPUT_BORDER,
    VIRTUAL,
    Definition,
    DocumentLink,
    DocumentNode,
    Slot,
)


class Sheet:
    """The nodes and links of a definition by id.

    `runs` are the nodes that have an entry in a prompt, in order; `instances` the subgraphs that are to run.
    """

    def __init__(self, definition: Definition, subgraphs: Container[str]) -> None:
        self.definition = definition
        self.links = definition.links_by_id()
        self.nodes = {str(node.id): node for node in definition.nodes}
        self.runs: dict[str, DocumentNode] = {}
        self.instances: dict[str, DocumentNode] = {}
        for node in sorted(definition.nodes, key=lambda node: node.order):
            if not node.skipped and node.type not in VIRTUAL:
                (self.instances if node.type in subgraphs else self.runs)[str(node.id)] = node

    def link_of(self, slot: Slot) -> DocumentLink | None:
        """The link that an input has."""
        return None if slot.link is None else self.links.get(str(slot.link))

    @cached_property
    def fed(self) -> dict[tuple[str, str], int]:
        """The inputs of inner nodes that are linked to the border, as (node id, input name): by which input of it."""
        return {(id, slot.name): index for id, slot, index in self._from_border}

    @cached_property
    def widget_inputs(self) -> list[int]:
        """The inputs of a subgraph that lead to a widget of an inner node, in order."""
        return sorted({index for _, slot, index in self._from_border if slot.widget})

    @cached_property
    def feeds_outputs(self) -> dict[int, DocumentLink]:
        """The link that feeds each output of a subgraph. Files may hold stale ones; the output lists its own."""
        ports = self.definition.outputs or []
        found: dict[int, DocumentLink] = {}
        for link in self.links.values():
            slot = link.target_slot
            if str(link.target_id) == OUTPUT_BORDER:
                listed = slot < len(ports) and link.id in (ports[slot].link_ids or ())
                if listed or slot not in found:
                    found[slot] = link
        return found

    @cached_property
    def _from_border(self) -> list[tuple[str, Slot, int]]:
        return [
            (id, slot, link.origin_slot)
            for id, node in self.nodes.items()
            for slot in node.inputs or ()
            if (link := self.link_of(slot)) and str(link.origin_id) == INPUT_BORDER
        ]

    def input_names(self, instance: DocumentNode) -> list[str]:
        """The names of the subgraph's inputs, from the definition, or else from one of its instances."""
        ports = self.definition.inputs
        return [port.name for port in (instance.inputs or () if ports is None else ports)]

    def places(self, instance: DocumentNode) -> list[int | None]:
        """Where the subgraph's inputs are among those of an instance, which need not be in the same order.

        An instance lacks the sockets of widgets that nothing is linked to, and may have an older name of one.
        """
        own = [slot.name for slot in instance.inputs or ()]
        if self.definition.inputs is None:
            return list(range(len(own)))
        names = [port.name for port in self.definition.inputs]
        by_name = {name: place for place, name in reversed(list(enumerate(own)))}
        known = set(names)
        aligned = len(own) == len(names)
        return [
            by_name.get(name, index if aligned and own[index] not in known else None)
            for index, name in enumerate(names)
        ]

    def sockets(self, instance: DocumentNode) -> list[Slot | None]:
        """The inputs of an instance in the order of the subgraph's."""
        own = instance.inputs or []
        return [None if place is None else own[place] for place in self.places(instance)]
