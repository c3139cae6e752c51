"""Alternatives in prompts, and where documents resolve them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.documents.alternatives import choose_alternatives
from graph.documents.compiler import compile_document
from tests.graph import sample_nodes
from tests.graph.drawing import Drawing

SCHEMAS = sample_nodes.registry().schemas()


def last(options):
    return options[-1]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a {red|blue} cat", "a blue cat"),
        ("{a|b} and {c|d}", "b and d"),
        ("{a|{b|c} d}", "c d"),
        ("{red}", "red"),
        ("a {|} cat", "a  cat"),
        (r"\{a|b\}", "{a|b}"),
        (r"{a\|b}", "a|b"),
        ("a } b { c", "a } b { c"),
        ("(cat:1.2), [dog|cat]", "(cat:1.2), [dog|cat]"),
    ],
)
def test_one_of_each_group_is_taken(text, result):
    assert choose_alternatives(text, last) == result


@given(st.text(alphabet="ab{|}\\ "), st.randoms())
def test_any_text_comes_to_an_end_and_has_no_group_left(text, random):
    result = choose_alternatives(text.replace("\\", ""), random.choice)
    assert not re.search(r"\{[^{}]*\}", result)


def test_a_document_takes_one_for_prompts_and_leaves_other_widgets_alone():
    drawing = Drawing().node(1, "Paint", outputs=["IMAGE"], widgets=[1, "fixed", 0.5, "a {red|blue} cat", False])
    drawing.node(2, "Save", [("images", "IMAGE", (1, 0))], widgets=["{a|b}"])
    prompt = compile_document(drawing.document(), SCHEMAS, last)
    assert prompt["1"]["inputs"]["text"] == "a blue cat"
    assert prompt["2"]["inputs"]["prefix"] == "{a|b}"
    assert compile_document(drawing.document(), SCHEMAS)["1"]["inputs"]["text"] in ("a red cat", "a blue cat")
