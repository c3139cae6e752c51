"""The nodes that say what pictures show: files that are missing or wrong, lists of texts, folders of captions."""

import csv
import io

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.interrogation.captioner import Description
from diffusion.weights import save_weights
from graph.declare import InputError, spec_of
from graph.engine import Engine
from graph.folders import Folders
from graph.registry import load
from graph.schema import file_choices
from graph.testing import Recorder
from nodes import figures, interrogation
from tests.diffusion.interrogation.onnx_writer import write_layer
from tools.pocket.export_tagger import TAGGER
from tools.pocket.world import Scene, full_caption, render

SCENES = [Scene("cat", "flat", "red", "blue", "", ""), Scene("tree", "3d", "", "orange", "small", "right")]


@pytest.fixture
def folders(tmp_path) -> Folders:
    folders = Folders.under(tmp_path)
    for kind in ("taggers/wd", "captioners", "clip_vision"):
        (folders.models / kind).mkdir(parents=True)
    (folders.models / "taggers" / TAGGER.name).symlink_to(TAGGER)
    folders.input.mkdir()
    return folders


@pytest.fixture
def ctx(folders) -> Recorder:
    return Recorder(folders)


def images(*scenes: Scene) -> torch.Tensor:
    return torch.from_numpy(np.stack([np.asarray(render(scene), np.float32) / 255 for scene in scenes]))


def test_each_picture_has_a_text_and_its_scores_make_a_table(ctx):
    found = interrogation.interrogate(ctx, images(*SCENES))
    assert found.text == [full_caption(scene) for scene in SCENES]
    assert ctx.shown["text"] == found.text
    assert ctx.steps == [(0, 2), (1, 2)]
    rows = list(csv.DictReader(io.StringIO(found.scores)))
    best = {(row["picture"], row["group"]): row["tag"] for row in reversed(rows)}
    assert (best["1", "object"], best["2", "object"], best["2", "colour"]) == ("cat", "tree", "-")
    figures.show_table(ctx, found.scores)
    [table] = ctx.shown["tables"]
    assert table["columns"] == ["picture", "group", "tag", "score"]
    assert len(table["rows"]) == len(rows)
    assert interrogation.interrogate(ctx, None).text == []


def test_wd14_networks_read_the_table_beside_them(ctx, folders):
    write_layer(folders.models / "taggers/wd/model.onnx", (1, 4, 4, 3), np.zeros((48, 3)), np.array([2.0, 3.0, -1.0]))
    with pytest.raises(InputError, match=r"put selected_tags.csv into wd"):
        interrogation.interrogate_wd14(ctx, "wd/model.onnx")
    table = folders.models / "taggers/wd/selected_tags.csv"
    table.write_text("tag_id,name,category,count\n1,long_hair,0,1\n2,hat_(red),0,1\n3,fish,0,1\n")
    before = interrogation.table_beside(folders, tagger="wd/model.onnx")
    told = interrogation.interrogate_wd14(ctx, "wd/model.onnx", torch.rand(1, 4, 4, 3), without="fish, Hat")
    assert told.text == [r"hat \(red\), long hair"]
    told = interrogation.interrogate_wd14(
        ctx, "wd/model.onnx", torch.rand(1, 4, 4, 3), 0.2, ranks=True, sort="alphabetical"
    )
    assert told.text == [r"(fish:0.269), (hat \(red\):0.953), (long hair:0.881)"]
    table.write_text(table.read_text() + "\n")
    assert interrogation.table_beside(folders, tagger="wd/model.onnx") != before


def test_files_that_are_missing_or_wrong_are_named(ctx, folders):
    save_weights(folders.models / "clip_vision" / "model.safetensors", {"weight": torch.zeros(1)})
    torch.save({"weight": torch.zeros(1)}, folders.models / "taggers" / "other.pt")
    cases = (
        (
            lambda: interrogation.interrogate(ctx, tagger="none.safetensors"),
            "tagger",
            "no 'none.safetensors' in models/taggers",
        ),
        (lambda: interrogation.interrogate_deepbooru(ctx, "other.pt"), "tagger", "is no Deepbooru tagger"),
        (lambda: interrogation.interrogate_clip(ctx, "model.safetensors"), "clip_name", "no CLIP vision model"),
        (lambda: interrogation.interrogate_blip(ctx, "blip/model.safetensors"), "model", "in models/captioners"),
        (
            lambda: interrogation.interrogate_blip(ctx, "x", min_length=9, max_length=8),
            "min_length",
            "exchange the two",
        ),
    )
    for call, name, sentence in cases:
        with pytest.raises(InputError, match=sentence) as raised:
            call()
        assert raised.value.input_name == name


def test_each_node_offers_the_files_that_it_can_read(folders):
    (folders.models / "taggers" / "model.pt").write_bytes(b"")
    (folders.models / "taggers" / "wd" / "model.onnx").write_bytes(b"")
    expected = {
        interrogation.interrogate: ["pocket_tagger.safetensors"],
        interrogation.interrogate_deepbooru: ["model.pt"],
        interrogation.interrogate_wd14: ["wd/model.onnx"],
    }
    schemas = load(["nodes"], None).schemas()
    for function, names in expected.items():
        inputs = schemas[spec_of(function).id]["input"]
        options = {**inputs.get("required", {}), **inputs.get("optional", {})}["tagger"][1]
        assert file_choices(options, folders) == names


class Named:
    def describe(self, image):
        return Description(f"{image.shape[1]} wide")


def test_a_folder_is_captioned_and_what_fails_is_told(ctx, folders):
    (folders.input / "set").mkdir()
    for name, width in (("a", 5), ("b", 7)):
        Image.new("RGB", (width, 3)).save(folders.input / "set" / f"{name}.png")
    (folders.input / "set" / "c.png").write_bytes(b"no picture")
    assert interrogation.caption_folder(ctx, Named(), "set", prefix="a photo, ") == [
        "a photo, 5 wide",
        "a photo, 7 wide",
    ]
    assert (folders.input / "set" / "b.txt").read_text() == "a photo, 7 wide\n"
    assert len(ctx.warnings) == 1
    assert ctx.warnings[0].startswith("c.png: c.png is not a picture")
    assert ctx.shown["tables"][0]["title"] == "2 captioned, 0 skipped, 1 failed"
    assert ctx.steps[-1] == (3, 3)
    assert interrogation.caption_folder(ctx, Named(), "set") == []
    assert ctx.shown["tables"][1]["title"] == "0 captioned, 2 skipped, 1 failed"


def test_only_folders_of_the_installation_are_captioned(ctx, folders):
    outside = folders.base / "elsewhere"
    outside.mkdir()
    (folders.input / "link").symlink_to(outside, target_is_directory=True)
    for name in ("../elsewhere", str(outside), "link"):
        with pytest.raises(InputError, match=r"leads out|absolute"):
            interrogation.caption_folder(ctx, Named(), name)
    with pytest.raises(InputError, match="There is no folder 'none' in the input folder"):
        interrogation.caption_folder(ctx, Named(), "none")
    with pytest.raises(InputError, match="There are no pictures in 'input'"):
        interrogation.caption_folder(ctx, Named(), "")


def test_changed_lists_of_the_user_are_noticed_and_names_of_lists_checked(ctx, folders):
    with pytest.raises(InputError, match="There is no list 'colours'") as raised:
        interrogation.interrogate_clip(ctx, "model.safetensors", skip="colours, artists")
    assert raised.value.input_name == "skip"
    own = folders.user / "interrogate"
    own.mkdir(parents=True)
    before = interrogation.word_lists(folders)
    (own / "colours.txt").write_text("red\nblue\n")
    assert interrogation.word_lists(folders) != before
    with pytest.raises(InputError, match="in models/clip_vision") as raised:  # the list is known now
        interrogation.interrogate_clip(ctx, "model.safetensors", skip="colours, artists")


def test_a_captioner_goes_from_a_picture_to_a_whole_folder(folders):
    for number, scene in enumerate(SCENES):
        render(scene).save(folders.input / f"{number}.png")
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "0.png"}},
        "2": {"class_type": "Interrogate", "inputs": {"image": ["1", 0], "tagger": TAGGER.name, "threshold": 0.35}},
        "3": {"class_type": "ShowTable", "inputs": {"text": ["2", 1], "title": ""}},
        "4": {"class_type": "CaptionFolder", "inputs": {"captioner": ["2", 2], "existing": "skip", "place": "input"}},
    }
    with Engine(folders.base, device="cpu", disk_cache_bytes=0) as engine:
        results = engine.run(prompt)
    assert full_caption(SCENES[0]) in results.texts
    assert (folders.input / "0.txt").read_text() == full_caption(SCENES[0]) + "\n"
    assert (folders.input / "1.txt").read_text() == full_caption(SCENES[1]) + "\n"
