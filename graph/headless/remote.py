"""Having a workflow run by a server: Safelight's, or another one with ComfyUI's HTTP interface.

The result is waited for by asking for the history again and again, so that it is found after a restart of the server
too; the WebSocket only says how far the run is.
"""

import contextlib
import json
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from graph import events
from graph.caching.result import Ui
from graph.documents.plain_data import record, records
from graph.files.replace_file import replace_file
from graph.files.safe_path import UnsafePathError, inside
from graph.headless.http_client import HttpClient, NoAnswerError
from graph.headless.progress import Course, Progress
from graph.headless.websocket_client import WebSocket
from graph.headless.workflow import Source, prepare, workflow_of
from graph.places import Places
from graph.problem import labelled
from graph.results import Results, file_items
from graph.schema import Schemas
from graph.workflow_error import WorkflowError, WorkflowInterrupted

SECONDS_BETWEEN_QUESTIONS = 0.5
PATIENCE = 60.0
"""Seconds that a server may be gone while it is waited for: restarted, it goes on with its queue."""
TEMPORARY = "temp"
"""The folder, below that for files, of what the server does not keep."""

OVER: Final = ("execution_success", "execution_error", "execution_interrupted")


class RemoteServer:
    """The server at `url`. Files that it makes are fetched into the folder `output`."""

    def __init__(self, url: str, output: Path | str) -> None:
        self._http = HttpClient(url)
        self._output = Path(output).resolve()

    @cached_property
    def nodes(self) -> Schemas:
        """The nodes that it has. Raises WorkflowError."""
        found = self._http.get("/object_info")
        return found if isinstance(found, dict) else {}

    def run(
        self,
        workflow: Source,
        *,
        set: Mapping[str, Any] | None = None,
        targets: Iterable[str] | None = None,
        progress: Callable[[Progress], None] = lambda progress: None,
        interrupt: threading.Event | None = None,
        waiting: Callable[[str], None] = lambda text: None,
    ) -> Results:
        """Queue a workflow and wait for it; arguments and errors are those of `Engine.run`. No outputs come back.

        `waiting` is told what is waited for before the run begins. A workflow of which only a part can run is not run.
        """
        prepared = prepare(workflow_of(workflow), self.nodes, set or {})
        places = Places(prepared.prompt, self.nodes)
        wanted = None if targets is None else [places.node(str(target)) for target in targets]
        outputs = self._outputs(prepared.prompt) if wanted is None else wanted
        course = Course(prepared.prompt, outputs, self.nodes)
        begun = time.monotonic()
        listener = _Listener(self._http.url)
        try:
            extra = {"extra_pnginfo": prepared.extra_pnginfo}
            body = {"prompt": prepared.prompt, "client_id": listener.client_id, "extra_data": extra}
            id = self._queue(body if wanted is None else {**body, "partial_execution_targets": wanted})
            stop = interrupt or threading.Event()
            wait = _Wait(self._http, id, listener, course, stop, progress, waiting)
            entry = wait.entry()
        finally:
            listener.close()
        return self._results(entry, course, wait.warnings, time.monotonic() - begun)

    def _outputs(self, prompt: Mapping[str, Any]) -> list[str]:
        types = {id: str(record(node).get("class_type")) for id, node in prompt.items()}
        return [id for id, type in types.items() if record(self.nodes.get(type)).get("output_node")]

    def _queue(self, body: dict[str, Any]) -> str:
        said = record(self._http.post("/prompt", body))
        id = str(said.get("prompt_id"))
        if errors := record(said.get("node_errors")):
            withdraw(self._http, id)
            raise WorkflowError("\n".join(told_errors(errors)), node=next(iter(errors)), node_errors=errors)
        return id

    def _results(self, entry: Mapping[str, Any], course: Course, warnings: Iterable[str], seconds: float) -> Results:
        messages = [(kind, record(data)) for kind, data in record(entry.get("status")).get("messages") or ()]
        for kind, data in messages:
            if kind == "execution_interrupted":
                raise WorkflowInterrupted("The run was interrupted on the server.", node=data.get("node_id"))
            if kind == "execution_error" and not _is_blocked(data):
                raise _failure(data)
        if record(entry.get("status")).get("status_str") == "error":
            raise WorkflowError("The job has failed, and the server does not say why. See its log.")
        course.cached.update(id for kind, data in messages if kind == "execution_cached" for id in data["nodes"])
        told = [warning for kind, data in messages if (warning := _warning(kind, data, course))]
        ui: dict[str, Ui] = {
            id: {kind: items for kind, items in record(kinds).items() if isinstance(items, list)}
            for id, kinds in record(entry.get("outputs")).items()
        }
        cached = [id for id in course.needed if id in course.cached]
        ran = [id for id in course.needed if id not in course.cached]
        all_told = list(dict.fromkeys((*warnings, *told)))  # a server need not keep them in its history
        return Results({}, ui, self._fetch(ui), all_told, ran, cached, seconds)

    def _fetch(self, ui: Mapping[str, Ui]) -> list[Path]:
        """Fetch the files that nodes show, and say where they are now."""
        files: dict[Path, None] = {}
        for item in file_items(ui):
            place = {"filename": item["filename"], "subfolder": item.get("subfolder", ""), "type": item.get("type", "")}
            content = self._http.file("/view", place)
            folder = self._output / TEMPORARY if place["type"] == "temp" else self._output
            try:
                path = inside(folder, str(place["subfolder"]), place["filename"])
            except UnsafePathError as error:
                raise WorkflowError(f"The server names a file that cannot be kept. {error}") from None
            try:
                files[_keep(path, content)] = None
            except OSError as error:
                raise WorkflowError(f"The file '{path}' cannot be written: {error.strerror or error}.") from None
        return list(files)


class _Wait:
    """Waiting for a job to end."""

    def __init__(
        self,
        http: HttpClient,
        id: str,
        listener: "_Listener",
        course: Course,
        stop: threading.Event,
        progress: Callable[[Progress], None],
        waiting: Callable[[str], None],
    ) -> None:
        self._http, self._id, self._listener, self._course, self._stop = http, id, listener, course, stop
        self._progress, self._waiting = progress, waiting
        self._has_begun = False
        self.warnings: list[str] = []
        """What nodes have warned of so far."""

    def entry(self) -> Mapping[str, Any]:
        """The job's entry in the history. Raises WorkflowError, WorkflowInterrupted."""
        answered = asked = time.monotonic()
        while True:
            is_over = self._listen()
            if self._stop.is_set():
                withdraw(self._http, self._id)
                raise WorkflowInterrupted("The run was interrupted.")
            if not is_over and time.monotonic() - asked < SECONDS_BETWEEN_QUESTIONS:
                continue
            asked = time.monotonic()
            try:
                if entry := self._look():
                    return entry
                answered = asked
            except NoAnswerError:
                if asked - answered > PATIENCE:
                    raise
                self._waiting("The server does not answer; waiting for it to come back")

    def _listen(self) -> bool:
        """Take in what the server says, for a moment; whether that was the end."""
        kind, data = self._listener.next(SECONDS_BETWEEN_QUESTIONS / 5)
        if data.get("prompt_id") != self._id:
            return False
        if warning := _warning(kind, data, self._course):
            self.warnings.append(warning)
        event = _event_of(kind, data)
        if event is not None:
            self._has_begun = True
            now = self._course.follow(event)
            if now is not None:
                self._progress(now)
        return kind in OVER

    def _look(self) -> Mapping[str, Any] | None:
        if entry := self._finished():
            return entry
        if not self._has_begun:
            running, pending = _jobs(self._http)
            if self._id in pending:
                self._waiting(f"Waiting: {len(running) + pending.index(self._id)} jobs come before")
            elif self._id in running:
                self._waiting("Running")
            elif not (entry := self._finished()):
                raise WorkflowError("Somebody has taken the job out of the server's queue.")
            return entry
        return None

    def _finished(self) -> Mapping[str, Any] | None:
        return record(self._http.get(f"/history/{self._id}")).get(self._id)


class _Listener:
    """Hears what a server says of the jobs of a client, on a thread of its own; without a WebSocket, nothing."""

    def __init__(self, url: str) -> None:
        self.client_id = uuid.uuid4().hex
        self._heard: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        self._socket: WebSocket | None = None
        with contextlib.suppress(OSError):
            self._socket = WebSocket(f"{url}/ws?clientId={self.client_id}")
            threading.Thread(target=self._hear, args=[self._socket], name="progress", daemon=True).start()

    def next(self, seconds: float) -> tuple[str, dict[str, Any]]:
        """A frame, or an empty one if there is none within so many seconds."""
        try:
            return self._heard.get(timeout=seconds)
        except queue.Empty:
            return "", {}

    def close(self) -> None:
        """Hear nothing more."""
        if self._socket is not None:
            self._socket.close()

    def _hear(self, socket: WebSocket) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError):
            for message in socket.messages():
                frame = record(json.loads(message))
                self._heard.put((str(frame.get("type")), record(frame.get("data"))))


def withdraw(http: HttpClient, id: str) -> None:
    """Take a job out of the queue, or interrupt it if it runs. Raises WorkflowError."""
    http.post("/queue", {"delete": [id]})
    running, _ = _jobs(http)
    if id in running:  # a server that does not read the id would interrupt whatever runs
        http.post("/interrupt", {"prompt_id": id})


def _jobs(http: HttpClient) -> tuple[list[str], list[str]]:
    """The ids of the jobs that run and of those that wait, in order."""
    jobs = record(http.get("/queue"))
    running, pending = (
        [str(job[1]) for job in jobs.get(name) or () if isinstance(job, list) and len(job) > 1]
        for name in ("queue_running", "queue_pending")
    )
    return running, pending


def told_errors(node_errors: Mapping[str, Any]) -> list[str]:
    """What a server has against the nodes of a prompt, a sentence each."""
    errors = [error for node in node_errors.values() for error in records(record(node).get("errors"))]
    return list(dict.fromkeys(str(error.get("details") or error.get("message")) for error in errors))


def _event_of(kind: str, data: Mapping[str, Any]) -> events.Event | None:
    match kind, data:
        case "execution_start", _:
            return events.Started(0)
        case "execution_cached", {"nodes": list(nodes)}:
            return events.Cached([str(node) for node in nodes], 0)
        case "executing", {"node": str(node)}:
            return events.NodeStarted(node)
        case "progress", {"node": str(node), "value": int() | float() as value, "max": int() | float() as total}:
            return events.Progress(node, value, total)
        case "execution_success", _:
            return events.Succeeded(0)
    return None


def _is_blocked(data: Mapping[str, Any]) -> bool:
    """Whether an error only says that a node was skipped."""
    return bool(data.get("exception_type") == "ExecutionBlocked")


def _warning(kind: str, data: Mapping[str, Any], course: Course) -> str:
    """What a message warns of, if it does."""
    if kind == "execution_warning":
        node, text = data.get("node"), data.get("text")
    elif kind == "execution_error" and _is_blocked(data):
        node, text = data.get("node_id"), data.get("exception_message")
    else:
        return ""
    return f"{labelled(course.title(str(node)), str(node))}: {text}"


def _failure(data: Mapping[str, Any]) -> WorkflowError:
    message = str(data.get("exception_message")).strip()
    advice = str(data.get("advice") or "")
    return WorkflowError(f"{message} {advice}".strip(), node=data.get("node_id"), input=data.get("input_name"))


def _keep(path: Path, content: bytes) -> Path:
    """Write a file without writing over another one; where it lies in the end."""
    number, place = 1, path
    while place.exists() and place.read_bytes() != content:
        number += 1
        place = path.with_name(f"{path.stem}-{number}{path.suffix}")
    if not place.exists():
        replace_file(place, content)
    return place
