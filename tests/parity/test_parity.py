"""Whole workflows against ComfyUI: the latents that it made of the same prompts from the same random checkpoint.

`latents/NAME.json` is an API prompt, `latents/NAME.latent` what ComfyUI 0.3.64 saved for it on a CPU. Two runs of
ComfyUI with different attention kernels differ by about 2e-6; a wrong noise level or seed gives more than 1e-2.
"""

import json
import threading
from pathlib import Path

import pytest
from safetensors.torch import load_file

from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.events import Event, Succeeded
from graph.execution.execute import Executor
from graph.folders import Folders
from graph.messages import Job
from graph.registry import load
from tests.parity.random_checkpoint import write

LATENTS = Path(__file__).with_name("latents")
CHECKPOINT = "sd15_random.safetensors"
TOLERANCE = 1e-4

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def executor(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Executor:
    """An engine that keeps the model between workflows. The checkpoint stays in pytest's cache folder."""
    models = pytestconfig.cache.mkdir("random_checkpoint")
    path = models / "checkpoints" / CHECKPOINT
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        write(path)
    folders = Folders.under(tmp_path_factory.mktemp("parity"), models)
    return Executor(load(["nodes"], None), ResultCache(1 << 28), folders, ContentHashes())


@pytest.mark.parametrize("name", sorted(path.stem for path in LATENTS.glob("*.json")))
def test_latents_equal_those_of_comfyui(executor: Executor, name: str):
    content = (LATENTS / f"{name}.json").read_bytes()
    prompt = json.loads(content)
    [target] = [id for id, node in prompt.items() if node["class_type"] == "SaveLatent"]
    events: list[Event] = []
    executor.run(Job(id=name, prompt=content, targets=[target]), events.append, threading.Event())
    assert isinstance(events[-1], Succeeded), events[-1]
    [saved] = executor.folders.output.glob(f"ref/{name}_*.latent")
    ours, theirs = (load_file(path)["latent_tensor"] for path in (saved, LATENTS / f"{name}.latent"))
    difference = ((ours - theirs).norm() / theirs.norm()).item()
    print(f"{name}: relative L2 difference {difference:.1e}")
    assert difference < TOLERANCE
