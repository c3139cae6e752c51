"""A server with the real nodes, a small checkpoint, and folders into which tests may put whatever they like."""

from collections.abc import Iterator

import pytest

from tests.parity.random_checkpoint import TINY, write
from tests.running_server import RunningServer


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
