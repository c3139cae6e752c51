import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.document import DocumentError, compile_document
from graph.folders import Folders
from graph.validate import validate
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


def subgraph(mode=0, widgets=None, source=(1, 0), inner=None):
    """Node 5 is an instance of a subgraph that adds its input to a number; node 9 shows the sum."""
    inside = inner or Drawing().node(3, "Number", outputs=["INT"], widgets=[2])
    inside.node(4, "Add", [("a", "INT", (-10, 0), True), ("b", "INT", (3, 0), True)], ["INT"], widgets=[10, 20])
    inside.output(0, (4, 0))
    drawing = number(Drawing())
    drawing.node(5, "uuid-1", [("x", "INT", source, True)], ["INT"], widgets=widgets, mode=mode)
    return show(drawing, 9, (5, 0)), {"definitions": {"subgraphs": [inside.definition("uuid-1")]}}


def test_a_subgraph_is_put_in_place_of_its_instance():
    drawing, more = subgraph()
    assert compiled(drawing, **more) == {
        "1": ("Number", {"value": 5}),
        "9": ("Show", {"value": ["5:4", 0]}),
        "5:3": ("Number", {"value": 2}),
        "5:4": ("Add", {"a": ["1", 0], "b": ["5:3", 0]}),
    }


@pytest.mark.parametrize(("widgets", "value"), [([77], 77), ([], 10), (None, 10), ({"x": 78}, 78)])
def test_an_unlinked_input_of_a_subgraph_gives_its_widgets_value_or_the_inner_one(widgets, value):
    drawing, more = subgraph(source=None, widgets=widgets)
    assert compiled(drawing, **more)["5:4"][1]["a"] == value


def test_muted_and_bypassed_subgraphs_do_not_run():
    drawing, more = subgraph(mode=MUTE)
    assert set(compiled(drawing, **more)) == {"1", "9"}
    assert shown(drawing, **more) is None
    drawing, more = subgraph(mode=BYPASS)
    assert set(compiled(drawing, **more)) == {"1", "9"}
    assert shown(drawing, **more) == ["1", 0]


def test_subgraphs_nest():
    inner = Drawing().node(7, "Number", outputs=["INT"], widgets=[3]).output(0, (7, 0))
    drawing, more = subgraph(inner=Drawing().node(3, "uuid-2", outputs=["INT"]))
    more["definitions"]["subgraphs"].append(inner.definition("uuid-2"))
    assert compiled(drawing, **more)["5:4"] == ("Add", {"a": ["1", 0], "b": ["5:3:7", 0]})
    assert compiled(drawing, **more)["5:3:7"] == ("Number", {"value": 3})


def test_a_subgraph_that_contains_itself_is_refused():
    drawing, more = subgraph(inner=Drawing().node(3, "uuid-1", outputs=["INT"]))
    with pytest.raises(DocumentError, match="'uuid-1' contains itself"):
        compiled(drawing, **more)


def test_subgraphs_that_explode_are_refused():
    definitions = []
    for level in range(30):
        inside = Drawing().node(1, f"u{level + 1}").node(2, f"u{level + 1}")
        definitions.append(inside.definition(f"u{level}"))
    definitions.append(Drawing().definition("u30"))
    with pytest.raises(DocumentError, match=r"more than 100,000 nodes"):
        compiled(Drawing().node(1, "u0"), definitions={"subgraphs": definitions})


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
        ({"nodes": [{"id": 1, "type": "workflow>mine"}]}, "node 1 is a group node, 'mine'"),
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
