"""What nodes may take and give beside plain values: lists of values, unevaluated inputs, blocked values, subgraphs."""

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

__all__ = ["Blocked", "InnerNode", "Items", "Lazy", "Reference", "Subgraph"]

T = TypeVar("T")


class Items(list[Any]):
    """Several values on one link. A node that takes single ones is called once for each."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A value that is not there. Nodes that would read it are not called, and give it on instead.

    With a `message` the first node that would have read it shows that; without one it is skipped silently.
    """

    message: str | None = None


class Lazy(Generic[T]):
    """An input that is evaluated only if the node asks for it: the annotation `image: Lazy[Image]`.

    A generator asks with `value = yield image` (or `a, b = yield image, mask`), an `async def` with
    `value = await image`. Returning it as an output gives the value on without looking at it.
    """

    def __init__(
        self, name: str, link: tuple[str, int] | None, ask: Callable[["Lazy[T]"], "asyncio.Future[T]"]
    ) -> None:
        """`link` is where the value comes from; None if it is a literal. `ask` evaluates it for `await`."""
        self.name = name
        self.link = link
        self._ask = ask

    def __await__(self) -> Generator[Any, None, T]:
        return self._ask(self).__await__()

    def __repr__(self) -> str:
        return f"Lazy({self.name!r})"


@dataclass(frozen=True, slots=True)
class Reference:
    """An output of a node, by the node's id and the output's position.

    In a subgraph it is a node of that if there is one of the id; `outer` says that it is one of the graph around it.
    """

    node: str
    slot: int = 0
    outer: bool = False


@dataclass(slots=True)
class InnerNode:
    """A node of a subgraph. Values of `inputs` may be anything, References included.

    `display` is the node on which the editor shows what it does; by default the one that made the subgraph.
    """

    id: str
    class_type: str
    inputs: dict[str, Any]
    display: str | None = None
    title: str | None = None

    def out(self, slot: int) -> Reference:
        """One of its outputs. The node itself, given as an input, means output 0."""
        return Reference(self.id, slot)


@dataclass(slots=True)
class Subgraph:
    """Nodes to be run in place of the one that returns them, and what that one gives in the end.

        graph = Subgraph()
        small = graph.add("ImageScale", image=image, width=64, height=64)
        return graph.returns(graph.add("ImageInvert", image=small))

    Ids are those of the subgraph alone, unless it is `absolute`: then they must be new to the whole prompt. By the ends
    of the nodes that are `milestones` the progress of the node is measured that returned it.
    """

    nodes: dict[str, InnerNode] = field(default_factory=dict)
    results: tuple[Any, ...] = ()
    absolute: bool = False
    milestones: tuple[str, ...] = ()

    def add(self, node_type: str | Callable[..., Any], /, **inputs: Any) -> InnerNode:
        """Add a node by its id or the function that declares it; an input is a node, one of its outputs, or a value.

        Raises TypeError for a function that is no node.
        """
        spec = None if isinstance(node_type, str) else getattr(node_type, "__node_spec__", None)
        if not isinstance(node_type, str) and spec is None:
            raise TypeError(f"{node_type!r} is no node: it has not been declared with @node.")
        given = {name: value.out(0) if isinstance(value, InnerNode) else value for name, value in inputs.items()}
        node = InnerNode(str(len(self.nodes) + 1), node_type if spec is None else spec.id, given)  # type: ignore[arg-type]
        self.nodes[node.id] = node
        return node

    def returns(self, *results: Any) -> "Subgraph":
        """Say what the outputs are, in order; returns the subgraph itself."""
        self.results = tuple(value.out(0) if isinstance(value, InnerNode) else value for value in results)
        return self
