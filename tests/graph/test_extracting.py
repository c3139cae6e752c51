"""What becomes of the parts of a drawing when nodes become a subgraph and a subgraph becomes nodes."""

from typing import Any

import pytest

from graph.documents.compiler import DocumentError, compile_document
from graph.documents.subgraphs import extract, flatten, inline
from tests.graph.drawing import Drawing
from tests.graph.test_document import BYPASS, MUTE, SCHEMAS, number, show
from tests.graph.test_subgraphs import meaning

Json = dict[str, Any]


def sums() -> Drawing:
    """1 and 2 are numbers, 3 adds them, 4 adds the sum to the first, 5 shows that, 6 shows the sum."""
    drawing = number(number(Drawing(), 1, 10), 2, 20)
    drawing.node(3, "Add", [("a", "INT", (1, 0), True), ("b", "INT", (2, 0), True)], ["INT"], widgets=[0, 0])
    drawing.node(4, "Add", [("a", "INT", (3, 0), True), ("b", "INT", (1, 0), True)], ["INT"], widgets=[0, 0])
    return show(show(drawing, 5, (4, 0)), 6, (3, 0))


def by_id(graph: Json) -> dict[Any, Json]:
    return {node["id"]: node for node in graph["nodes"]}


def definition_of(document: Json) -> Json:
    (definition,) = document["definitions"]["subgraphs"]
    return definition


def subgraph(*ports: tuple[str, str], **more: Any) -> Any:
    """A function that makes a definition `u` with these inputs out of a drawing."""
    inputs = [{"id": name, "name": name, "type": kind} for name, kind in ports]
    return lambda inside: {"definitions": {"subgraphs": [inside.definition("u", inputs=inputs, **more)]}}


def inputs_of(document: Json, kind: str) -> list[Json]:
    return [node["inputs"] for node in compile_document(document, SCHEMAS).values() if node["class_type"] == kind]


def test_an_extracted_part_has_an_input_for_each_source_and_an_output_for_each_end():
    document = extract(sums().document(last_node_id=6), [3, "4"], "Sums")
    inner, outer = definition_of(document), by_id(document)
    assert (inner["name"], [node["id"] for node in inner["nodes"]]) == ("Sums", [3, 4])
    assert list(outer) == [1, 2, 5, 6, 7]
    instance = outer[7]
    assert instance["type"] == inner["id"]
    shown = [(slot["name"], slot["type"], slot["widget"]) for slot in instance["inputs"]]
    assert shown == [("a", "INT", {"name": "a"}), ("b", "INT", {"name": "b"})]
    assert [slot["name"] for slot in instance["outputs"]] == ["INT", "INT_1"]
    assert [port["name"] for port in inner["inputs"] + inner["outputs"]] == ["a", "b", "INT", "INT_1"]
    assert [len(port["linkIds"]) for port in inner["inputs"] + inner["outputs"]] == [2, 1, 1, 1]
    assert compile_document(document, SCHEMAS)["7:4"]["inputs"] == {"a": ["7:3", 0], "b": ["1", 0]}
    assert compile_document(document, SCHEMAS)["6"]["inputs"] == {"value": ["7:3", 0]}


@pytest.mark.parametrize("version", [0.4, 1])
def test_links_are_listed_where_they_begin_and_end(version):
    document = sums().document(version=version)
    if version == 1:
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
        document["links"] = [dict(zip(keys, link, strict=True)) for link in document["links"]]
    extracted = extract(document, [3], "Sum")
    flat = inline(extracted, 7, SCHEMAS)
    for graph in (extracted, definition_of(extracted), flat):
        links = [list(link.values())[:6] if isinstance(link, dict) else link for link in graph["links"]]
        assert isinstance(graph["links"][0], dict) == (version == 1 or "inputNode" in graph)
        nodes = by_id(graph)
        for id, origin, output, target, slot, _ in links:
            assert origin == -10 or id in nodes[origin]["outputs"][output]["links"]
            assert target == -20 or nodes[target]["inputs"][slot]["link"] == id
        assert len({link[0] for link in links}) == len(links)
        orders = {node["id"]: node["order"] for node in graph["nodes"]}
        assert sorted(orders.values()) == list(range(len(orders)))
        assert all(orders[link[1]] < orders[link[3]] for link in links if link[1] in orders and link[3] in orders)
    state = flat["state"] if version == 1 else {"lastNodeId": flat["last_node_id"], "lastLinkId": flat["last_link_id"]}
    assert state["lastNodeId"] == 8
    assert state["lastLinkId"] >= max(link["id"] if isinstance(link, dict) else link[0] for link in flat["links"])


def test_ids_are_fresh_even_if_nodes_with_higher_ones_were_deleted():
    document = extract(sums().document(last_node_id=40, last_link_id=90), [3], "Sum")
    assert max(by_id(document)) == 41
    assert max(by_id(inline(document, 41, SCHEMAS))) == 42
    assert min(link[0] for link in inline(document, 41, SCHEMAS)["links"] if link[3] == 42) > 90


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([], "No nodes are chosen"),
        ([3, 99], "There is no node 99"),
        ([1, 4], r"over Add \(node 3\) back into them"),
    ],
)
def test_what_cannot_be_extracted_is_refused(chosen, words):
    with pytest.raises(DocumentError, match=words):
        extract(sums().document(), chosen, "Part")


@pytest.mark.parametrize(("node", "words"), [(99, "no node 99"), (3, r"Add \(node 3\) is no subgraph")])
def test_what_cannot_be_put_in_place_is_refused(node, words):
    with pytest.raises(DocumentError, match=words):
        inline(sums().document(), node, SCHEMAS)


def test_groups_go_along_with_all_that_is_in_them():
    document = sums().document()
    for node in document["nodes"]:
        node["pos"], node["size"] = [node["id"] * 100, 0], [50, 50]
    boxes = {
        "one": [290, -10, 60, 60],
        "both": [290, -10, 200, 60],
        "more": [190, -10, 300, 60],
        "empty": [0, 900, 9, 9],
    }
    document["groups"] = [{"title": title, "bounding": box} for title, box in boxes.items()]
    extracted = extract(document, [3, 4], "Sums")
    assert [group["title"] for group in extracted["groups"]] == ["more", "empty"]
    assert [group["title"] for group in definition_of(extracted)["groups"]] == ["one", "both"]
    by_id(extracted)[7]["pos"] = [1300, 500]
    moved = inline(extracted, 7, SCHEMAS)
    assert [by_id(moved)[id]["pos"] for id in (8, 9)] == [[1300, 500], [1400, 500]]
    assert {group["title"]: group["bounding"][:2] for group in moved["groups"]} == {
        **{title: box[:2] for title, box in boxes.items()},
        "one": [1290, 490],
        "both": [1290, 490],
    }


def with_points() -> Json:
    """Links 1 to 6 of the sums over points: 1 and 4 from the number 1, 3 and 6 from the sum, and two that float."""
    points = [
        {"id": 1, "pos": [1, 1], "linkIds": [1, 4]},
        {"id": 2, "pos": [2, 2], "linkIds": [1], "parentId": 1},
        {"id": 3, "pos": [3, 3], "linkIds": [3, 6]},
        {"id": 4, "pos": [4, 4], "linkIds": [6], "parentId": 3},
        {"id": 5, "pos": [5, 5], "linkIds": [], "floating": {"slotType": "output"}},
        {"id": 6, "pos": [6, 6], "linkIds": []},
    ]
    last = [{"id": 1, "parentId": 2}, {"id": 4, "parentId": 1}, {"id": 3, "parentId": 3}, {"id": 6, "parentId": 4}]
    floating = {
        "id": 7,
        "origin_id": 3,
        "origin_slot": 0,
        "target_id": -1,
        "target_slot": -1,
        "type": "INT",
        "parentId": 5,
    }
    return sums().document(extra={"reroutes": points, "linkExtensions": last}, floatingLinks=[floating])


def test_points_on_links_are_divided_at_the_border_and_joined_again():
    extracted = extract(with_points(), [3], "Sum")
    inner = definition_of(extracted)
    # The first also leads to a node outside; the third leads on to another that ends outside.
    assert [(point["pos"], point.get("parentId")) for point in extracted["extra"]["reroutes"]] == [
        ([1, 1], None),
        ([3, 3], None),
        ([4, 4], 3),
    ]
    assert [(point["pos"], point.get("parentId")) for point in inner["reroutes"]] == [([2, 2], None), ([5, 5], None)]
    assert [(link["origin_id"], link["parentId"]) for link in inner["floatingLinks"]] == [(3, 5)]
    flat = inline(extracted, 7, SCHEMAS)
    points = {point["id"]: point for point in flat["extra"]["reroutes"]}
    chains = {}
    for entry in flat["extra"]["linkExtensions"]:
        (link,) = [link for link in flat["links"] if link[0] == entry["id"]]
        chain, point = [], entry["parentId"]
        while point:
            assert points[point]["pos"] == [5, 5] or link[0] in points[point]["linkIds"]
            chain.append(points[point]["pos"][0])
            point = points[point].get("parentId")
        chains[link[3], link[4]] = chain
    assert chains == {(8, 0): [2, 1], (4, 1): [1], (4, 0): [3], (6, 0): [4, 3]}
    assert [(link["origin_id"], points[link["parentId"]]["pos"]) for link in flat["floatingLinks"]] == [(8, [5, 5])]


def painting(values: Any, **more: Any) -> Json:
    """Node 5 is an instance with the input `luck` of a subgraph that paints; 9 is a muted number."""
    inside = Drawing().node(
        1, "Paint", [("seed", "INT", (-10, 0), True)], ["IMAGE"], widgets=[1, "randomize", 0.5, "x"]
    )
    inside.node(2, "Foreign", [("y", "INT", (-10, 0), True)], widgets=[3, 4])
    listed = [["-1", "luck"], ["1", "text"], ["2", "z"]]
    drawing = Drawing().node(5, "u", widgets=values, properties={"proxyWidgets": listed}, **more)
    return drawing.document(**subgraph(("luck", "INT"))(inside))


def test_values_of_an_instance_go_into_the_inner_nodes_or_else_into_primitives():
    document = painting([7, "words", 8])
    flat = inline(document, 5, SCHEMAS)
    paint, foreign, *primitives = flat["nodes"]
    assert paint["widgets_values"] == [7, "randomize", 0.5, "words"]
    assert foreign["widgets_values"] == [3, 4]
    assert sorted(node["widgets_values"] for node in primitives) == [[7, "fixed"], [8, "fixed"]]
    assert {node["type"] for node in primitives} == {"PrimitiveNode"}
    assert meaning(flat) == meaning(document)
    assert "definitions" not in flat


@pytest.mark.parametrize(
    ("saved", "properties", "expected"),
    [
        ({"seed": 1, "text": "x"}, {}, ({"seed": 1, "text": "words"}, None)),
        (["x", 1], {"safelight.inputs": ["text", "seed"]}, (["words", 1], ["text", "seed"])),
        ([1, "fixed"], {}, ([1, "words"], ["seed", "text"])),
        (None, {}, (["words"], ["text"])),
    ],
)
def test_values_are_written_as_the_node_has_them(saved, properties, expected):
    inside = Drawing().node(1, "Paint", widgets=saved, properties=properties)
    drawing = Drawing().node(5, "u", widgets=["words"], properties={"proxyWidgets": [["1", "text"]]})
    document = drawing.document(**subgraph()(inside))
    (paint,) = inline(document, 5, SCHEMAS)["nodes"]
    assert (paint["widgets_values"], paint["properties"].get("safelight.inputs")) == expected
    assert inputs_of(inline(document, 5, SCHEMAS), "Paint") == inputs_of(document, "Paint")


def test_values_go_down_level_by_level():
    inside = Drawing().node(1, "Paint", [("seed", "INT", (-10, 0), True)], ["IMAGE"], widgets=[1, "fixed", 0.5, "x"])
    port = [{"id": "i", "name": "luck", "type": "INT"}]
    middle = Drawing().node(2, "v", [("luck", "INT", (-10, 0), True)], widgets=[3, "near"],
                            properties={"proxyWidgets": [["-1", "luck"], ["1", "text"]]})  # fmt: skip
    definitions = [middle.definition("u", inputs=port), inside.definition("v", inputs=port)]
    listed = {"proxyWidgets": [["-1", "luck"], ["2", "text"]]}
    drawing = Drawing().node(5, "u", widgets=[7, "far"], properties=listed)
    document = drawing.document(definitions={"subgraphs": definitions})
    once = inline(document, 5, SCHEMAS)
    assert once["nodes"][0]["widgets_values"] == [7, "far"]
    assert [each["id"] for each in once["definitions"]["subgraphs"]] == ["v"]
    (paint,) = flatten(document, SCHEMAS)["nodes"]
    assert paint["widgets_values"] == [7, "fixed", 0.5, "far"]


@pytest.mark.parametrize(("mode", "modes"), [(MUTE, [MUTE, MUTE]), (BYPASS, [BYPASS, MUTE])])
def test_what_is_in_a_skipped_subgraph_stays_skipped(mode, modes):
    inside = Drawing().node(1, "Add", [("a", "INT", (-10, 0), True)], ["INT"], widgets=[1, 2])
    inside.node(2, "Number", outputs=["INT"], mode=MUTE).output(0, (1, 0))
    drawing = number(Drawing()).node(5, "u", [("x", "INT", (1, 0), True)], ["INT"], mode=mode, widgets=[9])
    document = show(drawing, 9, (5, 0)).document(**subgraph(("x", "INT"))(inside))
    flat = inline(document, 5, SCHEMAS)
    assert [node["mode"] for node in flat["nodes"] if node["id"] > 9] == modes
    assert meaning(flat) == meaning(document)
    assert inputs_of(flat, "Show") == ([{}] if mode == MUTE else [{"value": ["1", 0]}])


def test_a_bypassed_subgraph_whose_output_is_used_as_two_types_is_refused():
    inside = number(Drawing()).output(0, (1, 0))
    drawing = number(Drawing()).node(2, "Load", outputs=["MODEL"])
    drawing.node(5, "u", [("n", "INT", (1, 0)), ("m", "MODEL", (2, 0))], ["*"], mode=BYPASS)
    drawing.node(6, "Reroute", [("", "*", (5, 0))], ["*"])
    drawing.node(7, "Paint", [("model", "MODEL", (6, 0)), ("seed", "INT", (6, 0), True)], ["IMAGE"])
    document = drawing.document(**subgraph(("n", "INT"), ("m", "MODEL"))(inside))
    assert inputs_of(document, "Paint") == [{"model": ["2", 0], "seed": ["1", 0]}]
    with pytest.raises(DocumentError, match=r"u \(node 5\) is bypassed, and what passes through it depends on"):
        inline(document, 5, SCHEMAS)


def test_definitions_stay_as_long_as_something_uses_them():
    more = subgraph()(number(Drawing()))
    more["definitions"]["subgraphs"].append(Drawing().definition("spare"))
    document = Drawing().node(5, "u").node(6, "u").document(**more)
    once = inline(document, 5, SCHEMAS)
    assert [each["id"] for each in once["definitions"]["subgraphs"]] == ["u", "spare"]
    assert [each["id"] for each in inline(once, 6, SCHEMAS)["definitions"]["subgraphs"]] == ["spare"]


def test_subgraphs_that_contain_themselves_or_explode_cannot_be_flattened():
    inside = number(Drawing()).node(2, "u", mode=MUTE)
    with pytest.raises(DocumentError, match="'u' contains itself"):
        flatten(Drawing().node(5, "u").document(**subgraph()(inside)), SCHEMAS)
    levels = [Drawing().node(1, f"u{n + 1}").node(2, f"u{n + 1}").definition(f"u{n}") for n in range(30)]
    document = (
        Drawing().node(1, "u0").document(definitions={"subgraphs": [*levels, number(Drawing()).definition("u30")]})
    )
    with pytest.raises(DocumentError, match="more than 100,000 nodes"):
        flatten(document, SCHEMAS)


def test_odd_files_survive():
    document = sums().document(groups=None, extra=None, floatingLinks=[3], config=7)
    document["nodes"][0] |= {"pos": {"0": 5, "1": 6}, "size": None, "inputs": None}
    document["links"] += [None, [99, 1, 0, 3, 7, "INT"], [98, 77, 0, 3, 0, "INT"], [97, -10, 0, -20, 0, "INT"]]
    extracted = extract(document, [1, 3], "Part")
    assert meaning(inline(extracted, 7, SCHEMAS)) == meaning(document)
    assert (extracted["config"], by_id(definition_of(extracted))[1]["pos"]) == (7, {"0": 5, "1": 6})


@pytest.mark.parametrize(
    ("source", "mode", "expected"), [(None, 0, 7), ((1, 0), 0, ["1", 0]), ((1, 0), MUTE, 7), ((1, 0), BYPASS, 7)]
)
def test_what_passes_through_a_subgraph(source, mode, expected):
    inside = Drawing().node(1, "Number", [("value", "INT", (-10, 0), True)], ["INT"], widgets=[3])
    inside.node(2, "Reroute", [("", "*", (-10, 0))], ["*"]).output(0, (-10, 0)).output(1, (2, 0))
    drawing = Drawing().node(1, "Foreign", outputs=["INT"], mode=mode)
    drawing.node(5, "u", [("x", "INT", source, True)], ["INT", "INT"], widgets=[7])
    drawing.node(6, "Add", [("a", "INT", (5, 0), True), ("b", "INT", (5, 1), True)], ["INT"], widgets=[1, 2])
    document = drawing.document(**subgraph(("x", "INT"))(inside))
    for each in (document, inline(document, 5, SCHEMAS)):
        assert inputs_of(each, "Add") == [{"a": expected, "b": expected}]
        assert inputs_of(each, "Number") == [{"value": expected}]


def test_a_point_that_some_links_leave_over_stays_inside():
    """Of the links from the sum, 3 and 6, one ends inside. Both are led over the point 1, the other over 2 too."""
    points = [{"id": 1, "pos": [1, 1], "linkIds": [3, 6]}, {"id": 2, "pos": [2, 2], "linkIds": [6], "parentId": 1}]
    last = [{"id": 3, "parentId": 1}, {"id": 6, "parentId": 2}]
    document = sums().document(extra={"reroutes": points, "linkExtensions": last})
    extracted = extract(document, [3, 4], "Sums")
    inner = definition_of(extracted)
    assert [point["pos"] for point in inner["reroutes"]] == [[1, 1]]
    assert [(point["pos"], "parentId" in point) for point in extracted["extra"]["reroutes"]] == [([2, 2], False)]
    crossing = [link for link in inner["links"] if link["target_id"] == -20 and link["origin_id"] == 3]
    assert [link["parentId"] for link in crossing] == [1]
    joined = inline(extracted, 7, SCHEMAS)["extra"]["reroutes"]
    assert sorted((len(point["linkIds"]), point["pos"], "parentId" in point) for point in joined) == [
        (1, [2, 2], True),
        (2, [1, 1], False),
    ]
