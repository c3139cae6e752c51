"""What the control network is trained on and measured by."""

import random

import numpy as np
import pytest
import torch

from tools.pocket.control import draw_example, edges, hints
from tools.pocket.evaluate_control import agreement
from tools.pocket.world import PLACE_WORDS, Scene, render


def test_edges_go_through_packing_unchanged():
    found = edges(render(Scene("star", "flat", "", "black", "", "")))
    assert set(np.unique(found)) == {0, 255}
    packed = torch.from_numpy(np.packbits(found[None] > 0, axis=-1))
    unpacked = hints(packed)
    assert tuple(unpacked.shape) == (1, 3, 128, 128)
    assert all(np.array_equal(channel.numpy() * 255, found) for channel in unpacked[0])


def test_most_captions_leave_places_to_the_edges():
    rng = random.Random(1)
    captions = [draw_example(rng).caption for _ in range(300)]
    told = sum(any(word and word in caption for word in PLACE_WORDS.values()) for caption in captions)
    assert 0 < told < 45
    assert 60 < captions.count("") < 130


def lines(*columns: int) -> np.ndarray:
    picture = np.zeros((32, 32), np.uint8)
    picture[:, list(columns)] = 255
    return picture


@pytest.mark.parametrize(
    ("asked", "painted", "f1"),
    [
        (lines(8), lines(8), 1.0),
        (lines(8), lines(10), 1.0),
        (lines(8), lines(11), 0.0),
        (lines(8, 20), lines(8), 2 / 3),
        (lines(8), lines(8, 16, 20, 24), 0.4),
    ],
)
def test_agreement_counts_edges_within_two_pixels(asked, painted, f1):
    assert agreement(asked, painted) == pytest.approx(f1, abs=1e-6)
