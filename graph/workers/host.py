"""How another program's contract, or anything else that packs rely on, is brought into a worker.

`WorkerSettings.extensions` names packages. Each has a function `install(host: Host) -> Extension`, which is called
before any pack is imported.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

from graph.folders import Folders
from graph.messages import PackProblem, PackRoutes
from graph.node_spec import NodeSpec
from graph.registry import Registry
from graph.workers.worker import WorkerSettings

Answerer = Callable[[Any], Any]
"""Gets a question and gives the answer, both values of JSON. Called on a thread of its own, one question at a time."""


@dataclass(slots=True)
class Host:
    """The worker, as extensions see it.

    `say(kind, data, client_id)` sends clients a frame with values of JSON; it may be called from any thread. `answers`
    holds what the worker is asked by name; extensions may add to it.
    """

    folders: Folders
    settings: WorkerSettings
    say: Callable[[str, Any, str | None], None]
    answers: dict[str, Answerer] = field(default_factory=dict)


class Extension(Protocol):
    """What `install` gives back."""

    def nodes_of(self, module: ModuleType) -> Iterable[NodeSpec | PackProblem]:
        """The nodes that a pack declares in another form than `@node`, and what is wrong with those that are none."""

    def loaded(self, registry: Registry) -> PackRoutes | None:
        """All packs are loaded; the routes that they want, which are served from now on."""
