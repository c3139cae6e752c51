"""The ghost is there after the training, and was not before."""

from tests.templates.produced import Produced, share
from tools.mascot.ghost import BODY

VALUES = {"Train LoRA.steps": 40, "Train LoRA.learning_rate": 0.005}


def check(produced: Produced) -> None:
    (before,) = produced.pictures("Before")
    (after,) = produced.pictures("After")
    body = [channel / 255 for channel in BODY]
    assert share(after, body, 0.2) > 0.05 > 0.01 > share(before, body, 0.2)
    assert "Loss at fixed noise" in " ".join(produced.texts("Train LoRA"))
