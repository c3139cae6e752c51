"""Expansion: loops that copy themselves, subgraphs that show something, and what is kept of them."""

import json

from graph import events
from graph.values import Items
from tests.compat.contract.conftest import node

ROUNDS = 20


def counting_loop(rounds):
    """Counts `value0` up to `rounds`, and adds it to `value1`."""
    return {
        "one": node("Number", value=1),
        "open": node("LoopWhileOpen", condition=True, value0=0, value1=0),
        "next": node("Add", a=["open", 1], b=["one", 0]),
        "sum": node("Add", a=["open", 2], b=["next", 0]),
        "more": node("Below", a=["next", 0], b=rounds),
        "t": node("LoopWhileClose", flow=["open", 0], condition=["more", 0], value0=["next", 0], value1=["sum", 0]),
    }


def test_a_while_loop_runs_its_body_until_its_condition_fails(bench):
    count, total, nothing = bench.values(counting_loop(ROUNDS))
    assert (count, total, nothing) == (ROUNDS, ROUNDS * (ROUNDS + 1) // 2, None)
    calls = bench.pack("plain_values").calls
    assert len([call for call in calls if call[0] == "Add"]) == 2 * ROUNDS
    assert calls.count(("Number", 1)) == 1, "what is outside of the loop runs once"


def test_a_loop_that_is_queued_again_runs_nothing(bench):
    bench.values(counting_loop(5))
    bench.pack("plain_values").calls.clear()
    assert bench.values(counting_loop(5))[:2] == (5, 15)
    assert bench.pack("plain_values").calls == []


def test_a_loop_that_ends_at_once_gives_its_values(bench):
    prompt = counting_loop(1)
    assert bench.values(prompt) == (1, 1, None)
    assert not bench.of(events.Expanded)


def test_nodes_of_a_loop_are_shown_on_the_nodes_that_they_are_copies_of(bench):
    bench.run(counting_loop(3), "t")
    places = {id: place for event in bench.of(events.Expanded) for id, place in event.nodes.items()}
    assert {place.real for place in places.values()} == {"t"}
    assert len(places) == 2 * 5
    assert {place.display for place in places.values()} == {"open", "next", "sum", "more", "t"}
    assert {place.display for place in places.values() if place.class_type == "Below"} == {"more"}


def test_a_for_loop_is_made_of_a_while_loop(bench):
    prompt = {
        "open": node("LoopForOpen", remaining=ROUNDS, value1=1),
        "double": node("Add", a=["open", 2], b=["open", 2]),
        "t": node("LoopForClose", flow=["open", 0], value1=["double", 0]),
    }
    assert bench.values(prompt) == (2**ROUNDS, None)


def test_a_loop_accumulates_a_list(bench):
    prompt = {
        "open": node("LoopForOpen", remaining=4),
        "add": node("LoopAccumulate", to_add=["open", 1], accumulation=["open", 2]),
        "close": node("LoopForClose", flow=["open", 0], value1=["add", 0]),
        "t": node("LoopToList", accumulation=["close", 0]),
    }
    assert bench.values(prompt) == (Items([4, 3, 2, 1]),)


def test_a_subgraph_gives_its_results_and_shows_what_its_nodes_show(bench):
    prompt = {"n": node("Number", value=4), "t": node("LoopTwice", value=["n", 0])}
    total, told = bench.run(prompt, "t", extra_pnginfo={"workflow": 1})["t"]
    assert (total, told) == (8, "t.0.0. t.0.1. 2 ['workflow']")
    assert bench.shown() == [("t.0.0.2", {"text": ["8"]})]
    bench.run(prompt, "t", extra_pnginfo={"workflow": 1})
    assert bench.shown() == [("t.0.0.2", {"text": ["8"]})], "from the cache too"


def test_each_value_of_a_list_has_a_subgraph_of_its_own(bench):
    prompt = {"n": node("Number", value=3), "r": node("Range", count=["n", 0]), "t": node("LoopTwice", value=["r", 0])}
    assert bench.values(prompt)[0] == Items([0, 2, 4])
    ids = {id for event in bench.of(events.Expanded) for id in event.nodes}
    assert ids == {f"t.{index}.0.{number}" for index in range(3) for number in (1, 2)}


def test_a_subgraph_fills_outputs_that_are_lists(bench):
    prompt = {"1": node("Number", value=2), "t": node("LoopListOfOne", value=["1", 0])}
    assert bench.values(prompt)[:2] == (Items([2]), Items([0, 1]))
    prompt = {
        "t": node("LoopListOfOne", value=3),
        "s": node("ShowAny", value=["t", 0]),
        "u": node("ShowAny", value=["t", 2]),
    }
    bench.run(prompt, "s", "u")
    assert bench.shown() == [("s", {"text": ["3"]})]
    (blocked,) = bench.of(events.Blocked)
    assert (blocked.node, blocked.message) == ("u", "LoopListOfOne gave nothing on its output 'INT'.")


def test_a_node_may_look_at_the_graph(bench):
    prompt = {"n": node("Number", value=2), "t": node("LoopLooks", deep=False, value=["n", 0])}
    (told,) = bench.values(prompt)
    assert json.loads(told) == {
        "class": "LoopLooks",
        "value": ["n", 0],
        "ids": ["n", "t"],
        "parent": None,
        "real": "t",
        "display": "t",
        "other": ["x", None, False],
        "prompt": ["n", "t"],
        "missing": "There is no node nowhere.",
        "token": None,
    }
    prompt["t"]["inputs"]["deep"] = True
    (told,) = bench.values(prompt)
    found = json.loads(told)
    assert (found["parent"], found["real"], found["display"]) == ("t", "t", "t")
    assert (found["value"], found["ids"], found["prompt"]) == (["n", 0], ["n", "t", "t.0.0.1"], ["n", "t"])
