"""Sending the events of a job in bundles, as a graph of thousands of quick nodes tells of each of them.

An event that is waited for goes at once, and all before it with it: the end of a job, a preview, and the beginning of a
node, so that the node is known if it takes the process down.
"""

import threading
import time
from collections.abc import Callable

from graph.events import FINAL, Event, NodeStarted, Preview
from graph.messages import JobEvents

INTERVAL = 0.01
"""Seconds that other events may wait for company."""
URGENT = (*FINAL, NodeStarted, Preview)


class EventStream:
    """Takes the events of jobs, from any thread, and gives them on in order; a bundle has those of one job."""

    def __init__(self, send: Callable[[JobEvents], None]) -> None:
        self._send = send
        self._job_id = ""
        self._waiting: list[Event] = []
        self._lock = threading.Lock()
        self._more = threading.Event()
        threading.Thread(target=self._send_leftovers, name="events", daemon=True).start()

    def put(self, job_id: str, event: Event) -> None:
        """Take an event of a job. An urgent one is on its way, and all before it, when this returns."""
        with self._lock:
            if job_id != self._job_id and self._waiting:
                self._flush()
            self._job_id = job_id
            self._waiting.append(event)
            if isinstance(event, URGENT):
                self._flush()
            elif len(self._waiting) == 1:
                self._more.set()

    def _flush(self) -> None:
        bundle, self._waiting = self._waiting, []
        self._send(JobEvents(self._job_id, bundle))

    def _send_leftovers(self) -> None:
        while True:
            self._more.wait()
            self._more.clear()
            time.sleep(INTERVAL)
            with self._lock:
                if self._waiting:
                    self._flush()
