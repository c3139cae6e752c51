"""Nodes by the second contract, read and run."""

import json

from PIL import Image

from graph import events
from graph.values import Items
from tests.compat.contract.conftest import node


def draw(**more):
    return {"d": node("SchemaDraw", size=4, mode="slow", tags={"__value__": ["x", "y"]}, **more)}


def test_the_entry_in_object_info_has_all_that_the_schema_says(registry):
    entry = registry.schemas()["SchemaDraw"]
    assert entry["input"] == {
        "required": {
            "size": ["INT", {"default": 8, "min": 1, "max": 64, "step": 1, "display": "slider"}],
            "mode": [
                "COMBO",
                {"options": ["fast", "slow"], "default": "fast", "tooltip": "How.", "multiselect": False},
            ],
            "tags": [
                "COMBO",
                {
                    "options": ["x", "y"],
                    "default": ["x"],
                    "multiselect": True,
                    "multi_select": {"placeholder": "Tags"},
                },
            ],
        },
        "optional": {
            "level": ["FLOAT,INT,MASK", {"default": 0.5, "widgetType": "FLOAT"}],
            "brush": ["BRUSH", {}],
            "later": ["*", {"lazy": True}],
        },
        "hidden": {"unique_id": "UNIQUE_ID"},
    }
    assert (entry["output"], entry["output_name"]) == (["IMAGE", "PAINT"], ["picture", "paint"])
    assert entry["output_tooltips"] == ["It.", None]
    assert (entry["display_name"], entry["category"], entry["description"]) == ("Draw", "test/schema", "Draws.")
    assert (entry["deprecated"], entry["experimental"], entry["api_node"]) == (False, True, False)
    assert registry.schemas()["SchemaKeep"]["input"]["hidden"] == {
        "prompt": "PROMPT",
        "extra_pnginfo": "EXTRA_PNGINFO",
    }


def test_a_node_gets_its_inputs_and_its_hidden_values(bench):
    picture, paint = bench.values(draw(level=1), "d")
    assert (picture.shape, picture.mean().item(), paint) == ((2, 4, 4, 3), 1.0, {"mode": "slow"})
    assert picture.is_inference()
    assert bench.pack("schemas").calls == [("d", None, 4, "slow", ["x", "y"], 1, None)]


def test_a_lazy_input_is_evaluated_only_if_it_is_asked_for(bench):
    prompt = {"n": node("Number", value=9), **draw(later=["n", 0])}
    bench.run(prompt, "d")
    assert bench.pack("plain_values").calls == []
    prompt["d"]["inputs"]["size"] = 17
    bench.run(prompt, "d")
    assert bench.pack("plain_values").calls == [("Number", 9)]
    assert bench.pack("schemas").calls[-1][-1] == 9


def test_saved_pictures_have_the_prompt_and_the_workflow(bench):
    prompt = {**draw(), "t": node("SchemaKeep", images=["d", 0], prefix="kept%batch_num%")}
    bench.run(prompt, extra_pnginfo={"workflow": {"nodes": []}})
    ((_, ui),) = bench.shown()
    assert [item["type"] for item in ui["images"]] == ["output", "output"]
    assert [item["filename"] for item in ui["images"]] == ["kept0_00001_.png", "kept1_00001_.png"]
    with Image.open(bench.folders.output / ui["images"][0]["filename"]) as picture:
        assert (picture.size, picture.format) == ((4, 4), "PNG")
        assert json.loads(picture.text["prompt"])["t"]["class_type"] == "SchemaKeep"
        assert json.loads(picture.text["workflow"]) == {"nodes": []}


def test_previews_and_progress(bench):
    prompt = {**draw(level=0.25), "t": node("SchemaPreview", images=["d", 0])}
    assert bench.values(prompt) == (2,)
    ((_, ui),) = bench.shown()
    assert [item["type"] for item in ui["images"]] == ["temp", "temp"]
    (progress,) = bench.of(events.Progress)
    assert (progress.value, progress.total) == (1, 2)
    assert [event.image[:2] for event in bench.of(events.Preview)] == [b"\xff\xd8"]


def test_a_class_has_no_state_while_it_runs(bench):
    failed = bench.failure({"t": node("SchemaStateful", value=1)})
    assert "Stateful.last cannot be set while the node runs" in failed.message
    assert not hasattr(bench.pack("schemas").Stateful, "last")


def test_checks_fingerprints_and_whole_lists(bench):
    prompt = {"n": node("Number", value=3), "r": node("Range", count=["n", 0])}
    prompt["t"] = node("SchemaChecked", value=["r", 0], text="ab")
    assert bench.values(prompt) == (3, "ab")
    bench.run(prompt, "t")
    assert bench.pack("schemas").calls == [("Checked", [0, 1, 2], ["ab"])] * 2, "its fingerprint is NaN"
    refused = bench.check({"t": node("SchemaChecked", value=3, text="")}, "t").node_errors["t"]["errors"]
    assert [error["details"] for error in refused] == ["SchemaChecked (node t), input 'value': Not 3."]


def test_a_node_may_give_a_graph_only_if_its_schema_says_so(bench):
    assert bench.values({"t": node("SchemaGrow", value=1, block=False)}) == (2, Items([1, 2]))
    assert [(event.node, event.ui) for event in bench.of(events.NodeFinished) if event.ui] == [
        ("t.0.0.1", {"text": ["1"]})
    ]
    bench.pack("schemas").Grow.GET_SCHEMA()
    prompt = {"b": node("SchemaGrow", value=1, block=True), "t": node("ShowAny", value=["b", 0])}
    bench.run(prompt)
    assert [(event.node, event.message) for event in bench.of(events.Blocked)] == [("t", "Not today.")]


def test_what_newer_versions_have_is_a_problem_of_that_node_alone(registry):
    (problem,) = [problem for problem in registry.problems if problem.pack == "schemas"]
    assert "SchemaUnready" not in registry.specs
    assert "'Unready' cannot be read" in problem.message
    assert "comfy_api.latest.io.NotThere" in problem.message


def test_inputs_that_stand_for_several_arrive_as_one(registry, bench):
    declared = registry.schemas()["SchemaDynamic"]["input"]
    assert list(declared["required"]) == ["numbers.number0", "model"]
    assert list(declared["optional"]) == [
        *(f"numbers.number{number}" for number in range(1, 8)),
        *("model.steps", "model.texts.left", "model.texts.right"),
    ]
    assert declared["required"]["model"] == ["COMBO", {"options": ["small", "large"], "multiselect": False}]
    number = {"n": node("Number", value=7)}
    prompt = {**number, "t": node("SchemaDynamic", **{"numbers.number0": ["n", 0], "numbers.number9": ["n", 0]})}
    prompt["t"]["inputs"] |= {"model": "large", "model.steps": 4, "model.texts.left": "a"}
    assert bench.values(prompt) == (
        "{'number0': 7, 'number9': 7} {'model': 'large', 'steps': 4, 'texts': {'left': 'a', 'right': '-'}}",
    )
    assert bench.pack("schemas").calls == [
        ({"number0": None}, {"model": "large", "steps": 4, "texts": {"left": "a", "right": "-"}})
    ]
    prompt["t"]["inputs"]["model.steps"] = 13
    (refused,) = bench.check(prompt, "t").node_errors["t"]["errors"]
    assert refused["details"].endswith("The model refuses 13 steps.")
    prompt["t"]["inputs"]["model"] = "small"
    assert bench.values(prompt) == ("{'number0': 7, 'number9': 7} {'model': 'small'}",)


def test_a_class_can_be_looked_at_as_one_of_the_first_contract(bench):
    draw = bench.pack("schemas").Draw
    assert (draw.RETURN_TYPES, draw.RETURN_NAMES) == (["IMAGE", "PAINT"], ["picture", "PAINT"])
    assert (draw.CATEGORY, draw.OUTPUT_NODE, draw.OUTPUT_IS_LIST) == ("test/schema", False, [False, False])
    assert set(draw.INPUT_TYPES()) == {"required", "optional", "hidden"}
    assert callable(getattr(draw, draw.FUNCTION))
