"""The running graph, as nodes may see it (`graph.context.GraphView`)."""

from collections.abc import Callable, Mapping
from typing import Any

from graph.execution.plan import Step
from graph.node_spec import NodeSpec


class View:
    """The prompt, and the nodes that subgraphs have added to it."""

    def __init__(self, steps: Mapping[str, Step], prompt: Callable[[], Mapping[str, Any]]) -> None:
        """`steps` is the table of what is planned so far; `prompt` gives the whole prompt, unplanned nodes too."""
        self._steps = steps
        self._read = prompt
        self._prompt: Mapping[str, Any] | None = None

    def ids(self) -> list[str]:
        """The ids of all nodes."""
        return list(dict.fromkeys([*self._whole(), *self._steps]))

    def node(self, id: str) -> dict[str, Any]:
        """A node in the API form. Raises KeyError."""
        step = self._steps.get(id)
        if step is None or step.parent is None:
            node = self._whole()[id]
            return {**node, "inputs": dict(node["inputs"])}
        links = {name: list(link) for name, link in step.links.items()}
        literals = {name: {"__value__": v} if isinstance(v, list) else v for name, v in step.literals.items()}
        # Its inputs have the names of the function's parameters, which an alias may call otherwise.
        class_type = step.spec.id if step.class_type in step.spec.aliases else step.class_type
        return {"class_type": class_type, "inputs": {**literals, **links}}

    def spec(self, id: str) -> NodeSpec:
        """What kind of node it is. Raises KeyError for one that is not planned."""
        return self._steps[id].spec

    def parent(self, id: str) -> str | None:
        """The node whose subgraph a node belongs to. Raises KeyError."""
        step = self._steps.get(id)
        if step is None:
            self._whole()[id]
        return step.parent.id if step and step.parent else None

    def display(self, id: str) -> str:
        """The node on which the editor shows what a node does. Raises KeyError."""
        step = self._steps.get(id)
        return step.display if step else str(self._whole()[id] and id)

    def real(self, id: str) -> str:
        """The node of the prompt that a node belongs to in the end. Raises KeyError."""
        step = self._steps.get(id)
        return step.real if step else str(self._whole()[id] and id)

    def _whole(self) -> Mapping[str, Any]:
        if self._prompt is None:
            self._prompt = self._read()
        return self._prompt
