"""What of a graph has to run: only what is wanted, and of that only what is not in the cache."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from graph.caching.result import Result
from graph.caching.shown_files import are_as_made
from graph.execution.failure import NodeError
from graph.execution.kept_outputs import KeptOutputs
from graph.execution.keys import Keys
from graph.execution.plan import Plan, Step
from graph.execution.schedule import Schedule

if TYPE_CHECKING:
    from graph.execution.execute import Executor

ASYNC_FIRST = -(1 << 40)
"""Added to the rank of async nodes, which begin as early as they can."""
TOGETHER_LAST = 1 << 40
"""Added to the rank of nodes of subgraphs that can be done together, which are ready by then if they are so at all."""

Found = list[tuple[Step, Result]]


class Demand:
    """The table of a running graph: its steps with their keys, which of them are scheduled, and which are done."""

    def __init__(self, executor: "Executor", planned: Plan, check: Callable[[], None]) -> None:
        """`check` is called between two steps, and may raise."""
        self.steps: dict[str, Step] = dict(planned.steps)
        self.keys = Keys(executor.folders, lambda path: executor.content.hash(path, check), executor.salt, self.steps)
        self.outputs = KeptOutputs(keep=planned.sees_graph)
        self.schedule = Schedule()
        self._executor = executor
        self._plan = planned
        self._check = check
        self._ranks = dict(planned.ranks)
        self._done: dict[str, bool] = {}
        """True for what has given its outputs, false for what is scheduled or runs."""

    def begin(self) -> Found:
        """Schedule what the targets need; those whose results are at hand, in the order of the plan.

        Raises NodeError for a step whose key cannot be made.
        """
        self._make_keys()
        for target in self._plan.targets:
            self.outputs.expect(target)
        return sorted(self.want(self._plan.targets), key=lambda found: self._ranks[found[0].id])

    def add(self, step: Step, parent: Step) -> None:
        """A step of the subgraph of another, whose sources have been added. Raises NodeError without a key."""
        self.steps[step.id] = step
        self._done.pop(step.id, None)
        self._ranks[step.id] = self._ranks[parent.id]
        self._make_key(step)

    def _make_keys(self) -> None:
        plan = self._plan
        try:
            if self.keys.recall(plan):
                return
        except Exception:  # noqa: BLE001 - what is wrong is found again below, with the step that it belongs to
            plan.keys.clear()
        plan.impure.clear()
        for step in plan.steps.values():
            self._make_key(step)
        self.keys.remember(plan)

    def _make_key(self, step: Step) -> None:
        try:
            self._check()
            self.keys.add(step)
        except (Exception, SystemExit) as error:
            raise NodeError(step, error) from error

    def want(self, ids: Iterable[str]) -> Found:
        """Schedule nodes and what they need; those whose results are at hand are done, and returned."""
        found: Found = []
        new: list[Step] = []
        done = self._done
        pending = list(ids)
        while pending:
            id = pending.pop()
            step = self.steps[id]
            # One that is done has to run again if its outputs were let go before somebody came to want them.
            if id in done and (not done[id] or id in self.outputs or not step.spec.outputs):
                continue
            result = self.lookup(step)
            done[id] = result is not None
            if result is not None:
                found.append((step, result))
            else:
                new.append(step)
                pending.extend(step.eager)
        for step in new:
            self.outputs.expect_all(step)
        for step, result in found:
            self.outputs.put(step.id, result.outputs)
        for step in reversed(new):  # of equal rank, those of a subgraph, sources come first
            self.schedule.add(step.id, [source for source in step.eager if not done[source]], self._turn(step))
        return found

    def _turn(self, step: Step) -> int:
        rank = self._ranks[step.id]
        if step.spec.is_async:
            return rank + ASYNC_FIRST
        return rank + TOGETHER_LAST if step.spec.together and step.parent else rank

    def suspend(self, token: str, sources: Iterable[str], id: str | None = None) -> None:
        """A node waits for others before it goes on; `token` stands for it in the schedule, if it is not its own id."""
        self.schedule.add(token, sources, self._ranks[id or token])

    def unfinished(self, ids: Iterable[str]) -> list[str]:
        """Those of these nodes that have not given their outputs, each once."""
        return [id for id in dict.fromkeys(ids) if not self._done[id]]

    def finish(self, id: str) -> None:
        """A node has given its outputs."""
        self._done[id] = True
        self.schedule.finish(id)

    def lookup(self, step: Step) -> Result | None:
        """A cached result, unless a file that it shows, or stands for, has been removed or changed."""
        key = self.keys[step.id]
        result = self._executor.cache.get(key)
        if result is None or not (result.ui or result.inner or result.paths):
            return result
        if are_as_made(result, self._executor.folders):
            return result
        self._executor.cache.drop(key)
        return None

    def cached(self, found: Found) -> list[str]:
        """The nodes of the prompt that need not run: those whose results are at hand, and what only they need."""
        if not self._plan.patient:
            return [id for id in self._plan.steps if self._done.get(id, True)]
        cached: set[str] = set()
        pending = [step.id for step, _ in found]
        while pending:
            id = pending.pop()
            if id not in cached and self._done.get(id, True):
                cached.add(id)
                pending.extend(source for source, _ in self.steps[id].links.values())
        return [id for id in self._plan.steps if id in cached]
