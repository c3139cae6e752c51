"""What is read from declarations: types, options, values for JSON, links, graphs."""

import enum
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from compat.comfy_types import IO
from compat.contract.classes import Instances
from compat.contract.inputs import read_input, read_inputs
from compat.contract.plain import LARGEST, plain
from compat.contract.type_names import type_name, type_names
from compat.execution.graph_building import GraphBuilder, add_graph_prefix, is_link
from graph.types import fits


class AnyType(str):
    def __ne__(self, other):
        return False


class Colour(enum.Enum):
    RED = "red"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(Path("a")),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.frozensets(st.text())
        | st.dictionaries(st.text() | st.integers() | st.none(), inner)
    ),
)


@given(VALUES)
def test_whatever_a_pack_declares_can_be_sent(value):
    found = plain(value)
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
    msgspec.msgpack.encode(found)
    assert plain(found) == found


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (math.inf, None),
        (math.nan, None),
        (LARGEST, 18446744073709551615),
        (LARGEST + 1, 18446744073709551616.0),
        (Colour.RED, "red"),
        (IO.IMAGE, "IMAGE"),
        (AnyType("*"), "*"),
        (np.float32(0.5), 0.5),
        (np.arange(2), [0, 1]),
        (torch.tensor(3), 3),
        ({"a": 1}.values(), [1]),
        ({1: (2,)}, {"1": [2]}),
        (Path("models/x"), "models/x"),
    ],
)
def test_values_as_json(value, told):
    found = plain(value)
    assert found == told
    assert type(found) is type(told)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("IMAGE", "IMAGE"),
        ("INT,FLOAT", "INT,FLOAT"),
        (AnyType("*"), "*"),
        (AnyType("anything"), "*"),
        (IO.ANY, "*"),
        (IO.NUMBER, "FLOAT,INT"),
        (Colour.RED, "red"),
        (["a", "b"], "COMBO"),
        (("a",), "COMBO"),
        ({"a": 1}.keys(), "COMBO"),
        (Colour, "COMBO"),
        (7, "7"),
    ],
)
def test_names_of_types(kind, name):
    assert type_name(kind) == name
    assert type(type_name(kind)) is str


def test_a_lone_string_is_one_type():
    assert type_names("IMAGE") == ("IMAGE",)
    assert type_names(("IMAGE", ["a"])) == ("IMAGE", "COMBO")
    assert type_names(None) == ()


@given(st.sampled_from(list(IO)), st.sampled_from(list(IO)))
def test_types_of_the_enumeration_differ_when_they_do_not_fit(one, other):
    assume({one, other} != {IO.STRING, IO.COMBO})  # Safelight lets a combo take a text
    assert (one != other) == (not fits(type_name(one), type_name(other)))


def test_options_are_kept_but_for_bounds_that_are_no_numbers():
    item = read_input("x", ("INT", {"default": 1, "min": "0", "max": 9, "lazy": True, "own": {1}}), required=True)
    assert item.options == {"default": 1, "max": 9, "lazy": True, "own": [1]}
    assert (item.lazy, item.raw_link, item.choices) == (True, False, None)
    assert read_input("x", ("IMAGE", {"rawLink": True}), required=True).raw_link
    assert read_input("x", ("IMAGE", None), required=True).options == {}
    assert list(read_input("x", ([1, None, Colour.RED],), required=False).choices()) == [1, None, "red"]
    with pytest.raises(TypeError, match="a dict is wanted"):
        read_inputs(None, False, False)


def test_hidden_inputs_of_a_type_of_their_own():
    declared = {"required": {}, "hidden": {"id": "UNIQUE_ID", "seed": ("INT", {"default": 0}), "more": "MODEL"}}
    takes = read_inputs(declared, whole_lists=True, takes_more=True)
    assert takes.given == {"id": "UNIQUE_ID"}
    assert [(item.name, item.type, item.hidden, item.items) for item in takes.inputs] == [
        ("id", "UNIQUE_ID", True, True),
        ("seed", "INT", True, True),
        ("more", "MODEL", True, True),
    ]
    assert takes.variadic.items
    assert takes.variadic.options == {"forceInput": True}


def test_inputs_with_widgets_of_packs_are_not_checked():
    declared = {
        "required": {
            "size": ("INT",),
            "image": ("IMAGE",),
            "colour": ("COLOUR_PICKER", {"default": "#fff"}),
            "some": (["a", "b"], {"multi_select": {}}),
            "one": (["a"],),
            "other": ("COMBO", {"options": ["a"]}),
        }
    }
    assert read_inputs(declared, False, False).unchecked == {"colour", "some", "other"}


def test_objects_of_nodes_are_kept_up_to_a_limit():
    class Node:
        pass

    instances = Instances(2)
    first = instances.get("1", Node)
    instances.get("2", Node)
    assert instances.get("1", Node) is first
    instances.get("3", Node)
    assert instances.get("1", Node) is first
    assert len({id(instances.get(name, Node)) for name in ("1", "3")}) == 2
    instances.clear()
    assert instances.get("1", Node) is not first


@pytest.mark.parametrize(
    ("value", "link"),
    [(["1", 0], True), (["1", 0.0], True), ([1, 0], False), (["1", True], False), (("1", 0), False), (["1"], False)],
)
def test_links(value, link):
    assert is_link(value) is link


def test_a_graph_is_built_and_changed():
    graph = GraphBuilder("p.")
    one = graph.node("Number", value=1)
    two = graph.node("Add", "two", a=one.out(0), b=one.out(1))
    three = graph.node("Add", a=two.out(0), b=None)
    assert graph.node("Other", "two") is two
    assert graph.lookup_node("two") is two
    assert graph.lookup_node("four") is None
    graph.replace_node_output("1", 1, None)
    graph.replace_node_output("1", 0, 9)
    three.set_input("b", ["x", 1])
    assert three.get_input("b") == ["x", 1]
    three.set_override_display_id("7")
    graph.remove_node("1")
    finished = graph.finalize()
    assert finished == {
        "p.two": {"class_type": "Add", "inputs": {"a": 9}},
        "p.2": {"class_type": "Add", "inputs": {"a": ["p.two", 0], "b": ["x", 1]}, "override_display_id": "7"},
    }
    moved, outputs = add_graph_prefix(finished, (["p.two", 0], 5), "q.")
    assert set(moved) == {"q.p.two", "q.p.2"}
    assert moved["q.p.2"]["inputs"]["a"] == ["q.p.two", 0]
    assert outputs == (["q.p.two", 0], 5)
