"""What nodes may be beside plain functions, run by the engine: lists, lazy inputs, subgraphs, async, blocked values."""

import threading

import pytest

from graph import events
from graph.caching.cache import ResultCache
from graph.validation.validate import validate
from graph.values import Blocked, Items
from tests.graph.form_bench import REGISTRY, Bench, node
from tests.graph.sample_nodes import calls


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


# Lists.


def test_a_node_is_called_for_each_value_of_a_list_and_shorter_lists_repeat_their_last(bench):
    prompt = {
        "a": node("Numbers", text="1 2 3"),
        "b": node("Numbers", text="10 20"),
        "t": node("Times", a=["a", 0], b=["b", 0]),
    }
    assert bench.value(prompt) == Items([10, 40, 60])
    assert [arguments for name, arguments in calls if name == "Times"] == [(1, 10), (2, 20), (3, 20)]
    assert [event.node for event in bench.of(events.NodeFinished)] == ["a", "b", "t"]


def test_a_parameter_that_is_a_list_gets_all_values_at_once(bench):
    prompt = {"a": node("Numbers", text="1 2 3"), "t": node("Sum", numbers=["a", 0])}
    assert bench.value(prompt) == 6
    assert bench.value({"t": node("Sum", numbers=5, times=2)}) == 10, "a single value is a list of one"


def test_a_whole_list_goes_into_each_call_that_another_list_makes(bench):
    prompt = {
        "a": node("Numbers", text="1 2"),
        "b": node("Numbers", text="10 100"),
        "t": node("Sum", numbers=["a", 0], times=["b", 0]),
    }
    assert bench.value(prompt) == Items([30, 300])


def test_lists_that_several_calls_give_are_joined(bench):
    prompt = {"a": node("Numbers", text="1 2 3"), "t": node("Countdown", start=["a", 0])}
    assert bench.value(prompt) == Items([1, 2, 1, 3, 2, 1])


def test_one_of_several_outputs_may_be_a_list(bench):
    prompt = {"a": node("Numbers", text="4 9"), "t": node("Divide", numbers=["a", 0], by=2)}
    assert bench.run(prompt, "t")["t"] == (Items([2, 4]), 2)


def test_with_an_empty_list_a_node_is_not_called(bench):
    prompt = {"a": node("Numbers", text=""), "b": node("Times", a=["a", 0], b=2), "t": node("Sum", numbers=["b", 0])}
    assert bench.value(prompt) == 0
    assert bench.ran == ["Numbers", "Sum"]


def test_an_async_generator_gives_a_list(bench):
    assert bench.value({"t": node("Ticks", count=3)}) == Items([0, 1, 2])


def test_what_the_calls_of_an_output_node_show_is_joined(bench):
    bench.run({"a": node("Numbers", text="5 6"), "t": node("Calls", value=["a", 0])})
    assert bench.of(events.NodeFinished)[-1].ui == {"text": ["0: 5", "1: 6"]}


# Lazy inputs.


def branches(condition, chooser="Choose"):
    return {
        "yes": node("Number", value=1),
        "no": node("Times", a=3, b=4),
        "t": node(chooser, condition=condition, on_true=["yes", 0], on_false=["no", 0]),
    }


@pytest.mark.parametrize("chooser", ["Choose", "AsyncChoose"])
def test_only_the_branch_that_is_asked_for_runs(bench, chooser):
    assert bench.value(branches(True, chooser)) == 1
    assert bench.ran == ["Number"]
    assert bench.of(events.Cached)[0].nodes == []
    assert bench.value(branches(False, chooser)) == 12
    assert bench.ran == ["Times"]


def test_a_chosen_result_is_found_again_without_the_other_branch(bench):
    bench.run(branches(True), "t")
    assert bench.value(branches(True)) == 1
    assert bench.ran == []
    assert set(bench.of(events.Cached)[0].nodes) == {"yes", "t"} | {"no"}


def test_an_absent_lazy_input_is_none(bench):
    assert bench.value({"t": node("Choose", condition=False, on_true=1)}) is None


def test_a_node_that_asks_is_announced_again_when_it_goes_on(bench):
    prompt = {"a": node("Number", value=7), "t": node("Clamp", value=["a", 0])}
    assert bench.value(prompt) == 7
    assert [event.node for event in bench.of(events.NodeStarted)] == ["t", "a", "t"]
    assert bench.value({**prompt, "t": node("Clamp", value=["a", 0], low=200)}) == 200
    assert bench.ran == []


def test_several_inputs_can_be_asked_for_at_once_literals_too(bench):
    assert bench.value({"a": node("Number", value=2), "t": node("Both", a=["a", 0], b=40)}) == 42


def test_lazy_inputs_may_be_lists(bench):
    prompt = {
        "a": node("Numbers", text="1 2 3"),
        "b": node("Clamp", value=["a", 0], low=2),
        "t": node("Sum", numbers=["b", 0]),
    }
    assert bench.value(prompt) == 7


@pytest.mark.parametrize("asker", ["Clamp", "Both"])
def test_a_lazy_input_that_is_an_empty_list_makes_nothing_of_the_call(bench, asker):
    inputs = {"value": ["a", 0]} if asker == "Clamp" else {"a": 1, "b": ["a", 0]}
    assert bench.value({"a": node("Numbers", text=""), "t": node(asker, **inputs)}) == Items([])


@pytest.mark.parametrize("chooser", ["Choose", "AsyncChoose"])
def test_a_chosen_list_is_given_on_as_a_list(bench, chooser):
    prompt = {"a": node("Numbers", text="1 2"), "t": node(chooser, condition=True, on_true=["a", 0], on_false=0)}
    assert bench.value(prompt) == Items([1, 2])


@pytest.mark.parametrize("asker", ["Clamp", "AsyncChoose"])
def test_a_lazy_input_that_is_blocked_blocks_the_call(bench, asker):
    link = {"value": ["g", 0]} if asker == "Clamp" else {"condition": True, "on_true": ["g", 0], "on_false": 0}
    prompt = {"g": node("Gate", value=1, open=False, message="Closed."), "t": node(asker, **link)}
    assert bench.value(prompt) == Blocked()
    assert [(event.node, event.message) for event in bench.of(events.Blocked)] == [("t", "Closed.")]


def test_a_source_that_two_read_one_of_them_lazily_runs_once(bench):
    prompt = {
        "a": node("Times", a=2, b=3),
        "early": node("Add", a=["a", 0]),
        "late": node("Choose", condition=True, on_true=["a", 0], on_false=0),
        "t": node("Add", a=["early", 0], b=["late", 0]),
    }
    bench.executor.cache = ResultCache(0)
    assert bench.value(prompt) == 13
    assert bench.ran.count("Times") == 1


def test_a_chain_of_lazy_nodes_may_be_long(bench):
    prompt = {"0": node("Number", value=1)}
    for i in range(1, 3000):
        prompt[str(i)] = node("Choose", condition=True, on_true=[str(i - 1), 0], on_false=0)
    assert bench.value(prompt, "2999") == 1


def test_only_lazy_inputs_can_be_asked_for(bench):
    failure = bench.failure({"t": node("AskWrongly", value=1)})
    assert "only lazy inputs can be asked for" in failure.message


# Async nodes.


def test_async_nodes_overlap(bench):
    prompt = {str(i): node("Meet", name=f"n{i}", others=3) for i in range(3)}
    prompt["t"] = node("Pick", a=["0", 0], b=["1", 0], c=["2", 0])
    assert bench.value(prompt) == "a=n0,b=n1,c=n2"


def test_the_calls_of_an_async_node_overlap(bench):
    prompt = {
        "a": node("Numbers", text="1 2"),
        "n": node("Times", a=["a", 0], b=1),
        "t": node("Meet", name="x", others=["n", 0]),
    }
    assert bench.value(prompt) == Items(["x", "x"])


def test_an_async_node_can_be_interrupted(bench):
    threading.Timer(0.2, bench.interrupted.set).start()
    bench.run({"t": node("Meet", name="alone", others=2)}, "t")
    last = bench.events[-1]
    assert isinstance(last, events.Interrupted)
    assert (last.node, last.node_type) == ("t", "Meet")


# Subgraphs that nodes give.


def test_a_subgraph_runs_in_place_of_its_node(bench):
    assert bench.value({"t": node("Repeat", value=5, count=3)}) == 8
    (expanded,) = bench.of(events.Expanded)
    assert expanded.nodes["t.0.1"] == events.Place("Add", "t", "t", "t")
    assert [event.node for event in bench.of(events.NodeFinished)] == ["t.0.1", "t.0.2", "t.0.3", "t"]


def test_a_subgraph_may_contain_its_own_node(bench):
    assert bench.value({"t": node("Factorial", n=6)}) == 720
    bench.value({"t": node("Factorial", n=7)})
    assert bench.ran == ["Factorial", "Times"], "the rest is known from before"


def test_a_deep_recursion_of_subgraphs_runs(bench):
    prompt = {"t": node("Factorial", n=300)}
    value = bench.value(prompt)
    assert value % 293 == 0


def test_the_ids_of_a_long_loop_stay_short_and_different(bench):
    bench.value({"t": node("Factorial", n=400)})
    ids = [id for event in bench.of(events.Expanded) for id in event.nodes]
    assert len(set(ids)) == len(ids) == 798
    assert max(map(len, ids)) < 200
    assert all(place.real == "t" for event in bench.of(events.Expanded) for place in event.nodes.values())


def test_a_node_that_is_called_for_each_value_gives_a_subgraph_each(bench):
    prompt = {"a": node("Numbers", text="1 2"), "t": node("Repeat", value=["a", 0], count=2)}
    assert bench.value(prompt) == Items([3, 4])


def test_a_list_into_a_subgraph_comes_out_as_a_list(bench):
    prompt = {
        "a": node("Numbers", text="1 2"),
        "b": node("Repeat", value=["a", 0], count=0),
        "t": node("Sum", numbers=["b", 0]),
    }
    assert bench.value(prompt) == 3


def test_output_nodes_in_a_subgraph_run_and_are_shown_again_from_the_cache(bench):
    prompt = {"n": node("Number", value=3), "t": node("Announce", value=["n", 0])}
    for _ in range(2):
        assert bench.value(prompt) == 3
        assert bench.of(events.Expanded)[0].nodes["t.0.1"].display == "t"
        (shown,) = [event for event in bench.of(events.NodeFinished) if event.ui]
        assert (shown.node, shown.ui) == ("t.0.1", {"text": ["3"]})
    renamed = {"n": node("Number", value=3), "u": node("Announce", value=["n", 0])}
    bench.run(renamed, "u")
    assert [event.node for event in bench.of(events.NodeFinished) if event.ui] == ["u.0.1"]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("type", "The node type 'Nope' is not installed"),
        ("results", "it has 2 results, and 1 outputs are declared"),
        ("circle", "wait for each other in a circle"),
        ("link", "is linked to output 0 of 99, which does not exist"),
    ],
)
def test_a_subgraph_that_cannot_run_is_a_fault_of_its_node(bench, kind, fault):
    failure = bench.failure({"t": node("BadSubgraph", kind=kind)})
    assert failure.node == "t"
    assert fault in failure.message


def test_a_failure_inside_a_subgraph_names_the_node_of_the_prompt(bench):
    prompt = {"t": node("Repeat", value=["x", 0], count=2), "x": node("Gate", value="text")}
    failure = bench.failure(prompt)
    assert failure.node == "t"
    assert failure.node_type == "Add"


# Blocked values.


def test_a_blocked_value_is_passed_on_silently(bench):
    prompt = {"g": node("Gate", value=1, open=False), "a": node("Add", a=["g", 0]), "s": node("Show", value=["a", 0])}
    assert bench.run(prompt, "a", "s") == {"a": (Blocked(),), "s": ()}
    assert bench.ran == []
    assert isinstance(bench.events[-1], events.Succeeded)
    assert bench.of(events.Blocked) == []


def test_the_message_of_a_blocked_value_is_told_once_also_from_the_cache(bench):
    prompt = {
        "g": node("Gate", value=1, open=False, message="Closed."),
        "a": node("Add", a=["g", 0]),
        "s": node("Show", value=["a", 0]),
    }
    for _ in range(2):
        bench.run(prompt, "a", "s")
        assert [(event.node, event.message) for event in bench.of(events.Blocked)] == [("a", "Closed.")]


def test_in_a_list_only_what_is_blocked_is_left_out(bench):
    prompt = {
        "a": node("Numbers", text="1 2 3"),
        "e": node("Filter", number=["a", 0]),
        "t": node("Times", a=["e", 0], b=10),
    }
    assert bench.value(prompt) == Items([Blocked(), 20, Blocked()])


# Inputs of any name and type.


def test_a_node_may_take_inputs_of_any_name(bench):
    prompt = {"a": node("Number", value=3), "t": node("Pick", x=["a", 0], y="text")}
    assert bench.value(prompt) == "x=3,y=text"


def test_a_union_takes_each_of_its_types(bench):
    prompt = {"p": node("Paint", model=["m", 0]), "m": node("Split", value=1)}
    checked = validate(
        {**prompt, "m": node("Split", value=1), "t": node("Either", value=["m", 1])},
        REGISTRY.schemas(),
        bench.folders,
        ["t"],
    )
    assert [e["type"] for e in checked.node_errors["t"]["errors"]] == ["return_type_mismatch"]
    assert REGISTRY.schemas()["Either"]["input"]["required"]["value"][0] == "IMAGE,MASK"
    assert REGISTRY.schemas()["Either"]["input"]["optional"]["number"][0] == "INT,FLOAT"


# Keys.


def test_a_node_that_is_not_idempotent_runs_for_each_id_and_is_found_again(bench):
    prompt = {"a": node("Whoami"), "b": node("Whoami"), "t": node("Pick", x=["a", 0], y=["b", 0])}
    assert bench.value(prompt) == "x=a Whoami a,y=b Whoami b"
    bench.run(prompt, "t")
    assert bench.ran == []


def test_a_fingerprint_that_is_not_a_number_never_hits(bench):
    prompt = {"t": node("Never")}
    bench.run(prompt, "t")
    bench.run(prompt, "t")
    assert bench.ran == ["Never"]


def test_what_never_comes_again_is_not_cached_nor_what_depends_on_it(bench):
    prompt = {
        "c": node("Clock"),
        "a": node("Add", a=["c", 0]),
        "n": node("Number", value=3),
        "t": node("Times", a=["a", 0], b=["n", 0]),
    }
    assert bench.value(prompt) == 24
    kept = bench.executor.cache.figures()
    assert bench.value(prompt) == 24
    assert bench.ran == ["Clock", "Add", "Times"]
    assert bench.executor.cache.figures()["memory"]["entries"] == kept["memory"]["entries"] == 1


def test_all_readers_of_a_random_node_see_the_same_in_one_job(bench):
    prompt = {
        "r": node("Random"),
        "early": node("Add", a=["r", 0], b=0),
        "deep": node("Choose", condition=True, on_true=["r", 0], on_false=0),
        "late": node("Choose", condition=True, on_true=["deep", 0], on_false=0),
        "t": node("Pick", x=["early", 0], y=["late", 0]),
    }
    x, y = bench.value(prompt).split(",")
    assert x.removeprefix("x=") == y.removeprefix("y=")
