"""The worker's process: `python -m graph.workers.process`, started by `graph.workers.local`.

The main thread loads the nodes and runs jobs, as some libraries insist on it. A second one reads the server's commands,
so that an interrupt and a ping are answered while a job runs. When the server goes away the process ends.
"""

import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path

import msgspec

from graph.cache import ResultCache
from graph.content import ContentHashes
from graph.events import Event, Failed, NodeFinished
from graph.execute import Executor
from graph.folders import Folders
from graph.messages import Free, Hello, Interrupt, Job, JobEvent, Ping, Ready, Run, Shutdown, ToServer, ToWorker
from graph.registry import load
from graph.workers import framing
from graph.workers.device import default_cache_bytes, device, release_models, select, versions, vitals
from graph.workers.worker import WorkerSettings


class Link:
    """The connection to the server. Without it there is nothing to work for: the process ends when it breaks."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sending = threading.Lock()
        self._decoder = msgspec.msgpack.Decoder(ToWorker)

    def send(self, message: ToServer) -> None:
        """Send a message, from any thread."""
        frame = framing.encode(message)
        try:
            with self._sending:
                self._socket.sendall(frame)
        except OSError:
            os._exit(1)

    def receive(self) -> ToWorker:
        """Wait for a command. Raises EOFError, OSError."""
        return framing.receive(self._socket, self._decoder)


class Control(threading.Thread):
    """Reads commands: hands jobs to the main thread through `work`, and answers the others at once."""

    def __init__(self, link: Link) -> None:
        super().__init__(name="control", daemon=True)
        self.work: queue.SimpleQueue[tuple[Job, threading.Event] | Free] = queue.SimpleQueue()
        self._link = link
        self._current: tuple[str, threading.Event] | None = None

    def run(self) -> None:
        """Read until the connection ends, and the process with it."""
        try:
            while True:
                self._obey(self._link.receive())
        except (EOFError, OSError):
            os._exit(1)

    def _obey(self, command: ToWorker) -> None:
        match command:
            case Run(job):
                interrupted = threading.Event()
                self._current = (job.id, interrupted)
                self.work.put((job, interrupted))
            case Interrupt(job_id):
                if self._current and self._current[0] == job_id:
                    self._current[1].set()
            case Free():
                self.work.put(command)
            case Ping():
                self._link.send(vitals())
            case Shutdown():
                sys.stdout.flush()
                os._exit(0)


def main() -> None:
    """Connect, load the nodes, then run what is asked for until the server ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server says what to do
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stdout)
    settings = msgspec.json.decode(os.environ.pop("SAFELIGHT_WORKER_SETTINGS"), type=WorkerSettings)
    link = Link(int(os.environ.pop("SAFELIGHT_WORKER_PORT")))
    link.send(Hello(os.environ.pop("SAFELIGHT_WORKER_TOKEN"), os.getpid()))
    control = Control(link)
    control.start()

    folders = _folders(settings)
    registry = load(settings.packages, folders.custom_nodes if settings.packs else None)
    try:
        select(settings.device)
    except ValueError as error:
        sys.exit(str(error))
    cache = ResultCache(settings.cache_bytes or default_cache_bytes())
    content = ContentHashes(folders.user / "cache" / "content.sqlite")
    executor = Executor(registry, cache, folders, content, metadata=settings.metadata)
    link.send(Ready(registry.schemas(), list(registry.problems), device(), versions()))
    while True:
        match control.work.get():
            case (job, interrupted):
                _run(executor, job, interrupted, link)
            case Free(models, results):
                if results:
                    cache.clear()
                if models:
                    release_models()


def _run(executor: Executor, job: Job, interrupted: threading.Event, link: Link) -> None:
    def emit(event: Event) -> None:
        if isinstance(event, NodeFinished):
            msgspec.json.encode(event.ui)  # raises for what could not be shown, before the server meets it
        link.send(JobEvent(job.id, event))

    try:
        executor.run(job, emit, interrupted)
    except BaseException as error:  # noqa: BLE001 - whatever a node throws, SystemExit too, the next job must run
        link.send(JobEvent(job.id, _failed(error)))


def _failed(error: BaseException) -> Failed:
    return Failed(
        node=None,
        node_type=None,
        exception_type=type(error).__qualname__,
        message=f"The job could not be executed ({type(error).__qualname__}: {error}).",
        traceback=traceback.format_exception(error),
        executed=[],
        current_inputs={},
        time=int(time.time() * 1000),
        advice="This is a fault of the program; the worker's log has its traceback.",
    )


def _folders(settings: WorkerSettings) -> Folders:
    return Folders(
        base=Path(settings.base),
        models=Path(settings.models),
        input=Path(settings.input),
        output=Path(settings.output),
        temp=Path(settings.temp),
        user=Path(settings.user),
        custom_nodes=Path(settings.custom_nodes),
    )


if __name__ == "__main__":
    main()
