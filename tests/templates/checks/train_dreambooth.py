"""The ghost is there after the training, and the cat is still a cat."""

from tests.templates.produced import Produced, share
from tools.mascot.ghost import BODY

ORANGE = (0.9, 0.55, 0.2)
VALUES = {
    "Class pictures.steps": 5,
    "Train DreamBooth.resolution": 64,
    **{f"{name}.steps": 10 for name in ("Subject before", "Subject", "Class before", "Class")},
}


def check(produced: Produced) -> None:
    before, after, cat_before, cat_after = (
        produced.pictures(name)[0] for name in ("Before", "The subject", "The class before", "The class")
    )
    body = (BODY[0] / 255, BODY[1] / 255, BODY[2] / 255)
    assert share(after, body, 0.2) > 0.05 > 0.01 > share(before, body, 0.2)
    assert min(share(cat_before, ORANGE, 0.25), share(cat_after, ORANGE, 0.25)) > 0.15
