"""Drawing editor documents of version 0.4 for tests, a few words a node."""

from typing import Any


class Drawing:
    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.links: list[list[Any]] = []

    def node(self, id, type, inputs=(), outputs=(), widgets=None, **more):
        """`inputs` are (name, type, source) with source (node id, slot) or None; `outputs` are types."""
        slots = []
        for index, (name, kind, source, *widget) in enumerate(inputs):
            link = None
            if source:
                link = len(self.links) + 1
                self.links.append([link, *source, id, index, kind])
            slots.append({"name": name, "type": kind, "link": link, **({"widget": {"name": name}} if widget else {})})
        outs = [{"name": kind, "type": kind, "links": None} for kind in outputs]
        entry = {
            "id": id,
            "type": type,
            "pos": [0, 0],
            "size": [1, 1],
            "flags": {},
            "order": len(self.nodes),
            "mode": 0,
        }
        entry |= {"inputs": slots, "outputs": outs, "properties": {}, "widgets_values": widgets}
        self.nodes.append(entry | more)
        return self

    def document(self, **more):
        return {"id": None, "nodes": self.nodes, "links": self.links, "groups": [], "version": 0.4, **more}

    def definition(self, id, **more):
        """A subgraph definition, whose links are objects."""
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
        links = [dict(zip(keys, link, strict=True)) for link in self.links]
        return {"id": id, "name": id, "version": 1, "nodes": self.nodes, "links": links, **more}

    def output(self, slot, source):
        """Feed an output of the subgraph that this is."""
        self.links.append([len(self.links) + 1, *source, -20, slot, "*"])
        return self
