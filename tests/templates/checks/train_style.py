"""Two things that were not among the pictures are blueprints after the training, and still two different things."""

import numpy as np

from tests.templates.produced import Produced, share, tiles
from tools.mascot.blueprint import LINE, PAPER

VALUES = {
    "Train LoRA.resolution": 64,
    "Train LoRA.steps": 40,
    "Train LoRA.learning_rate": 0.006,
    **{f"{name}{after}.steps": steps for name, steps in (("frog", 6), ("heart", 6), ("cat", 1))
       for after in ("", ", trained")},
}  # fmt: skip


def check(produced: Produced) -> None:
    frog, heart, _, frog_drawn, heart_drawn, _ = tiles(*produced.pictures("SaveImage"), columns=3)
    for before, drawn in ((frog, frog_drawn), (heart, heart_drawn)):
        assert of_paper(before) < 0.05 < 0.4 < of_paper(drawn), (of_paper(before), of_paper(drawn))
        assert of_lines(before) < 0.005 < 0.02 < of_lines(drawn), (of_lines(before), of_lines(drawn))
    assert np.abs(frog_drawn - heart_drawn).mean() > 0.05


def of_paper(picture: np.ndarray) -> float:
    """How much of a picture has the colour of the paper."""
    red, green, blue = PAPER
    return share(picture, (red / 255, green / 255, blue / 255), 0.35)


def of_lines(picture: np.ndarray) -> float:
    """How much of a picture has the colour of the lines."""
    red, green, blue = LINE
    return share(picture, (red / 255, green / 255, blue / 255), 0.45)
