"""One execution of a job: which nodes run when, and what becomes of their outputs.

Nothing here recurses over the graph: a node that waits, for a lazy input, the subgraph that it has given, or a task, is
an entry in a table. Async nodes overlap with each other; of the others one runs at a time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from graph import context, events
from graph.caching.result import Inner, Result
from graph.caching.shown_files import stamps
from graph.execution.calls import (
    Active,
    BlockedError,
    Expand,
    NodeCall,
    NoValueError,
    Wait,
    Want,
    as_tuple,
    call_node,
    is_plain,
    lazy_value,
    outputs_of,
)
from graph.execution.demand import Demand
from graph.execution.failure import NodeError
from graph.execution.graph_view import View
from graph.execution.milestones import Milestones
from graph.execution.node_context import JobContext, NodeContext
from graph.execution.outside import Outside
from graph.execution.plan import Plan, PlanError, Planner, Step, place_subgraph
from graph.execution.tasks import Question, Tasks
from graph.execution.together import DirectCalls
from graph.messages import Job
from graph.values import Reference, Subgraph

if TYPE_CHECKING:
    from graph.execution.execute import Executor

Emit = Callable[[events.Event], None]
INTERRUPT_INTERVAL = 0.05
"""Seconds between two looks for an interrupt while only tasks run."""


class Run:
    """One execution. `executed` names the nodes that have run or were found in the cache."""

    def __init__(
        self,
        executor: "Executor",
        job: Job,
        planned: Plan,
        planner: Planner,
        emit: Emit,
        interrupted: threading.Event,
        outside: Outside | None = None,
    ) -> None:
        self.executed: list[str] = []
        self._executor = executor
        self._planner = planner
        self._targets = planned.targets
        self._emit = emit
        self._interrupted = interrupted
        self._demand = Demand(executor, planned, self._check)
        self._steps, self._keys = self._demand.steps, self._demand.keys
        self._outputs, self._schedule = self._demand.outputs, self._demand.schedule
        self._active: dict[str, Active] = {}
        self._inner: dict[str, list[Inner]] = {}
        self._direct = DirectCalls(self._demand, self._invoke)
        self._tasks = Tasks(executor.invoke)
        self._questions: dict[str, Question] = {}
        self._milestones = Milestones(emit)
        self._context = JobContext(
            folders=executor.folders,
            files=executor.reservations.of(job.ticket, job.start),
            graph=View(self._steps, lambda: dict(orjson.loads(job.prompt))),
            read=lambda: dict(orjson.loads(job.prompt)),
            extra_pnginfo=job.extra_pnginfo,
            metadata=executor.metadata,
            previews=job.previews,
            client_id=job.client_id,
            emit=emit,
            interrupted=interrupted,
            outside=outside,
        )

    def execute(self) -> None:
        """Run what has to run. Raises NodeError."""
        found = self._demand.begin()
        self._emit(events.Cached(self._demand.cached(found), _now()))
        for step, result in found:
            self._reuse(step, result)
        while self._schedule or self._active:
            self._turn()

    def target_outputs(self) -> dict[str, tuple[Any, ...]]:
        """The outputs of the targets that were reached."""
        return {id: self._outputs.outputs(id) for id in self._targets if id in self._outputs}

    def close(self) -> None:
        """Let go of all that still waits."""
        self._active.clear()
        self._tasks.close()

    def _check(self) -> None:
        if self._interrupted.is_set():
            raise context.Interrupted

    # Running it.

    def _turn(self) -> None:
        """Run one node, or wait until a task ends."""
        id = self._schedule.pop()
        if id is not None:
            if id in self._questions:
                self._answer(self._questions.pop(id))
            elif id in self._active:
                self._resume(self._steps[id], self._active[id])
            else:
                self._begin(self._steps[id])
        elif not self._tasks:
            raise RuntimeError(f"The nodes {', '.join(self._schedule.waiting())} wait for each other.")
        if self._tasks:
            self._run_tasks(0 if id is not None else INTERRUPT_INTERVAL)

    def _begin(self, step: Step) -> None:
        self._emit(events.NodeStarted(step.id))
        # A node with the same key may have run a moment ago in this very job.
        result = self._demand.lookup(step)
        if result is not None:
            self._outputs.release_all(step)
            self._tell_again(step, result)
            self._finish(step, result, cached=True)
            return
        values = dict(step.literals)
        waits = {item.name for item in step.spec.inputs if item.lazy or item.raw_link} if step.patient else ()
        for name, link in step.links.items():
            if name not in waits:
                values[name] = self._outputs.get(*link)
        if not step.patient:
            self._outputs.release_all(step)
        begun = time.perf_counter()
        if not self._direct.can(step, values):
            self._activate(step, values, begun)
            return
        node_context = NodeContext(self._context, step.id)
        try:
            returned = self._direct.call(step, node_context, values)
            outputs = outputs_of(step, [as_tuple(step, returned)], False) if is_plain(returned) else None
        except (Exception, SystemExit) as error:
            raise NodeError(step, error, values) from error
        if outputs is None:
            self._activate(step, values, begun, node_context, returned)
        else:
            seconds = self._direct.seconds(step, begun)
            result = Result(outputs, node_context.ui, node_context.warnings, seconds, paths=node_context.paths)
            self._keep(step, result, node_context.unfinished)

    def _invoke(
        self, function: Callable[..., Any], node_context: NodeContext, /, *arguments: Any, **inputs: Any
    ) -> Any:
        """Call the function of a node, or go on with its generator."""
        self._check()
        outer = context.current()  # of a job that has given way to this one
        context.set_current(node_context)
        try:
            return self._executor.invoke(function, *arguments, **inputs)
        finally:
            context.set_current(outer)

    def _activate(
        self, step: Step, values: dict[str, Any], begun: float, node_context: NodeContext | None = None, *first: Any
    ) -> None:
        """Begin a node that may have to wait; `first` is what its function gave, if it was called in `node_context`."""
        contexts = [node_context] if node_context else []

        def context_of(index: int) -> NodeContext:
            while len(contexts) <= index:
                contexts.append(NodeContext(self._context, step.id, len(contexts)))
            return contexts[index]

        node_call = NodeCall(
            step,
            values,
            context=context_of,
            invoke=self._invoke,
            start=self._tasks.start,
            ask=lambda name, index: self._tasks.ask(step.id, name, index),
        )
        active = self._active[step.id] = Active(node_call, call_node(node_call, *first), begun, contexts)
        self._go_on(step, active)

    def _resume(self, step: Step, active: Active) -> None:
        """Go on with a node that has what it waited for."""
        if active.wanted:
            self._emit(events.NodeStarted(step.id))
        self._fill(step, active)
        self._go_on(step, active)

    def _go_on(self, step: Step, active: Active) -> None:
        """Run a node until it waits for something again, or is done."""
        while True:
            try:
                request = active.course.send(active.sent)
                active.sent = None
                waits = self._wait_for_request(step, active, request)
            except StopIteration as stop:
                self._complete(step, active, stop.value)
                return
            except PlanError as error:
                cause = ValueError(f"The subgraph that it gave cannot be run: {error}.")
                raise NodeError(step, cause, active.call.values) from error
            except NodeError:
                raise
            except (Exception, SystemExit) as error:
                raise NodeError(step, error, active.call.values) from error
            if waits is None:
                return
            if waits:
                self._demand.suspend(step.id, waits)
                return
            self._fill(step, active)

    def _wait_for_request(self, step: Step, active: Active, request: Want | Expand | Wait) -> list[str] | None:
        """The nodes that have to finish before a node goes on; None if it goes on when its tasks have ended."""
        match request:
            case Want(names):
                active.wanted = names
                return self._wait_for([step.links[name][0] for name in names])
            case Expand(subgraph, index):
                return self._expand(step, active, subgraph, index)
            case Wait(tasks):
                if all(task.done() for task in tasks):
                    return []
                self._tasks.wait(step.id, tasks)
                return None

    def _fill(self, step: Step, active: Active) -> None:
        """Give a node what it has waited for."""
        for name in active.wanted:
            active.call.values[name] = self._outputs.get(*step.links[name])
        if active.expanded is not None:
            references = [each for each in active.expanded if isinstance(each, Reference)]
            given = {each: self._outputs.get(each.node, each.slot) for each in references}
            active.sent = tuple(given[each] if isinstance(each, Reference) else each for each in active.expanded)
            for each in references:
                self._outputs.release(each.node)
        active.wanted, active.expanded = (), None

    def _wait_for(self, ids: list[str]) -> list[str]:
        """Schedule nodes that are wanted now; those of them that have not finished."""
        for step, result in self._demand.want(ids):
            self._reuse(step, result)
        return self._demand.unfinished(ids)

    def _expand(self, step: Step, active: Active, subgraph: Subgraph, index: int) -> list[str]:
        """Add the nodes of a subgraph to the graph; what its node has to wait for. Raises PlanError."""
        placed = place_subgraph(subgraph, step, index, self._steps)
        inner = self._planner.inner(step, placed, self._steps)
        places = {}
        for each in inner:
            self._demand.add(each, step)
            places[each.id] = events.Place(each.class_type, step.id, each.display, each.real)
        self._emit(events.Expanded(places))
        wanted = [each.node for each in placed.results if isinstance(each, Reference)]
        for id in wanted:
            self._outputs.expect(id)
        active.expanded = placed.results
        self._milestones.expect(step.id, placed.milestones)
        return self._wait_for([*wanted, *(each.id for each in inner if each.spec.output_node)])

    # What came of it.

    def _complete(self, step: Step, active: Active, outputs: tuple[Any, ...]) -> None:
        del self._active[step.id]
        if step.patient:
            self._outputs.release_all(step)
        blocked = active.call.blocked[0] if active.call.blocked else None
        if blocked is not None:
            self._emit(events.Blocked(step.id, blocked, _now()))
        ui: dict[str, list[Any]] | None = None
        warnings: tuple[str, ...] = ()
        paths: tuple[str, ...] = ()
        for each in active.contexts:
            warnings += each.warnings
            paths += each.paths
            for kind, items in (each.ui or {}).items():
                ui = ui or {}
                ui.setdefault(kind, []).extend(items)
        inner = tuple(each.beneath(step.id) for each in self._inner.pop(step.id, ()))
        seconds = time.perf_counter() - active.begun
        unfinished = any(each.unfinished for each in active.contexts)
        self._keep(step, Result(outputs, ui, warnings, seconds, inner, blocked, paths=paths), unfinished)

    def _keep(self, step: Step, result: Result, unfinished: bool) -> None:
        if unfinished:
            self._keys.set_apart(step.id)
        if step.id not in self._keys.unique:
            if result.ui or result.inner or result.paths:
                result = replace(result, files=stamps(result, self._executor.folders))
            self._executor.cache.put(self._keys[step.id], result, wanted=step.spec.output_node)
        self._finish(step, result, cached=False)

    def _reuse(self, step: Step, result: Result) -> None:
        """Tell again what a node has shown whose result is at hand."""
        self._tell_again(step, result)
        if result.ui is None:
            self._settle(step)
        else:
            self._finish(step, result, cached=True)

    def _tell_again(self, step: Step, result: Result) -> None:
        for text in result.warnings:
            self._emit(events.Warned(step.id, text))
        if result.blocked is not None:
            self._emit(events.Blocked(step.id, result.blocked, _now()))
        inner = [each.above(step.id) for each in result.inner]
        if inner:
            display = step.display
            places = {e.id: events.Place(e.class_type, step.id, e.display or display, step.real) for e in inner}
            self._emit(events.Expanded(places))
        for each in inner:
            self._emit(events.NodeFinished(each.id, each.ui, True, 0.0))

    def _finish(self, step: Step, result: Result, cached: bool) -> None:
        # All who read a random node in one job see the same, whenever they come to read it.
        self._outputs.put(step.id, result.outputs, keep=step.id in self._keys.random)
        self._emit(events.NodeFinished(step.id, result.ui, cached, result.seconds))
        if step.parent is not None and (result.inner or result.ui is not None):
            shown = self._inner.setdefault(step.parent.id, [])
            shown.extend(each.above(step.id) for each in result.inner)
            if result.ui is not None:
                display = None if step.display == step.parent.display else step.display
                shown.append(Inner(step.id, step.class_type, display, result.ui))
        self._settle(step)

    def _settle(self, step: Step) -> None:
        self.executed.append(step.id)
        self._milestones.reach(step.id)
        self._demand.finish(step.id)

    # Async nodes.

    def _run_tasks(self, seconds: float) -> None:
        for id in self._tasks.turn(seconds):
            self._resume(self._steps[id], self._active[id])
        if self._interrupted.is_set():
            running = next(iter(self._tasks.waiting()), None)
            if running is not None:
                raise NodeError(self._steps[running], context.Interrupted())
        asked, self._tasks.questions = self._tasks.questions, []
        for number, question in enumerate(asked):
            source = self._steps[question.id].links.get(question.name)
            waits = self._wait_for([source[0]]) if source and question.name not in self._values(question) else []
            if waits:
                token = f"{question.id}\0{question.name}\0{question.index}\0{number}"
                self._questions[token] = question
                self._demand.suspend(token, waits, question.id)
            else:
                self._answer(question)

    def _values(self, question: Question) -> dict[str, Any]:
        return self._active[question.id].call.values

    def _answer(self, question: Question) -> None:
        """Give a coroutine the lazy input that it waits for."""
        step, values = self._steps[question.id], self._values(question)
        if question.name not in values:
            values[question.name] = self._outputs.get(*step.links[question.name])
        if question.future.done():
            return
        try:
            question.future.set_result(lazy_value(step, values[question.name], question.name, question.index))
        except NoValueError:
            question.future.cancel()
        except BlockedError as error:
            question.future.set_exception(error)


def _now() -> int:
    return int(time.time() * 1000)
