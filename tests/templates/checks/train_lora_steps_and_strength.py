"""Without strength the snapshots paint the same; with it they do not, and the last one has the colour of the ghost."""

import numpy as np

from tests.templates.produced import Produced, share
from tools.mascot.ghost import BODY

VALUES = {
    "Train LoRA.steps": 14,
    "Train LoRA.save_every": 7,
    "Train LoRA.learning_rate": 0.008,
    "KSampler.steps": 6,
    "Snapshot.steps": 7,
    "XYZPlot.x_values": "7, 14",
    "XYZPlot.y_values": "0, 1",
}


def check(produced: Produced) -> None:
    (grid,) = produced.pictures("SaveImage")
    places = (-260, -128)  # cells of 128 pixels with 4 between them, labels above and beside them
    cells = [[grid[top:, left:][:128, :128] for left in places] for top in places]
    (without, also_without), (early, late) = cells
    assert np.array_equal(without, also_without)
    assert np.abs(early - late).mean() > 0.02
    found = _of_the_ghost(late), _of_the_ghost(without)
    assert found[0] > 0.03 > 0.01 > found[1], found


def _of_the_ghost(picture: np.ndarray) -> float:
    red, green, blue = BODY
    return share(picture, (red / 255, green / 255, blue / 255), 0.2)
