"""The ghost's white and its scarf are not in the first model, are in the second, and come with each part of it."""

import numpy as np

from tests.templates.produced import share, tiles

WHITE, PURPLE = (0.9, 0.85, 0.93), (0.55, 0.35, 0.85)
VALUES = {"first.steps": 10, "half of each.steps": 10, "second.steps": 10, "second's decoder.steps": 10}


def check(produced):
    (sheet,) = produced.pictures("SaveImage")
    first, mixed, second, decoder = tiles(sheet)
    assert share(first, WHITE, 0.25) < 0.02
    for picture in (mixed, second, decoder):
        assert share(picture, PURPLE) > 0.4
        assert share(picture, WHITE, 0.25) > 0.04
    assert np.abs(decoder - second).mean() > 0.01
