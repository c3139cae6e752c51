"""Small models of two families, with the networks of other libraries that they are made of."""

from typing import NamedTuple

import pytest
import torch

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.sampling.network import Call
from tests.diffusion.families.small_models import WIDTH, SmallModel, write_sd1, write_sdxl


class Small(NamedTuple):
    """A checkpoint, and the modules whose weights it has."""

    checkpoint: Checkpoint
    networks: SmallModel


@pytest.fixture(scope="session")
def sd1(tmp_path_factory: pytest.TempPathFactory) -> Small:
    path = tmp_path_factory.mktemp("sd1") / "sd1.safetensors"
    networks = write_sd1(path)
    return Small(load_checkpoint(path), networks)


@pytest.fixture(scope="session")
def sdxl(tmp_path_factory: pytest.TempPathFactory) -> Small:
    path = tmp_path_factory.mktemp("sdxl") / "sdxl.safetensors"
    networks = write_sdxl(path)
    return Small(load_checkpoint(path), networks)


@pytest.fixture
def call() -> Call:
    torch.manual_seed(3)
    return Call(torch.randn(2, 4, 8, 8), torch.tensor([500, 500]), 2.0, torch.randn(2, 77, WIDTH))
