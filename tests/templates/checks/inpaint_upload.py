"""What the file marks has changed, and nothing else."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.templates.produced import Produced

INPUTS = Path(__file__).parents[3] / "workflows" / "inputs"


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    original = np.asarray(Image.open(INPUTS / "heart.png").convert("RGB"), np.float32) / 255
    marked = np.asarray(Image.open(INPUTS / "heart_mask.png").convert("L")) > 128
    changed = (picture != original).any(-1)
    assert changed[marked].mean() > 0.9
    far = np.ones_like(marked)
    far[3:125, 3:125] = False
    assert not changed[far].any()
