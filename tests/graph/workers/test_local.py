import asyncio
import os
import time
from pathlib import Path

import orjson
import psutil
import pytest

from graph import events
from graph.messages import Hello, Job
from graph.workers import framing, local
from graph.workers.local import LocalWorker, death, lines
from graph.workers.worker import WorkerDied, WorkerSettings
from tests.running_server import node, shown


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-9, ["killed", "SIGKILL"]),
        (-11, ["crashed", "SIGSEGV"]),
        (-6, ["SIGABRT", "no kernel image"]),
        (-15, ["SIGTERM"]),
        (1, ["exit code 1", "no kernel image"]),
        (-250, ["signal 250"]),
    ],
)
def test_a_death_is_explained(code: int, words: list[str]):
    reason = death(code, "no kernel image")
    assert all(word in reason for word in words)


async def test_output_becomes_lines_progress_bars_too():
    stream = asyncio.StreamReader()
    stream.feed_data(b"one\ntw")
    stream.feed_data("o ✓\n\n 10%\r 20%\r\nbad \xff".encode("utf-8", "surrogateescape"))
    stream.feed_data(b"\xff end")
    stream.feed_eof()
    found = [line async for line in lines(stream)]
    assert found[:4] == ["one", "two ✓", " 10%", " 20%"]
    assert found[4].startswith("bad")
    assert len(found) == 5


async def test_a_line_without_end_is_cut():
    stream = asyncio.StreamReader()
    stream.feed_data(b"x" * 200_000)
    stream.feed_eof()
    found = [line async for line in lines(stream)]
    assert sum(map(len, found)) == 200_000
    assert len(found) > 1


@pytest.fixture
async def worker(tmp_path: Path):
    folders = {
        name: str(tmp_path / name) for name in ("base", "models", "input", "output", "temp", "user", "custom_nodes")
    }
    made = LocalWorker("worker", WorkerSettings(packages=["tests.plain_nodes"], **folders))
    yield made
    await made.stop(0, "the test ended")


def process_of(worker: LocalWorker) -> psutil.Process:
    assert worker._process is not None
    return psutil.Process(worker._process.pid)


async def run(worker: LocalWorker, prompt: dict, id: str = "job") -> list[events.Event]:
    happened: list[events.Event] = []
    await worker.run(Job(id, orjson.dumps(prompt), ["2"]), happened.append)
    return happened


async def test_it_reports_its_nodes_and_runs_jobs(worker: LocalWorker):
    ready = await worker.start()
    assert "Show" in ready.schemas
    assert ready.versions["python"]
    for id in ("first", "second"):
        happened = await run(worker, shown(id), id)
        assert isinstance(happened[0], events.Started)
        assert isinstance(happened[-1], events.Succeeded)
    await worker.stop(5, "never needed")
    with pytest.raises(WorkerDied):
        await run(worker, shown("late"))


async def test_an_idle_worker_that_is_silent_is_given_up(worker: LocalWorker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local, "HEARTBEAT", 0.1)
    monkeypatch.setattr(local, "SILENCE", 0.5)
    await worker.start()
    await asyncio.sleep(1)
    assert worker.alive()
    process_of(worker).suspend()
    assert "did not answer" in str(await worker.died())


async def test_a_busy_worker_may_be_silent(worker: LocalWorker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local, "HEARTBEAT", 0.1)
    monkeypatch.setattr(local, "SILENCE", 0.3)
    await worker.start()
    process = process_of(worker)
    prompt = {"1": node("Sleep", seconds=0.2), "2": node("Show", text=["1", 0])}
    running = asyncio.create_task(run(worker, prompt))
    await asyncio.sleep(0.1)
    process.suspend()
    await asyncio.sleep(1)
    process.resume()
    assert isinstance((await running)[-1], events.Succeeded)


async def test_nodes_do_not_see_the_token(worker: LocalWorker, tmp_path: Path):
    await worker.start()
    happened = await run(worker, {"1": node("Environment", prefix="SAFELIGHT"), "2": node("Show", text=["1", 0])})
    (shown_text,) = [event.ui["text"] for event in happened if isinstance(event, events.NodeFinished) and event.ui]
    assert shown_text == [""]


async def test_who_does_not_know_the_token_is_no_worker(worker: LocalWorker, monkeypatch: pytest.MonkeyPatch):
    environments = []
    start = asyncio.create_subprocess_exec

    async def keep(*command: str, **options):
        environments.append(options["env"])
        return await start("sleep", "60", stdout=options["stdout"])

    monkeypatch.setattr(asyncio, "create_subprocess_exec", keep)
    monkeypatch.setattr(local, "CONNECT", 1.0)
    started = asyncio.create_task(worker.start())
    while not environments:
        await asyncio.sleep(0.01)
    for frame in (framing.encode(Hello("wrong", os.getpid())), b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\1\x80"):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(environments[0]["SAFELIGHT_WORKER_PORT"]))
        writer.write(frame)
        assert await reader.read() == b""
        writer.close()
    with pytest.raises(WorkerDied, match="did not report"):
        await started


async def test_a_worker_ends_with_its_server(worker: LocalWorker):
    await worker.start()
    process = process_of(worker)
    assert worker._writer is not None
    worker._writer.close()
    ended = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < ended
        await asyncio.sleep(0.02)
