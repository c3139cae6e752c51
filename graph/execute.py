"""Executing a job: only what its outputs need, and of that only what is not in the cache."""

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from graph import context, events
from graph.cache import Result, ResultCache
from graph.content import ContentHashes
from graph.failure import NodeError, failed, failed_job
from graph.folders import Folders, UnsafePathError
from graph.keys import key_of
from graph.messages import Job
from graph.node_context import NodeContext
from graph.plan import Plan, PlanError, Step, plan
from graph.registry import Registry

__all__ = ["Executor"]

Emit = Callable[[events.Event], None]


class Executor:
    """Runs jobs, one at a time, with the results of earlier ones at hand."""

    def __init__(
        self, registry: Registry, cache: ResultCache, folders: Folders, content: ContentHashes, metadata: bool = True
    ) -> None:
        self.registry = registry
        self.cache = cache
        self.folders = folders
        self.content = content
        self.metadata = metadata

    def run(self, job: Job, emit: Emit, interrupted: threading.Event) -> None:
        """Run a job. Everything that happens is an event; the last is Succeeded, Failed or Interrupted.

        Whatever a node raises becomes Failed, SystemExit too; other errors of `emit` and of the engine itself pass.
        """
        emit(events.Started(_now()))
        try:
            planned = plan(job.prompt, self.registry.specs, job.targets)
        except PlanError as error:
            emit(failed_job(error))
            return
        run = _Run(self, job, planned, emit, interrupted)
        try:
            run.execute()
        except NodeError as error:
            if isinstance(error.cause, context.Interrupted):
                emit(events.Interrupted(error.step.id, error.step.class_type, run.executed, _now()))
            else:
                emit(failed(error, run.executed))
        else:
            emit(events.Succeeded(_now()))


class _Run:
    """One execution. `executed` names the nodes that have run or were found in the cache."""

    def __init__(self, executor: Executor, job: Job, planned: Plan, emit: Emit, interrupted: threading.Event) -> None:
        self.executed: list[str] = []
        self._executor = executor
        self._job = job
        self._plan = planned
        self._emit = emit
        self._interrupted = interrupted
        self._keys: dict[str, str] = {}
        self._found: dict[str, Result] = {}
        self._outputs: dict[str, tuple[Any, ...]] = {}
        self._uses: dict[str, int] = {}

    def execute(self) -> None:
        """Run what has to run. Raises NodeError."""
        for step in self._plan.steps.values():
            self._keys[step.id] = self._guarded(step, {}, partial(self._key, step))
        needed = self._needed()
        self._uses = self._plan.uses(needed)
        cached = [id for id in self._plan.steps if id not in needed]
        self._emit(events.Cached(cached, _now()))
        for step in self._plan.steps.values():
            if step.id in needed:
                self._call(step)
            elif step.id in self._found:
                self._reuse(step, self._found.pop(step.id))

    def _key(self, step: Step) -> str:
        self._check()
        content = self._executor.content
        return key_of(step, self._keys, self._executor.folders, lambda path: content.hash(path, self._check))

    def _check(self) -> None:
        if self._interrupted.is_set():
            raise context.Interrupted

    def _needed(self) -> set[str]:
        """The nodes that have to run; the results of the others that are wanted are put in `_found`."""
        wanted = set(self._plan.targets)
        needed: set[str] = set()
        for step in reversed(list(self._plan.steps.values())):
            if step.id not in wanted:
                continue
            result = self._lookup(self._keys[step.id])
            if result is not None:
                self._found[step.id] = result
                continue
            needed.add(step.id)
            wanted.update(source for source, _ in step.links.values())
        return needed

    def _lookup(self, key: str) -> Result | None:
        """A cached result, unless a file that it shows has been removed."""
        result = self._executor.cache.get(key)
        if result is None or _files_exist(result.ui, self._executor.folders):
            return result
        self._executor.cache.drop(key)
        return None

    def _call(self, step: Step) -> None:
        self._emit(events.NodeStarted(step.id))
        # A node with the same key may have run a moment ago in this very job.
        result = self._lookup(self._keys[step.id])
        if result is not None:
            self._release(step)
            self._warn_again(step, result)
            self._finish(step, result, cached=True)
            return
        arguments = dict(step.literals)
        arguments.update((name, self._outputs[source][slot]) for name, (source, slot) in step.links.items())
        self._release(step)
        result = self._guarded(step, arguments, partial(self._result, step, arguments))
        self._executor.cache.put(self._keys[step.id], result)
        self._finish(step, result, cached=False)

    def _result(self, step: Step, arguments: Mapping[str, Any]) -> Result:
        self._check()
        node_context = NodeContext(
            folders=self._executor.folders,
            node_id=step.id,
            prompt=self._job.prompt,
            extra_pnginfo=self._job.extra_pnginfo,
            metadata=self._executor.metadata,
            previews=self._job.previews,
            emit=self._emit,
            interrupted=self._interrupted,
        )
        begun = time.perf_counter()
        if step.spec.context_parameter:
            returned = step.spec.function(**{step.spec.context_parameter: node_context}, **arguments)
        else:
            returned = step.spec.function(**arguments)
        seconds = time.perf_counter() - begun
        return Result(_outputs(step, returned), node_context.ui, node_context.warnings, seconds)

    def _reuse(self, step: Step, result: Result) -> None:
        self._warn_again(step, result)
        if result.ui is None:
            self._keep(step, result)
        else:
            self._finish(step, result, cached=True)

    def _warn_again(self, step: Step, result: Result) -> None:
        for text in result.warnings:
            self._emit(events.Warned(step.id, text))

    def _finish(self, step: Step, result: Result, cached: bool) -> None:
        self._keep(step, result)
        self._emit(events.NodeFinished(step.id, result.ui, cached, result.seconds))

    def _keep(self, step: Step, result: Result) -> None:
        self.executed.append(step.id)
        if self._uses[step.id]:
            self._outputs[step.id] = result.outputs

    def _release(self, step: Step) -> None:
        """Let go of the outputs that this step was the last to read: only the cache may still hold them."""
        for source, _ in step.links.values():
            self._uses[source] -= 1
            if not self._uses[source]:
                self._outputs.pop(source, None)

    def _guarded(self, step: Step, arguments: Mapping[str, Any], work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (Exception, SystemExit) as error:
            raise NodeError(step, error, arguments) from error


def _outputs(step: Step, returned: Any) -> tuple[Any, ...]:
    if not step.spec.several_outputs:
        return (returned,) if step.spec.outputs else ()
    if not isinstance(returned, tuple) or len(returned) != len(step.spec.outputs):
        raise TypeError(f"it returned {type(returned).__name__} where {len(step.spec.outputs)} outputs are declared")
    return returned


def _files_exist(ui: Mapping[str, list[Any]] | None, folders: Folders) -> bool:
    for items in (ui or {}).values():
        for item in items:
            if not (isinstance(item, Mapping) and "filename" in item):
                continue
            try:
                path = folders.resolve(item.get("type", "output"), item.get("subfolder", ""), item["filename"])
            except UnsafePathError:
                return False
            if not path.is_file():
                return False
    return True


def _now() -> int:
    return int(time.time() * 1000)
