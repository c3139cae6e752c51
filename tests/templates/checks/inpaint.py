"""The middle has changed and the rest is the picture that was loaded, bit for bit."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.templates.produced import Produced

HEART = Path(__file__).parents[3] / "workflows" / "inputs" / "heart.png"


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    old = np.asarray(Image.open(HEART).convert("RGB"), np.float32) / 255
    changed = (picture != old).any(-1)
    kept = np.ones_like(changed)
    kept[20:100, 24:104] = False
    assert not changed[kept].any()
    assert changed[40:80, 44:84].mean() > 0.8
