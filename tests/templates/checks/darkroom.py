"""Eight treatments of one picture, each of them what its caption says, and a caption below each."""

import numpy as np
from PIL import Image

from tests.running_server import ROOT
from tests.templates.produced import Produced

SIDE, MARGIN = 128, 12


def check(produced: Produced) -> None:
    (sheet,) = produced.pictures("SaveImage")
    original = np.asarray(Image.open(ROOT / "workflows" / "inputs" / "cat.png").convert("RGB"), np.float32) / 255
    assert sheet.shape[1] == 4 * SIDE + 5 * MARGIN
    step = (sheet.shape[0] - MARGIN) // 2
    corners = [(MARGIN + row * step, MARGIN + column * (SIDE + MARGIN)) for row in range(2) for column in range(4)]
    tiles = [sheet[y : y + SIDE, x : x + SIDE] for y, x in corners]
    _, warm, mood, grey, lens, sharp, grain, few = tiles
    assert all(np.abs(tile - original).mean() > 0.01 for tile in tiles)
    assert (warm[..., 0] - warm[..., 2]).mean() > (original[..., 0] - original[..., 2]).mean()
    assert mood[..., 2].mean() > original[..., 2].mean() + 0.05  # the blue of the rocket's picture
    assert np.ptp(grey, axis=-1).max() < 0.01
    assert detail(lens) < detail(original) < detail(sharp)
    assert detail(grain) > detail(original)
    assert len(np.unique(few.reshape(-1, 3), axis=0)) <= 6
    for y, x in corners:
        assert sheet[y + SIDE : y + SIDE + 24, x : x + SIDE].min() < 0.3, "a caption"


def detail(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture, axis=1)).mean())
