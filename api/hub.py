"""The open WebSockets: who is told what.

The frames of a job go to the client that posted it. Only `status` and `execution_interrupted` of a job without a
client go to everybody. Each socket has its own outgoing queue, so that a slow one delays nobody.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from api import frames
from graph import events
from graph.messages import Said
from graph.queue.jobs import QueueStatus
from graph.queue.running_job import RunningJob

QUEUED_LIMIT = 64 << 20
"""Bytes that may wait for a client; one that is further behind is cut off."""
QUEUED_PREVIEWS = 1 << 20
"""Bytes that may wait before previews are left out."""
WHOLE_STATES_UP_TO = 40
"""Nodes; beyond that, whole progress states are sent at intervals, as each repeats all nodes."""
STATE_INTERVAL = 0.1
REPEATS = 4
"""Entries that whole states may repeat for each change, beyond that number: what is sent stays linear."""


class Client:
    """One socket, with the id and the abilities that its client has named."""

    def __init__(self, id: str, socket: web.WebSocketResponse, abort: Callable[[], None]) -> None:
        """`abort` breaks the connection off."""
        self.id = id
        self.socket = socket
        self._abort = abort
        self.flags: dict[str, Any] = {}
        self._frames: deque[bytes | tuple[bytes]] = deque()
        self._queued = 0
        self._more = asyncio.Event()

    def send(self, frame: bytes) -> None:
        """Queue a text frame."""
        self._put(frame, len(frame))

    def send_binary(self, frame: bytes) -> None:
        """Queue a picture, unless the client is behind."""
        if self._queued < QUEUED_PREVIEWS:
            self._put((frame,), len(frame))

    def _put(self, frame: bytes | tuple[bytes], size: int) -> None:
        self._queued += size
        if self._queued > QUEUED_LIMIT:
            self._frames.clear()
            self._abort()
            return
        self._frames.append(frame)
        self._more.set()

    async def deliver(self) -> None:
        """Send what is queued, until cancelled. Raises ConnectionError when the socket closes."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._frames:
                frame = self._frames.popleft()
                body, kind = (frame[0], WSMsgType.BINARY) if isinstance(frame, tuple) else (frame, WSMsgType.TEXT)
                await self.socket.send_frame(body, kind)
                self._queued -= len(body)


class Hub:
    """All clients, and the course of the running jobs."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}
        self._open: set[Client] = set()
        self._courses: dict[str, frames.Course] = {}
        self._jobs: dict[str, RunningJob] = {}
        self._late: dict[str, asyncio.TimerHandle] = {}
        self._log_readers: set[str] = set()
        self._queue = QueueStatus(remaining=0, paused=False)

    def join(self, client: Client) -> None:
        """A client has connected; it takes the place of an older connection of the same id."""
        self._clients[client.id] = client
        self._open.add(client)
        client.send(frames.text("status", {"status": frames.queue_status(self._queue), "sid": client.id}))
        for job in self._jobs.values():
            if job.record.client_id == client.id and job.node is not None:
                client.send(frames.text(*frames.executing(job.node, job.record.id, job.places)))

    def leave(self, client: Client) -> None:
        """A connection has ended; a newer one of the same id stays."""
        self._open.discard(client)
        if self._clients.get(client.id) is client:
            del self._clients[client.id]
            self._log_readers.discard(client.id)

    def introduce(self, client: Client, flags: dict[str, Any]) -> None:
        """A client has said what it can do; one that keeps states gets those of its running job."""
        client.flags = flags
        for id, course in self._courses.items():
            if course.nodes and self._client_of(self._jobs[id]) is client:
                client.send(course.whole())

    def clients(self) -> set[str]:
        """The ids of those that are connected."""
        return set(self._clients)

    def states(self, job_id: str) -> dict[str, dict[str, Any]]:
        """What the nodes of a running job have done so far, as `progress_state` frames say it."""
        course = self._courses.get(job_id)
        return course.nodes if course else {}

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(client.socket.close(code=1001, message=b"the server ends") for client in self._open))

    def broadcast(self, kind: str, data: Any) -> None:
        """Tell every client."""
        frame = frames.text(kind, data)
        for client in self._clients.values():
            client.send(frame)

    def say(self, said: Said) -> None:
        """Tell a client, or every one, what a pack wants them to know."""
        frame = frames.text(said.kind, orjson.Fragment(said.data))
        named = self._clients.get(said.client_id or "")
        for client in self._clients.values() if said.client_id is None else [named] if named else []:
            client.send(frame)

    def follow_logs(self, client_id: str, wanted: bool) -> None:
        """Send a client the lines of the log, or no longer."""
        (self._log_readers.add if wanted else self._log_readers.discard)(client_id)

    def send_logs(self, answer: dict[str, object]) -> None:
        """Send lines of the log to those who want them."""
        for id in self._log_readers & self._clients.keys():
            self._clients[id].send(frames.text("logs", answer))

    def _client_of(self, job: RunningJob) -> Client | None:
        return self._clients.get(job.record.client_id or "")

    def queue_changed(self, status: QueueStatus) -> None:
        """A job came, was claimed, ended or was deleted, or the queue was paused or not."""
        self._queue = status
        self.broadcast("status", {"status": frames.queue_status(status)})

    def happened(self, job: RunningJob, event: events.Event) -> None:
        """Tell the job's client about an event."""
        id = job.record.id
        self._jobs[id] = job
        course = self._courses.get(id) or self._courses.setdefault(id, frames.Course(id, job.places))
        node = course.follow(event)
        client = self._client_of(job)
        if client is None:
            if isinstance(event, events.Interrupted) and job.record.client_id is None:
                self.broadcast(*self._frame(event, id))
            return
        if isinstance(event, events.Preview):
            with_metadata = bool(client.flags.get("supports_preview_metadata"))
            client.send_binary(frames.preview(event, id, with_metadata, job.places))
            return
        if isinstance(event, events.Shown) and not client.flags.get("shows_while_running"):
            return
        # A node's state precedes the frame of the same event, but follows what the node shows.
        shows_first = isinstance(event, events.NodeFinished)
        if node is not None and not shows_first:
            self._send_state(client, course, node, id)
        if isinstance(event, events.FINAL):
            self._send_late_state(client, course, id, last=True)
        if frame := frames.frame_of(event, id, job.places):
            client.send(frames.text(*frame))
        if node is not None and shows_first:
            self._send_state(client, course, node, id)

    @staticmethod
    def _frame(event: events.Event, id: str) -> frames.Frame:
        frame = frames.frame_of(event, id)
        assert frame is not None
        return frame

    def _send_state(self, client: Client, course: frames.Course, node: str, id: str) -> None:
        if client.flags.get("progress_delta"):
            client.send(course.change(node))
            return
        course.allowance += REPEATS
        if len(course.nodes) <= WHOLE_STATES_UP_TO:
            client.send(course.whole())
        elif id not in self._late:
            loop = asyncio.get_running_loop()
            self._late[id] = loop.call_later(STATE_INTERVAL, self._send_late_state, client, course, id, False)

    def _send_late_state(self, client: Client, course: frames.Course, id: str, last: bool) -> None:
        """Send the state that waits, unless it would repeat too much; the `last` of a job always."""
        timer = self._late.pop(id, None)
        if timer is None:
            return
        timer.cancel()
        if last or course.allowance >= len(course.nodes):
            course.allowance = 0
            client.send(course.whole())
        else:
            loop = asyncio.get_running_loop()
            self._late[id] = loop.call_later(STATE_INTERVAL, self._send_late_state, client, course, id, False)

    def ended(self, job: RunningJob) -> None:
        """The job has its entry in the history."""
        id = job.record.id
        self._courses.pop(id, None)
        self._jobs.pop(id, None)
        if client := self._client_of(job):
            client.send(frames.text(*frames.executing(None, id)))
