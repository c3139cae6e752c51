"""Stripes get into the ghost's half where both subjects act everywhere, and stay out where each has its own."""

import numpy as np

from tests.templates.produced import Produced, share
from tools.mascot.egg import STRIPE
from tools.mascot.ghost import BODY

PLACES = ("one LoRA of both", "two LoRAs, added", "two LoRAs, each in its half")
VALUES = {
    "Ghost and egg.resolution": 64,
    "Ghost and egg.steps": 24,
    "Egg.resolution": 64,
    "Egg.steps": 20,
    **{f"{place}.steps": 4 for place in PLACES},
}


def check(produced: Produced) -> None:
    (sheet,) = produced.pictures("SaveImage")
    row = (sheet.shape[0] - 6) // 3
    halves = [[sheet[y * row + 6 :][:128, x : x + 128] for x in (6, 134)] for y in range(3)]
    together, added, apart = [[stripes(left), stripes(right)] for left, right in halves]
    assert together[0] > 2 * apart[0], (together, apart)
    assert apart[1] - apart[0] > max(0.05, 2 * (added[1] - added[0])), (added, apart)
    ghosts = [share(half, (BODY[0] / 255, BODY[1] / 255, BODY[2] / 255), 0.2) for half in halves[2]]
    assert ghosts[0] > 0.05, ghosts


def stripes(picture: np.ndarray) -> float:
    """How much of a picture has the colour of the egg's stripes."""
    return share(picture, (STRIPE[0] / 255, STRIPE[1] / 255, STRIPE[2] / 255), 0.35)
