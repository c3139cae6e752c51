"""Executing jobs: only what their outputs need, and of that only what is not in the cache."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import orjson

from graph import context, events
from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.execution.calls import Invoke, call
from graph.execution.failure import NodeError, failed, failed_job
from graph.execution.outside import Outside
from graph.execution.plan import Plan, PlanError, Planner
from graph.execution.run import Run
from graph.files.reservations import Reservations
from graph.folders import Folders
from graph.messages import Job
from graph.registry import Registry

__all__ = ["Executor"]

Emit = Callable[[events.Event], None]
PLANS_KEPT = 16
STEPS_KEPT = 20_000
"""Plans that are kept for the next job, and steps of all of them together."""


class Executor:
    """Runs jobs in one thread, with the results of earlier ones at hand.

    `registry` may be replaced between two jobs. `salt` is what results depend on beside the graph (see
    `graph.execution.keys`). `invoke` calls the function of a node: a place for whoever has to know when one is running.
    """

    def __init__(
        self,
        registry: Registry,
        cache: ResultCache,
        folders: Folders,
        content: ContentHashes,
        metadata: bool = True,
        salt: str = "",
        invoke: Invoke = call,
    ) -> None:
        self.cache = cache
        self.folders = folders
        self.content = content
        self.metadata = metadata
        self.salt = salt
        self.invoke = invoke
        self.reservations = Reservations(folders.user / "cache" / "reserved.sqlite")
        self._registry = registry
        self._planner = Planner(registry.specs)
        self._plans: OrderedDict[tuple[bytes, tuple[str, ...]], Plan] = OrderedDict()

    @property
    def registry(self) -> Registry:
        """The nodes that there are."""
        return self._registry

    @registry.setter
    def registry(self, registry: Registry) -> None:
        self._registry = registry
        self._planner = Planner(registry.specs)
        self._plans.clear()

    def run(
        self, job: Job, emit: Emit, interrupted: threading.Event, outside: Outside | None = None
    ) -> dict[str, tuple[Any, ...]]:
        """Run a job, and return the outputs of its targets by node id, as far as they were reached.

        Everything that happens is an event; the last is Succeeded, Failed or Interrupted. Of several values on one
        output there are Items. Whatever a node raises becomes Failed, SystemExit too; other errors of `emit` and of the
        engine itself pass. A job may be run while a node of another one gives way to it.
        """
        emit(events.Started(_now()))
        try:
            planned = self._plan(job)
        except PlanError as error:
            emit(failed_job(error))
            return {}
        run = Run(self, job, planned, self._planner, emit, interrupted, outside)
        try:
            run.execute()
        except NodeError as error:
            # What a node raises on being interrupted may have been made into another error on its way.
            if interrupted.is_set() or isinstance(error.cause, context.Interrupted):
                emit(events.Interrupted(error.step.real, error.step.class_type, run.executed, _now()))
            else:
                emit(failed(error, run.executed, self.cache.bytes))
        else:
            emit(events.Succeeded(_now()))
        finally:
            run.close()
        return run.target_outputs()

    def _plan(self, job: Job) -> Plan:
        """The plan of a job; the last ones are kept, as most jobs differ from the one before in nothing or little."""
        known = (job.prompt, tuple(job.targets))
        planned = self._plans.get(known)
        if planned is None:
            planned = self._plans[known] = self._planner.plan(orjson.loads(job.prompt), job.targets)
            steps = sum(len(plan.steps) for plan in self._plans.values())
            while len(self._plans) > PLANS_KEPT or (len(self._plans) > 1 and steps > STEPS_KEPT):
                steps -= len(self._plans.popitem(last=False)[1].steps)
        else:
            self._plans.move_to_end(known)
        return planned


def _now() -> int:
    return int(time.time() * 1000)
