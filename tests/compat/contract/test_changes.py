"""What nodes say of themselves: whether they have changed, whether their inputs are right, what can be chosen."""

import pytest

from tests.compat.contract.conftest import node


@pytest.fixture
def pack(bench):
    module = bench.pack("changing")
    module.state.update(version=1, choices=["a", "b"])
    return module


def times_run(bench, pack, class_type, runs=3, **inputs):
    for _ in range(runs):
        bench.run({"t": node(class_type, value=2, **inputs)}, "t")
    return len(pack.calls)


@pytest.mark.parametrize(
    ("class_type", "runs"),
    [
        ("ChangingVersioned", 1),
        ("ChangingAlways", 3),
        ("ChangingFails", 3),
        ("ChangingLater", 1),
        ("ChangingByObject", 3),
    ],
)
def test_a_node_runs_again_if_it_says_that_it_has_changed(bench, pack, class_type, runs):
    assert times_run(bench, pack, class_type) == runs


@pytest.mark.parametrize("class_type", ["ChangingVersioned", "ChangingLater"])
def test_another_answer_is_a_change(bench, pack, class_type):
    times_run(bench, pack, class_type)
    pack.state["version"] += 1
    times_run(bench, pack, class_type)
    assert len(pack.calls) == 2


def test_linked_inputs_arrive_there_as_none_and_missing_ones_do_not(bench, pack):
    number = {"n": node("Number", value=1)}
    bench.run({**number, "t": node("ChangingVersioned", value=["n", 0])}, "t")
    assert pack.state["seen"] == (None, 5)
    bench.run({**number, "t": node("ChangingVersioned", value=7, linked=["n", 0])}, "t")
    assert pack.state["seen"] == (7, 5), "the default stands for an optional one"


def test_a_result_is_shared_between_equal_nodes_but_not_if_they_are_not_idempotent(bench, pack):
    two = {str(number): node("ChangingNotIdempotent", value=4) for number in (1, 2)}
    bench.run(two, "1", "2")
    assert pack.calls == ["NotIdempotent"] * 2
    bench.run(two, "1", "2")
    assert pack.calls == ["NotIdempotent"] * 2
    bench.run({str(number): node("ChangingLater", value=4) for number in (1, 2)}, "1", "2")
    assert pack.calls.count("Later") == 1


def test_a_node_that_knows_its_id_has_results_of_its_own(bench, pack):
    same = {str(number): node("ChangingKnowsItsId", value=4) for number in (1, 2)}
    assert bench.run(same, "1", "2") == {"1": (1,), "2": (2,)}


def details(bench, prompt):
    found = bench.check(prompt, "t").node_errors
    return [error["details"] for error in found.get("t", {"errors": []})["errors"]]


def test_a_node_checks_its_inputs_itself(bench):
    assert details(bench, {"t": node("ChangingEven", value=2)}) == []
    assert details(bench, {"t": node("ChangingEven", value=3)}) == ["ChangingEven (node t), input 'value': 3 is odd."]
    assert details(bench, {"n": node("Number"), "t": node("ChangingEven", value=["n", 0])}) == []
    assert details(bench, {"t": node("ChangingSilent", value=2)}) == []
    (said,) = details(bench, {"t": node("ChangingSilent", value=3)})
    assert "input 'value'" in said


def test_a_node_may_check_the_types_of_links(bench):
    prompt = {"n": node("Number", value=1), "r": node("Range", count=["n", 0])}
    assert details(bench, {**prompt, "t": node("ChangingTyped", value=["n", 0])}) == []
    assert details(bench, {**prompt, "t": node("ChangingTyped", value=["r", 1])}) == []
    below = {"b": node("Below", a=["n", 0], b=["n", 0]), "t": node("ChangingTyped", value=["b", 0])}
    (said,) = details(bench, {**prompt, **below})
    assert said.endswith("Only whole numbers and texts.")


def test_choices_are_read_anew(registry, pack):
    entry = registry.schemas()["ChangingChooses"]
    assert (entry["input"]["required"]["choice"], entry["dynamic"]) == ([["a", "b"], {"tooltip": "One."}], True)
    pack.state["choices"] = ["c"]
    now = registry.schemas_now(["ChangingChooses", "Number"])
    assert set(now) == {"ChangingChooses"}
    assert now["ChangingChooses"]["input"]["required"]["choice"][0] == ["c"]
    del pack.state["choices"]
    assert registry.schemas_now(["ChangingChooses"]) == now, "the last good ones stay"


def test_a_choice_that_there_is_not_is_refused(bench, pack):
    (said,) = details(bench, {"t": node("ChangingChooses", value=1, choice="z")})
    assert "does not offer 'z'" in said


def test_a_node_runs_again_when_a_file_that_it_was_told_to_read_has_changed(registry, bench, pack):
    file = bench.folders.models / "loras" / "sub" / "a.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"one")
    registry_now = registry.schemas_now(["ChangingReads"])["ChangingReads"]["input"]["required"]["lora"]
    assert registry_now == [["none", "sub/a.safetensors"], {}]
    prompt = {"t": node("ChangingReads", lora="sub/a.safetensors")}
    bench.execute(prompt, "t")
    bench.execute(prompt, "t")
    assert pack.calls == ["Reads"]
    file.write_bytes(b"another")
    bench.execute(prompt, "t")
    assert pack.calls == ["Reads"] * 2
    bench.execute({"t": node("ChangingReads", lora="none")}, "t")
    bench.execute({"t": node("ChangingReads", lora="../../up.safetensors")}, "t")
    assert pack.calls == ["Reads"] * 4
