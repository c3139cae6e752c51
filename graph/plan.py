"""What has to be done for a prompt: its nodes in order, with their inputs by the names that their functions have."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graph.declare import NodeSpec
from graph.order import depth_first
from graph.prompt import Link, link_of, literal

__all__ = ["Plan", "PlanError", "Step", "plan"]


class PlanError(ValueError):
    """A prompt that cannot be executed, as validation would have said."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a node: `literals` and `links` are its arguments by parameter name."""

    id: str
    class_type: str
    title: str
    spec: NodeSpec
    literals: Mapping[str, Any]
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class Plan:
    """`steps` by node id, sources first; `targets` are the nodes that are wanted for themselves."""

    steps: Mapping[str, Step]
    targets: frozenset[str]

    def uses(self, running: Collection[str]) -> dict[str, int]:
        """How many links of the nodes that are going to run read each node."""
        uses = dict.fromkeys(self.steps, 0)
        for step in self.steps.values():
            if step.id in running:
                for source, _ in step.links.values():
                    uses[source] += 1
        return uses


def plan(prompt: Mapping[str, Mapping[str, Any]], specs: Mapping[str, NodeSpec], targets: Iterable[str]) -> Plan:
    """Plan a validated prompt: only `targets` and what they need. `specs` finds nodes by id and alias.

    Raises PlanError for a node or link that does not exist, and for a circle.
    """
    targets = list(targets)
    steps: dict[str, Step] = {}

    def sources(id: str) -> list[str]:
        if id not in prompt:
            raise PlanError(f"The node {id} is needed, and the prompt does not have it.")
        steps[id] = _step(id, prompt[id], specs)
        return [source for source, _ in steps[id].links.values()]

    order = depth_first(targets, sources)
    if order.cycles:
        raise PlanError(f"The nodes {', '.join(order.cycles[0])} wait for each other in a circle.")
    return Plan({id: steps[id] for id in order.nodes}, frozenset(targets))


def _step(id: str, node: Mapping[str, Any], specs: Mapping[str, NodeSpec]) -> Step:
    class_type = node["class_type"]
    spec = specs.get(class_type)
    if spec is None:
        raise PlanError(f"The node {id} is of the type '{class_type}', which is not installed.")
    names = spec.aliases.get(class_type, {})
    literals: dict[str, Any] = {}
    links: dict[str, Link] = {}
    for given, value in node["inputs"].items():
        name = names.get(given, given)
        link = link_of(value)
        if spec.input(name) is None:
            continue
        if link:
            links[name] = link
        else:
            literals[name] = literal(value)
    defaults = _with_default(spec.function)
    for item in spec.inputs:
        if not (item.required or item.name in defaults or item.name in literals or item.name in links):
            literals[item.name] = None
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return Step(id, class_type, title if title and isinstance(title, str) else spec.title, spec, literals, links)


@lru_cache(maxsize=4096)
def _with_default(function: Callable[..., Any]) -> frozenset[str]:
    parameters = inspect.signature(function).parameters.values()
    return frozenset(item.name for item in parameters if item.default is not inspect.Parameter.empty)
