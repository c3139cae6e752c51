"""Running nodes and graphs in this process, without a server: for the tests of packs."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from graph import events
from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.declare import spec_of
from graph.execution.execute import Executor
from graph.execution.failure import NodeError
from graph.execution.plan import Planner
from graph.execution.run import Run
from graph.folders import Folders
from graph.headless.workflow import prepare, workflow_of
from graph.messages import Job
from graph.node_spec import Input, NodeSpec, Output
from graph.registry import Registry
from graph.results import unwrapped
from graph.types import WIDGET_TYPES
from graph.validation.checked import check, sentences
from graph.values import Items

CACHE_BYTES = 256 << 20
GIVEN, GIVEN_ITEMS = "_Given", "_GivenItems"
"""The nodes that bring a test's values into the graph."""


class RefusedError(ValueError):
    """The server would not queue this: the message has what is wrong, a line each; `node_errors` has it by node."""

    def __init__(self, sentences: Iterable[str], node_errors: Mapping[str, Any]) -> None:
        super().__init__("\n".join(sentences))
        self.node_errors = node_errors


class Workbench:
    """Runs nodes and graphs as a worker does. Results are kept between runs, so that reuse can be tested.

    After a run, `ran` names the nodes that were executed, `shown` has what they showed by node id and kind, `warnings`
    what they warned of, `asked` the inputs of `node` that were evaluated.
    """

    def __init__(self, registry: Registry, folders: Folders) -> None:
        self.registry = registry
        self.folders = folders
        self.ran: list[str] = []
        self.shown: dict[str, dict[str, list[Any]]] = {}
        self.warnings: list[str] = []
        self.asked: list[str] = []
        self.interrupt = threading.Event()
        """Set it, from a node or another thread, to interrupt a run."""
        self._given: dict[str, Any] = {}
        self._executor = Executor(registry, ResultCache(CACHE_BYTES), folders, ContentHashes())

    def node(self, node: str | Callable[..., Any], /, **inputs: Any) -> Any:
        """Run a node, by its id or by the function that declares it, and return its output, a tuple for several.

        Any value will do for an input. `Items` are the values of a link that has several; an input that takes a list
        may be given a list. A Blocked output is returned as such. Raises what the node raises, RefusedError for values
        that the server would not take, TypeError for an input that the node does not have.
        """
        spec = self.registry.specs[node] if isinstance(node, str) else spec_of(node)
        if spec is None:
            raise TypeError(f"{node!r} is no node: it has not been declared with @node.")
        self._given = {}
        prompt: dict[str, Any] = {"1": {"class_type": spec.id, "inputs": {}}}
        for name, value in inputs.items():
            item = spec.input(name) or spec.variadic
            if item is None:
                raise TypeError(f"The node '{spec.id}' has no input '{name}'.")
            prompt["1"]["inputs"][name] = value if _is_literal(item, value) else self._give(prompt, item, name, value)
        return self._run(prompt, ["1"], {**self.registry.specs, spec.id: spec, **self._givers()})["1"]

    def graph(self, graph: Mapping[str, Any] | Path | str, targets: Iterable[str] | None = None) -> dict[str, Any]:
        """Run an API prompt or a document of the editor, or the file that has one, and return outputs by node id.

        `targets` are the nodes that are wanted: by default those that show or save something and those that nobody
        reads. Raises as `node`.
        """
        prompt, _ = prepare(workflow_of(graph), self.registry.schemas(), {})
        return self._run(prompt, self._ends(prompt) if targets is None else list(targets), self.registry.specs)

    def _ends(self, prompt: Mapping[str, Any]) -> list[str]:
        links = (value for node in prompt.values() for value in node["inputs"].values() if isinstance(value, list))
        read = {link[0] for link in links if len(link) == 2}
        specs = self.registry.specs
        outputs = {id for id, node in prompt.items() if (spec := specs.get(node["class_type"])) and spec.output_node}
        return [id for id in prompt if id in outputs or id not in read]

    def _run(self, prompt: Mapping[str, Any], targets: list[str], specs: Mapping[str, NodeSpec]) -> dict[str, Any]:
        registry = replace(self.registry, specs=MappingProxyType(dict(specs)))
        checked = self._checked(prompt, targets, registry)
        self.ran, self.shown, self.warnings, self.asked = [], {}, [], []
        planner = Planner(registry.specs)
        job = Job("test", orjson.dumps(checked), targets)
        planned = planner.plan(checked, targets)
        run = Run(self._executor, job, planned, planner, self._hear, self.interrupt)
        try:
            run.execute()
        except NodeError as error:
            error.cause.add_note(f"(in the node {error.step.id}, {error.step.class_type})")
            raise error.cause from None
        finally:
            run.close()
        return {id: unwrapped(outputs) for id, outputs in run.target_outputs().items()}

    def _checked(self, prompt: Mapping[str, Any], targets: list[str], registry: Registry) -> Mapping[str, Any]:
        """The prompt as the server would queue it. Raises RefusedError."""
        checked = check(dict(prompt), registry.schemas(), self.folders, targets, lambda: registry)
        if told := sentences(checked):
            raise RefusedError(told, checked.node_errors)
        return checked.prompt

    def _hear(self, event: events.Event) -> None:
        match event:
            case events.NodeStarted(node):
                if node not in self.ran and node not in self._given:
                    self.ran.append(node)
            case events.NodeFinished(node, ui):
                if event.cached and node in self.ran:
                    self.ran.remove(node)
                if ui is not None:
                    self.shown[node] = ui
            case events.Warned(_, text):
                self.warnings.append(text)

    def _give(self, prompt: dict[str, Any], item: Input, name: str, value: Any) -> list[Any]:
        several = isinstance(value, Items) or (item.items and isinstance(value, list))
        id = f"given {name}"
        self._given[id] = list(value) if several else value
        prompt[id] = {"class_type": GIVEN_ITEMS if several else GIVEN, "inputs": {"id": id}}
        return [id, 0]

    def _givers(self) -> dict[str, NodeSpec]:
        def give(id: str) -> Any:
            self.asked.append(id.removeprefix("given "))
            return self._given[id]

        return {
            id: NodeSpec(
                id=id,
                function=give,
                title=id,
                category="",
                description="",
                inputs=(Input("id", "STRING", True),),
                outputs=(Output("value", "*", items=id == GIVEN_ITEMS),),
                always=True,
            )
            for id in (GIVEN, GIVEN_ITEMS)
        }


def _is_literal(item: Input, value: Any) -> bool:
    """Whether a value can stand in the prompt, as one of a widget does."""
    return item.type in WIDGET_TYPES and not item.lazy and isinstance(value, str | int | float | bool)
