"""A job that runs, as the server sees it."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from graph import events
from graph.queue.table import JobRecord
from graph.workers.worker import Worker


@dataclass
class RunningJob:
    """A job in a worker, and what is known of its course."""

    record: JobRecord
    worker: Worker
    node: str | None = None
    executed: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    kept: list[events.Event] = field(default_factory=list)
    interrupted: bool = False
    shown: dict[str, events.Shown] = field(default_factory=dict)
    """What nodes show while they run."""
    giving_way: set[str] = field(default_factory=set)
    """The nodes that let other jobs run from time to time."""
    guest: "RunningJob | None" = None
    """The job that it gives way to."""
    is_guest: bool = False
    places: dict[str, events.Place] = field(default_factory=dict)
    """Where the nodes of subgraphs belong, which have been added to the prompt."""

    def has_turn(self) -> bool:
        """Whether its nodes are what the worker runs now, and no job within which or for which it waits."""
        if self.guest is not None and self.guest.kept:
            return False
        return bool(self.kept) or not self.is_guest

    def node_type(self) -> str | None:
        """The type of the node that is running."""
        if self.node in self.places:
            return self.places[self.node].class_type
        entry = orjson.loads(self.record.prompt).get(self.node or "")
        return entry["class_type"] if entry else None

    def real(self) -> str | None:
        """The node of the prompt that is running."""
        return self.places[self.node].real if self.node in self.places else self.node
