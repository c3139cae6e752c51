"""The house stands on the picture of the rocket, with a white rim around it; far from it the scene is unchanged."""

import numpy as np
from PIL import Image

from tests.running_server import ROOT
from tests.templates.produced import Produced

EXAMPLES = ROOT / "workflows" / "inputs"


def example(name: str, size: int) -> np.ndarray:
    return np.asarray(Image.open(EXAMPLES / name).convert("RGB").resize((size, size)), np.float32) / 255


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    assert picture.shape == (208, 208, 3)
    house, scene = example("house.png", 128), example("rocket.png", 208)
    placed = picture[70:198, 70:198]
    inside = house.min(-1) < 0.4  # its dark and red parts
    assert 0.05 < inside.mean() < 0.7
    assert np.abs(placed - house)[inside].mean() < 0.01
    assert np.abs(picture[:40] - scene[:40]).mean() < 0.05
    blue = (scene[..., 2] > scene[..., 0] + 0.2) & (picture.min(-1) > 0.95)
    assert blue.sum() > 100, "a white rim on what was blue"
