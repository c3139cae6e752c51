import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.documents.compiler import DocumentError, compile_document
from graph.folders import Folders
from graph.validation.validate import validate
from tests.graph import sample_nodes
from tests.graph.drawing import Drawing

SCHEMAS = sample_nodes.registry().schemas()
MUTE, BYPASS = 2, 4


def compiled(drawing, **more):
    """The compiled prompt without its titles."""
    prompt = compile_document(drawing.document(**more), SCHEMAS)
    return {id: (node["class_type"], node["inputs"]) for id, node in prompt.items()}


def number(drawing, id=1, value=5, **more):
    return drawing.node(id, "Number", outputs=["INT"], widgets=[value], **more)


def show(drawing, id, source):
    return drawing.node(id, "Show", [("value", "*", source)])


def shown(drawing, **more):
    """What the node 9 shows."""
    return compiled(drawing, **more)["9"][1].get("value")


def test_links_and_widgets_become_inputs():
    drawing = number(Drawing()).node(2, "Add", [("a", "INT", (1, 0), True)], ["INT"], widgets=[3, 4], title="Sum")
    prompt = compile_document(show(drawing, 9, (2, 0)).document(), SCHEMAS)
    assert prompt == {
        "1": {"class_type": "Number", "inputs": {"value": 5}, "_meta": {"title": "Number"}},
        "2": {"class_type": "Add", "inputs": {"a": ["1", 0], "b": 4}, "_meta": {"title": "Sum"}},
        "9": {"class_type": "Show", "inputs": {"value": ["2", 0]}, "_meta": {"title": "Show"}},
    }


def test_links_of_version_1_are_objects():
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    document = show(number(Drawing()), 9, (1, 0)).document(version=1)
    document["links"] = [dict(zip(keys, link, strict=True)) for link in document["links"]]
    assert compile_document(document, SCHEMAS)["9"]["inputs"] == {"value": ["1", 0]}


def test_holes_and_repeated_ids_among_links_are_passed_over():
    document = show(number(Drawing()), 9, (1, 0)).document()
    document["links"] = [None, *document["links"], [1, 9, 0, 9, 0, "*"]]
    assert compile_document(document, SCHEMAS)["9"]["inputs"] == {"value": ["1", 0]}


@pytest.mark.parametrize(
    "widgets",
    [
        [7, "randomize", 0.25, "cat", True],
        [7, 0.25, "cat", True],
        {"seed": 7, "strength": 0.25, "text": "cat", "tiled": True, "preview": {}},
    ],
)
def test_widget_values_are_named_in_the_order_of_the_inputs(widgets):
    (entry,) = compiled(Drawing().node(1, "Paint", widgets=widgets)).values()
    assert entry[1] == {"seed": 7, "strength": 0.25, "text": "cat", "tiled": True}


def test_very_old_files_have_booleans_after_a_seed():
    (entry,) = compiled(Drawing().node(1, "Paint", widgets=[7, True, 0.25, "cat", False])).values()
    assert entry[1] == {"seed": 7, "strength": 0.25, "text": "cat", "tiled": False}


@pytest.mark.parametrize("extra", [["image"], [None], []])
def test_the_entry_of_an_upload_button_is_skipped(extra):
    assert compiled(Drawing().node(1, "Picture", widgets=["cat.png", *extra]))["1"][1] == {"image": "cat.png"}


def test_names_in_the_file_win_when_their_number_fits():
    names = {"properties": {"safelight.inputs": ["text", "seed", "seed/control", "gone"]}}
    drawing = Drawing().node(1, "Paint", widgets=["cat", 7, "fixed", 3], **names)
    assert compiled(drawing)["1"][1] == {"text": "cat", "seed": 7}
    drawing = Drawing().node(1, "Paint", widgets=[7, "fixed"], **names)
    assert compiled(drawing)["1"][1] == {"seed": 7}
    drawing = Drawing().node(1, "Foreign", widgets=["cat", 7, "fixed", 3], **names)
    assert compiled(drawing)["1"][1] == {"text": "cat", "seed": 7, "gone": 3}


def test_a_list_value_is_wrapped_so_that_it_is_no_link():
    drawing = Drawing().node(1, "Foreign", widgets={"points": ["1", 0]})
    assert compiled(drawing)["1"][1] == {"points": {"__value__": ["1", 0]}}


def test_unknown_types_keep_their_entry_and_links():
    drawing = number(Drawing()).node(2, "Foreign", [("x", "INT", (1, 0))], ["INT"], widgets=[1, 2])
    assert compiled(drawing)["2"] == ("Foreign", {"x": ["1", 0]})


def test_notes_and_reroutes_are_no_nodes():
    drawing = number(Drawing()).node(2, "Reroute", [("", "*", (1, 0))], ["*"]).node(3, "Note", widgets=["hello"])
    drawing.node(4, "Reroute", [("", "*", (2, 0))], ["*"]).node(5, "MarkdownNote", widgets=["*hello*"])
    assert set(compiled(show(drawing, 9, (4, 0)))) == {"1", "9"}
    assert shown(drawing) == ["1", 0]


def test_reroutes_in_a_circle_are_refused():
    drawing = Drawing().node(2, "Reroute", [("", "*", (4, 0))], ["*"]).node(4, "Reroute", [("", "*", (2, 0))], ["*"])
    with pytest.raises(DocumentError, match=r"node [24] lead back to it"):
        compile_document(show(drawing, 9, (4, 0)).document(), SCHEMAS)


@pytest.mark.parametrize("widgets", [[42, "fixed"], {"value": 42}])
def test_a_primitive_gives_its_value(widgets):
    drawing = Drawing().node(1, "PrimitiveNode", outputs=["INT"], widgets=widgets)
    drawing.node(2, "Add", [("b", "INT", (1, 0), True)], ["INT"], widgets=[1, 2])
    assert compiled(drawing)["2"][1] == {"a": 1, "b": 42}


def test_what_comes_from_a_muted_node_is_left_out():
    drawing = number(Drawing(), mode=MUTE).node(2, "Add", [("a", "INT", (1, 0), True)], ["INT"], widgets=[3, 4])
    drawing.node(3, "Paint", [("model", "MODEL", (1, 0))], widgets=[])
    assert compiled(drawing) == {"2": ("Add", {"a": 3, "b": 4}), "3": ("Paint", {})}


@pytest.mark.parametrize(
    ("inputs", "output", "slot", "wanted", "expected"),
    [
        ([("a", "INT"), ("b", "INT")], ["INT", "INT"], 1, "INT", ["b", 0]),
        ([("a", "MODEL"), ("b", "INT")], ["INT"], 0, "INT", ["b", 0]),
        ([("a", "INT"), ("b", "MODEL")], ["INT", "MODEL"], 1, "MODEL", ["b", 0]),
        ([("a", "*"), ("b", "INT")], ["INT"], 0, "INT", ["a", 0]),
        ([("a", "IMAGE"), ("b", "*")], ["INT"], 0, "INT", ["b", 0]),
        ([("a", "IMAGE")], ["INT"], 0, "INT", None),
        ([("a", "IMAGE")], ["INT", "INT", "INT"], 2, "*", ["a", 0]),
        ([], ["INT"], 0, "*", None),
    ],
)
def test_a_bypassed_node_passes_on_the_input_that_fits(inputs, output, slot, wanted, expected):
    drawing = Drawing()
    for name, kind in inputs:
        drawing.node(name, "Foreign", outputs=[kind])
    drawing.node(5, "Foreign", [(name, kind, (name, 0)) for name, kind in inputs], output, mode=BYPASS)
    drawing.node(9, "Show", [("value", wanted, (5, slot))])
    assert "5" not in compiled(drawing)
    assert shown(drawing) == expected


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "no workflow as an editor saves it"),
        ({"nodes": 3}, r"\$\.nodes"),
        ({}, "`nodes`"),
        ({"nodes": [{"id": 1}]}, "`type`"),
        ({"nodes": [{"id": 1, "type": "A"}, {"id": "1", "type": "A"}]}, "Two nodes of the document have the id 1"),
        ({"nodes": [], "links": [[1, 2]]}, "A link is"),
        ({"nodes": [], "links": [[1, 2, 0, 3, None, "x"]]}, "A link is"),
        ({"nodes": [], "links": [[1, 2, 0, 3, 0, "x"], {"id": 1}]}, "A link is"),
        ({"nodes": [], "links": 3}, r"\$\.links"),
    ],
)
def test_what_is_no_document_is_refused_with_a_sentence(document, words):
    with pytest.raises(DocumentError, match=words) as caught:
        compile_document(document, SCHEMAS)
    assert caught.value.problem.details == str(caught.value)


@st.composite
def dags(draw):
    """A random document of additions, with reroutes and bypassed nodes on its links, and the prompt that it means."""
    drawing, expected = Drawing(), {}
    count = draw(st.integers(1, 8))
    for id in range(1, count + 1):
        inputs, slots = {}, []
        for name in ("a", "b"):
            source = draw(st.none() | st.integers(1, id - 1)) if id > 1 else None
            inputs[name] = 0 if source is None else [str(source), 0]
            end = None if source is None else (source, 0)
            for _ in range(draw(st.integers(0, 2)) if end else 0):
                through = 1000 + len(drawing.nodes)
                type, mode = draw(st.sampled_from([("Reroute", 0), ("Number", BYPASS)]))
                end = drawing.node(through, type, [("x", "INT", end)], ["INT"], mode=mode) and (through, 0)
            slots.append((name, "INT", end, True))
        drawing.node(id, "Add", slots, ["INT"], widgets=[0, 0])
        expected[str(id)] = ("Add", inputs)
    return drawing, expected


@given(dags())
def test_what_lies_on_a_link_changes_nothing(case):
    drawing, expected = case
    assert compiled(drawing) == expected
    prompt = compile_document(show(drawing, "s", (1, 0)).document(), SCHEMAS)
    assert validate(prompt, SCHEMAS, Folders.under(sample_nodes.NOWHERE)).targets == ["s"]


@pytest.mark.parametrize("lost", [{"link": 77}, {"origin": 77}])
def test_links_that_lead_nowhere_give_nothing(lost):
    document = number(Drawing()).node(2, "PrimitiveNode", outputs=["INT"]).node(3, "Show", [("value", "*", (2, 0))])
    document = document.node(9, "Show", [("value", "*", (1, 0))]).document()
    if "link" in lost:
        document["nodes"][-1]["inputs"][0]["link"] = lost["link"]
    else:
        document["links"][-1][1] = lost["origin"]
    prompt = compile_document(document, SCHEMAS)
    assert (prompt["9"]["inputs"], prompt["3"]["inputs"]) == ({}, {})
