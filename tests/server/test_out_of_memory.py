"""A job for which the memory does not suffice."""

from pathlib import Path

import psutil
import pytest

from tests.running_server import RunningServer, node, shown


@pytest.fixture
def server(tmp_path: Path):
    running = RunningServer(tmp_path).start()
    yield running
    running.stop()


def worker_of(server: RunningServer) -> psutil.Process:
    (worker,) = psutil.Process(server.pid).children()
    return worker


async def test_it_fails_alone_with_advice(server: RunningServer):
    async with server.session() as session:
        await session.finished(await session.queue(shown("before")))
        worker = worker_of(server)
        doomed = await session.queue({"1": node("Hoard")})
        following = await session.queue(shown("after"))
        error = (await session.finished(doomed))["status"]["messages"][-1][1]
        assert error["exception_message"] == "Hoard (node 1): There was not enough memory."
        assert "were free" in error["advice"]
        assert "Lower batch_size (4)." in error["advice"]
        assert (await session.finished(following))["outputs"] == {"2": {"text": ["after"]}}
        assert worker_of(server).pid == worker.pid


async def test_results_in_memory_make_room(server: RunningServer):
    async with server.session() as session:
        for number in range(20):
            await session.finished(await session.queue(shown(f"text {number}")))
        before = (await session.get("/cache"))["memory"]
        await session.finished(await session.queue({"1": node("Hoard")}))
        await session.finished(await session.queue(shown("after")))
        after = (await session.get("/cache"))["memory"]
        assert 0 < after["bytes"] < before["bytes"] * 0.7  # the half, and what has come since
