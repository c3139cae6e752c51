"""What has to be done for a prompt: its nodes in order, with their inputs by the names that their functions have."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from graph.execution.order import depth_first
from graph.node_spec import Input, NodeSpec
from graph.prompt import Link, literal
from graph.values import InnerNode, Reference, Subgraph

LONGEST_ID = 120


class PlanError(ValueError):
    """A prompt or subgraph that cannot be executed; for a prompt, as validation would have said."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """A node that is to be run: `literals` and `links` are its inputs by parameter name.

    `eager` are the nodes that must have run before it; those of lazy inputs and raw links need not. `parent` is the
    step whose subgraph it belongs to. `display` is the node on which the editor shows what it does, `real` the node of
    the prompt that it belongs to in the end; both are its own id for a node of the prompt.
    """

    id: str
    class_type: str
    spec: NodeSpec
    literals: dict[str, Any]
    links: dict[str, Link]
    eager: list[str]
    named: object = None
    parent: "Step | None" = None
    display: str = ""
    real: str = ""

    @property
    def title(self) -> str:
        """What the node is called: as somebody has `named` it, or as its type is."""
        return self.named if isinstance(self.named, str) and self.named else self.spec.title

    @property
    def patient(self) -> bool:
        """Whether it has inputs that are not evaluated before it begins."""
        return len(self.eager) != len(self.links)


class Plan(msgspec.Struct, frozen=True):
    """`steps` by node id, sources first, with their `ranks`; `targets` are the nodes that are wanted for themselves.

    `patient` says that some step may be, `sees_graph` that some may name any node in a subgraph.
    """

    steps: dict[str, Step]
    ranks: dict[str, int]
    targets: tuple[str, ...]
    patient: bool
    sees_graph: bool
    keys: dict[str, str] = {}
    """The keys of the steps, once they are known (`graph.execution.keys`)."""
    impure: list[Step] = []
    """The steps whose keys depend on more than the graph."""


class Planner:
    """Plans prompts for the nodes that `specs` finds by id and alias. Finds out once per type what planning needs."""

    def __init__(self, specs: Mapping[str, NodeSpec]) -> None:
        self._specs = specs
        self._types: dict[str, _Type] = {}

    def plan(self, prompt: Mapping[str, Mapping[str, Any]], targets: Iterable[str]) -> Plan:
        """Plan a validated prompt: only `targets` and what they need.

        Raises PlanError for a node or link that does not exist, and for a circle.
        """
        targets = tuple(targets)
        steps = self._in_order(prompt, targets) or self._walk(prompt, targets)
        return Plan(
            steps,
            {id: rank for rank, id in enumerate(steps)},
            targets,
            patient=any(kind.patient for kind in self._types.values()),
            sees_graph=any(kind.spec.sees_graph for kind in self._types.values()),
        )

    def _in_order(self, prompt: Mapping[str, Mapping[str, Any]], targets: tuple[str, ...]) -> dict[str, Step] | None:
        """The steps of a prompt that has sources first already, as validation leaves it; None if it does not."""
        steps: dict[str, Step] = {}
        missing = set(targets)
        for id, node in prompt.items():
            if node["class_type"] not in self._specs:
                return None
            step = self._step(id, node)
            for source, _ in step.links.values():
                if source not in steps:
                    return None
            steps[id] = step
            missing.discard(id)
            if not missing:
                break
        needed = set(targets)
        for id in reversed(steps):
            if id in needed:
                needed.update([source for source, _ in steps[id].links.values()])
        if missing:
            return None
        return steps if len(needed) == len(steps) else {id: step for id, step in steps.items() if id in needed}

    def _walk(self, prompt: Mapping[str, Mapping[str, Any]], targets: tuple[str, ...]) -> dict[str, Step]:
        """The steps that the targets need, found from these backwards. Raises PlanError."""
        steps: dict[str, Step] = {}

        def sources(id: str) -> list[str]:
            node = prompt.get(id)
            if node is None:
                raise PlanError(f"The node {id} is needed, and the prompt does not have it.")
            step = steps[id] = self._step(id, node)
            return [source for source, _ in step.links.values()] if step.patient else step.eager

        order = depth_first(targets, sources)
        if order.cycles:
            raise PlanError(f"The nodes {', '.join(order.cycles[0])} wait for each other in a circle.")
        return {id: steps[id] for id in order.nodes}

    def inner(self, parent: Step, subgraph: Subgraph, known: Mapping[str, Step]) -> list[Step]:
        """The steps of a subgraph, sources first. Its ids are those of the whole graph (`place_subgraph`).

        Raises PlanError for a link to a node that is neither in it nor in `known`, and for a circle.
        """
        steps: dict[str, Step] = {}

        def sources(id: str) -> Iterator[str]:
            step = steps[id] = self._inner_step(parent, subgraph.nodes[id])
            for source, slot in step.links.values():
                spec = subgraph.nodes.get(source) or known.get(source)
                if spec is None:
                    raise PlanError(f"its node {id} is linked to output {slot} of {source}, which does not exist")
                if source in subgraph.nodes:
                    yield source

        order = depth_first(list(subgraph.nodes), sources)
        if order.cycles:
            raise PlanError(f"its nodes {', '.join(order.cycles[0])} wait for each other in a circle")
        return [steps[id] for id in order.nodes]

    def arguments(self, prompt: Mapping[str, Mapping[str, Any]], id: str) -> Step:
        """The step of one node, apart from others. Raises PlanError for a type that is not installed."""
        return self._step(id, prompt[id])

    def _type(self, class_type: str) -> "_Type":
        kind = self._types.get(class_type)
        if kind is None:
            spec = self._specs.get(class_type)
            if spec is None:
                raise PlanError(f"The node type '{class_type}' is not installed.")
            kind = self._types[class_type] = _Type(spec, class_type)
        return kind

    def _step(self, id: str, node: Mapping[str, Any]) -> Step:
        class_type = node["class_type"]
        kind = self._types.get(class_type) or self._type(class_type)
        literals: dict[str, Any] = {}
        links: dict[str, Link] = {}
        eager: list[str] = []
        inputs = kind.inputs
        for given, value in node["inputs"].items():
            found = inputs.get(given)
            if found is None and (found := kind.more(given)) is None:
                continue
            name, patient = found
            if type(value) is list:
                source, slot = value
                links[name] = (source, slot)
                if not patient:
                    eager.append(source)
            else:
                literals[name] = literal(value) if type(value) is dict else value
        for name in kind.absent:
            if name not in literals and name not in links:
                literals[name] = None
        meta = node.get("_meta")
        named = meta.get("title") if meta and type(meta) is dict else None
        return Step(id, class_type, kind.spec, literals, links, eager, named, None, id, id)

    def _inner_step(self, parent: Step, node: InnerNode) -> Step:
        kind = self._type(node.class_type)
        literals: dict[str, Any] = dict.fromkeys(kind.absent)
        links: dict[str, Link] = {}
        eager: list[str] = []
        for given, value in node.inputs.items():
            named = kind.inputs.get(given) or kind.hidden.get(given) or kind.more(given)
            if named is None:
                continue
            name, patient = named
            literals.pop(name, None)
            if isinstance(value, Reference):
                links[name] = (value.node, value.slot)
                if not patient:
                    eager.append(value.node)
            else:
                literals[name] = value
        display = node.display or parent.display
        return Step(
            node.id, node.class_type, kind.spec, literals, links, eager, node.title, parent, display, parent.real
        )


class _Type:
    """What planning needs of a node type: its inputs by the names that prompts have, and whether each is patient."""

    def __init__(self, spec: NodeSpec, class_type: str) -> None:
        theirs = {ours: name for name, ours in spec.aliases.get(class_type, {}).items()}
        self.spec = spec
        self.inputs = {theirs.get(item.name, item.name): _named(item) for item in spec.inputs if not item.hidden}
        self.hidden = {item.name: _named(item) for item in spec.inputs if item.hidden}
        self.absent = spec.absent
        self.patient = any(item.lazy or item.raw_link for item in spec.inputs)

    def more(self, name: str) -> tuple[str, bool] | None:
        """An input that is not declared, if the node takes such."""
        return (name, False) if self.spec.variadic else None


def _named(item: Input) -> tuple[str, bool]:
    return item.name, item.lazy or item.raw_link


def place_subgraph(subgraph: Subgraph, parent: Step, index: int, known: Mapping[str, Step]) -> Subgraph:
    """The subgraph with ids of the whole graph: `<parent>.<call>.<id>`, unless it has such already.

    In a loop of thousands of subgraphs within each other ids would become ever longer, and what is told of the loop
    grow with the square of its length: a digest stands for a parent whose own id is long.

    Raises PlanError for an id that exists, and for results that are not there or not as many as the outputs.
    """
    deep = len(parent.id) > LONGEST_ID
    outer = f"{parent.real}.{sha256(parent.id.encode()).hexdigest()[:16]}" if deep else parent.id
    prefix = "" if subgraph.absolute else f"{outer}.{index}."
    names = {id: prefix + id for id in subgraph.nodes}

    def placed(value: Any) -> Any:
        if not isinstance(value, Reference):
            return value
        return Reference(value.node if value.outer else names.get(value.node, value.node), value.slot)

    nodes = {}
    for id, node in subgraph.nodes.items():
        other = known.get(names[id])
        # A node that has to run again, because its outputs were let go, gives the same nodes again.
        if other is not None and (other.parent is None or other.parent.id != parent.id):
            raise PlanError(f"it has a node {names[id]}, and there is one of that id already")
        inputs = {name: placed(value) for name, value in node.inputs.items()}
        nodes[names[id]] = InnerNode(names[id], node.class_type, inputs, node.display, node.title)
    results = tuple(map(placed, subgraph.results))
    if len(results) != len(parent.spec.outputs):
        raise PlanError(f"it has {len(results)} results, and {len(parent.spec.outputs)} outputs are declared")
    for each in results:
        if isinstance(each, Reference) and each.node not in nodes and each.node not in known:
            raise PlanError(f"a result is an output of its node {each.node}, which does not exist")
    return Subgraph(nodes, results, absolute=True, milestones=tuple(names[id] for id in subgraph.milestones))
