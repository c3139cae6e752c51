"""Ordering a graph so that every node comes after those it needs: one depth-first walk, without recursion.

The walk starts at the targets, so that only what they need is in the order, and one branch is finished before the next
is begun, which keeps few intermediate results alive. `docs/decisions/graph-order.md` says why this is not networkx.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """`nodes`: the targets and all that they need, sources first. `cycles`: circles among them, each node once."""

    nodes: list[str]
    cycles: list[list[str]]


def depth_first(targets: Iterable[str], sources: Callable[[str], Iterable[str]]) -> Order:
    """Order `targets` and their ancestors; `sources` gives the direct ones of a node.

    If there is any circle, at least one is found, and every node of an unnamed one leads to one that is named.
    """
    done: list[str] = []
    cycles: list[list[str]] = []
    in_cycle: set[str] = set()
    finished: dict[str, bool] = {}  # False for the nodes between a target and where the walk is
    for target in targets:
        if target in finished:
            continue
        finished[target] = False
        path = [target]
        remaining: list[Iterator[str]] = [iter(sources(target))]
        while path:
            for source in remaining[-1]:
                state = finished.get(source)
                if state is None:
                    finished[source] = False
                    path.append(source)
                    remaining.append(iter(sources(source)))
                    break
                if not state and not (path[-1] in in_cycle and source in in_cycle):
                    circle = path[path.index(source) :]
                    in_cycle.update(circle)
                    cycles.append(circle)
            else:
                node = path.pop()
                remaining.pop()
                finished[node] = True
                done.append(node)
    return Order(done, cycles)
