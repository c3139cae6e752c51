"""What happens to jobs, worker and server when one of the processes is killed."""

import asyncio
import signal
from pathlib import Path

import psutil
import pytest

from tests.running_server import RunningServer, node, shown

SLEEPING = {"1": node("Sleep", seconds=600), "2": node("Show", text=["1", 0])}


@pytest.fixture
def server(tmp_path: Path):
    running = RunningServer(tmp_path).start()
    yield running
    if psutil.pid_exists(running.pid):
        running.stop()


def worker_of(server: RunningServer) -> psutil.Process:
    (worker,) = psutil.Process(server.pid).children()
    return worker


async def test_a_job_whose_worker_is_killed_is_failed_and_the_next_one_runs(server: RunningServer):
    async with server.session() as session, session.socket("watch") as frames:
        doomed = await session.queue(SLEEPING, client_id="watch")
        following = await session.queue(shown("still here"), client_id="watch")
        await frames.until("executing", node="1")
        killed = worker_of(server)
        killed.send_signal(signal.SIGKILL)

        *_, (_, error) = await frames.until("execution_error", prompt_id=doomed)
        assert (error["node_id"], error["node_type"]) == ("1", "Sleep")
        assert "killed (SIGKILL)" in error["exception_message"]
        await frames.until("executing", node=None, prompt_id=doomed)
        entry = await session.finished(doomed)
        assert entry["status"]["status_str"] == "error"
        assert "killed (SIGKILL)" in entry["status"]["messages"][-1][1]["exception_message"]

        assert (await session.finished(following))["outputs"] == {"2": {"text": ["still here"]}}
        assert worker_of(server).pid != killed.pid
        assert (await session.get("/problems")) == []


@pytest.mark.parametrize(
    ("killer", "reason"),
    [
        (node("Signal", number=int(signal.SIGSEGV)), "SIGSEGV"),
        (node("Signal", number=int(signal.SIGABRT)), "SIGABRT"),
        (node("Quit", code=3), 'exit code 3; its last words were "something terrible happened"'),
    ],
)
async def test_a_node_that_ends_the_process_is_named(server: RunningServer, killer: dict, reason: str):
    async with server.session() as session:
        doomed = await session.queue({"7": killer, "2": node("Show", text=["7", 0])})
        error = (await session.finished(doomed))["status"]["messages"][-1][1]
        assert reason in error["exception_message"]
        assert error["node_id"] == "7"
        assert (await session.finished(await session.queue(shown("next"))))["status"]["completed"]


async def test_an_idle_worker_that_is_killed_is_replaced(server: RunningServer):
    async with server.session() as session:
        await session.finished(await session.queue(shown("before")))
        killed = worker_of(server)
        killed.kill()
        killed.wait()
        assert (await session.finished(await session.queue(shown("after"))))["status"]["completed"]


async def test_a_node_that_ignores_an_interrupt_is_ended_with_its_worker(server: RunningServer):
    async with server.session() as session:
        id = await session.queue({"1": node("Stubborn", seconds=600), "2": node("Show", text=["1", 0])}, client_id="x")
        await session.running(id)
        await session.post("/interrupt", {})
        kind, _ = (await session.finished(id))["status"]["messages"][-1]
        assert kind == "execution_interrupted"
        assert (await session.finished(await session.queue(shown("next"))))["status"]["completed"]


async def test_a_killed_server_takes_its_worker_along_and_goes_on_where_it_was(server: RunningServer):
    async with server.session() as session:
        done = await session.queue(shown("done before"))
        await session.finished(done)
        running = await session.queue({"1": node("Sleep", seconds=2, text="woke"), "2": node("Show", text=["1", 0])})
        waiting = await session.queue(shown("waited"))
        await session.running(running)
    worker = worker_of(server)
    server.kill()
    await asyncio.to_thread(worker.wait, 20)

    server.start()
    async with server.session() as session:
        assert (await session.finished(running))["outputs"] == {"2": {"text": ["woke"]}}
        assert (await session.finished(waiting))["outputs"] == {"2": {"text": ["waited"]}}
        assert list(await session.get("/history")) == [done, running, waiting]


async def test_a_stopped_server_puts_its_job_back(server: RunningServer):
    async with server.session() as session:
        id = await session.queue({"1": node("Sleep", seconds=3, text="again"), "2": node("Show", text=["1", 0])})
        await session.running(id)
    worker = worker_of(server)
    assert server.stop() == 0
    assert not worker.is_running()
    server.start()
    async with server.session() as session:
        assert (await session.finished(id))["outputs"] == {"2": {"text": ["again"]}}


async def test_a_job_that_brings_the_worker_down_is_not_tried_again_after_a_restart(server: RunningServer):
    async with server.session() as session:
        id = await session.queue({"1": node("Quit"), "2": node("Show", text=["1", 0])})
        await session.finished(id)
    server.stop()
    server.start()
    async with server.session() as session:
        queue = await session.get("/queue")
        assert queue["queue_running"] == queue["queue_pending"] == []
        assert (await session.finished(id))["status"]["status_str"] == "error"


async def test_a_worker_that_cannot_start_is_a_clear_error(tmp_path: Path):
    server = RunningServer(tmp_path, "--nodes", "there_is_no_such_package").start()
    async with server.session() as session:
        error = await session.post("/prompt", {"prompt": shown("x")}, status=503)
        assert "could not start" in error["error"]["message"]
        assert "there_is_no_such_package" in error["error"]["message"]
        (problem,) = await session.get("/problems")
        assert problem["kind"] == "worker"
    assert server.stop() == 0


async def test_a_hung_socket_does_not_keep_the_server_alive(server: RunningServer):
    async with server.session() as session, session.socket("open") as frames:
        await frames.until("status")
        stopped = asyncio.create_task(asyncio.to_thread(server.stop))
        assert await asyncio.wait_for(stopped, 15) == 0
