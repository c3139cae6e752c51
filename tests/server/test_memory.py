"""Many jobs leave nothing behind, in the server as in its worker: counted in objects, as bytes say little of a few."""

import gc
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from api.application import make_application
from api.hub import Hub
from api.logs import RecentLines
from graph.folders import Folders
from graph.queue.dispatch import RunningJob
from graph.settings import Settings
from server import assemble
from tests.running_server import Session, node

ROUND = 50
"""Jobs between two counts."""
OBJECTS_PER_JOB = 10
"""What a count may rise by. A job that is kept is twenty objects at the least."""


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    """A server in this process, with a real worker, whose caches are full after a few jobs."""
    settings = Settings(
        folders=Folders.under(tmp_path), packages=("tests.plain_nodes",), cache_bytes=50_000, disk_cache_bytes=100_000
    )
    services = assemble(settings, RecentLines())
    runner = web.AppRunner(make_application(services))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await services.dispatcher.start(before_work=lambda: None)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as http:
        yield Session(http)
    await runner.cleanup()
    await services.dispatcher.stop()


def graph(number: int) -> dict[str, Any]:
    """A graph of its own for each number: some nodes, and one that counts the worker's objects."""
    prompt = {"0": node("Text", text=f"text {number}"), "count": node("Blocks")}
    for step in range(1, 20):
        prompt[str(step)] = node("Join", first=[str(step - 1), 0], second=["0", 0])
    return {**prompt, "shown": node("Show", text=["19", 0])}


async def after_a_round(session: Session, first: int) -> tuple[int, int]:
    """Run jobs, one of which fails, each with a client of its own; the objects of server and worker after that."""
    for number in range(first, first + ROUND):
        async with session.socket(f"client {number}", progress_delta=True) as frames:
            id = await session.queue(graph(number), client_id=f"client {number}")
            await frames.until("executing", node=None, prompt_id=id)
        entry = await session.finished(id)
    bad = await session.queue({"1": node("Fail", text=["2", 0]), "2": node("Text"), "3": node("Show", text=["1", 0])})
    assert (await session.finished(bad))["status"]["status_str"] == "error"
    gc.collect()
    return sys.getallocatedblocks(), entry["outputs"]["count"]["blocks"][0]


async def growth(session: Session) -> tuple[int, int]:
    """By how many objects server and worker grow in a round, once they have all that they need."""
    _, before, after = [await after_a_round(session, turn * ROUND) for turn in range(3)]
    return after[0] - before[0], after[1] - before[1]


async def test_jobs_leave_nothing_behind(session: Session):
    server, worker = await growth(session)
    assert server < ROUND * OBJECTS_PER_JOB
    assert worker < ROUND * OBJECTS_PER_JOB


async def test_the_count_would_notice_a_job_that_is_kept(session: Session, monkeypatch: pytest.MonkeyPatch):
    kept = []
    ended = Hub.ended

    def keep(self: Hub, job: RunningJob) -> None:
        kept.append(job)
        ended(self, job)

    monkeypatch.setattr(Hub, "ended", keep)
    server, _ = await growth(session)
    assert server > ROUND * OBJECTS_PER_JOB
