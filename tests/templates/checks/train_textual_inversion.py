"""The word brings the ghost's colour, which the same prompt does not have without it."""

from tests.templates.produced import Produced, share
from tools.mascot.ghost import BODY

VALUES = {
    "Train Textual Inversion.steps": 20,
    "Train Textual Inversion.learning_rate": 0.06,
    "Before.steps": 10,
    "After.steps": 10,
}


def check(produced: Produced) -> None:
    (before,), (after,) = produced.pictures("Without the word"), produced.pictures("With the word")
    body = (BODY[0] / 255, BODY[1] / 255, BODY[2] / 255)
    assert share(after, body, 0.2) > 0.05 > 0.01 > share(before, body, 0.2)
