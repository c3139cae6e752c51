"""Group nodes of old files. What their instances show was never written down in them, so there are many files here."""

from typing import Any

import pytest

from graph.documents.compiler import DocumentError, compile_document
from graph.documents.subgraphs import flatten
from tests.graph.core_schemas import CORE
from tests.graph.drawing import Drawing
from tests.graph.test_subgraphs import meaning_of

Json = dict[str, Any]
LOADER = {"type": "CheckpointLoaderSimple", "widgets_values": ["a.ckpt"]}
LATENT = {"type": "EmptyLatentImage", "widgets_values": [512, 512, 1]}


def sockets(**kinds: str) -> list[Json]:
    return [{"name": name, "type": kind, "link": None} for name, kind in kinds.items()]


def encode(text: str, **more: Any) -> Json:
    return {"type": "CLIPTextEncode", "inputs": sockets(clip="CLIP"), "widgets_values": [text], **more}


def sampler(*converted: str, **more: Any) -> Json:
    inputs = sockets(model="MODEL", positive="CONDITIONING", negative="CONDITIONING", latent_image="LATENT")
    inputs += [{"name": name, "type": "INT", "link": None, "widget": {"name": name}} for name in converted]
    values = [1, "randomize", 20, 8, "euler", "normal", 1]
    return {"type": "KSampler", "inputs": inputs, "widgets_values": values, **more}


def decode(**more: Any) -> Json:
    return {"type": "VAEDecode", "inputs": sockets(samples="LATENT", vae="VAE"), "outputs": outputs("IMAGE"), **more}


def outputs(*kinds: str) -> list[Json]:
    return [{"name": kind, "type": kind, "links": []} for kind in kinds]


SAVE = {"type": "SaveImage", "inputs": sockets(images="IMAGE"), "widgets_values": ["out"]}


def group(*nodes: Json, links: tuple[Any, ...] = (), external: tuple[Any, ...] = (), **more: Any) -> Json:
    listed = [{"id": -1, "mode": 0, "index": index, **node} for index, node in enumerate(nodes)]
    return {"nodes": listed, "links": [[*link, 9, "*"] for link in links], "external": list(external), **more}


def compiled(drawing: Drawing, **groups: Json) -> dict[str, Json]:
    """The inputs of the compiled nodes, which are the same from the document without subgraphs."""
    document = drawing.document(extra={"groupNodes": groups})
    prompt = compile_document(document, CORE, max)
    assert meaning_of(compile_document(flatten(document, CORE), CORE, max)) == meaning_of(prompt)
    return {id: node["inputs"] for id, node in prompt.items()}


TEXT_TO_IMAGE = group(
    LATENT, LOADER, encode("cat"), encode("dog"), sampler(), decode(), SAVE,
    links=((1, 1, 2, 0), (1, 1, 3, 0), (1, 0, 4, 0), (2, 0, 4, 1), (3, 0, 4, 2), (0, 0, 4, 3), (4, 0, 5, 0),
           (1, 2, 5, 1), (5, 0, 6, 0)),
)  # fmt: skip


@pytest.mark.parametrize("separator", [">", "/"])
def test_a_group_has_the_values_of_all_its_nodes_in_a_row(separator):
    values = [640, 480, 2, "a.ckpt", "a bird", "a fish", 77, "fixed", 30, 5.5, "euler", "normal", 0.5, "birds"]
    drawing = Drawing().node(10, f"workflow{separator}image", widgets=values)
    assert compiled(drawing, image=TEXT_TO_IMAGE) == {
        "10:0": {"width": 640, "height": 480, "batch_size": 2},
        "10:1": {"ckpt_name": "a.ckpt"},
        "10:2": {"text": "a bird", "clip": ["10:1", 1]},
        "10:3": {"text": "a fish", "clip": ["10:1", 1]},
        "10:4": {
            "seed": 77, "steps": 30, "cfg": 5.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.5,
            "model": ["10:1", 0], "positive": ["10:2", 0], "negative": ["10:3", 0], "latent_image": ["10:0", 0],
        },
        "10:5": {"samples": ["10:4", 0], "vae": ["10:1", 2]},
        "10:6": {"filename_prefix": "birds", "images": ["10:5", 0]},
    }  # fmt: skip


def test_without_values_of_its_own_an_instance_has_those_of_the_group():
    inputs = compiled(Drawing().node(10, "workflow>image"), image=TEXT_TO_IMAGE)
    assert inputs["10:2"] == {"text": "cat", "clip": ["10:1", 1]}
    assert inputs["10:4"]["steps"] == 20


def test_two_instances_have_their_own_values():
    drawing = Drawing().node(1, "workflow>g", widgets=["bird"]).node(2, "workflow>g", widgets=["fish"])
    inputs = compiled(drawing, g=group(encode("cat")))
    assert (inputs["1:0"]["text"], inputs["2:0"]["text"]) == ("bird", "fish")


def test_what_is_not_linked_inside_is_an_input_and_an_output():
    drawing = Drawing().node(1, "EmptyLatentImage", outputs=["LATENT"], widgets=[64, 64, 1])
    drawing.node(2, "CheckpointLoaderSimple", outputs=["MODEL", "CLIP", "VAE"], widgets=["a.ckpt"])
    shown = [("latent_image", "LATENT", (1, 0)), ("vae", "VAE", (2, 2))]
    drawing.node(3, "workflow>g", [("model", "MODEL", (2, 0)), *shown], ["IMAGE"], widgets=[5, "fixed", 9])
    drawing.node(4, "SaveImage", [("images", "IMAGE", (3, 0))], widgets=["out"])
    inputs = compiled(drawing, g=group(sampler(), decode(), links=((0, 0, 1, 0),)))
    assert inputs["3:0"]["latent_image"] == ["1", 0]
    assert inputs["3:0"]["model"] == ["2", 0]
    assert inputs["3:0"]["steps"] == 9
    assert inputs["3:1"] == {"samples": ["3:0", 0], "vae": ["2", 2]}
    assert inputs["4"]["images"] == ["3:1", 0]


def test_an_output_that_is_used_inside_and_outside_is_listed_as_external():
    load = {**LOADER, "outputs": outputs("MODEL", "CLIP", "VAE")}
    inner = group(load, encode("cat", outputs=outputs("CONDITIONING")), links=((0, 1, 1, 0),))
    for external, slots in (((), {1: 0, 2: 2}), (((0, 1, "CLIP"),), {1: 0, 2: 1})):
        drawing = Drawing().node(1, "workflow>g", outputs=["*"] * 4)
        drawing.node(2, "VAEDecode", [("samples", "LATENT", (1, 0)), ("vae", "VAE", (1, 1))])
        inputs = compiled(drawing, g={**inner, "external": list(external)})
        assert inputs["2"] == {"samples": ["1:0", slots[1]], "vae": ["1:0", slots[2]]}


def test_names_that_are_taken_get_the_title_in_front():
    drawing = Drawing()
    for id in (1, 2, 3, 4):
        drawing.node(id, "CheckpointLoaderSimple", outputs=["MODEL", "CLIP", "VAE"], widgets=[f"{id}.ckpt"])
    shown = [("clip", "CLIP", (1, 1)), ("CLIPTextEncode clip", "CLIP", (2, 1)), ("Sky clip", "CLIP", (3, 1))]
    shown.append(("CLIPTextEncode 2 clip", "CLIP", (4, 1)))
    drawing.node(9, "workflow>g", shown[::-1], widgets=["a", "b", "c", "d"])
    nodes = encode(""), encode(""), encode("", title="Sky"), encode("")
    inputs = compiled(drawing, g=group(*nodes))
    assert [inputs[f"9:{index}"]["text"] for index in range(4)] == ["a", "b", "c", "d"]
    assert [inputs[f"9:{index}"]["clip"] for index in range(4)] == [["1", 1], ["2", 1], ["3", 1], ["4", 1]]


def test_inputs_can_be_renamed_and_hidden():
    config = {"0": {"input": {"vae": {"name": "decoder"}}}, "1": {"input": {"vae": {"visible": False}},
              "output": {"0": {"visible": False}}}}  # fmt: skip
    drawing = Drawing().node(1, "CheckpointLoaderSimple", outputs=["MODEL", "CLIP", "VAE"], widgets=["a.ckpt"])
    shown = [("samples", "LATENT", None), ("decoder", "VAE", (1, 2)), ("VAEDecode samples", "LATENT", (1, 0))]
    drawing.node(9, "workflow>g", shown, ["IMAGE", "IMAGE"])
    drawing.node(10, "SaveImage", [("images", "IMAGE", (9, 1))], widgets=["out"])
    inputs = compiled(drawing, g=group(decode(), decode(), decode(), config=config))
    assert [inputs[f"9:{index}"] for index in range(3)] == [{"vae": ["1", 2]}, {"samples": ["1", 0]}, {}]
    assert inputs["10"]["images"] == ["9:2", 0]


def test_labels_of_inner_inputs_are_names_outside():
    slots = [{"name": "clip", "type": "CLIP", "link": None, "label": "words"}]
    drawing = Drawing().node(1, "CheckpointLoaderSimple", outputs=["MODEL", "CLIP"], widgets=["a.ckpt"])
    drawing.node(2, "workflow>g", [("words", "CLIP", (1, 1))], widgets=["bird"])
    assert compiled(drawing, g=group(encode("", inputs=slots)))["2:0"]["clip"] == ["1", 1]


@pytest.mark.parametrize("values", [["first", "hidden", "last"], ["first", "last"]])
def test_hidden_widgets_keep_their_place_except_where_the_file_has_left_them_out(values):
    config = {"1": {"input": {"text": {"visible": False}}}}
    drawing = Drawing().node(1, "workflow>g", widgets=values)
    inputs = compiled(drawing, g=group(encode("a"), encode("hidden"), encode("c"), config=config))
    assert [inputs[f"1:{index}"]["text"] for index in range(3)] == ["first", "hidden", "last"]


def test_a_primitive_inside_shows_its_value_in_place_of_what_it_feeds():
    seeds = {"type": "PrimitiveNode", "title": "Luck", "outputs": outputs("INT"), "widgets_values": [7, "fixed"]}
    nodes = group(LATENT, seeds, sampler("seed"), sampler("seed"), links=((1, 0, 2, 4), (1, 0, 3, 4)))
    rest = [20, 8, "euler", "normal", 1]
    values = [64, 64, 1, 99, "increment", *[11, *rest[1:]], *[12, *rest[1:]]]
    inputs = compiled(Drawing().node(1, "workflow>g", widgets=values), g=nodes)
    assert (inputs["1:2"]["seed"], inputs["1:2"]["steps"]) == (99, 11)
    assert (inputs["1:3"]["seed"], inputs["1:3"]["steps"]) == (99, 12)


def test_widgets_that_were_made_inputs_come_last():
    nodes = group(sampler("steps"), encode("cat"))
    drawing = Drawing().node(1, "PrimitiveNode", outputs=["INT"], widgets=[31, "fixed"])
    values = [5, "fixed", 8, "euler", "normal", 1, "bird", 25]
    drawing.node(2, "workflow>g", [("steps", "INT", None, True)], widgets=values)
    drawing.node(3, "workflow>g", [("steps", "INT", (1, 0), True)], widgets=values)
    inputs = compiled(drawing, g=nodes)
    assert (inputs["2:0"]["steps"], inputs["2:1"]["text"], inputs["2:0"]["denoise"]) == (25, "bird", 1)
    assert inputs["3:0"]["steps"] == 31


def test_a_widget_of_the_instance_can_be_an_input_too():
    drawing = Drawing().node(1, "PrimitiveNode", outputs=["STRING"], widgets=["from outside"])
    drawing.node(2, "workflow>g", [("CLIPTextEncode text", "STRING", (1, 0), True)], widgets=["a", "b"])
    inputs = compiled(drawing, g=group(encode(""), encode("")))
    assert [inputs["2:0"]["text"], inputs["2:1"]["text"]] == ["a", "from outside"]


def test_reroutes_are_pipes_and_inputs_by_their_type():
    reroute = {"type": "Reroute", "inputs": sockets(**{"": "*"}), "outputs": outputs("CLIP")}
    nodes = group(reroute, encode(""), encode(""), links=((0, 0, 1, 0), (0, 0, 2, 0)), external=((0, 0, "CLIP"),))
    drawing = Drawing().node(1, "CheckpointLoaderSimple", outputs=["MODEL", "CLIP"], widgets=["a.ckpt"])
    drawing.node(2, "workflow>g", [("CLIP", "CLIP", (1, 1))], ["CLIP", "CONDITIONING", "CONDITIONING"])
    drawing.node(3, "CLIPTextEncode", [("clip", "CLIP", (2, 0))], widgets=["x"])
    inputs = compiled(drawing, g=nodes)
    assert [inputs[id]["clip"] for id in ("2:1", "2:2", "3")] == [["1", 1]] * 3


@pytest.mark.parametrize(
    ("external", "socket"), [(((0, 0, "CLIP"),), "CLIP"), ((), "IMAGE")], ids=["known outside", "known of the socket"]
)
def test_a_reroute_that_feeds_nothing_inside_is_a_pipe_by_what_is_known_of_its_type(external, socket):
    reroute = {"type": "Reroute", "inputs": sockets(**{"": "IMAGE"}), "outputs": outputs("*")}
    drawing = Drawing().node(1, "CheckpointLoaderSimple", outputs=["MODEL", "CLIP"], widgets=["a.ckpt"])
    shown = [("clip", "CLIP", None), (socket, "CLIP", (1, 1))]
    drawing.node(2, "workflow>g", shown, ["*", "CONDITIONING"])
    drawing.node(3, "CLIPTextEncode", [("clip", "CLIP", (2, 0))], widgets=["x"])
    assert compiled(drawing, g=group(reroute, encode(""), external=external))["3"]["clip"] == ["1", 1]


def test_groups_that_nothing_uses_are_no_matter():
    document = Drawing().node(1, "VAEDecode").document(extra={"groupNodes": {"g": {"nodes": 3}}})
    assert set(compile_document(document, CORE)) == {"1"}
    assert flatten(document, CORE)["extra"]["groupNodes"] == {"g": {"nodes": 3}}


def test_groups_in_groups():
    inner = group(encode("in"), encode("in too", title="Second"))
    middle = {"type": "workflow>inner", "inputs": sockets(clip="CLIP", **{"Second clip": "CLIP"})}
    outer = group(LOADER, encode("out"), middle, links=((0, 1, 2, 1),))
    drawing = Drawing().node(1, "CheckpointLoaderSimple", outputs=["MODEL", "CLIP"], widgets=["b.ckpt"])
    shown = [("clip", "CLIP", None), ("workflow>inner clip", "CLIP", (1, 1))]
    drawing.node(2, "workflow>outer", shown, widgets=["a.ckpt", "one", "two", "three"])
    inputs = compiled(drawing, inner=inner, outer=outer)
    assert inputs["2:1"]["text"] == "one"
    assert inputs["2:2:0"] == {"text": "two", "clip": ["1", 1]}
    assert inputs["2:2:1"] == {"text": "three", "clip": ["2:0", 1]}


def test_upload_buttons_and_unknown_types_take_their_places():
    load = {"type": "LoadImage", "widgets_values": ["x.png", "image"]}
    foreign = {"type": "Foreign", "inputs": sockets(x="IMAGE"), "widgets_values": [1, {"two": 2}]}
    drawing = Drawing().node(1, "workflow>g", widgets=["y.png", "image", 1, {"two": 2}, "bird"])
    inputs = compiled(drawing, g=group(load, foreign, encode("cat"), links=((0, 0, 1, 0),)))
    assert inputs == {"1:0": {"image": "y.png"}, "1:1": {"x": ["1:0", 0]}, "1:2": {"text": "bird"}}


def test_files_without_sockets_have_those_of_the_type():
    bare = {"type": "CLIPTextEncode", "widgets_values": ["cat"]}
    assert compiled(Drawing().node(1, "workflow>g"), g=group(LOADER, bare, links=((0, 1, 1, 0),)))["1:1"] == {
        "text": "cat",
        "clip": ["1:0", 1],
    }


def test_skipped_nodes_and_notes_inside():
    note = {"type": "Note", "widgets_values": ["remember"]}
    skipped = encode("no", mode=2), encode("no", mode=4)
    inputs = compiled(Drawing().node(1, "workflow>g", widgets=["a", "b", "c"]), g=group(note, *skipped, encode("yes")))
    assert inputs == {"1:3": {"text": "c"}}


def test_a_group_that_is_missing_keeps_its_entry_so_that_validation_can_name_it():
    prompt = compile_document(Drawing().node(1, "workflow>gone", title="Mine").document(), CORE)
    assert prompt == {"1": {"class_type": "workflow>gone", "inputs": {}, "_meta": {"title": "Mine"}}}


def test_stray_links_and_entries_are_passed_over():
    broken = group(LOADER, encode("cat"), external=((), (9, 9)))
    broken["links"] = [
        [None, 0, 1, 0, 5, "CLIP"],
        [0, 1, 1, 7, 5, "x"],
        [5, 0, 1, 0, 5, "x"],
        [0],
        [0, 1, 1, 0, 5, "CLIP"],
    ]
    assert compiled(Drawing().node(1, "workflow>g"), g=broken)["1:1"]["clip"] == ["1:0", 1]


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"g": {"nodes": 3}}, "The group node 'g' is broken"),
        ({"g": {"nodes": [{"inputs": 3, "type": "A"}]}}, "The group node 'g' is broken"),
        ({"g": None}, "The group node 'g' is broken"),
        (
            {"g": group({"type": "workflow>h"}), "h": group({"type": "workflow>g"})},
            "The group node '[gh]' contains itself",
        ),
    ],
)
def test_broken_groups_are_refused_with_a_sentence(groups, words):
    document = Drawing().node(1, "workflow>g").document(extra={"groupNodes": groups})
    with pytest.raises(DocumentError, match=words):
        compile_document(document, CORE)


def test_a_document_with_group_nodes_stays_as_it_is_until_one_is_put_in_place():
    document = Drawing().node(1, "workflow>g").document(extra={"groupNodes": {"g": group(LOADER), "h": group(LOADER)}})
    flat = flatten(document, CORE)
    assert [node["type"] for node in flat["nodes"]] == ["CheckpointLoaderSimple"]
    assert list(flat["extra"]["groupNodes"]) == ["h"]
    assert document["nodes"][0]["type"] == "workflow>g"
