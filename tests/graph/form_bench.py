"""Runs prompts of the nodes in `form_nodes`, and keeps what was told of them."""

import threading

import orjson

from graph import events
from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.execution.execute import Executor
from graph.folders import Folders
from graph.messages import Job
from graph.validation.validate import validate
from tests.graph import form_nodes
from tests.graph.sample_nodes import calls

REGISTRY = form_nodes.registry()


class Bench:
    """An executor and what its last job has told."""

    def __init__(self, root):
        self.folders = Folders.under(root)
        self.executor = Executor(REGISTRY, ResultCache(10_000_000), self.folders, ContentHashes())
        self.interrupted = threading.Event()
        self.events = []
        self.ran = []

    def run(self, prompt, *targets):
        """The outputs of the targets."""
        checked = validate(prompt, REGISTRY.schemas(), self.folders, targets or None)
        assert not checked.node_errors, checked.node_errors
        self.events = []
        calls.clear()
        form_nodes.meeting.clear()
        job = Job("j", orjson.dumps(checked.prompt), checked.targets)
        outputs = self.executor.run(job, self.events.append, self.interrupted)
        self.ran = [name for name, _ in calls]
        return outputs

    def value(self, prompt, target="t"):
        (value,) = self.run(prompt, target)[target]
        return value

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def failure(self, prompt, target="t"):
        self.run(prompt, target)
        assert isinstance(self.events[-1], events.Failed), self.events[-1]
        return self.events[-1]


def node(class_type, **inputs):
    return {"class_type": class_type, "inputs": inputs}
