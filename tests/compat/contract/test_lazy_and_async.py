"""Lazy inputs of nodes of packs, and nodes that overlap."""

import pytest

from graph import events
from graph.values import Items
from tests.compat.contract.conftest import node


def branches(**more):
    return {
        "a": node("Number", value=1),
        "b": node("Number", value=2),
        **more,
    }


def ran(bench):
    return [value for _, value in bench.pack("plain_values").calls]


@pytest.mark.parametrize("class_type", ["LazySwitch", "AsyncLazySwitch"])
@pytest.mark.parametrize(("first", "value"), [(True, 1), (False, 2)])
def test_only_the_branch_that_is_wanted_runs(bench, class_type, first, value):
    prompt = branches(t=node(class_type, first=first, a=["a", 0], b=["b", 0]))
    assert bench.values(prompt) == (value,)
    assert ran(bench) == [value]
    assert bench.pack("lazily").calls == [
        ("status", first, None, None),
        ("status", first, *((1, None) if first else (None, 2))),
    ]


def test_a_value_of_a_lazy_input_is_there_at_once(bench):
    assert bench.values({"t": node("LazySwitch", first=True, a=5, b=6)}) == (5,)
    assert bench.pack("lazily").calls == [], "with nothing left to evaluate there is nothing to ask"


def test_with_whole_lists_a_missing_input_is_a_list_of_none(bench):
    prompt = branches(n=node("Number", value=3), r=node("Range", count=["n", 0]))
    assert bench.values({**prompt, "t": node("ListLazySwitch", a=["r", 0], b=["b", 0])}) == ("[0, 1, 2] [2]",)
    assert bench.pack("lazily").calls == [
        ("status", [None], [None]),
        ("status", [0, 1, 2], [None]),
    ]
    assert bench.values({**prompt, "t": node("ListLazySwitch", a=["a", 0], b=["b", 0])}) == ("[1] [None]",)


def test_the_mixin_of_comfy_types_asks_for_everything(bench):
    assert bench.values(branches(t=node("LazyBoth", a=["a", 0], b=["b", 0]))) == (3,)


def test_a_lazy_input_that_is_blocked_keeps_the_node_from_being_called(bench):
    prompt = {"k": node("Block", value=1, block=True, message="Shut."), "s": node("ShowAny", value=["t", 0])}
    prompt["t"] = node("LazySwitch", first=True, a=["k", 0], b=6)
    bench.run(prompt, "s")
    assert "Shut." in [event.message for event in bench.of(events.Blocked)]
    assert bench.shown() == []


def test_async_nodes_overlap(bench):
    pack = bench.pack("lazily")
    pack.running.update(now=0, most=0, wanted=3)
    prompt = {str(number): node("SlowDouble", value=number) for number in range(1, 4)}
    prompt["x"] = node("Add", a=["1", 0], b=["2", 0], c=["3", 0])
    assert bench.values(prompt, "x") == (12,)
    assert (pack.running["now"], pack.running["most"]) == (0, 3)


def test_the_calls_of_an_async_node_for_a_list_overlap(bench):
    pack = bench.pack("lazily")
    pack.running.update(now=0, most=0, wanted=4)
    prompt = {"n": node("Number", value=4), "r": node("Range", count=["n", 0]), "t": node("SlowDouble", value=["r", 0])}
    assert bench.values(prompt) == (Items([0, 2, 4, 6]),)
    assert pack.running["most"] == 4


def test_an_async_function_that_a_decorator_hides_is_waited_for(bench):
    assert bench.values({"t": node("Disguised", value=3)}) == (-3,)
