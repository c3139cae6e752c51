"""Subgraphs in documents: their borders, and the widgets that instances show, in all forms that files have had."""

import json
from typing import Any

import pytest

from graph.documents.compiler import DocumentError, compile_document
from tests.graph.drawing import Drawing
from tests.graph.test_document import BYPASS, MUTE, SCHEMAS, compiled, number, show, shown

ADD = [("a", "INT", None, True), ("b", "INT", None, True)]


def within(*definitions: Any) -> dict[str, Any]:
    return {"definitions": {"subgraphs": list(definitions)}}


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


def test_inner_nodes_say_what_the_instances_around_them_are_called():
    inner = Drawing().node(7, "Number", outputs=["INT"], widgets=[3], title="Three").output(0, (7, 0))
    drawing, more = subgraph(inner=Drawing().node(3, "uuid-2", outputs=["INT"], title="Middle"))
    more["definitions"]["subgraphs"].append({**inner.definition("uuid-2"), "name": "Inner"})
    more["definitions"]["subgraphs"][0]["name"] = "Outer"
    meta = {id: node["_meta"] for id, node in compile_document(drawing.document(**more), SCHEMAS).items()}
    assert meta["5:3:7"] == {"title": "Three", "within": ["Outer", "Middle"]}
    assert "within" not in meta["1"]


def test_a_subgraph_that_contains_itself_is_refused():
    drawing, more = subgraph(inner=Drawing().node(3, "uuid-1", outputs=["INT"]))
    with pytest.raises(DocumentError, match="'uuid-1' contains itself"):
        compiled(drawing, **more)


def test_subgraphs_that_nest_without_end_are_refused():
    levels = [Drawing().node(1, f"u{level + 1}").definition(f"u{level}") for level in range(3000)]
    with pytest.raises(DocumentError, match=r"over more than 2,000 levels"):
        compiled(Drawing().node(1, "u0"), **within(*levels, Drawing().definition("u3000")))


def test_subgraphs_that_explode_are_refused():
    definitions = []
    for level in range(30):
        inside = Drawing().node(1, f"u{level + 1}").node(2, f"u{level + 1}")
        definitions.append(inside.definition(f"u{level}"))
    definitions.append(Drawing().definition("u30"))
    with pytest.raises(DocumentError, match=r"more than 100,000 nodes"):
        compiled(Drawing().node(1, "u0"), definitions={"subgraphs": definitions})


def test_an_input_may_feed_several_and_an_output_may_come_straight_from_an_input():
    inside = Drawing().node(1, "Add", [("a", "INT", (-10, 0), True), ("b", "INT", (-10, 0), True)], ["INT"])
    inside.node(2, "Show", [("value", "*", (-10, 1))]).output(0, (-10, 0)).output(1, (1, 0))
    drawing = number(Drawing()).node(5, "u", [("x", "INT", (1, 0)), ("y", "INT", None)], ["INT", "INT"])
    drawing.node(6, "Add", [("a", "INT", (5, 0), True), ("b", "INT", (5, 1), True)], ["INT"], widgets=[3, 4])
    prompt = compiled(drawing, **within(inside.definition("u")))
    assert prompt["5:1"][1] == {"a": ["1", 0], "b": ["1", 0]}
    assert prompt["5:2"][1] == {}
    assert prompt["6"][1] == {"a": ["1", 0], "b": ["5:1", 0]}


def test_an_output_that_nothing_feeds_gives_nothing():
    drawing = Drawing().node(5, "u", outputs=["INT"])
    assert shown(show(drawing, 9, (5, 0)), **within(Drawing().definition("u"))) is None


def test_of_several_links_to_an_output_its_own_counts():
    inside = number(number(Drawing(), 1), 2).output(0, (1, 0)).output(0, (2, 0))
    for ids, source in (([2], "5:2"), ([1], "5:1"), ([], "5:1")):
        outputs = [{"id": "x", "name": "INT", "type": "INT", "linkIds": ids}]
        drawing = show(Drawing().node(5, "u", outputs=["INT"]), 9, (5, 0))
        assert shown(drawing, **within(inside.definition("u", outputs=outputs))) == [source, 0]


def test_an_instance_whose_definition_is_missing_keeps_its_entry():
    drawing = number(Drawing()).node(5, "3f6c-gone", [("x", "INT", (1, 0))], ["INT"], title="Mine")
    prompt = compile_document(show(drawing, 9, (5, 0)).document(), SCHEMAS)
    assert prompt["5"] == {"class_type": "3f6c-gone", "inputs": {"x": ["1", 0]}, "_meta": {"title": "Mine"}}
    assert prompt["9"]["inputs"] == {"value": ["5", 0]}


def test_skipped_nodes_reroutes_primitives_and_notes_inside():
    inside = Drawing().node(1, "Reroute", [("", "*", (-10, 0))], ["*"])
    inside.node(2, "Number", [("x", "INT", (1, 0))], ["INT"], mode=BYPASS).node(3, "Number", outputs=["INT"], mode=MUTE)
    inside.node(4, "PrimitiveNode", outputs=["INT"], widgets=[8, "fixed"]).node(5, "Note", widgets=["x"])
    inside.node(6, "Add", [("a", "INT", (2, 0), True), ("b", "INT", (3, 0), True)], ["INT"], widgets=[1, 2])
    inside.output(0, (6, 0)).output(1, (4, 0)).output(2, (1, 0)).output(3, (3, 0))
    drawing = number(Drawing()).node(7, "u", [("x", "INT", (1, 0))], ["INT"] * 4)
    for id in range(4):
        drawing.node(f"s{id}", "Show", [("value", "*", (7, id))])
    prompt = compiled(drawing, **within(inside.definition("u")))
    assert prompt["7:6"][1] == {"a": ["1", 0], "b": 2}
    assert [prompt[f"s{id}"][1].get("value") for id in range(4)] == [["7:6", 0], 8, ["1", 0], None]
    assert set(prompt) == {"1", "7:6", "s0", "s1", "s2", "s3"}


def test_native_reroutes_are_no_nodes():
    document = show(number(Drawing()), 9, (1, 0)).document()
    document["extra"] = {
        "reroutes": [{"id": 1, "pos": [1, 2], "linkIds": [1]}],
        "linkExtensions": [{"id": 1, "parentId": 1}],
    }
    assert compile_document(document, SCHEMAS)["9"]["inputs"] == {"value": ["1", 0]}


def test_ids_inside_and_outside_must_not_meet():
    drawing = number(Drawing(), "5:1").node(5, "u")
    with pytest.raises(DocumentError, match="Two nodes would be called 5:1"):
        compiled(drawing, **within(number(Drawing()).definition("u")))


def test_a_circle_over_borders_is_refused():
    inside = Drawing().output(0, (-10, 0))
    drawing = show(Drawing().node(5, "u", [("x", "INT", (5, 0))], ["INT"]), 9, (5, 0))
    with pytest.raises(DocumentError, match="node 5 lead back to it"):
        compiled(drawing, **within(inside.definition("u")))


def test_a_subgraph_that_contains_itself_where_it_is_skipped_is_none():
    inside = number(Drawing()).node(2, "u", mode=MUTE)
    assert set(compiled(Drawing().node(5, "u"), **within(inside.definition("u")))) == {"5:1"}


def test_a_thousand_levels_and_a_chain_of_ten_thousand_reroutes():
    def level(number: int, type: str) -> Any:
        return Drawing().node(1, type, [("a", "INT", (-10, 0))], ["INT"]).output(0, (1, 0)).definition(f"u{number}")

    definitions = [level(number, f"u{number + 1}") for number in range(1000)] + [level(1000, "Add")]
    drawing = number(Drawing()).node(2, "Reroute", [("", "*", (1, 0))], ["*"])
    for id in range(3, 10_000):
        drawing.node(id, "Reroute", [("", "*", (id - 1, 0))], ["*"])
    drawing.node(10_000, "u0", [("x", "INT", (9_999, 0))], ["INT"]).node("s", "Show", [("value", "*", (10_000, 0))])
    prompt = compiled(drawing, **within(*definitions))
    deepest = ":".join(["10000", *["1"] * 1001])
    assert prompt["s"][1] == {"value": [deepest, 0]}
    assert prompt[deepest][1]["a"] == ["1", 0]


# What instances show.


def paint(id: Any, *inputs: Any) -> Drawing:
    values = [1, "fixed", 0.5, "inner", False]
    return Drawing().node(id, "Paint", inputs, ["IMAGE"], widgets=values)


def inputs_of(instance: Drawing, *definitions: Any, node: str = "5:1") -> dict[str, Any]:
    return compiled(instance, **within(*definitions))[node][1]


def instance(values: Any, listed: Any = None, inputs: Any = ()) -> Drawing:
    properties = {} if listed is None else {"proxyWidgets": listed}
    return number(Drawing(), 9).node(5, "u", inputs, widgets=values, properties=properties)


@pytest.mark.parametrize("as_text", [False, True])
def test_listed_widgets_have_their_values_in_that_order(as_text):
    listed: Any = [["1", "text"], ["-1", "luck"], ["gone", "x"], ["1", "seed/control"], ["1", "tiled"]]
    drawing = instance(["outer", 7, 1, "fixed", True], json.dumps(listed) if as_text else listed)
    ports = [{"name": "luck", "type": "INT"}]
    assert inputs_of(drawing, paint(1, ("seed", "INT", (-10, 0), True)).definition("u", inputs=ports)) == {
        "seed": 7,
        "strength": 0.5,
        "text": "outer",
        "tiled": True,
    }


def test_an_entry_that_names_the_inner_end_of_an_input_is_that_input():
    inside = paint(1, ("seed", "INT", (-10, 0), True)).node(2, "Number", [("value", "INT", (-10, 0), True)], ["INT"])
    definition = inside.definition("u", inputs=[{"name": "luck", "type": "INT"}])
    prompt = compiled(instance([7], [["1", "seed"]]), **within(definition))
    assert (prompt["5:1"][1]["seed"], prompt["5:2"][1]["value"]) == (7, 7)
    linked = instance([7], [["1", "seed"]], [("luck", "INT", (9, 0), True)])
    assert inputs_of(linked, definition)["seed"] == ["9", 0]


@pytest.mark.parametrize(
    ("values", "listed", "expected"),
    [
        ([7, "outer"], [["1", "text"]], (7, "outer")),  # inputs that are not listed come first
        (["outer"], [["1", "text"]], (1, "outer")),
        ([7], None, (7, "inner")),
        ([None, "outer"], [["1", "text"]], (1, "outer")),
        ([], [["1", "text"]], (1, "inner")),
        ({"luck": 7, "text": "outer"}, [["1", "text"]], (7, "outer")),
        (["outer", 7], "[broken", (1, "inner")),
        (["outer", 7], [["1", "text"], 5, ["-1", "luck"]], (1, "outer")),
    ],
)
def test_values_of_inputs_and_of_listed_widgets(values, listed, expected):
    definition = paint(1, ("seed", "INT", (-10, 0), True)).definition("u", inputs=[{"name": "luck", "type": "INT"}])
    found = inputs_of(instance(values, listed), definition)
    if listed == "[broken":
        assert found["text"] == "inner"
    else:
        assert (found["seed"], found["text"]) == expected


def test_older_definitions_list_widgets():
    listed = [{"id": 1, "name": "text"}, {"id": 1, "name": "strength"}]
    found = inputs_of(instance(["outer", 0.25]), paint(1).definition("u", widgets=listed))
    assert (found["text"], found["strength"]) == ("outer", 0.25)


def test_inputs_without_a_socket_on_the_instance_are_found_by_name():
    """Programs leave out the sockets of widgets, so that the others are at other places than inside."""
    ports = [{"name": name, "type": kind} for name, kind in (("text", "STRING"), ("model", "MODEL"), ("seed", "INT"))]
    inside = paint(1, ("text", "STRING", (-10, 0), True), ("model", "MODEL", (-10, 1)), ("seed", "INT", (-10, 2), True))
    definition = inside.definition("u", inputs=ports)
    found = inputs_of(instance(["outer", 7], None, [("model", "MODEL", (9, 0))]), definition)
    assert found == {"seed": 7, "strength": 0.5, "text": "outer", "tiled": False, "model": ["9", 0]}


def test_an_input_that_was_renamed_inside_goes_by_its_place():
    definition = paint(1, ("model", "MODEL", (-10, 0))).definition("u", inputs=[{"name": "renamed", "type": "MODEL"}])
    assert inputs_of(instance([], None, [("model", "MODEL", (9, 0))]), definition)["model"] == ["9", 0]


def test_alternatives_and_lists_in_values_of_an_instance():
    found = compile_document(
        instance(["a {red|blue} cat"], [["1", "text"]]).document(**within(paint(1).definition("u"))), SCHEMAS, max
    )
    assert found["5:1"]["inputs"]["text"] == "a red cat"
    foreign = Drawing().node(1, "Foreign", [("points", "*", (-10, 0), True)], widgets=[])
    assert inputs_of(instance([[1, 2]]), foreign.definition("u"))["points"] == {"__value__": [1, 2]}


def test_a_primitive_inside_can_be_shown():
    inside = Drawing().node(1, "Add", [("a", "INT", (2, 0), True)], ["INT"], widgets=[1, 2])
    inside.node(2, "PrimitiveNode", outputs=["INT"], widgets=[5, "fixed"])
    assert inputs_of(instance([8], [["2", "value"]]), inside.definition("u"))["a"] == 8


def test_a_link_that_leads_nowhere_leaves_the_value_of_the_widget():
    definition = paint(1, ("seed", "INT", (-10, 0), True)).definition("u", inputs=[{"name": "luck", "type": "INT"}])
    drawing = number(instance([7], None, [("luck", "INT", (8, 0), True)]), 8, mode=MUTE)
    assert inputs_of(drawing, definition)["seed"] == 7


def nested(values: Any, listed: Any, inner_values: Any, inner_listed: Any) -> tuple[Any, Any]:
    """The seed and text of a node two levels down; the seed is an input on both."""
    port = {"inputs": [{"name": "luck", "type": "INT"}]}
    innermost = paint(1, ("seed", "INT", (-10, 0), True)).definition("v", **port)
    properties = {} if inner_listed is None else {"proxyWidgets": inner_listed}
    middle = Drawing().node(2, "v", [("luck", "INT", (-10, 0), True)], widgets=inner_values, properties=properties)
    found = inputs_of(instance(values, listed), middle.definition("u", **port), innermost, node="5:2:1")
    return found["seed"], found["text"]


@pytest.mark.parametrize(
    ("values", "listed", "inner", "expected"),
    [
        ([], None, ([], None), (1, "inner")),
        ([], None, ([3], None), (3, "inner")),  # what no outer one says, the inner one does
        ([7], None, ([3], None), (7, "inner")),
        ([7, "far"], [["2", "luck"], ["2", "text"]], ([3, "near"], [["-1", "luck"], ["1", "text"]]), (7, "far")),
        (["far"], [["2", "text"]], (["near"], [["1", "text"]]), (1, "far")),
        (["far"], [["2", "2: 1: text"]], (["near"], [["1", "text"]]), (1, "far")),
        (["far"], [["2", "text", "1"]], (["near"], [["1", "text"]]), (1, "far")),
        (["far"], [["2", "unheard of"]], (["near"], [["1", "text"]]), (1, "near")),
        ([9], [["2", "seed", "1"]], ([3], None), (9, "inner")),
    ],
)
def test_outer_instances_set_the_widgets_of_inner_ones(values, listed, inner, expected):
    assert nested(values, listed, *inner) == expected


def test_of_two_widgets_with_one_name_the_source_tells():
    innermost = paint(1).node(2, "Paint", outputs=["IMAGE"], widgets=[1, "fixed", 0.5, "too", False]).definition("v")
    shown = {"proxyWidgets": [["1", "text"], ["2", "text"]]}
    middle = Drawing().node(3, "v", widgets=["one", "two"], properties=shown).definition("u")
    drawing = instance(["far"], [["3", "text", "2"]])
    assert inputs_of(drawing, middle, innermost, node="5:3:1")["text"] == "one"
    assert inputs_of(drawing, middle, innermost, node="5:3:2")["text"] == "far"
