"""Async nodes: their tasks, on an event loop that turns between the calls of other nodes."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from graph.context import set_current
from graph.execution.node_context import NodeContext


@dataclass(frozen=True, slots=True)
class Question:
    """A coroutine of the node `id` waits for its lazy input `name`, for the call `index`."""

    id: str
    name: str
    index: int
    future: "asyncio.Future[Any]"


class Tasks:
    """The tasks of one job. There is no event loop before the first, and none runs while a node is called.

    `invoke` is how nodes are called: the loop, in which they run on, is called so as well.
    """

    def __init__(self, invoke: Callable[..., Any]) -> None:
        self._invoke = invoke
        self.questions: list[Question] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._waiting: dict[str, list[asyncio.Task[Any]]] = {}

    def __bool__(self) -> bool:
        """Whether any task has not ended yet, or a node has not been told that it has."""
        return bool(self._running or self._waiting)

    def start(self, coroutine: Coroutine[Any, Any, Any], node_context: NodeContext) -> "asyncio.Task[Any]":
        """Make a task of what an async node has given; it runs when the loop turns."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        own = copy_context()
        own.run(set_current, node_context)
        task = self._loop.create_task(coroutine, context=own)
        self._running.add(task)
        return task

    def wait(self, id: str, tasks: Iterable["asyncio.Task[Any]"]) -> None:
        """A node goes on when these tasks have ended."""
        self._waiting[id] = list(tasks)

    def ask(self, id: str, name: str, index: int) -> "asyncio.Future[Any]":
        """A node's coroutine asks for a lazy input."""
        assert self._loop is not None
        question = Question(id, name, index, self._loop.create_future())
        self.questions.append(question)
        return question.future

    def turn(self, seconds: float) -> list[str]:
        """Let tasks run once around, or up to `seconds` until one ends; the nodes all of whose tasks have ended."""
        assert self._loop is not None
        self._invoke(self._loop.run_until_complete, _turn(self._running, seconds))
        self._running = {task for task in self._running if not task.done()}
        ready = [id for id, tasks in self._waiting.items() if all(task.done() for task in tasks)]
        for id in ready:
            del self._waiting[id]
        return ready

    def waiting(self) -> list[str]:
        """The nodes whose tasks run."""
        return list(self._waiting)

    def close(self) -> None:
        """Cancel what still runs."""
        if self._loop is None:
            return
        for task in self._running:
            task.cancel()
        self._loop.run_until_complete(_end(self._running))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _end(tasks: set["asyncio.Task[Any]"]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


async def _turn(tasks: set["asyncio.Task[Any]"], seconds: float) -> None:
    if seconds and tasks:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.sleep(0)
