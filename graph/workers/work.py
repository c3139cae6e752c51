"""What the main thread of a worker is to do, in order; a job can be taken out of it ahead of its turn."""

import threading
from collections import deque
from typing import NamedTuple

from graph.execution.outside import Orders
from graph.messages import Free, Job, Reload
from graph.workers.interruption import Interruptible


class Begun(NamedTuple):
    """A job that was sent, and what whoever talks to it while it runs needs."""

    job: Job
    running: Interruptible
    orders: Orders


class Work:
    """A queue. Any thread may put."""

    def __init__(self) -> None:
        self._items: deque[Begun | Free | Reload] = deque()
        self._changed = threading.Condition()

    def put(self, item: Begun | Free | Reload) -> None:
        """Add something to do."""
        with self._changed:
            self._items.append(item)
            self._changed.notify()

    def get(self) -> Begun | Free | Reload:
        """The next thing to do, as soon as there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._items)
            return self._items.popleft()

    def has_job(self) -> bool:
        """Whether there is a job to run."""
        with self._changed:
            return any(isinstance(item, Begun) for item in self._items)

    def job(self) -> Begun | None:
        """The next job, whatever else there is to do before."""
        with self._changed:
            for item in self._items:
                if isinstance(item, Begun):
                    self._items.remove(item)
                    return item
        return None
