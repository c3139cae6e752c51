"""Servers of tests: one with the real nodes, and one with quick nodes for the tests of a file."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.parity.random_checkpoint import TINY, write
from tests.running_server import RunningServer, Session


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests of bad input: each of them also shows that the ones before have not harmed it."""
    base = tmp_path_factory.mktemp("studio")
    for kind in ("checkpoints", "loras", "vae"):
        (base / "models" / kind).mkdir(parents=True)
    write(base / "models" / "checkpoints" / "small.safetensors", TINY)
    running = RunningServer(base, "--nodes", "nodes", "--cpu").start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def quick_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the nodes of tests/plain_nodes, which ends as it should."""
    running = RunningServer(tmp_path_factory.mktemp("server")).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
async def empty_queue(quick_server: RunningServer) -> AsyncIterator[Session]:
    """Requests to that server, whose queue and history are empty."""
    async with quick_server.session() as session:
        await session.post("/queue", {"clear": True, "paused": False})
        await session.post("/history", {"clear": True})
        yield session
        await session.post("/queue", {"clear": True, "paused": False})
