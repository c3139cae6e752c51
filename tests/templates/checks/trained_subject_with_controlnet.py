"""The outline is filled with the ghost's colour, which the ControlNet alone does not give, and has its edges."""

import numpy as np

from tests.templates.produced import Produced, share
from tools.mascot.ghost import BODY

VALUES = {"LoRA alone.steps": 10, "ControlNet alone.steps": 10, "Both.steps": 10}


def check(produced: Produced) -> None:
    outline, free, plain, both = (
        produced.pictures(name)[0] for name in ("Outline", "Anywhere", "Without the LoRA", "In the outline")
    )
    body = (BODY[0] / 255, BODY[1] / 255, BODY[2] / 255)
    assert share(plain, body, 0.2) < 0.01
    assert min(share(free, body, 0.2), share(both, body, 0.2)) > 0.05
    held = outline.mean(axis=-1) > 0.5
    assert edges_at(both, held) > max(1.5, 1.15 * edges_at(free, held))


def edges_at(picture: np.ndarray, held: np.ndarray) -> float:
    """How many times steeper a picture is in some places than elsewhere."""
    steps = np.hypot(*np.gradient(picture.mean(axis=-1)))
    return float(steps[held].mean() / steps[~held].mean())
