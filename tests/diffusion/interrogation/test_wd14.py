"""Taggers in ONNX files, against the closed form of a network of one layer."""

import numpy as np
import pytest
import torch

from diffusion.interrogation.tags import TagStyle
from diffusion.interrogation.wd14 import TABLE, OnnxCaptioner, TaggerError, load_onnx, mcut_threshold
from diffusion.weights import WeightsError
from tests.diffusion.interrogation.onnx_writer import write_layer

CPU = torch.device("cpu")
SIDE = 4
TAGS = (("general", 9), ("long_hair", 0), (">_<", 0), ("saber_(fate)", 4), ("hat", 0))


@pytest.fixture
def folder(tmp_path):
    rows = "\n".join(f"{number},{name},{category},10" for number, (name, category) in enumerate(TAGS))
    (tmp_path / TABLE).write_text(f"tag_id,name,category,count\n{rows}\n")
    return tmp_path


def write_constant(path, scores):
    """A tagger that answers with these scores, whatever it sees."""
    logits = np.log(np.asarray(scores) / (1 - np.asarray(scores)))
    write_layer(path, ("batch", SIDE, SIDE, 3), np.zeros((SIDE * SIDE * 3, len(scores))), logits)


def test_pictures_are_seen_on_white_as_bgr_levels(folder):
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(SIDE * SIDE * 3, len(TAGS))) / 4000, rng.normal(size=len(TAGS))
    write_layer(folder / "model.onnx", (1, SIDE, SIDE, 3), weight, bias)
    levels = rng.integers(0, 256, (SIDE, 2, 3))
    found = load_onnx(folder / "model.onnx", CPU).scores(torch.from_numpy(levels / 255))
    seen = np.full((SIDE, SIDE, 3), 255.0)
    seen[:, 1:3] = levels[..., ::-1]
    expected = 1 / (1 + np.exp(-(seen.reshape(-1) @ weight + bias)))
    told = [found[category][name] for name, category in zip(*_names(), strict=True)]
    np.testing.assert_allclose(told, expected, rtol=1e-4)


def _names():
    names = {9: "rating", 0: "general", 4: "character"}
    return [name for name, _ in TAGS], [names[category] for _, category in TAGS]


def test_characters_come_first_and_ratings_are_only_in_the_scores(folder):
    write_constant(folder / "model.onnx", (0.9, 0.6, 0.8, 0.9, 0.3))
    tagger = load_onnx(folder / "model.onnx", CPU)
    image = torch.rand(5, 9, 3)
    found = OnnxCaptioner(tagger).describe(image)
    assert found.text == r"saber \(fate\), >_<, long hair"
    assert [(each.group, each.tag) for each in found.scores if each.group == "rating"] == [("rating", "general")]
    assert OnnxCaptioner(tagger, general=0.2, character=0.95).describe(image).text == ">_<, long hair, hat"
    style = TagStyle(spaces=False, escape=False, without=frozenset({"hat"}))
    assert OnnxCaptioner(tagger, 0.1, 0.1, style=style).describe(image).text == "saber_(fate), >_<, long_hair"


def test_the_largest_gap_is_the_threshold(folder):
    assert mcut_threshold([0.1, 0.9, 0.2, 0.8]) == pytest.approx(0.5)
    assert mcut_threshold([0.9, 0.3, 0.25]) == pytest.approx(0.6)
    write_constant(folder / "model.onnx", (0.9, 0.2, 0.7, 0.1, 0.15))
    captioner = OnnxCaptioner(load_onnx(folder / "model.onnx", CPU), mcut=True)
    # gaps of general tags: 0.7, 0.2, 0.15; a single character of 0.1 is below what is ever told
    assert captioner.describe(torch.rand(4, 4, 3)).text == ">_<"


def test_what_is_missing_or_wrong_is_named(folder):
    path = folder / "model.onnx"
    write_constant(path, (0.5, 0.5))
    with pytest.raises(TaggerError, match=f"2 scores, and its {TABLE} has 5 lines"):
        load_onnx(path, CPU).scores(torch.rand(4, 4, 3))
    write_layer(path, (1, 3, SIDE, SIDE), np.zeros((48, 5)), np.zeros(5))
    with pytest.raises(WeightsError, match="it is no WD14 tagger"):
        load_onnx(path, CPU)
    path.write_bytes(b"no network")
    with pytest.raises(WeightsError, match=r"model.onnx is no ONNX network"):
        load_onnx(path, CPU)
    (folder / TABLE).write_text("a,b\n1,2\n")
    with pytest.raises(WeightsError, match="lacks the columns name and category"):
        load_onnx(path, CPU)
    (folder / TABLE).unlink()
    with pytest.raises(WeightsError, match=f"put {TABLE} into {folder.name}"):
        load_onnx(path, CPU)
