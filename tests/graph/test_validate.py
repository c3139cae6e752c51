import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.folders import Folders
from graph.validation.validate import validate
from tests.graph import sample_nodes

SCHEMAS = sample_nodes.registry().schemas()


@pytest.fixture
def folders(tmp_path):
    for name in ("models/checkpoints/sub/pocket.safetensors", "input/cat.png", "output/dog.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"")
    return Folders.under(tmp_path)


def node(class_type, title=None, **inputs):
    entry = {"class_type": class_type, "inputs": inputs}
    return {**entry, "_meta": {"title": title}} if title else entry


def problems(prompt, folders, id="1"):
    """The problems of the node `id` of a prompt whose node 9 shows it."""
    result = validate({"9": node("Show", value=[id, 0]), **prompt}, SCHEMAS, folders)
    return result.node_errors.get(id, {"errors": []})["errors"]


def test_a_good_prompt_is_normalised(folders):
    prompt = {
        1: node("Add", a="41", b=1.0, unknown=3),
        "2": node("Show", value=[1, 0]),
        "3": node("Load", name="sub\\pocket.safetensors"),
        "4": node("Paint", model=["3", 0], seed=str(2**64 - 1), tiled="True", text=5, mask=None),
    }
    result = validate(prompt, SCHEMAS, folders)
    assert (result.targets, result.error, result.node_errors) == (["2"], None, {})
    assert result.prompt["1"]["inputs"] == {"a": 41, "b": 1}
    assert result.prompt["2"]["inputs"] == {"value": ["1", 0]}
    assert result.prompt["4"]["inputs"]["seed"] == str(2**64 - 1), "a node that nothing needs is left as it is"
    result = validate(prompt, SCHEMAS, folders, targets=["4"])
    assert result.targets == ["4"]
    assert result.prompt["3"]["inputs"] == {"name": "sub/pocket.safetensors", "mode": "fast"}
    assert result.prompt["4"]["inputs"] == {
        "model": ["3", 0], "seed": 2**64 - 1, "strength": 0.5, "text": "5", "tiled": True,
    }  # fmt: skip
    assert prompt[1]["inputs"]["a"] == "41", "the given prompt is not changed"


@pytest.mark.parametrize(
    ("inputs", "type", "words"),
    [
        ({}, "required_input_missing", ["Add (node 1)", "'a'", "INT", "missing"]),
        ({"A": 3}, "required_input_missing", ["'A', which the node does not have"]),
        ({"a": "x"}, "invalid_input_type", ["'a'", "whole number", "'x'"]),
        ({"a": float("nan")}, "invalid_input_type", ["whole number"]),
        ({"a": {"__value__": [1]}}, "invalid_input_type", ["[1]"]),
        ({"a": -(2**63)}, "value_smaller_than_min", ["at least", str(-(2**62))]),
        ({"a": 2**63}, "value_bigger_than_max", ["at most", str(2**62)]),
        ({"a": [1, 2, 3]}, "bad_linked_input", ["no link"]),
        ({"a": [True, 0]}, "bad_linked_input", ["no link"]),
        ({"a": ["77", 0]}, "bad_linked_input", ["node 77, which does not exist"]),
        ({"a": ["2", 1]}, "bad_linked_input", ["output 1 of Number (node 2), which has 1"]),
        ({"a": ["2", -1]}, "bad_linked_input", ["output -1"]),
        ({"a": ["3", 0]}, "return_type_mismatch", ["takes INT", "Load (node 3) gives MODEL"]),
    ],
)
def test_each_fault_of_an_input_is_named(folders, inputs, type, words):
    others = {"2": node("Number"), "3": node("Load", name="sub/pocket.safetensors")}
    (problem,) = problems({"1": node("Add", **inputs), **others}, folders)
    assert problem["type"] == type
    assert problem["extra_info"]["input_name"] == "a"
    for word in words:
        assert word in problem["details"]


def test_extra_info_has_what_was_received_and_what_is_taken(folders):
    (problem,) = problems({"1": node("Paint", model=["2", 0]), "2": node("Number")}, folders)
    assert problem["extra_info"] == {
        "input_name": "model", "input_config": ["MODEL", {}], "received_type": "INT", "linked_node": ["2", 0],
    }  # fmt: skip
    (problem,) = problems({"1": node("Number", value=101)}, folders)
    assert problem["extra_info"]["input_config"] == ["INT", {"default": 1, "min": 0, "max": 100}]
    assert problem["extra_info"]["received_value"] == 101


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (node("Load", name="sub/pokcet.safetensors"), ["no 'sub/pokcet.safetensors' in models/checkpoints", "Similar"]),
        (node("Load", name="../secret"), ["leads out of its folder"]),
        (node("Load", name=3), ["takes a file name"]),
        (node("Load", name="sub/pocket.safetensors", mode="fsat"), ["does not offer 'fsat'", "Similar: fast"]),
        (node("Load", name="sub/pocket.safetensors", mode="?"), ["Choose one of: fast, slow"]),
        (node("Picture", image="dog.png"), ["no file 'dog.png' in the input folder"]),
    ],
)
def test_choices_that_are_not_there_are_named_with_what_to_do(folders, entry, words):
    (problem,) = problems({"1": entry}, folders)
    assert problem["type"] == "value_not_in_list"
    assert problem["extra_info"]["input_config"][0] in (
        ["sub/pocket.safetensors"], ["fast", "slow"], ["cat.png"],
    )  # fmt: skip
    for word in words:
        assert word in problem["details"]


def test_inputs_may_lie_in_other_folders(folders):
    assert problems({"1": node("Picture", image="cat.png")}, folders) == []
    assert problems({"1": node("Picture", image="dog.png [output]")}, folders) == []


def test_a_literal_for_a_socket_is_refused(folders):
    (problem,) = problems({"1": node("Paint", model="sd15")}, folders)
    assert problem["type"] == "invalid_input_type"
    assert "takes a link from an output of type MODEL, and has the value 'sd15'" in problem["details"]


def test_all_errors_come_at_once_and_good_outputs_run(folders):
    prompt = {
        "1": node("Number", value=500, title="My number"),
        "2": node("Add", a=["1", 0], b="x"),
        "3": node("Show", value=["2", 0]),
        "4": node("Show", value=["1", 0]),
        "5": node("Show", value=7),
    }
    result = validate(prompt, SCHEMAS, folders)
    assert (result.targets, result.error) == (["5"], None)
    assert set(result.node_errors) == {"1", "2"}
    assert result.node_errors["1"]["dependent_outputs"] == ["3", "4"]
    assert result.node_errors["2"]["dependent_outputs"] == ["3"]
    assert result.node_errors["2"]["class_type"] == "Add"
    assert result.node_errors["1"]["errors"][0]["details"].startswith("My number (node 1): ")
    del prompt["5"]
    result = validate(prompt, SCHEMAS, folders)
    assert result.targets == []
    assert result.error.type == "prompt_outputs_failed_validation"
    assert len(result.error.details.splitlines()) == 2


def test_a_node_that_is_not_installed_is_named(folders):
    result = validate({"1": node("Ad"), "2": node("Show", value=["1", 0])}, SCHEMAS, folders)
    assert result.error.type == "invalid_prompt"
    assert "Ad (node 1): the node type 'Ad' is not installed" in result.error.details
    assert "Similar: Add" in result.error.details
    assert result.node_errors["1"]["dependent_outputs"] == ["2"]
    result = validate({"1": node("Foreign"), "2": node("Show", value=1)}, SCHEMAS, folders)
    assert (result.targets, result.error) == (["2"], None)
    assert result.node_errors["1"]["errors"][0]["type"] == "invalid_prompt"
    result = validate({"1": node("Foreign"), "2": node("Show", value=1)}, SCHEMAS, folders, targets=["2"])
    assert (result.targets, result.node_errors) == (["2"], {})


@pytest.mark.parametrize(
    ("prompt", "type"),
    [
        (None, "no_prompt"),
        ([], "no_prompt"),
        ({}, "prompt_no_outputs"),
        ({"1": node("Number")}, "prompt_no_outputs"),
        ({"1": 3}, "invalid_prompt"),
        ({"1": {"inputs": {}}}, "invalid_prompt"),
        ({"1": {"class_type": "Show", "inputs": []}}, "invalid_prompt"),
    ],
)
def test_what_is_no_prompt_is_refused(folders, prompt, type):
    result = validate(prompt, SCHEMAS, folders)
    assert (result.targets, result.error.type) == ([], type)
    assert result.error.details.endswith((".", "}."))


def test_a_wanted_node_must_exist(folders):
    result = validate({"1": node("Show", value=1)}, SCHEMAS, folders, targets=["4"])
    assert result.error.type == "invalid_prompt"
    assert "4" in result.error.details
    assert validate({"1": node("Show", value=1)}, SCHEMAS, folders, targets=[]).error.type == "prompt_no_outputs"


def test_an_alias_is_validated_by_its_own_names(folders):
    assert problems({"1": node("Plus", left=1, right=2)}, folders) == []
    (problem,) = problems({"1": node("Plus", a=1)}, folders)
    assert problem["extra_info"]["input_name"] == "left"


def test_a_long_chain_is_walked_without_recursion(folders):
    prompt = {"0": node("Number")}
    for i in range(1, 5000):
        prompt[str(i)] = node("Add", a=[str(i - 1), 0])
    prompt["s"] = node("Show", value=["4999", 0])
    assert validate(prompt, SCHEMAS, folders).targets == ["s"]
    prompt["0"] = node("Add", a=["4999", 0])
    result = validate(prompt, SCHEMAS, folders)
    assert result.targets == []
    (problem,) = result.node_errors["17"]["errors"]
    assert problem["type"] == "dependency_cycle"
    assert "Add (node 0) → Add (node 1)" in problem["details"]
    assert len(problem["details"]) < 400


graphs = st.lists(st.lists(st.integers(0, 11), min_size=2, max_size=2), min_size=1, max_size=12)


def reachable(edges, start):
    seen, pending = set(), list(edges[start])
    while pending:
        if (item := pending.pop()) not in seen:
            seen.add(item)
            pending.extend(edges[item])
    return seen


@given(graphs)
def test_exactly_the_outputs_that_reach_a_cycle_are_refused(edges):
    count = len(edges)
    edges = [[source % count for source in sources] for sources in edges]
    prompt = {str(i): node("Add", a=[str(a), 0], b=[str(b), 0]) for i, (a, b) in enumerate(edges)}
    prompt |= {f"s{i}": node("Show", value=[str(i), 0]) for i in range(count)}
    result = validate(prompt, SCHEMAS, Folders.under(sample_nodes.NOWHERE))
    ancestors = [reachable(edges, i) for i in range(count)]
    on_cycle = {i for i in range(count) if i in ancestors[i]}
    assert {int(id) for id in result.node_errors} <= on_cycle
    bad = {i for i in range(count) if on_cycle & (ancestors[i] | {i})}
    assert set(result.targets) == {f"s{i}" for i in range(count) if i not in bad}
    for id, errors in result.node_errors.items():
        needed_by = {f"s{i}" for i in range(count) if int(id) in ancestors[i] | {i}}
        assert set(errors["dependent_outputs"]) == needed_by


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
input_names = st.sampled_from(["a", "b", "value", "model", "seed", "strength", "text", "tiled", "name", "mode", "mask"])
nodes = st.fixed_dictionaries(
    {
        "class_type": st.sampled_from([*SCHEMAS, "Nope"]),
        "inputs": st.dictionaries(input_names, json_values | st.tuples(st.sampled_from("1234"), st.just(0)).map(list)),
    }
)


@given(st.dictionaries(st.sampled_from("1234"), nodes | json_values))
def test_any_json_is_answered_and_what_passes_passes_again(prompt):
    folders = Folders.under(sample_nodes.NOWHERE)
    result = validate(prompt, SCHEMAS, folders)
    assert (result.error is None) == bool(result.targets)
    again = validate(result.prompt, SCHEMAS, folders, result.targets) if result.targets else result
    assert again.targets == result.targets
    assert {id: again.prompt[id] for id in again.targets} == {id: result.prompt[id] for id in result.targets}
