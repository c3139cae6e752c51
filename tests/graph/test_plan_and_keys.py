from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.declare import InputError
from graph.execution.keys import Keys
from graph.execution.plan import PlanError, Planner
from graph.folders import Folders
from tests.graph import sample_nodes

REGISTRY = sample_nodes.registry()
FOLDERS = Folders.under(sample_nodes.NOWHERE)


def node(class_type, **inputs):
    return {"class_type": class_type, "inputs": inputs}


def plan(prompt, targets):
    return Planner(REGISTRY.specs).plan(prompt, targets)


def keys_of(prompt, targets, folders=FOLDERS, content=lambda path: "hash"):
    keys = Keys(folders, content)
    return {step.id: keys.add(step) for step in plan(prompt, targets).steps.values()}


def key(prompt_node, **more):
    return keys_of({"1": prompt_node}, ["1"], **more)["1"]


def test_steps_have_arguments_by_parameter_name():
    prompt = {"1": node("Number", value=4), "2": {**node("Plus", left=["1", 0], right=5), "_meta": {"title": "Sum"}}}
    step = plan(prompt, ["2"]).steps["2"]
    assert (step.literals, step.links, step.title) == ({"b": 5}, {"a": ("1", 0)}, "Sum")
    assert step.spec.id == "Add"


def test_wrapped_lists_are_literals():
    step = plan({"1": node("Show", value={"__value__": ["1", 0]})}, ["1"]).steps["1"]
    assert (step.literals, step.links) == ({"value": ["1", 0]}, {})


@pytest.mark.parametrize(
    "prompt",
    [{}, {"1": node("Nope")}, {"1": node("Add", a=["2", 0])}, {"1": node("Add", a=["1", 0])}],
)
def test_what_cannot_be_executed_is_refused(prompt):
    with pytest.raises(PlanError):
        plan(prompt, ["1"])


@st.composite
def graphs(draw):
    """Additions, each of two earlier nodes or literals, as `{id: (a, b)}`."""
    count = draw(st.integers(1, 12))
    return {
        i: tuple(draw(st.integers(-3, -1) | st.integers(0, i - 1) if i else st.integers(-3, -1)) for _ in "ab")
        for i in range(count)
    }


def as_prompt(graph, name=str):
    def argument(value):
        return [name(value), 0] if value >= 0 else value

    return {name(i): node("Add", a=argument(a), b=argument(b)) for i, (a, b) in graph.items()}


def ancestry(graph, i):
    """What a node computes, written out in full: the oracle for its key."""
    return tuple(ancestry(graph, value) if value >= 0 else value for value in graph[i])


@given(graphs(), st.data())
def test_the_order_has_exactly_the_ancestors_of_the_targets_sources_first(graph, data):
    targets = data.draw(st.lists(st.sampled_from(sorted(graph)), unique=True, min_size=1))
    steps = list(plan(as_prompt(graph), map(str, targets)).steps)
    needed, pending = set(), list(targets)
    while pending:
        if (i := pending.pop()) not in needed:
            needed.add(i)
            pending.extend(value for value in graph[i] if value >= 0)
    assert sorted(steps) == sorted(map(str, needed))
    place = {id: index for index, id in enumerate(steps)}
    assert all(place[str(v)] < place[str(i)] for i in needed for v in graph[i] if v >= 0)


@given(graphs())
def test_keys_are_equal_exactly_where_the_ancestry_is(graph):
    keys = keys_of(as_prompt(graph), list(map(str, graph)))
    for i in graph:
        for j in graph:
            assert (keys[str(i)] == keys[str(j)]) == (ancestry(graph, i) == ancestry(graph, j))


@given(graphs())
def test_the_names_of_nodes_do_not_matter(graph):
    keys = keys_of(as_prompt(graph), list(map(str, graph)))
    renamed = keys_of(as_prompt(graph, lambda i: f"node {i}"), [f"node {i}" for i in graph])
    assert list(keys.values()) == [renamed[f"node {id}"] for id in keys]


def test_types_of_literals_and_output_indices_matter():
    values = [1, 1.0, True, "1", None, [1], 2**64 - 1, 2**70]
    assert len({key(node("Show", value={"__value__": value})) for value in values}) == len(values)
    prompt = {"1": node("Split", value=1), "2": node("Show", value=["1", 0]), "3": node("Show", value=["1", 1])}
    keys = keys_of(prompt, ["2", "3"])
    assert keys["2"] != keys["3"]
    assert key(node("Add", a=1, b=2)) != key(node("Add", a=2, b=1))


def test_aliases_and_the_order_of_inputs_do_not_matter():
    assert key(node("Plus", right=2, left=1)) == key(node("Add", a=1, b=2))


def test_the_content_of_files_matters(tmp_path):
    folders = Folders.under(tmp_path)
    path = tmp_path / "models/checkpoints/a.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"one")
    entry = node("Load", name="a.pt")
    first = key(entry, folders=folders, content=Path.read_text)
    path.write_bytes(b"two")
    assert key(entry, folders=folders, content=Path.read_text) != first
    path.unlink()
    with pytest.raises(InputError, match=r"a\.pt"):
        key(entry, folders=folders)


def test_nodes_may_look_outside_or_never_be_the_same():
    assert key(node("Weather", city="Rome")) == key(node("Weather", city="Rome"))
    before = key(node("Weather", city="Rome"))
    sample_nodes.weather_report["Rome"] = "rain"
    assert key(node("Weather", city="Rome")) != before
    linked = {"1": node("Weather", city=["2", 0]), "2": node("Weather", city="Rome")}
    assert len(set(keys_of(linked, ["1"]).values())) == 2
    assert key(node("Clock")) != key(node("Clock"))
