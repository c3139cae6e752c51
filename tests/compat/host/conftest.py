"""Host modules with a tiny checkpoint among their models, and a node that is being executed."""

import pytest

from diffusion.checkpoint import load_checkpoint
from diffusion.model import Clip, Model, Vae
from graph import context
from graph.testing import Recorder
from tests.compat.host.fresh_host import host_modules, without_traces
from tests.parity.random_checkpoint import TINY, write


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    base = tmp_path_factory.mktemp("models")
    (base / "models" / "checkpoints").mkdir(parents=True)
    write(base / "models" / "checkpoints" / "tiny.safetensors", TINY)
    with without_traces(Model, Clip, Vae), host_modules(base) as modules:
        modules.handles.attach()
        yield modules


@pytest.fixture(scope="module")
def checkpoint(modules):
    return load_checkpoint(modules.folders.models / "checkpoints" / "tiny.safetensors")


@pytest.fixture(scope="module")
def prompts(checkpoint):
    return checkpoint.clip.encode("a red square"), checkpoint.clip.encode("")


@pytest.fixture
def recorder(modules):
    recorder = Recorder(modules.folders)
    context.set_current(recorder)
    yield recorder
    context.set_current(None)
