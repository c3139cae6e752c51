from collections.abc import AsyncIterator, Iterator

import pytest

from tests.running_server import RunningServer, Session


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("server"), "--max-upload-size", "2").start()
    yield running
    running.stop()


@pytest.fixture
async def session(server: RunningServer) -> AsyncIterator[Session]:
    async with server.session() as session:
        yield session
