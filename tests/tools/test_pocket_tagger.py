"""What the tagger is trained on and measured by."""

import random

import pytest
import torch

from tools.pocket import tagger as training
from tools.pocket.evaluate_tagger import agreement, right_tags
from tools.pocket.world import Scene, is_held_out

CAT = right_tags(training.classes(Scene("cat", "flat", "red", "blue", "", "left")))
TREE = right_tags(training.classes(Scene("tree", "3d", "", "white", "small", "")))


def test_examples_show_no_held_out_pair_and_now_and_then_something_unknown():
    rng = random.Random(2)
    drawn = [right_tags(training.draw_example(rng).classes) for _ in range(300)]
    assert 25 < sum(tags[0] == "" for tags in drawn) < 70
    assert not any(is_held_out(tags[0], tags[1]) for tags in drawn)


def test_tags_are_those_of_captions():
    assert CAT == ("cat", "red", "blue", "", "on the left", "flat")
    assert TREE == ("tree", "", "white", "small", "", "3d")


@pytest.mark.parametrize(
    ("found", "f1", "objects"),
    [
        ([CAT, TREE], 1.0, 1.0),
        ([CAT, ("", *TREE[1:])], 2 * 8 / 17, 0.5),
        ([("dog", *CAT[1:]), TREE], 2 * 8 / 18, 0.5),
        ([CAT, ("tree", "red", *TREE[2:])], 2 * 9 / 19, 1.0),
        ([("",) * 6, ("",) * 6], 0.0, 0.0),
    ],
)
def test_f1_counts_tags_that_are_told_and_tags_that_are_missed(found, f1, objects):
    measured = agreement([CAT, TREE], found)
    assert measured["F1"] == pytest.approx(f1, abs=5e-4)
    assert measured["object"] == objects


def test_classes_of_colours_are_unknown_where_colours_are_exchanged():
    pictures = torch.rand(8, 3, 2, 2)
    chosen = torch.arange(48).view(8, 6)
    others, classes = training.exchanged(pictures, chosen)
    assert (classes[:2, 1:3] == training.UNKNOWABLE).all()
    assert torch.equal(classes[2:], chosen[2:])
    assert torch.equal(classes[:2, [0, 3, 4, 5]], chosen[:2, [0, 3, 4, 5]])
    assert torch.equal(others[2:], pictures[2:])
    assert not torch.equal(others[:2], pictures[:2])
    assert torch.equal(others[:2].sort(1).values, pictures[:2].sort(1).values)
