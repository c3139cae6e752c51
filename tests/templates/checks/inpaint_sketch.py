"""Something yellow is where the paint was, painted anew; the rest is the picture, bit for bit."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.templates.produced import Produced

INPUTS = Path(__file__).parents[3] / "workflows" / "inputs"


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    original, painted = (
        np.asarray(Image.open(INPUTS / name).convert("RGB"), np.float32) / 255
        for name in ("heart.png", "heart_painted.png")
    )
    kept = np.ones((128, 128), bool)
    kept[10:106, 14:114] = False
    assert np.array_equal(picture[kept], original[kept])
    middle = picture[54:66, 58:70]
    assert middle.mean((0, 1))[2] < min(middle.mean((0, 1))[:2]), "yellow"
    assert (picture[44:70, 48:80] != painted[44:70, 48:80]).any(-1).mean() > 0.8
