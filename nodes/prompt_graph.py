"""The graph that made a picture, as saved files have it, to be followed against its links."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OTHER_NAMES = {
    "CheckpointLoaderSimple": "CheckpointLoader",
    "CLIPTextEncode": "CLIPEncode",
    "EmptyLatentImage": "EmptyLatent",
}
VALUE_NAMES = ("value", "text", "string", "seed")
"""Inputs of nodes that pass one value on."""


@dataclass(frozen=True)
class Graph:
    """A prompt in the API format."""

    nodes: Mapping[str, Mapping[str, Any]]

    def kind(self, id: str) -> str:
        """The class of a node, by our name."""
        name = str(self.nodes[id].get("class_type", ""))
        return OTHER_NAMES.get(name, name)

    def inputs(self, id: str) -> Mapping[str, Any]:
        """What a node's inputs have: values and links."""
        inputs = self.nodes[id].get("inputs")
        return inputs if isinstance(inputs, Mapping) else {}

    def given(self, id: str, name: str) -> Any:
        """What one input has."""
        return self.inputs(id).get(name)

    def source(self, id: str, name: str) -> tuple[str, int] | None:
        """The node and output that an input is linked to."""
        return self._link(self.given(id, name))

    def value(self, id: str, name: str) -> Any:
        """The value of an input; of a linked one, what the node it comes from has under that name or a general one."""
        given = self.given(id, name)
        for _ in self.nodes:
            link = self._link(given)
            if link is None:
                return given
            inputs = self.inputs(link[0])
            given = next((inputs[each] for each in (name, *VALUE_NAMES) if each in inputs), None)
        return None

    def before(self, starts: list[str]) -> Iterator[str]:
        """These nodes and all from which they come, the nearest first."""
        waiting = list(dict.fromkeys(starts))
        seen = set(waiting)
        for id in waiting:
            yield id
            for given in self.inputs(id).values():
                link = self._link(given)
                if link and link[0] not in seen:
                    seen.add(link[0])
                    waiting.append(link[0])

    def upwards(self, id: str, names: tuple[str, ...]) -> Iterator[str]:
        """The nodes that one comes to through the first of the inputs `names` that is linked, again and again."""
        for _ in self.nodes:
            link = next((link for name in names if (link := self.source(id, name))), None)
            if link is None:
                return
            id = link[0]
            yield id

    def _link(self, given: Any) -> tuple[str, int] | None:
        if isinstance(given, list | tuple) and len(given) == 2 and str(given[0]) in self.nodes:
            return str(given[0]), given[1] if isinstance(given[1], int) else 0
        return None
