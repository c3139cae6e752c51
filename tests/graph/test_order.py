"""The order of a graph, against networkx's answers for the same graph."""

import itertools

import networkx
from hypothesis import given
from hypothesis import strategies as st

from graph.execution.order import depth_first

NAMES = [str(number) for number in range(12)]
edges = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=30)
targets = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4)


def drawn(pairs: list[tuple[str, str]]) -> networkx.DiGraph:
    graph = networkx.DiGraph(pairs)
    graph.add_nodes_from(NAMES)
    return graph


def needed(graph: networkx.DiGraph, wanted: list[str]) -> set[str]:
    return set(wanted).union(*(networkx.ancestors(graph, name) for name in wanted))


@given(edges, targets)
def test_it_holds_the_targets_and_their_ancestors_each_once(pairs, wanted):
    graph = drawn(pairs)
    order = depth_first(wanted, lambda name: graph.predecessors(name))
    assert sorted(order.nodes) == sorted(needed(graph, wanted))


@given(edges, targets)
def test_sources_come_first_where_there_is_no_circle(pairs, wanted):
    graph = drawn([(source, target) for source, target in pairs if int(source) < int(target)])
    order = depth_first(wanted, lambda name: graph.predecessors(name))
    assert order.cycles == []
    place = {name: position for position, name in enumerate(order.nodes)}
    assert all(place[source] < place[target] for source, target in graph.edges if target in place)


@given(edges, targets)
def test_a_circle_is_found_if_and_only_if_there_is_one_and_what_is_named_is_one(pairs, wanted):
    graph = drawn(pairs)
    reached = graph.subgraph(needed(graph, wanted))
    order = depth_first(wanted, lambda name: graph.predecessors(name))
    assert bool(order.cycles) == (not networkx.is_directed_acyclic_graph(reached))
    for circle in order.cycles:
        assert all(graph.has_edge(later, earlier) for earlier, later in itertools.pairwise([*circle, circle[0]]))


def test_a_chain_longer_than_the_recursion_limit_is_ordered():
    chain = [str(number) for number in range(20_000)]
    sources = dict(zip(chain, [[], *([name] for name in chain)], strict=False))
    assert depth_first([chain[-1]], lambda name: sources[name]).nodes == chain
