"""The ghost is learned by both trainings, and the cat's eyes and mouth are kept by the one with class pictures."""

import numpy as np

from tests.templates.produced import Produced, share, tiles
from tools.mascot.ghost import BODY

PLACES = [f"{name}, {when}" for name in ("ghost", "cat") for when in ("before", "prior off", "prior on")]
VALUES = {
    "Class pictures.steps": 4,
    **{f"{title}.{key}": value for title in ("Without class pictures", "With class pictures")
       for key, value in (("resolution", 64), ("steps", 24))},
    **{f"{place}.steps": 6 for place in PLACES},
}  # fmt: skip


def check(produced: Produced) -> None:
    ghost, ghost_off, ghost_on, cat, cat_off, cat_on = tiles(*produced.pictures("SaveImage"), columns=3)
    body = (BODY[0] / 255, BODY[1] / 255, BODY[2] / 255)
    found = [share(picture, body, 0.2) for picture in (ghost, ghost_off, ghost_on)]
    assert min(found[1:]) > 0.05 > 0.01 > found[0], found
    faces = [dark(picture) for picture in (cat, cat_off, cat_on)]
    assert min(faces[0], faces[2]) > 2 * faces[1], faces


def dark(picture: np.ndarray) -> float:
    """How much of a picture is as dark as eyes and a mouth."""
    return float((picture[..., 1] < 0.35).mean())
