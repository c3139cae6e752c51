"""Nodes by the first contract, run by the engine."""

from graph import events
from graph.values import Items
from tests.compat.contract.conftest import node


def range_of(count, **more):
    return {"n": node("Number", value=count), "r": node("Range", count=["n", 0]), **more}


def test_a_chain_runs_and_its_output_is_shown(bench):
    prompt = {
        "1": node("Number", value=2),
        "2": node("Add", a=["1", 0], b=3, c=4),
        "t": node("ShowAny", value=["2", 0]),
    }
    assert bench.values(prompt) == ()
    assert bench.shown() == [("t", {"text": ["9"]})]
    assert bench.pack("plain_values").calls == [("Number", 2), ("Add", 2, 3), ("ShowAny", 9)]
    bench.run(prompt)
    assert len(bench.pack("plain_values").calls) == 3, "everything was in the cache"


def test_a_list_is_spliced_and_mapped(bench):
    prompt = range_of(3, t=node("Add", a=["r", 0], b=10))
    assert bench.values(prompt) == (Items([10, 11, 12]),)
    assert bench.values(range_of(3), "r") == (Items([0, 1, 2]), "3")


def test_a_class_with_input_is_list_gets_everything_as_lists(bench):
    prompt = range_of(3, t=node("Gather", values=["r", 0], separator="-"))
    assert bench.values(prompt) == ("t: 0-1-2",)


def test_a_single_entry_can_be_blocked(bench):
    prompt = {
        "b": node("Block", value=1, block=True, message=""),
        "s": node("ShowAny", value=["b", 0]),
        "t": node("ShowAny", value=["b", 1]),
    }
    bench.run(prompt)
    assert bench.shown() == [("t", {"text": ["7"]})]
    assert not bench.of(events.Blocked)


def test_a_blocker_with_a_message_is_told_by_the_node_that_would_have_read_it(bench):
    prompt = {
        "b": node("BlockAll", value=1, block=True, message="Too dark."),
        "a": node("Add", a=["b", 1], b=1),
        "t": node("ShowAny", value=["a", 0]),
    }
    bench.run(prompt)
    assert [(event.node, event.message) for event in bench.of(events.Blocked)] == [("a", "Too dark.")]
    assert bench.shown() == []


def test_in_a_list_only_the_blocked_values_are_left_out(bench):
    prompt = range_of(4, o=node("OddOnly", value=["r", 0]), t=node("ShowAny", value=["o", 0]))
    bench.run(prompt)
    assert bench.shown() == [("t", {"text": ["1", "3"]})]


def test_an_output_that_was_not_given_blocks_its_reader_with_a_reason(bench):
    prompt = {"1": node("Short"), "2": node("ShowAny", value=["1", 0]), "3": node("ShowAny", value=["1", 1])}
    bench.run(prompt)
    (blocked,) = bench.of(events.Blocked)
    assert (blocked.node, blocked.message) == ("3", "Short gave nothing on its output 'second'.")
    assert bench.shown() == [("2", {"text": ["1"]})]


def test_the_object_of_a_node_is_kept_between_its_runs(bench):
    counts = [bench.values({"kept": node("Kept", value=value)}, "kept") for value in (1, 2, 3)]
    assert counts == [(1,), (2,), (3,)]
    assert bench.values({"other": node("Kept", value=4)}, "other") == (1,)


def test_undeclared_links_reach_a_function_that_takes_them_and_values_do_not(bench):
    prompt = {"1": node("Number", value=5), "t": node("Sum", x=["1", 0], y=["1", 0], z=3)}
    assert bench.values(prompt) == ("[('x', 5), ('y', 5)]",)


def test_a_dict_that_claims_to_contain_everything_lets_values_in_too(bench):
    prompt = {"1": node("Number", value=5), "t": node("Flexible", lora={"on": True}, link=["1", 0], known=4)}
    assert bench.values(prompt) == ("[('known', 4), ('link', 5), ('lora', {'on': True})]",)


def test_a_class_that_cannot_be_read_is_a_problem_and_the_others_work(registry):
    problems = {problem.pack: problem for problem in registry.problems}
    assert {"plain_values", "schemas", "failing"} <= set(problems)
    problem = problems["plain_values"]
    assert problem.message == "The node 'Broken' cannot be read: FileNotFoundError: models/none."
    assert "Traceback" in problem.traceback
    assert "io.NotThere" in problems["schemas"].message
    assert "ComfyExtension has no get_node_list" in problems["failing"].message
    assert "Broken" not in registry.specs


def test_the_entry_in_object_info_has_comfyuis_shape(registry):
    entry = registry.schemas()["ChangingKnowsItsId"]
    assert entry["input"] == {
        "required": {"value": ["INT", {"default": 0}]},
        "optional": {"linked": ["INT", {"forceInput": True}]},
        "hidden": {"id": "UNIQUE_ID"},
    }
    assert entry["input_order"] == {"required": ["value"], "optional": ["linked"], "hidden": ["id"]}
    assert (entry["output"], entry["output_is_list"], entry["output_name"]) == (["INT"], [False], ["INT"])
    assert (entry["name"], entry["category"], entry["output_node"]) == ("ChangingKnowsItsId", "sd", False)
    assert (entry["display_name"], entry["description"]) == ("ChangingKnowsItsId", "")
    assert entry["python_module"] == "custom_nodes.changing"
    assert not {"deprecated", "experimental", "api_node", "output_tooltips"} & set(entry)
    assert registry.schemas()["Add"]["display_name"] == "Add Numbers"
    assert registry.schemas()["Range"]["output_name"] == ["numbers", "how many"]
    assert registry.schemas()["Range"]["output_is_list"] == [True, False]
    assert registry.schemas()["ShowAny"]["input"]["required"]["value"][0] == "*"


def test_an_error_in_a_node_names_the_node(bench):
    prompt = {"1": node("Block", value="x", block=False, message=""), "t": node("Add", a=["1", 0], b=1)}
    failed = bench.failure(prompt)
    assert (failed.node, failed.node_type) == ("t", "Add")
    assert failed.message.startswith("Add Numbers (node t)")


def test_a_pack_may_add_its_nodes_to_the_table_of_all_nodes(registry, bench):
    borrowing = {id for id, spec in registry.specs.items() if spec.module == "custom_nodes.borrowing"}
    assert borrowing == {"BorrowedScaled", "BorrowedSquares"}
    (picture,) = bench.values({"t": node("BorrowedScaled", width=8, height=4, batch_size=1, color=0xFFFFFF)})
    assert (picture.shape, picture.min().item()) == ((1, 4, 8, 3), 1.0)


def test_choices_need_not_be_texts_and_a_lone_type_is_one(registry, bench):
    entry = registry.schemas()["BorrowedSquares"]
    assert entry["input"]["required"] == {"size": [[64, 128, 256], {"default": 128}], "flag": [[True, False], {}]}
    assert (entry["output"], entry["output_name"]) == (["IMAGE"], ["square"])
    (picture,) = bench.values({"t": node("BorrowedSquares", size=64, flag=True)})
    assert picture.shape == (2, 64, 64, 3)
    refused = bench.check({"t": node("BorrowedSquares", size=65, flag=True)}, "t").node_errors
    assert "does not offer 65" in refused["t"]["errors"][0]["details"]
