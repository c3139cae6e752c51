"""The embedded world's tagger: the words of its captions, its file, and what it says of scenes."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from diffusion.interrogation.captioner import opened
from diffusion.interrogation.pocket import Card, Group, Network, PocketCaptioner, load_tagger, worded
from diffusion.weights import WeightsError, save_weights
from tools.pocket import tagger as training
from tools.pocket.export_tagger import TAGGER
from tools.pocket.world import BACKGROUNDS, NOUNS, PLACES, SIZES, STYLES, TINTS, Scene, full_caption, render

CPU = torch.device("cpu")
CARD = Card(
    16, (4, 4), (Group("thing", ("", "egg", "cup")), Group("colour", ("red", "blue"))), "a[ {colour}] {thing|dish}"
)


def as_image(scene: Scene) -> torch.Tensor:
    return torch.from_numpy(np.asarray(render(scene), np.float32) / 255)


def test_captions_are_worded_as_those_of_the_training():
    """The oracle is the function that wrote the checkpoint's captions, over every scene that can be told."""
    rng = random.Random(0)
    for _ in range(300):
        choices = (NOUNS, STYLES, ("", *TINTS), tuple(BACKGROUNDS), tuple(SIZES), tuple(PLACES))
        scene = Scene(*(rng.choice(values) for values in choices))
        told = {
            group.name: group.tags[number]
            for group, number in zip(training.CARD.groups, training.classes(scene), strict=True)
        }
        assert worded(training.CARD.caption, told) == full_caption(scene)


def test_what_is_not_told_is_left_out_with_its_words():
    caption = training.CARD.caption
    assert worded(caption, {}) == "an icon"
    assert worded(caption, {"size": "small", "background": "red"}) == "a small icon on a red background"
    assert worded(caption, {"object": "cat", "style": "3d", "colour": "orange"}) == "an orange cat, 3d style"


def write(path: Path, card: Card = CARD) -> Path:
    torch.manual_seed(0)
    save_weights(path, Network(card).half().state_dict(), {"tagger": card.to_json()})
    return path


def test_probabilities_are_those_of_each_group_and_uncertain_tags_are_not_told(tmp_path):
    tagger = opened(load_tagger, write(tmp_path / "small.safetensors"))
    assert opened(load_tagger, tmp_path / "small.safetensors") is tagger
    image = torch.rand(20, 12, 3)
    thing, colour = tagger.probabilities(image)
    assert thing.shape == (3,)
    assert colour.shape == (2,)
    assert float(thing.sum()) == pytest.approx(1)
    assert float(colour.sum()) == pytest.approx(1)
    assert PocketCaptioner(tagger, threshold=1.0).describe(image).text == "a dish"
    found = PocketCaptioner(tagger, threshold=0.0).describe(image)
    assert CARD.groups[1].tags[int(colour.argmax())] in found.text
    assert [score.group for score in found.scores] == ["thing"] * 3 + ["colour"] * 2


def test_other_files_are_refused_by_what_they_lack(tmp_path):
    path = tmp_path / "other.safetensors"
    for metadata in ({}, {"tagger": "[1"}, {"tagger": json.dumps({**json.loads(CARD.to_json()), "groups": []})}):
        save_weights(path, {"weight": torch.zeros(1)}, metadata)
        with pytest.raises(WeightsError, match=r"other.safetensors is no tagger of this kind"):
            load_tagger(path, CPU)
    save_weights(path, {"weight": torch.zeros(1)}, {"tagger": CARD.to_json()})
    with pytest.raises(WeightsError, match=r"lacks entry.0.weight in the right shape"):
        load_tagger(path, CPU)


def test_the_shipped_tagger_knows_the_embedded_world():
    captioner = PocketCaptioner(load_tagger(TAGGER, CPU))
    assert captioner.tagger.card == training.CARD
    scenes = [
        Scene("cat", "flat", "red", "blue", "", ""),
        Scene("penguin", "3d", "", "yellow", "large", ""),
        Scene("rocket", "flat", "", "black", "small", "left"),
        Scene("apple", "3d", "purple", "white", "", "bottom"),
    ]
    assert [captioner.describe(as_image(scene)).text for scene in scenes] == [full_caption(scene) for scene in scenes]
