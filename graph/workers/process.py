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
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from graph.events import Event, Failed, NodeFinished, Shown
from graph.execution.execute import Executor
from graph.execution.garbage import collect_after_job, collect_seldom
from graph.execution.outside import Orders, Outside
from graph.messages import (
    Answer,
    Ask,
    Free,
    Hello,
    Interrupt,
    Order,
    Ping,
    Reload,
    Run,
    Said,
    Shutdown,
    ToServer,
    ToWorker,
)
from graph.workers import framing, interruption
from graph.workers.assembly import DeviceError, assemble
from graph.workers.caches import make_room
from graph.workers.device import release_models, vitals
from graph.workers.event_stream import EventStream
from graph.workers.host import Answerer
from graph.workers.interruption import Interruptible
from graph.workers.parent import end_with_parent
from graph.workers.work import Begun, Work
from graph.workers.worker import RESTARTED, WorkerSettings

FLUSH_SECONDS = 1.0
"""How long the end of the process may wait for results to be written."""


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

    def hold(self) -> None:
        """Send nothing more, and let those wait who want to."""
        self._sending.acquire()

    def receive(self) -> ToWorker:
        """Wait for a command. Raises EOFError, OSError."""
        return framing.receive(self._socket, self._decoder)


class Control(threading.Thread):
    """Reads commands: hands jobs to the main thread through `work`, and answers the others at once."""

    def __init__(self, link: Link) -> None:
        super().__init__(name="control", daemon=True)
        self.work = Work()
        self.questions: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        self.before_end: Callable[[], None] = lambda: None
        self._link = link
        self._jobs: dict[str, Begun] = {}

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
                self._jobs = {id: each for id, each in self._jobs.items() if not each.running.over}
                begun = self._jobs[job.id] = Begun(job, Interruptible(job.id, aside=True), Orders())
                self.work.put(begun)
            case Interrupt(job_id):
                if job_id in self._jobs:
                    self._jobs[job_id].running.request()
            case Order(job_id, node, order):
                if job_id in self._jobs:
                    self._jobs[job_id].orders.put(node, order)
            case Free() | Reload():
                self.work.put(command)
            case Ping():
                self._link.send(vitals())
            case Ask():
                self.questions.put(command)
            case Shutdown():
                self._link.hold()  # no node is to begin while results are being written
                self.before_end()
                sys.stdout.flush()
                os._exit(0)


class Answers(threading.Thread):
    """Answers the server's questions, one at a time."""

    def __init__(self, link: Link, questions: "queue.SimpleQueue[Ask]", answers: Mapping[str, Answerer]) -> None:
        super().__init__(name="answers", daemon=True)
        self._link = link
        self._questions = questions
        self._answers = answers

    def run(self) -> None:
        """Answer until the process ends."""
        while True:
            question = self._questions.get()
            try:
                answer = self._answers[question.what](msgspec.json.decode(question.payload))
                self._link.send(Answer(question.number, msgspec.json.encode(answer)))
            except Exception as error:  # code of packs answers too, and the next question must be answered
                logging.getLogger("worker").exception("the question '%s' could not be answered", question.what)
                self._link.send(Answer(question.number, error=f"{type(error).__name__}: {error}"))


def main() -> None:
    """Connect, load the nodes, then run what is asked for until the server ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server says what to do
    interruption.install()
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stdout)
    settings = msgspec.json.decode(os.environ.pop("SAFELIGHT_WORKER_SETTINGS"), type=WorkerSettings)
    link = Link(int(os.environ.pop("SAFELIGHT_WORKER_PORT")))
    link.send(Hello(os.environ.pop("SAFELIGHT_WORKER_TOKEN"), os.getpid()))
    control = Control(link)
    control.start()

    try:
        assembly = assemble(settings, partial(_say, link), interruption.call)
    except DeviceError as error:
        sys.exit(str(error))
    executor, cache = assembly.executor, assembly.executor.cache
    control.before_end = partial(cache.close, patience=FLUSH_SECONDS)
    Answers(link, control.questions, assembly.host.answers).start()
    collect_seldom()
    stream = EventStream(link.send)
    link.send(assembly.report())
    while True:
        match control.work.get():
            case Begun() as begun:
                _run(executor, begun, stream, control.work)
            case Free(models, results):
                if results:
                    cache.clear()
                if models:
                    release_models()
            case Reload(restart=True):
                control.before_end()
                sys.stdout.flush()
                os._exit(RESTARTED)
            case Reload(pack):
                executor.registry = assembly.installation.reload(pack)
                link.send(assembly.report())


def _run(executor: Executor, begun: Begun, stream: EventStream, work: Work) -> None:
    job, running, orders = begun
    running.aside = False
    ran_out = False

    def emit(event: Event) -> None:
        nonlocal ran_out
        if isinstance(event, Failed) and event.out_of_memory:
            ran_out = True
        elif isinstance(event, NodeFinished | Shown):
            msgspec.json.encode(event.ui)  # raises for what could not be shown, before the server meets it
        stream.put(job.id, event)

    def let_others_run() -> None:
        while guest := work.job():
            running.aside = True
            try:
                _run(executor, guest, stream, work)
            finally:
                running.aside = False

    try:
        executor.run(job, emit, running.flag, Outside(orders, work.has_job, let_others_run))
    except BaseException as error:  # noqa: BLE001 - whatever a node throws, SystemExit too, the next job must run
        stream.put(job.id, _failed(error))
    finally:
        running.end()
    collect_after_job()
    if ran_out:  # only now has nobody a hold on what the node had
        make_room(executor.cache)


def _say(link: Link, kind: str, data: Any, client_id: str | None = None) -> None:
    link.send(Said(kind, msgspec.json.encode(data), client_id))


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


if __name__ == "__main__":
    main()
