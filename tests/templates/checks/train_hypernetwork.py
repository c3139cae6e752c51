"""The ghost's colour is there with the hypernetwork, and is not without it."""

from tests.templates.produced import Produced, share
from tools.mascot.ghost import BODY

VALUES = {"Train Hypernetwork.steps": 25, "Train Hypernetwork.learning_rate": 0.006}


def check(produced: Produced) -> None:
    (before,), (after,) = produced.pictures("Before"), produced.pictures("After")
    body = (BODY[0] / 255, BODY[1] / 255, BODY[2] / 255)
    assert share(after, body, 0.2) > 0.05 > 0.01 > share(before, body, 0.2)
