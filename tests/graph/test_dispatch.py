"""The dispatcher with workers that do what a test says; tests/server has it with real ones."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from graph import events
from graph.messages import Device, Job, Pong, Ready
from graph.queue.dispatch import MOST_DEATHS, Dispatcher, RunningJob
from graph.queue.history import HistoryLimits, finished
from graph.queue.jobs import JobStore, NewJob, QueueStatus
from graph.workers.worker import WorkerDied

READY = Ready({}, [], Device("cpu", "cpu", None, 0, 0, 0, 0), {})
PROMPT = b'{"1":{"class_type":"A","inputs":{}}}'
Script = Callable[["Scripted", Job, Callable[[events.Event], None]], None]


class Scripted:
    """A worker that calls a function for each job; the function may `die`."""

    def __init__(self, script: Script) -> None:
        self.name = "scripted"
        self.vitals: Pong | None = None
        self.jobs: list[str] = []
        self.interrupts: list[str] = []
        self.busy = False
        self._script = script
        self._death: asyncio.Future[WorkerDied] = asyncio.get_running_loop().create_future()

    def alive(self) -> bool:
        return not self._death.done()

    def die(self, reason: str) -> None:
        self._death.set_result(WorkerDied(reason))

    async def start(self) -> Ready:
        return READY

    async def run(self, job: Job, on_event: Callable[[events.Event], None]) -> None:
        self.jobs.append(job.id)
        self._script(self, job, on_event)
        await (self.died() if self.busy else asyncio.sleep(0))
        if self._death.done():
            raise self._death.result()

    def interrupt(self, job_id: str) -> None:
        self.interrupts.append(job_id)

    def free(self, models: bool, results: bool) -> None:
        raise NotImplementedError

    async def died(self) -> WorkerDied:
        return await asyncio.shield(self._death)

    async def stop(self, patience: float, reason: str) -> None:
        if self.alive():
            self.die(reason)


def new(id: str) -> NewJob:
    return NewJob(id=id, prompt=PROMPT, extra_data=b"{}", targets=["1"], gives_way=id.startswith("training"))


class Diary:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.ends = asyncio.Queue[RunningJob]()
        self.on_change: Callable[[], None] = lambda: None

    def queue_changed(self, status: QueueStatus) -> None:
        self.entries.append(f"queue {status.remaining}{' paused' if status.paused else ''}")
        self.on_change()

    def happened(self, job: RunningJob, event: events.Event) -> None:
        self.entries.append(type(event).__name__)

    def ended(self, job: RunningJob) -> None:
        self.entries.append("ended")
        self.ends.put_nowait(job)


class Bench:
    """A dispatcher with scripted workers."""

    def __init__(self, folder: Path, scripts: list[Script]) -> None:
        self.workers: list[Scripted] = []
        self.diary = Diary()
        self.down: list[str] = []
        factories = [lambda script=script: self._make(script) for script in scripts]
        self.dispatcher = Dispatcher(
            folder / "jobs.sqlite", HistoryLimits(), factories, "auto", lambda _: None, self.down.append
        )
        self.dispatcher.listeners.append(self.diary)

    def _make(self, script: Script) -> Scripted:
        self.workers.append(Scripted(script))
        return self.workers[-1]

    async def accept(self, *ids: str) -> None:
        for id in ids:
            await self.dispatcher.store(JobStore.accept, new(id))
            self.dispatcher.changed()

    async def end_of(self, count: int) -> list[str]:
        async with asyncio.timeout(20):
            return [(await self.diary.ends.get()).record.id for _ in range(count)]

    async def state(self, id: str) -> str:
        record = await self.dispatcher.store(finished, id)
        assert record is not None
        return record.state


@pytest.fixture
async def bench(tmp_path: Path):
    made: list[Bench] = []

    async def make(*scripts: Script) -> Bench:
        made.append(Bench(tmp_path, list(scripts)))
        await made[0].dispatcher.start(before_work=lambda: None)
        return made[0]

    yield make
    await made[0].dispatcher.stop()


def succeed(worker: Scripted, job: Job, on_event: Callable[[events.Event], None]) -> None:
    on_event(events.Started(1))
    on_event(events.Succeeded(2))


async def test_the_history_is_written_before_the_end_is_told(bench):
    table = await bench(succeed)
    await table.accept("a")
    assert await table.end_of(1) == ["a"]
    assert table.diary.entries == ["queue 0", "queue 1", "queue 1", "Started", "Succeeded", "queue 0", "ended"]
    assert await table.state("a") == "success"
    assert table.dispatcher.running == {}


async def test_several_workers_share_the_queue_and_no_job_runs_twice(bench):
    table = await bench(succeed, succeed, succeed)
    ids = [str(index) for index in range(20)]
    await table.accept(*ids)
    assert sorted(await table.end_of(20)) == sorted(ids)
    assert sorted(id for worker in table.workers for id in worker.jobs) == sorted(ids)


async def test_a_job_that_is_interrupted_before_it_was_sent_does_not_run(bench):
    table = await bench(succeed)
    table.diary.on_change = lambda: table.dispatcher.interrupt("a")
    await table.accept("a", "b")
    assert await table.end_of(2) == ["a", "b"]
    assert await table.state("a") == "interrupted"
    assert await table.state("b") == "success"
    assert table.workers[0].jobs == ["b"]


async def test_a_job_that_never_began_is_given_to_the_next_worker(bench):
    def die_first(worker: Scripted, job: Job, on_event: Callable[[events.Event], None]) -> None:
        if len(table.workers) == 1:
            worker.die("it fell over")
        else:
            succeed(worker, job, on_event)

    table = await bench(die_first)
    await table.accept("a")
    await table.end_of(1)
    assert await table.state("a") == "success"
    assert table.down == ["it fell over"]


async def test_a_job_on_which_every_worker_dies_is_given_up(bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("graph.queue.dispatch.LONGEST_BACKOFF", 0.01)
    table = await bench(lambda worker, job, on_event: worker.die("it fell over"))
    await table.accept("a")
    await table.end_of(1)
    assert await table.state("a") == "error"
    assert len(table.workers) >= MOST_DEATHS


async def test_a_job_that_had_begun_is_failed_with_the_node(bench):
    def die_in_node(worker: Scripted, job: Job, on_event: Callable[[events.Event], None]) -> None:
        on_event(events.Started(1))
        on_event(events.NodeStarted("1"))
        worker.die("it fell over")

    table = await bench(die_in_node)
    await table.accept("a")
    (job,) = [await table.diary.ends.get()]
    failed = job.kept[-1]
    assert isinstance(failed, events.Failed)
    assert (failed.node, failed.node_type) == ("1", "A")
    assert "it fell over" in failed.message


async def test_a_fault_in_the_server_costs_one_job_and_not_the_queue(bench):
    def confuse(worker: Scripted, job: Job, on_event: Callable[[events.Event], None]) -> None:
        if job.id == "a":
            raise RuntimeError("a fault of ours")
        succeed(worker, job, on_event)

    table = await bench(confuse)
    await table.accept("a", "b")
    assert await table.end_of(1) == ["b"]
    assert await table.state("a") == "error"
    assert table.down == ["a fault of ours"]
    assert (await table.dispatcher.store(JobStore.status)).remaining == 0


async def test_a_paused_queue_goes_on_when_it_is_told_to(bench):
    def succeed_when_paused(worker: Scripted, job: Job, on_event: Callable[[events.Event], None]) -> None:
        statuses.append(table.diary.entries[-1])
        succeed(worker, job, on_event)

    statuses: list[str] = []
    table = await bench(succeed_when_paused)
    await table.dispatcher.store(JobStore.set_paused, True)
    await table.accept("a", "b")
    assert await table.dispatcher.store(JobStore.claim) is None
    assert table.diary.entries[-1] == "queue 2 paused"
    assert table.workers[0].jobs == []
    await table.dispatcher.store(JobStore.set_paused, False)
    table.dispatcher.changed()
    assert await table.end_of(2) == ["a", "b"]
    assert statuses == ["queue 2", "queue 1"]


async def test_a_job_that_is_kept_waiting_after_crashes_runs_in_the_end_by_itself(tmp_path: Path, bench):
    for _ in range(2):
        store = JobStore(tmp_path / "jobs.sqlite")
        if store.unfinished("a") is None:
            store.accept(new("a"))
        assert store.claim() is not None
        store.close()
    table = await bench(succeed)
    assert await table.end_of(1) == ["a"]
    assert await table.state("a") == "success"


async def test_a_worker_that_does_not_end_an_interrupted_job_is_replaced(bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("graph.queue.dispatch.INTERRUPT_PATIENCE", 0.01)

    def hang(worker: Scripted, job: Job, on_event: Callable[[events.Event], None]) -> None:
        on_event(events.Started(1))
        worker.busy = job.id == "a"
        if not worker.busy:
            on_event(events.Succeeded(2))

    table = await bench(hang)
    await table.accept("a")
    while not table.dispatcher.running:
        await asyncio.sleep(0.01)
    await table.accept("b")
    table.dispatcher.interrupt("b")
    table.dispatcher.interrupt("a")
    assert await table.end_of(2) == ["a", "b"]
    assert [await table.state("a"), await table.state("b")] == ["interrupted", "success"]
    assert table.workers[0].interrupts == ["a"]
    assert [worker.jobs for worker in table.workers] == [["a"], ["b"]]


async def test_a_job_that_gives_way_lets_quick_ones_run_and_does_not_fall_with_them(
    bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("graph.queue.dispatch.INTERRUPT_PATIENCE", 0.01)

    def act(worker: Scripted, job: Job, on_event: Callable[[events.Event], None]) -> None:
        on_event(events.Started(1))
        worker.busy = worker is table.workers[0] and job.id in ("training", "stubborn picture")
        if worker.busy:
            on_event(events.GivesWay("1"))
        else:
            on_event(events.Succeeded(2))

    table = await bench(act)
    await table.accept("training", "training later", "picture")
    assert await table.end_of(1) == ["picture"]
    assert table.workers[0].jobs == ["training", "picture"]
    await table.accept("stubborn picture")
    while "stubborn picture" not in table.workers[0].jobs:
        await asyncio.sleep(0.01)
    table.dispatcher.interrupt("training")  # it is not its turn, and so the worker lives
    await asyncio.sleep(0.05)
    assert table.workers[0].alive()
    table.dispatcher.running["training"].interrupted = False
    table.dispatcher.interrupt()  # what has its turn
    assert await table.end_of(3) == ["stubborn picture", "training", "training later"]
    assert await table.state("stubborn picture") == "interrupted"
    assert [await table.state(id) for id in ("training", "training later")] == ["success", "success"]
    assert table.workers[0].interrupts == ["training", "stubborn picture"]
    assert table.workers[1].jobs == ["training", "training later"]
