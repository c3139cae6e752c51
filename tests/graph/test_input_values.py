"""Values for inputs by place: which input is meant, and what becomes of prompt and document."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.documents.compiler import compile_document
from graph.headless.input_values import assign
from graph.headless.workflow import Workflow, prepare
from graph.places import Places, Written
from graph.registry import load
from graph.workflow_error import NotThereError
from tests.graph.drawing import Drawing
from tests.running_server import node

SCHEMAS = load(["tests.plain_nodes"], None).schemas()
PROMPT = {
    "1": {**node("Text", text="a"), "_meta": {"title": "Positive prompt"}},
    "2": {**node("Text", text="b"), "_meta": {"title": "v1.5 prompt"}},
    "3": node("Count", steps=3, letter="a"),
    "4": node("Join", first=["1", 0], second=["2", 0]),
    "4:1": {**node("Show", text=["4", 0]), "_meta": {"title": "Twice"}},
    "6:1": {**node("Text", text="c"), "_meta": {"title": "Positive prompt", "within": ["Details", "Face"]}},
    "5": {**node("Foreign", **{"a.b": 1}), "_meta": {"title": "Twice"}},
}


def place_of(place, value="x"):
    (found,) = Places(PROMPT, SCHEMAS).assignments({place: value})
    return found


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        ("1.text", ("1", "text")),
        ("Positive prompt.text", ("1", "text")),
        ("v1.5 prompt.text", ("2", "text")),
        ("Details › Face › Positive prompt.text", ("6:1", "text")),
        ("Count.steps", ("3", "steps")),
        ("4:1.text", ("4:1", "text")),
        ("4.second", ("4", "second")),
        ("5.a.b", ("5", "a.b")),
        ("Foreign.a.b", ("5", "a.b")),
    ],
)
def test_places_are_found_by_id_title_and_type(place, meant):
    assert place_of(place)[:2] == meant


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("text", "'text' names no input. Name a node and an input with a dot, as in 6.text."),
        (
            "positive prompt.text",
            "There is no node 'positive prompt' among those of the workflow that run. Similar: Posi",
        ),
        (
            "99.text",
            "1 (Positive prompt), 2 (v1.5 prompt), 3 (Count), 4 (Join), 4:1 (Twice), 6:1 (Details › Face › Pos",
        ),
        ("Text.text", "Several nodes are called 'Text': 1, 2, 6:1. Name one by its id."),
        ("Twice.text", "Several nodes are called 'Twice': 4:1, 5. Name one by its id."),
        ("1.txt", "Positive prompt (node 1) has no input 'txt'. Similar: text."),
        ("3.qqqq", "Count (node 3) has no input 'qqqq'. There are: steps, letter."),
        ("5.c", "Twice (node 5) has no input 'c'. There are: a.b."),
        ("1.", "Positive prompt (node 1) has no input ''. There are: text."),
        (".text", "There is no node ''"),
    ],
)
def test_a_place_that_is_not_there_is_answered_with_those_that_are(place, sentence):
    with pytest.raises(NotThereError) as caught:
        place_of(place)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("place", "written", "value"),
    [
        ("3.steps", "5", 5),
        ("3.steps", "0.5", 0.5),
        ("3.steps", "five", "five"),
        ("3.steps", "true", True),
        ("3.steps", "NaN", "NaN"),
        ("1.text", "5", "5"),
        ("1.text", "1.50", "1.50"),
        ("1.text", "null", "null"),
        ("1.text", '"quoted"', "quoted"),
        ("1.text", "a red heart", "a red heart"),
        ("1.text", "[1, 2]", "[1, 2]"),
        ("3.letter", "1", "1"),
        ("5.a.b", "[1, 2]", [1, 2]),
        ("5.a.b", '{"c": 1}', {"c": 1}),
        ("5.a.b", "[" * 5000, "[" * 5000),
    ],
)
def test_written_values_are_json_if_the_input_does_not_take_text(place, written, value):
    found = place_of(place, Written(written)).value
    assert (found, type(found)) == (value, type(value))


def test_values_from_python_stay_as_they_are():
    assert place_of("3.steps", "5").value == "5"


def test_a_list_is_a_value_and_no_link():
    changed = assign(PROMPT, Places(PROMPT, SCHEMAS).assignments({"4.first": ["9", 0], "3.steps": 4}))
    assert changed["4"]["inputs"] == {"first": {"__value__": ["9", 0]}, "second": ["2", 0]}
    assert changed["3"]["inputs"]["steps"] == 4
    assert PROMPT["4"]["inputs"]["first"] == ["1", 0]


def drawn():
    """A document with two instances of a subgraph, one of another, and a muted node."""
    inner = Drawing().node(7, "Text", [], ["TEXT"], ["inner"]).output(0, (7, 0))
    once = Drawing().node(8, "Prompt", [], ["TEXT"], ["once {a|a}"]).output(0, (8, 0))
    drawing = Drawing()
    drawing.node(1, "twice", [], ["TEXT"]).node(2, "twice", [], ["TEXT"]).node(3, "once", [], ["TEXT"])
    drawing.node(4, "Prompt", [], ["TEXT"], ["{x|x} y"], title="Words").node(5, "Text", [], ["TEXT"], ["muted"], mode=2)
    for id, source in ((11, 1), (12, 2), (13, 3), (14, 4)):
        drawing.node(id, "Show", [("text", "TEXT", (source, 0))])
    definitions = [
        graph.definition(name, outputs=[{"name": "out"}]) for name, graph in (("twice", inner), ("once", once))
    ]
    return drawing.document(definitions={"subgraphs": definitions})


@pytest.mark.parametrize("place", ["4.text", "Words.text", "3:8.text"])
@pytest.mark.parametrize("value", ["other", "{p|p} q", "5"])
def test_a_document_that_goes_into_files_has_the_values_too(place, value):
    document = drawn()
    prompt, extra = prepare(Workflow(document), SCHEMAS, {place: value})
    expanded = "p q" if value.startswith("{") else value
    node = "3:8" if place.startswith("3") else "4"
    assert prompt[node]["inputs"]["text"] == expanded
    assert compile_document(extra["workflow"], SCHEMAS) == prompt
    assert document == drawn()
    assert value in str(extra["workflow"])


def test_a_document_that_cannot_say_a_value_is_left_out():
    """The other instance of the subgraph would have it too."""
    prompt, extra = prepare(Workflow(drawn()), SCHEMAS, {"1:7.text": "other"})
    assert (prompt["1:7"]["inputs"]["text"], prompt["2:7"]["inputs"]["text"]) == ("other", "inner")
    assert extra == {}


def test_a_node_that_does_not_run_cannot_be_given_values():
    with pytest.raises(NotThereError, match="There is no node '5' among those of the workflow that run"):
        prepare(Workflow(drawn()), SCHEMAS, {"5.text": "x"})


def test_the_document_in_a_picture_follows_its_prompt():
    document = drawn()
    prompt = compile_document(document, SCHEMAS)
    changed, extra = prepare(Workflow(prompt, {"workflow": document, "more": 1}), SCHEMAS, {"4.text": "other"})
    assert changed["4"]["inputs"]["text"] == "other"
    assert compile_document(extra["workflow"], SCHEMAS) == changed
    assert extra["more"] == 1
    for broken in ({"nodes": 5}, [], {"nodes": [{"id": 4, "type": "Prompt"}, {"id": 4, "type": "Prompt"}]}):
        _, extra = prepare(Workflow(prompt, {"workflow": broken}), SCHEMAS, {"4.text": "other"})
        assert extra == {}


def test_without_values_nothing_changes():
    document = drawn()
    prompt, extra = prepare(Workflow(document), SCHEMAS, {})
    assert extra["workflow"] is document
    assert prompt == compile_document(document, SCHEMAS)


@given(
    st.text(string.ascii_lowercase + ".:", max_size=8),
    st.dictionaries(
        st.text(string.ascii_lowercase + ".:1", min_size=1, max_size=6),
        st.sampled_from([node("Text", text="a"), node("Count"), {}, None, 5, {"class_type": 5}]),
        max_size=5,
    ),
)
def test_any_place_is_found_or_refused(place, prompt):
    try:
        (found,) = Places(prompt, SCHEMAS).assignments({place: 1})
    except NotThereError:
        return
    assert found.node in prompt
    assert place.endswith(f".{found.input}")
