"""How far a run is, from the events of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from graph import events
from graph.documents.plain_data import record
from graph.execution.order import depth_first
from graph.prompt import Prompt, link_of
from graph.schema import Schemas


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `nodes` nodes have run; the one with the id `node` is running, and has done `step` of `steps`.

    Nodes that need not run are not counted. A node that does not say how far it is has 0 `steps`. At the end of a run
    that has succeeded all are done, and none is running.
    """

    node: str
    title: str
    step: float
    steps: float
    done: int
    nodes: int

    @property
    def fraction(self) -> float:
        """The part of the run that is done, 0 to 1, as if all nodes took the same time."""
        within = self.step / self.steps if self.steps else 0.0
        return min((self.done + min(within, 1.0)) / self.nodes, 1.0) if self.nodes else 1.0


class Course:
    """Follows the run of a prompt, of which `targets` are wanted; `schemas` say how types of nodes are called."""

    def __init__(self, prompt: Prompt, targets: Iterable[str], schemas: Schemas) -> None:
        self.cached: set[str] = set()
        """The nodes that need not run."""
        self.needed = needed(prompt, targets)
        """All nodes that take part, sources first."""
        self._prompt = prompt
        self._schemas = schemas
        self._begun: dict[str, None] = {}

    def follow(self, event: events.Event) -> Progress | None:
        """Take an event in; how far the run is now, if that has changed."""
        match event:
            case events.Cached(nodes):
                self.cached.update(nodes)
                return None
            case events.NodeStarted(node):
                if node in self._prompt:
                    self._begun[node] = None
                return self._at(node, 0, 0)
            case events.Progress(node, value, total):
                return self._at(node, value, total)
            case events.NodeFinished(node, cached=True):
                # It has begun all the same if a node with the same key has run before it in this very run.
                self._begun.pop(node, None)
                self.cached.add(node)
                return None
            case events.Succeeded():
                return Progress("", "", 0, 0, self._count, self._count)
        return None

    def title(self, node: str) -> str:
        """How people call a node; of one that is not in the prompt nothing is known but its id."""
        entry = self._prompt.get(node)
        if entry is None:
            return node
        type = str(entry.get("class_type"))
        title = record(entry.get("_meta")).get("title") or record(self._schemas.get(type)).get("display_name")
        return title if isinstance(title, str) and title else type

    @property
    def ran(self) -> list[str]:
        """The nodes that have begun to run, in that order."""
        return list(self._begun)

    @property
    def _count(self) -> int:
        return max(len(self.needed) - len(self.cached.intersection(self.needed)), len(self._begun))

    def _at(self, node: str, step: float, steps: float) -> Progress:
        done = max(len(self._begun) - 1, 0)
        return Progress(node, self.title(node), step, steps, done, self._count)


def needed(prompt: Prompt, targets: Iterable[str]) -> list[str]:
    """The nodes that targets need, with these, sources first. Links to nowhere are passed over."""

    def sources(id: str) -> list[str]:
        inputs = prompt[id].get("inputs")
        links = [link_of(value) for value in inputs.values()] if isinstance(inputs, dict) else []
        return [link[0] for link in links if link and link[0] in prompt]

    return depth_first([id for id in targets if id in prompt], sources).nodes
