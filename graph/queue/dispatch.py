"""Takes jobs from the queue to the workers, and tells what happens to them.

For each worker a task starts it, gives it jobs, and replaces it when it dies; nothing that a worker does ends the
server. Everything here runs on the event loop; the table of jobs is used on a thread of its own.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

import orjson

from graph import events
from graph.messages import PREVIEW_METHODS, Job, Ready
from graph.queue.history import HistoryLimits
from graph.queue.jobs import JobStore, QueueStatus
from graph.queue.running_job import RunningJob
from graph.queue.table import JobRecord, State
from graph.workers.worker import Worker, WorkerDied

INTERRUPT_PATIENCE = 0.9
"""Seconds after which a worker that has not ended an interrupted job is killed."""
MOST_DEATHS = 3
"""Workers that may die before they have begun a job; it is failed then."""
PRUNE_SECONDS = 3600.0
STOP_PATIENCE = 3.0
LONGEST_BACKOFF = 30.0
POLL = 0.05
"""Seconds between two looks for a worker that can be asked something."""

logger = logging.getLogger("dispatch")
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Listener(Protocol):
    """Who wants to know; called on the event loop, must not block."""

    def queue_changed(self, status: QueueStatus) -> None:
        """A job came, was claimed, ended or was deleted, or the queue was paused or not."""

    def happened(self, job: RunningJob, event: events.Event) -> None:
        """An event of a running job."""

    def ended(self, job: RunningJob) -> None:
        """The job has its entry in the history."""


class Dispatcher:
    """The queue, its workers and its history.

    `workers` make a new worker each time that they are called; `on_ready` and `on_down` are told when one has loaded
    its nodes, and when one has died, and why.
    """

    def __init__(
        self,
        jobs: Path,
        limits: HistoryLimits,
        workers: Sequence[Callable[[], Worker]],
        previews: str,
        on_ready: Callable[[Ready], None],
        on_down: Callable[[str], None],
    ) -> None:
        self.running: dict[str, RunningJob] = {}
        self.workers: list[Worker | None] = [None] * len(workers)
        self.listeners: list[Listener] = []
        self._open = partial(JobStore, jobs, limits)
        self._factories = list(workers)
        self._previews = previews
        self._on_ready, self._on_down = on_ready, on_down
        self._thread = ThreadPoolExecutor(1, "jobs")
        self._store: asyncio.Future[JobStore] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Event()
        self._deaths: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    async def start(self, before_work: Callable[[], None]) -> None:
        """Open the table of jobs and start the workers, without waiting for them.

        `before_work` is called once the table is ours, on its thread. Raises sqlite3.Error, OSError.
        """
        store = await self._in_thread(self._open)
        await self._in_thread(before_work)
        self._store.set_result(store)
        self.changed()
        self._tasks = [asyncio.create_task(self._tend(index)) for index in range(len(self._factories))]
        self._tasks.append(asyncio.create_task(self._prune_now_and_then()))

    async def stop(self) -> None:
        """End the workers; jobs that were running are queued again."""
        if not self._tasks:
            return
        self._stopping.set()
        await asyncio.gather(
            *(worker.stop(STOP_PATIENCE, "the server ended") for worker in self.workers if worker is not None)
        )
        await asyncio.wait(self._tasks, timeout=1)  # time to put their jobs back
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._store.done():
            await self._in_thread(self._store.result().close)
        self._thread.shutdown()

    async def _in_thread(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def store(self, method: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Call a method of JobStore on its thread: `await dispatcher.store(JobStore.queue)`."""
        return await self._in_thread(method, await asyncio.shield(self._store), *args, **kwargs)

    def changed(self) -> None:
        """Tell the workers and the listeners that the queue is not what it was."""
        status = self._store.result().status()
        self._wake()
        for listener in self.listeners:
            listener.queue_changed(status)

    def _wake(self) -> None:
        """Let all look again who wait for a job to run."""
        self._changed.set()
        self._changed = asyncio.Event()

    def paused(self) -> bool:
        """Whether waiting jobs do not begin."""
        return self._store.done() and self._store.result().status().paused

    def interrupt(self, job_id: str | None = None) -> None:
        """Interrupt a running job, or all that have not given way; a worker that does not react is replaced."""
        for id, job in self.running.items():
            if (job_id == id or (job_id is None and job.guest is None)) and not job.interrupted:
                job.interrupted = True
                job.worker.interrupt(id)
                asyncio.get_running_loop().call_later(INTERRUPT_PATIENCE, self._insist, job)

    def order(self, job_id: str, node: str, order: str) -> None:
        """Tell a node of a running job something. Raises KeyError for a job that does not run."""
        self.running[job_id].worker.order(job_id, node, order)

    def _insist(self, job: RunningJob) -> None:
        if self.running.get(job.record.id) is not job:
            return
        if job.has_turn():
            self._tasks.append(asyncio.create_task(job.worker.stop(0, "it ignored an interrupt")))
        else:
            asyncio.get_running_loop().call_later(INTERRUPT_PATIENCE, self._insist, job)

    def free(self, models: bool, results: bool) -> None:
        """Ask all workers to give memory back."""
        for worker in self.workers:
            if worker is not None:
                worker.free(models, results)

    async def ask(self, what: str, question: Any, patience: float) -> Any:
        """Ask a worker something, as soon as one has loaded its nodes.

        Raises AskError with its complaint, TimeoutError if none has answered after `patience` seconds.
        """
        async with asyncio.timeout(patience):
            while True:
                for worker in self.workers:
                    if worker is not None and worker.alive():
                        with contextlib.suppress(WorkerDied):
                            return await worker.ask(what, question)
                await asyncio.sleep(POLL)

    def reload_packs(self, pack: str | None, restart: bool) -> None:
        """Ask all workers to import a pack or all of them anew, or to start anew, as soon as they run no job."""
        for worker in self.workers:
            if worker is not None:
                worker.reload(pack, restart)

    async def _tend(self, index: int) -> None:
        """Keep one worker alive and busy."""
        failures = 0
        while not self._stopping.is_set():
            worker = self._factories[index]()
            self.workers[index] = worker
            try:
                self._on_ready(await worker.start())
                failures = 0
                await self._serve(worker)
            except Exception as error:  # whatever went wrong, the queue must go on
                if self._stopping.is_set():
                    return
                known = isinstance(error, WorkerDied | OSError | sqlite3.Error)
                logger.error("%s is started again: %s", worker.name, error, exc_info=None if known else error)
                self._on_down(str(error))
                await worker.stop(0, str(error))
            await asyncio.sleep(min(2.0 ** min(failures, 10) - 1, LONGEST_BACKOFF))
            failures += 1

    async def _prune_now_and_then(self) -> None:
        """Forget what has become too old, on a server on which nothing happens too."""
        stopping = asyncio.create_task(self._stopping.wait())
        while not (await asyncio.wait({stopping}, timeout=PRUNE_SECONDS))[0]:
            try:
                await self.store(JobStore.prune)
            except sqlite3.Error as error:
                logger.warning("the history could not be pruned: %s", error)

    async def _serve(self, worker: Worker) -> None:
        """Give jobs to a worker for as long as it lives. Raises WorkerDied."""
        death = asyncio.create_task(worker.died())
        try:
            while worker.alive() and not self._stopping.is_set():
                changed = self._changed
                record = await self.store(JobStore.claim)
                if record is None:
                    seconds = await self.store(JobStore.seconds_to_wait)
                    waiting = asyncio.create_task(changed.wait())
                    await asyncio.wait({waiting, death}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
                elif self._stopping.is_set() or not worker.alive():
                    await self.store(JobStore.release, record.id)
                else:
                    await self._run(worker, record)
            raise await worker.died()
        finally:
            death.cancel()

    async def _run(self, worker: Worker, record: JobRecord, host: RunningJob | None = None) -> None:
        """Run a job, in the place of `host` if that gives way to it."""
        extra = orjson.loads(record.extra_data)
        pnginfo, previews = extra.get("extra_pnginfo"), extra.get("preview_method")
        job = self.running[record.id] = RunningJob(record, worker, is_guest=host is not None)
        if host is not None:
            host.guest = job
        self.changed()
        lending = asyncio.create_task(self._lend(job)) if record.gives_way else None
        message = Job(
            id=record.id,
            prompt=record.prompt,
            targets=orjson.loads(record.targets),
            extra_pnginfo=pnginfo if isinstance(pnginfo, dict) else {},
            previews=previews if previews in PREVIEW_METHODS else self._previews,
            client_id=record.client_id,
            ticket=record.seq,
            start=self._store.result().start,
        )
        try:
            if await self._to_its_end(job, message):
                await self._finish(job)
        except Exception as error:
            fault = _failed(job, type(error).__name__, f"The server failed while it followed this job: {error}.", "")
            await self.store(JobStore.finish, record.id, "error", job.outputs, [*job.kept, fault])
            raise
        finally:
            del self.running[record.id]
            if host is not None and worker.alive():
                host.guest = None
            if lending is not None:
                self._wake()
                await lending

    async def _lend(self, host: RunningJob) -> None:
        """Give jobs that do not take long to a worker whose job gives way to them, until that has ended."""
        id, worker = host.record.id, host.worker
        while self.running.get(id) is host and worker.alive() and not (host.interrupted or self._stopping.is_set()):
            changed = self._changed
            guest = await self.store(JobStore.claim, quick=True) if host.giving_way else None
            if guest is None:
                await changed.wait()
            elif self.running.get(id) is not host or not worker.alive():
                await self.store(JobStore.release, guest.id)
                self._wake()
            else:
                await self._run(worker, guest, host)

    async def _to_its_end(self, job: RunningJob, message: Job) -> bool:
        """Run a job; False if it was put back into the queue instead, as the server ends or the worker never had it."""
        if job.interrupted:  # between being claimed and being sent
            self._happened(job, events.Interrupted(None, None, [], int(time.time() * 1000)))
            return True
        try:
            await job.worker.run(message, partial(self._happened, job))
        except WorkerDied as death:
            if self._stopping.is_set() or self._may_be_tried_again(job):
                await self.store(JobStore.release, job.record.id)
                return False
            self._happened(job, _final_event(job, str(death)))
        self._deaths.pop(job.record.id, None)
        return True

    def _may_be_tried_again(self, job: RunningJob) -> bool:
        """Whether a job whose worker has died had not begun, or given way to another, for the first or second time."""
        self._deaths[job.record.id] += 1
        innocent = not job.kept or job.guest is not None
        return innocent and not job.interrupted and self._deaths[job.record.id] < MOST_DEATHS

    def _happened(self, job: RunningJob, event: events.Event) -> None:
        match event:
            case events.NodeStarted(node):
                job.node = node
            case events.Shown(node):
                job.shown[node] = event
            case events.GivesWay(node):
                job.giving_way.add(node)
                self._wake()
            case events.NodeFinished(node, ui):
                job.shown.pop(node, None)
                job.giving_way.discard(node)
                job.executed.append(node)
                if ui is not None:
                    job.outputs[node] = ui
            case events.Expanded(nodes):
                job.places.update(nodes)
            case events.Blocked():
                job.kept.append(event)
            case events.Started() | events.Cached() | events.Succeeded() | events.Failed() | events.Interrupted():
                job.kept.append(event)
        for listener in self.listeners:
            listener.happened(job, event)

    async def _finish(self, job: RunningJob) -> None:
        final = job.kept[-1]
        shown = {id: job.places[id] for id in job.outputs if id in job.places}
        if shown:  # so that the history can say where they belong
            job.kept.insert(-1, events.Expanded(shown))
        states: dict[type, State] = {events.Succeeded: "success", events.Interrupted: "interrupted"}
        state = states.get(type(final), "error")
        if isinstance(final, events.Failed):
            logger.error("job %s failed: %s\n%s", job.record.id, final.message, "".join(final.traceback))
        else:
            logger.info("job %s: %s", job.record.id, state)
        await self.store(JobStore.finish, job.record.id, state, job.outputs, job.kept)
        self.changed()
        for listener in self.listeners:
            listener.ended(job)


def _final_event(job: RunningJob, reason: str) -> events.Event:
    """How a job ended whose worker has died."""
    if job.interrupted:
        return events.Interrupted(job.real(), job.node_type(), job.executed, int(time.time() * 1000))
    message = f"The worker process died while it ran this job: {reason}."
    advice = "The next jobs run in a new worker. If memory ran out, use a smaller picture, batch or model."
    return _failed(job, "WorkerDied", message, advice)


def _failed(job: RunningJob, kind: str, message: str, advice: str) -> events.Failed:
    return events.Failed(
        node=job.real(),
        node_type=job.node_type(),
        exception_type=kind,
        message=message,
        traceback=[],
        executed=job.executed,
        current_inputs={},
        time=int(time.time() * 1000),
        advice=advice,
    )
