"""A worker as a child process, spoken to over a socket on the loopback interface."""

import asyncio
import contextlib
import hmac
import itertools
import logging
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec

from graph.events import FINAL, Event
from graph.messages import (
    Answer,
    Ask,
    Free,
    Hello,
    Interrupt,
    Job,
    JobEvents,
    Order,
    Ping,
    Pong,
    Ready,
    Reload,
    Run,
    Said,
    Shutdown,
    ToServer,
)
from graph.workers import framing, memory_kills
from graph.workers.worker import RESTARTED, AskError, WorkerDied, WorkerSettings

PROJECT = Path(__file__).resolve().parents[2]
HEARTBEAT = 5.0
"""Seconds between two pings."""
SILENCE = 60.0
"""Seconds without an answer after which an idle worker is given up. A busy one may be deep in native code."""
CONNECT = 60.0
"""Seconds that a new process has for its first words."""
LINE_LIMIT = 1 << 16

logger = logging.getLogger("worker")


class LocalWorker:
    """A child process of the server, started as `python -m graph.workers.process`."""

    def __init__(
        self,
        name: str,
        settings: WorkerSettings,
        on_said: Callable[[Said], None] = lambda said: None,
        on_reloaded: Callable[[Ready], None] = lambda report: None,
    ) -> None:
        """`on_said` is told what packs want clients to know, `on_reloaded` which nodes there are after a reload."""
        self.name = name
        self._on_said = on_said
        self._on_reloaded = on_reloaded
        self._questions = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self.vitals: Pong | None = None
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[Ready] = self._loop.create_future()
        self._died: asyncio.Future[WorkerDied] = self._loop.create_future()
        self._jobs: dict[str, tuple[Callable[[Event], None], asyncio.Future[None]]] = {}
        self._fault: str | None = None
        self._memory_kills = memory_kills.count()
        self._heard = False
        self._last_line = ""
        self._tasks: set[asyncio.Task[None]] = set()

    def alive(self) -> bool:
        """Whether it has not died yet."""
        return not self._died.done()

    async def start(self) -> Ready:
        """Start the process and wait until its nodes are loaded. Raises WorkerDied."""
        token = secrets.token_hex(32)
        connected: asyncio.Future[None] = self._loop.create_future()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._accept(reader, writer, token, connected)

        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        try:
            port = listener.sockets[0].getsockname()[1]
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-u", "-X", "faulthandler", "-m", "graph.workers.process"),
                cwd=PROJECT,
                env=self._environment(port, token),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            self._spawn(self._watch(self._process))
            await _first(connected, self._died, timeout=CONNECT)
        finally:
            listener.close()
        if not connected.done() and not self._died.done():
            self._give_up(f"it did not report within {CONNECT:.0f} seconds of its start")
        await _first(self._ready, self._died)
        if self._died.done():
            raise self._died.result()
        self._spawn(self._beat())
        return self._ready.result()

    def _environment(self, port: int, token: str) -> dict[str, str]:
        return {
            **os.environ,
            "OMP_WAIT_POLICY": "PASSIVE",
            "GOMP_SPINCOUNT": "0",
            "PYTHONIOENCODING": "utf-8",
            "SAFELIGHT_WORKER_PORT": str(port),
            "SAFELIGHT_WORKER_TOKEN": token,
            "SAFELIGHT_WORKER_SETTINGS": msgspec.json.encode(self._settings).decode(),
        }

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self, job: Job, on_event: Callable[[Event], None]) -> None:
        """Run a job to its final event, calling `on_event` for each. Raises WorkerDied."""
        if self._died.done():
            raise self._died.result()
        finished: asyncio.Future[None] = self._loop.create_future()
        self._jobs[job.id] = (on_event, finished)
        try:
            self._send(Run(job))
            await _first(finished, self._died)
            if not finished.done():
                raise self._died.result()
        finally:
            self._jobs.pop(job.id, None)

    def interrupt(self, job_id: str) -> None:
        """Ask for the end of a job that is running."""
        self._send(Interrupt(job_id))

    def order(self, job_id: str, node: str, order: str) -> None:
        """Tell a node of a job that is running something."""
        self._send(Order(job_id, node, order))

    def free(self, models: bool, results: bool) -> None:
        """Ask it to give memory back, now or after the job that is running."""
        self._send(Free(models, results))

    def reload(self, pack: str | None, restart: bool) -> None:
        """Ask it to import packs anew, or to start anew, after the job that is running."""
        self._send(Reload(pack, restart))

    async def ask(self, what: str, question: Any) -> Any:
        """Ask it something, once its nodes are loaded. Raises WorkerDied, AskError."""
        await _first(self._ready, self._died)
        number = next(self._questions)
        answered: asyncio.Future[Answer] = self._loop.create_future()
        self._asked[number] = answered
        try:
            self._send(Ask(number, what, msgspec.json.encode(question)))
            await _first(answered, self._died)
        finally:
            del self._asked[number]
        if not answered.done():
            raise self._died.result()
        answer = answered.result()
        if answer.error is not None:
            raise AskError(answer.error)
        return msgspec.json.decode(answer.payload)

    async def died(self) -> WorkerDied:
        """Wait until it has died, and say why."""
        return await asyncio.shield(self._died)

    async def stop(self, patience: float, reason: str) -> None:
        """End it: asked to, and after `patience` seconds forced. `reason`, a clause about it, is why it died then."""
        if self._process is None or not self.alive():
            return
        if patience > 0 and self._writer is not None:
            self._send(Shutdown())
            await asyncio.wait({self._died}, timeout=patience)
        self._give_up(reason)
        await asyncio.wait({self._died})

    def _send(self, message: msgspec.Struct) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(framing.encode(message))

    def _give_up(self, reason: str) -> None:
        if self._process is not None and self._process.returncode is None:
            self._fault = self._fault or reason
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _accept(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        token: str,
        connected: "asyncio.Future[None]",
    ) -> None:
        decoder = msgspec.msgpack.Decoder(ToServer)
        try:
            first = await asyncio.wait_for(framing.read(reader, decoder), 10)
            known = isinstance(first, Hello) and hmac.compare_digest(first.token, token)
            if not known or connected.done():
                return
            connected.set_result(None)
            self._writer = writer
            while True:
                self._receive(await framing.read(reader, decoder))
        except (EOFError, ConnectionError, TimeoutError) as error:
            # A connection that is reset is what a process leaves that ends with something unread.
            if writer is self._writer and not isinstance(error, EOFError | ConnectionResetError):
                self._give_up(f"the connection to it failed ({error})")
        finally:
            writer.close()
            if writer is self._writer:
                # A process that has closed its connection is ending, as a rule.
                self._loop.call_later(5, self._give_up, "it closed its connection and did not end")

    def _receive(self, message: ToServer) -> None:
        self._heard = True
        match message:
            case Ready() if not self._ready.done():
                self._ready.set_result(message)
            case Ready():
                self._on_reloaded(message)
            case Pong():
                self.vitals = message
            case Answer(number) if (answered := self._asked.get(number)) and not answered.done():
                answered.set_result(message)
            case Said():
                self._on_said(message)
            case JobEvents(job_id, events) if job_id in self._jobs:
                on_event, finished = self._jobs[job_id]
                for event in events:
                    on_event(event)
                if isinstance(events[-1], FINAL):
                    del self._jobs[job_id]
                    finished.set_result(None)

    async def _beat(self) -> None:
        unanswered = 0
        while not self._died.done():
            self._heard = False
            self._send(Ping())
            await asyncio.wait({self._died}, timeout=HEARTBEAT)
            # Counted, not measured: after the machine has slept, the clock says nothing about the worker.
            unanswered = 0 if self._heard or self._jobs else unanswered + 1
            if unanswered * HEARTBEAT >= SILENCE:
                self._give_up(f"it did not answer for {SILENCE:.0f} seconds")

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        output = self._loop.create_task(self._log(process.stdout))
        code = await process.wait()
        # A grandchild may hold the pipe open: what it says later is nobody's business.
        await asyncio.wait({output}, timeout=1)
        output.cancel()
        fault = None if code == RESTARTED else self._fault  # its end may have looked like a broken connection
        self._died.set_result(WorkerDied(fault or self._death(code)))

    def _death(self, code: int) -> str:
        taken = self.vitals.memory if self.vitals else None
        return death(code, self._last_line, memory_kills.cause(self._memory_kills, memory_kills.count(), taken))

    async def _log(self, stream: asyncio.StreamReader) -> None:
        async for line in lines(stream):
            self._last_line = line
            logger.info(line)


async def _first(*futures: "asyncio.Future[Any]", timeout: float | None = None) -> None:
    """Wait until one of the futures is done, or `timeout` seconds."""
    await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """The non-empty lines of a process's output; a carriage return ends one too, as progress bars use it."""
    rest = b""
    while chunk := await stream.read(LINE_LIMIT):
        *complete, rest = re.split(rb"[\r\n]+", rest + chunk)
        if len(rest) > LINE_LIMIT:
            complete, rest = [*complete, rest], b""
        for line in complete:
            if line.strip():
                yield line.decode(errors="replace").rstrip()
    if rest.strip():
        yield rest.decode(errors="replace").rstrip()


def death(code: int, last_line: str, kill: str = "") -> str:
    """Why a process ended with this return code (negative: a signal), as a clause about it.

    `kill` says more about one that was killed.
    """
    said = f'; its last words were "{last_line[:300]}"' if last_line else ""
    if code == RESTARTED:
        return "it was asked to start anew"
    if code >= 0:
        return f"it ended with exit code {code}{said}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    match name:
        case "SIGKILL":
            return f"it was killed (SIGKILL){kill}"
        case "SIGSEGV" | "SIGBUS" | "SIGILL" | "SIGFPE":
            return f"it crashed in native code ({name}: segmentation fault or the like)"
        case "SIGABRT":
            return f"native code ended it (SIGABRT){said}"
    return f"it was ended by {name}"
