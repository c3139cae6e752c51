"""Inputs whose value is a curve: declared, checked, and carried through documents."""

import sys

import pytest

from graph.declare import Curve, node, spec_of
from graph.documents.compiler import compile_document
from graph.folders import Folders
from graph.packs.importing import Imported
from graph.registry import collect
from graph.validation.literals import LiteralError, convert
from graph.validation.validate import validate

BENT = {"points": [[0.0, 0.0], [0.4, 0.7], [1.0, 1.0]]}


@node("Bend", category="test", output_node=True)
def bend(curve: Curve, other: Curve = BENT) -> Curve:
    """Give a curve on."""
    return curve


SCHEMAS = collect([Imported("bends", sys.modules[__name__])]).schemas()


def test_a_curve_is_declared_with_a_straight_line_unless_it_has_a_default():
    spec = spec_of(bend)
    assert [(item.name, item.type, item.options["default"]) for item in spec.inputs] == [
        ("curve", "CURVE", {"points": [[0.0, 0.0], [1.0, 1.0]]}),
        ("other", "CURVE", BENT),
    ]
    assert [output.type for output in spec.outputs] == ["CURVE"]


def test_points_are_put_in_order_and_the_rest_is_kept(tmp_path):
    value = {"points": [[1, 0.5], [0, 0]], "interpolation": "linear", "name": "mine"}
    converted = convert(value, ["CURVE", {}], Folders.under(tmp_path))
    assert converted == {"points": [[0.0, 0.0], [1.0, 0.5]], "interpolation": "linear", "name": "mine"}


@pytest.mark.parametrize(
    "value",
    [
        [[0, 0], [1, 1]],
        "straight",
        {},
        {"points": [[0, 0]]},
        {"points": [[0, 0], [0, 1]]},
        {"points": [[0, 0], [1, 1.5]]},
        {"points": [[0, 0], [1, "1"]]},
        {"points": [[0, 0], [float("nan"), 1]]},
        {"points": [[0, 0], [1, 1]], "interpolation": "wavy"},
    ],
)
def test_what_is_no_curve_is_refused_with_what_to_do(tmp_path, value):
    with pytest.raises(LiteralError, match="Give two points or more"):
        convert(value, ["CURVE", {}], Folders.under(tmp_path))


def test_a_curve_comes_from_the_document_into_the_prompt_and_from_a_link(tmp_path):
    nodes = [
        {"id": 1, "type": "Bend", "widgets_values": [BENT, BENT], "inputs": [], "outputs": [{"links": [1]}]},
        {"id": 2, "type": "Bend", "widgets_values": [BENT, BENT], "inputs": [{"name": "curve", "link": 1}]},
    ]
    document = {"nodes": nodes, "links": [[1, 1, 0, 2, 0, "CURVE"]], "version": 0.4}
    prompt = compile_document(document, SCHEMAS)
    assert prompt["1"]["inputs"] == {"curve": BENT, "other": BENT}
    assert prompt["2"]["inputs"]["curve"] == ["1", 0]
    found = validate(prompt, SCHEMAS, Folders.under(tmp_path))
    assert (found.error, sorted(found.targets)) == (None, ["1", "2"])
