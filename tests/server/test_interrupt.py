"""Interrupting nodes that do not look, in a real worker."""

import asyncio
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.running_server import RunningServer, Session, node, shown


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    running = RunningServer(tmp_path_factory.mktemp("server")).start()
    yield running
    assert running.stop() == 0


def worker_of(server: RunningServer) -> int:
    (worker,) = psutil.Process(server.pid).children()
    return worker.pid


async def interrupted(session: Session, prompt: dict) -> None:
    """Run a prompt, interrupt it in the midst of its first node, and see that the next one runs."""
    async with session.socket("watch") as frames:
        id = await session.queue(prompt, client_id="watch")
        await frames.until("executing", node="1")
        await asyncio.sleep(0.05)  # the node has begun
        await session.post("/interrupt", {"prompt_id": id})
        *_, (_, said) = await frames.until("execution_interrupted", prompt_id=id)
        assert (said["node_id"], said["node_type"]) == ("1", prompt["1"]["class_type"])
    entry = await session.finished(id)
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    assert (await session.finished(await session.queue(shown(f"after {id}"))))["status"]["completed"]


@pytest.mark.parametrize("kind", ["Sleep", "Stubborn", "Spin", "Wrap", "BlockLoop"])
async def test_a_node_that_sleeps_or_computes_is_interrupted_and_the_worker_stays(server: RunningServer, kind: str):
    async with server.session() as session:
        await session.finished(await session.queue(shown(f"before {kind}")))
        worker = worker_of(server)
        await interrupted(session, {"1": node(kind, seconds=600), "2": node("Show", text=["1", 0])})
        assert worker_of(server) == worker


@pytest.mark.parametrize("stubborn", [node("Swallow", seconds=600), node("Native"), node("Hold")])
async def test_a_node_that_cannot_be_reached_is_ended_with_its_worker(server: RunningServer, stubborn: dict):
    async with server.session() as session:
        await session.finished(await session.queue(shown(f"before {stubborn}")))
        worker = worker_of(server)
        await interrupted(session, {"1": stubborn, "2": node("Show", text=["1", 0])})
        assert worker_of(server) != worker


async def test_a_worker_can_be_interrupted_again_and_again(server: RunningServer):
    async with server.session() as session:
        await session.finished(await session.queue(shown("first")))
        worker = worker_of(server)
        for index in range(4):
            kind = ("Stubborn", "Spin")[index % 2]
            await interrupted(session, {"1": node(kind, seconds=500 + index), "2": node("Show", text=["1", 0])})
        assert worker_of(server) == worker


async def test_a_job_that_waits_is_not_interrupted(server: RunningServer):
    async with server.session() as session:
        blocker = await session.queue({"1": node("Sleep", seconds=300), "2": node("Show", text=["1", 0])})
        await session.running(blocker)
        waiting = await session.queue(shown(f"it waits {time.time()}"))
        await session.post("/interrupt", {"prompt_id": waiting})
        queue = await session.get("/queue")
        assert [item[1] for item in queue["queue_running"]] == [blocker]
        assert [item[1] for item in queue["queue_pending"]] == [waiting]
        await session.post("/interrupt", {})
        assert (await session.finished(waiting))["status"]["completed"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not end a process with its parent")
async def test_a_worker_whose_native_code_lets_nothing_else_run_ends_with_its_server(tmp_path: Path):
    server = RunningServer(tmp_path).start()
    async with server.session() as session, session.socket("watch") as frames:
        await session.queue({"1": node("Hold"), "2": node("Show", text=["1", 0])}, client_id="watch")
        await frames.until("executing", node="1")
    worker = psutil.Process(worker_of(server))
    server.kill()
    await asyncio.to_thread(worker.wait, 20)
