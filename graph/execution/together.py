"""Calling nodes whose inputs are at hand; some do several calls at once, which is faster (`NodeSpec.together`).

What such a node gives for later calls is kept until their turn comes. So nothing else changes: every node begins and
ends by itself, and its result has the key that it would have alone.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from graph.execution.calls import MOST_TOGETHER, ahead, is_direct, is_special
from graph.execution.demand import Demand
from graph.execution.node_context import NodeContext
from graph.execution.plan import Step

Arguments = Mapping[str, Any]


class DirectCalls:
    """Calls of nodes that are called once, with their inputs as they are.

    `invoke` calls a function on behalf of the node of a context.
    """

    def __init__(self, demand: Demand, invoke: Callable[..., Any]) -> None:
        self._demand = demand
        self._invoke = invoke
        self._direct: dict[int, bool] = {}
        self._ahead: dict[str, Any] = {}
        self._shares: dict[str, float] = {}

    def can(self, step: Step, values: Arguments) -> bool:
        """Whether a node is called so with these inputs."""
        known = self._direct.get(id(step.spec))
        if known is None:
            known = self._direct[id(step.spec)] = is_direct(step.spec)
        return known and not any(map(is_special, values.values()))

    def call(self, step: Step, context: NodeContext, values: dict[str, Any]) -> Any:
        """What its function gives."""
        if step.spec.together is not None:
            if step.id not in self._ahead:
                self._ahead |= self._together(step, context, values)
            if step.id in self._ahead:
                return self._ahead.pop(step.id)
        parameter = step.spec.context_parameter
        arguments = {parameter: context, **values} if parameter else values
        return self._invoke(step.spec.function, context, **arguments)

    def seconds(self, step: Step, begun: float) -> float:
        """How long a call took that has just ended; one of several that were done at once, its share."""
        return self._shares.pop(step.id, time.perf_counter() - begun)

    def _together(self, step: Step, context: NodeContext, values: Arguments) -> dict[str, Any]:
        begun = time.perf_counter()
        found = ahead(step, context, {step.id: values, **self._others(step)}, self._invoke)
        if found:
            self._shares |= dict.fromkeys(found, (time.perf_counter() - begun) / len(found))
        return found

    def _others(self, step: Step) -> dict[str, Arguments]:
        """The inputs of other nodes of the type of `step` that are ready and have no result yet."""
        found: dict[str, Arguments] = {}
        demand, keys = self._demand, {self._demand.keys[step.id]}
        for id in demand.schedule.ready():
            other = demand.steps.get(id)
            if other is None or other.spec is not step.spec or id in self._ahead or demand.keys[id] in keys:
                continue
            inputs = {**other.literals, **{name: demand.outputs.get(*link) for name, link in other.links.items()}}
            if self.can(other, inputs) and demand.lookup(other) is None:
                keys.add(demand.keys[id])
                found[id] = inputs
            if len(found) == MOST_TOGETHER - 1:
                break
        return found
