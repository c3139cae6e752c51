"""The picture is larger, and still the same."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.templates.produced import Produced

HEART = Path(__file__).parents[3] / "workflows" / "inputs" / "heart.png"


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    assert picture.shape == (192, 192, 3)
    old = np.asarray(Image.open(HEART).convert("RGB").resize((192, 192)), np.float32) / 255
    assert np.abs(picture - old).mean() < 0.1
