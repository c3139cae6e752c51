"""A small checkpoint of the Stable Diffusion 1.x architecture, with random weights."""

from pathlib import Path

import pytest

from diffusion.checkpoint import Checkpoint, load_checkpoint
from tests.parity.random_checkpoint import TINY, write


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors"
    write(path, TINY)
    return path


@pytest.fixture(scope="session")
def tiny(tiny_path: Path) -> Checkpoint:
    return load_checkpoint(tiny_path)
