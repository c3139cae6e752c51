"""What the dispatcher expects of a worker, wherever it runs."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from graph.events import Event
from graph.messages import Job, Pong, Ready

RESTARTED = 64
"""The exit code of a worker that was asked to start anew."""


class WorkerDied(Exception):
    """A worker is gone; the message is the reason as a clause, e.g. "it was killed (SIGKILL): out of memory?"."""


class AskError(Exception):
    """A worker could not answer a question; the message is a sentence that says why."""


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker has to know; folders are absolute paths. Budgets that are None are left to the worker; a
    `disk_cache_bytes` of 0 keeps no results on disk.
    """

    packages: list[str]
    base: str
    models: str
    input: str
    output: str
    temp: str
    user: str
    custom_nodes: str
    packs: bool = True
    sources: list[str] = []
    """Packages beside the nodes' own that results depend on."""
    extensions: list[str] = []
    """Packages whose `install` is called before the nodes are loaded; see `graph.workers.host`."""
    device: str | None = None
    cache_bytes: int | None = None
    disk_cache_bytes: int | None = None
    metadata: bool = True


class Worker(Protocol):
    """A place where jobs run, one at a time, or one within another that gives way to it.

    A worker that has died is not used again: another one is made.
    """

    name: str
    vitals: Pong | None
    """What the worker last said about its memory."""

    def alive(self) -> bool:
        """Whether it has not died yet."""

    async def start(self) -> Ready:
        """Start it and wait until its nodes are loaded. Raises WorkerDied."""

    async def run(self, job: Job, on_event: Callable[[Event], None]) -> None:
        """Run a job to its final event, calling `on_event` for each. Raises WorkerDied."""

    def interrupt(self, job_id: str) -> None:
        """Ask for the end of a job that is running."""

    def order(self, job_id: str, node: str, order: str) -> None:
        """Tell a node of a job that is running something."""

    def free(self, models: bool, results: bool) -> None:
        """Ask it to give memory back, now or after the job that is running."""

    def reload(self, pack: str | None, restart: bool) -> None:
        """Ask it to import a pack or all of them anew after the job that is running, or to start anew as a whole."""

    async def ask(self, what: str, question: Any) -> Any:
        """Ask it something, while a job runs as well; question and answer are values of JSON.

        Raises WorkerDied, and AskError with the worker's complaint.
        """

    async def died(self) -> WorkerDied:
        """Wait until it has died, and say why."""

    async def stop(self, patience: float, reason: str) -> None:
        """End it: asked to, and after `patience` seconds forced. `reason`, a clause about it, is why it died then."""
