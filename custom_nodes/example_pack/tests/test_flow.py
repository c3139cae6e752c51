"""What decides over what runs: lists, lazy inputs, blocked values, files, time."""

import os
import time

import pytest
import torch

from graph.declare import Blocked, InputError
from graph.values import Items


@pytest.mark.parametrize(("first", "second", "joined"), [("a", "b", "a; b"), ("a", "", "a"), ("", "b", "b")])
def test_texts_are_joined(run_node, first, second, joined):
    assert run_node("JoinText", first=first, second=second, separator="; ") == joined


def test_nothing_cannot_be_joined(run_node):
    with pytest.raises(InputError, match="Both texts are empty"):
        run_node("JoinText")


def test_a_template_is_filled_from_inputs_of_any_name(run_node):
    assert run_node("ExampleFillTemplate", template="{n} {what}", n=3, what="hearts") == "3 hearts"
    with pytest.raises(InputError, match="no input for the place 'what'"):
        run_node("ExampleFillTemplate", template="{what}")


def test_a_template_that_is_none_is_refused_before_it_is_queued(run_node):
    with pytest.raises(ValueError, match="braces do not fit together"):
        run_node("ExampleFillTemplate", template="a {colour", colour="red")


def test_lines_go_their_own_way_and_come_together_again(run_node, run_graph, bench):
    assert run_node("ExampleSplitLines", text="a\n\n b \n") == ["a", "b"]
    assert run_node("ExampleFillTemplate", template="<{x}>", x=Items(["a", "b"])) == ["<a>", "<b>"]
    assert run_node("ExampleNumberLines", texts=["a", "b"], start=2) == "2. a\n3. b"
    graph = {
        "1": {"class_type": "ExampleSplitLines", "inputs": {"text": "x\ny"}},
        "2": {"class_type": "ExampleFillTemplate", "inputs": {"template": "a {v}", "v": ["1", 0]}},
        "3": {"class_type": "ExampleNumberLines", "inputs": {"texts": ["2", 0], "start": 1}},
    }
    assert run_graph(graph) == {"3": "1. a x\n2. a y"}
    assert bench.shown == {"3": {"text": ["1. a x\n2. a y"]}}


def test_a_switch_evaluates_what_it_gives_on_and_nothing_else(run_node, bench):
    assert run_node("ExampleSwitch", condition=True, on_true="yes", on_false="no") == "yes"
    assert bench.asked == ["on_true"]
    assert run_node("ExampleSwitch", condition=False, on_true="yes", on_false="no") == "no"
    assert bench.asked == ["on_false"]


def test_a_dark_picture_is_withheld_and_a_bright_one_passes(run_node):
    bright = torch.full((1, 4, 4, 3), 0.8)
    assert run_node("ExamplePassBright", image=bright) is bright
    blocked = run_node("ExamplePassBright", image=bright / 2)
    assert isinstance(blocked, Blocked)
    assert "0.40, and 0.50 is wanted" in blocked.message


def test_a_note_is_read_again_only_when_there_is_a_newer_one(run_graph, bench):
    graph = {"1": {"class_type": "ExampleNewestNote", "inputs": {"pattern": "*.txt"}}}
    with pytest.raises(InputError, match="No file of the input folder fits"):
        run_graph(graph)
    for name, age in (("old.txt", 20), ("new.txt", 10)):
        path = bench.folders.input / name
        path.write_text(f" {name}\n")
        os.utime(path, (time.time() - age,) * 2)
    assert run_graph(graph) == {"1": "new.txt"}
    assert run_graph(graph) == {"1": "new.txt"}
    assert bench.ran == []
    (bench.folders.input / "newest.txt").write_text("newest")
    assert run_graph(graph) == {"1": "newest"}
    assert bench.ran == ["1"]


def test_a_clock_never_stands_still(run_graph, bench):
    graph = {"1": {"class_type": "ExampleClock", "inputs": {"format": "%f"}}}
    for _ in range(2):
        run_graph(graph)
        assert bench.ran == ["1"]


def test_what_waits_is_given_on(run_graph):
    waits = {
        str(number): {"class_type": "ExampleWait", "inputs": {"value": number, "seconds": 0.1}} for number in range(6)
    }
    assert run_graph(waits) == {str(number): number for number in range(6)}


def test_a_quote_is_what_was_typed(run_node):
    assert run_node("ExampleQuote", text="a heart") == "a heart"
