"""The packs of this folder, loaded as a worker loads them, and an engine that runs their nodes."""

import logging
import shutil
import sys
import threading
from pathlib import Path

import orjson
import pytest

import compat
import nodes
from graph import events
from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.execution.execute import Executor
from graph.folders import Folders
from graph.messages import Job
from graph.registry import load
from graph.validation.validate import Complaint, validate
from graph.workers.checks import answers
from graph.workers.host import Host
from graph.workers.worker import WorkerSettings

PACKS = Path(__file__).parent / "packs"
FOREIGN = {
    *("app", "comfy", "comfy_api", "comfy_execution", "comfy_extras", "execution", "folder_paths", "latent_preview"),
    *("node_helpers", "server"),
}


@pytest.fixture(scope="session")
def comfy_folders(tmp_path_factory):
    """The folders of an installation with the packs: one for all tests, as the modules of a host know only one."""
    folders = Folders.under(tmp_path_factory.mktemp("comfy"))
    shutil.copytree(PACKS, folders.custom_nodes, ignore=shutil.ignore_patterns("__pycache__"))
    return folders


@pytest.fixture(scope="module")
def extension(comfy_folders):
    """What reads packs in a worker. Afterwards nothing is left of ComfyUI's names in this process."""
    names = {name: str(getattr(comfy_folders, name)) for name in ("base", "models", "input", "output", "temp", "user")}
    settings = WorkerSettings(packages=[], custom_nodes=str(comfy_folders.custom_nodes), **names)
    modules, finders, handlers = dict(sys.modules), list(sys.meta_path), list(logging.getLogger().handlers)
    yield compat.install(Host(comfy_folders, settings, lambda kind, data, client: None))
    sys.meta_path[:] = finders
    logging.getLogger().handlers[:] = handlers
    for name in set(sys.modules) - set(modules):
        if name.split(".")[0] in FOREIGN or name.startswith("custom_nodes."):
            del sys.modules[name]
    sys.modules.update(modules)
    vars(nodes).pop("__getattr__", None)


@pytest.fixture(scope="module")
def registry(extension, comfy_folders):
    """The nodes of the packs."""
    found = load([], comfy_folders.custom_nodes, [extension.nodes_of])
    extension.loaded(found)
    return found


class Bench:
    """An engine with the nodes of a registry, and what its last job has told."""

    def __init__(self, registry, folders):
        self.registry = registry
        self.folders = folders
        self.executor = Executor(registry, ResultCache(10_000_000), folders, ContentHashes())
        self.interrupted = threading.Event()
        self.events = []

    def check(self, prompt, *targets):
        """What the server says of a prompt, with what the nodes themselves say."""
        ask = answers(lambda: self.registry, self.folders)["validate"]
        said = [Complaint(**each) for each in ask({"prompt": prompt, "nodes": list(prompt)})]
        return validate(prompt, self.registry.schemas(), self.folders, targets or None, said)

    def run(self, prompt, *targets, **more):
        """The outputs of the targets, by node id."""
        checked = self.check(prompt, *targets)
        assert not checked.node_errors, checked.node_errors
        return self.execute(checked.prompt, *checked.targets, **more)

    def execute(self, prompt, *targets, **more):
        """The same, for a prompt that was checked."""
        self.events = []
        job = Job("j", orjson.dumps(prompt), list(targets), **more)
        return self.executor.run(job, self.events.append, self.interrupted)

    def values(self, prompt, target="t"):
        """The outputs of one node, of a job that succeeds."""
        outputs = self.run(prompt, target)
        assert isinstance(self.events[-1], events.Succeeded), self.events[-1]
        return outputs[target]

    def failure(self, prompt, target="t"):
        self.run(prompt, target)
        assert isinstance(self.events[-1], events.Failed), self.events[-1]
        return self.events[-1]

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def shown(self):
        """What nodes have shown, in order: `(node, ui)`."""
        return [(event.node, event.ui) for event in self.of(events.NodeFinished) if event.ui]

    def pack(self, name):
        """The module of a pack."""
        return sys.modules[f"custom_nodes.{name}"]


@pytest.fixture
def bench(registry, comfy_folders):
    found = Bench(registry, comfy_folders)
    for name, module in list(sys.modules.items()):
        if name.startswith("custom_nodes.") and isinstance(getattr(module, "calls", None), list):
            module.calls.clear()
    return found


def node(class_type, **inputs):
    return {"class_type": class_type, "inputs": inputs}
