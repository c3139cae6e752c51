"""The ghost stands where the skeletons do, tilted as they are, in its own colours; by the LoRA alone it does not."""

import numpy as np

from tests.templates.produced import Produced, share
from tools.mascot.ghost import BODY, SCARF

VALUES = {"LoRA alone.steps": 10, "ControlNet alone.steps": 10}


def check(produced: Produced) -> None:
    skeletons = produced.pictures("Skeletons")
    held, free, plain = (
        produced.pictures(name) for name in ("The ghost where they stand", "Without the skeletons", "Without the LoRA")
    )
    assert len(held) == len(free) == len(plain) == len(skeletons) == 3
    asked = [middle(picture > 0.2) for picture in skeletons]
    assert distance(held, asked) < min(8, 0.5 * distance(free, asked))
    body = (BODY[0] / 255, BODY[1] / 255, BODY[2] / 255)
    assert max(share(picture, body, 0.2) for picture in plain) < 0.02
    assert min(share(picture, body, 0.2) for picture in held) > 0.05
    left, right, _ = (slope(scarf(picture)) for picture in held)
    assert left < -0.1 < 0.1 < right


def scarf(picture: np.ndarray) -> np.ndarray:
    """Where a picture has the scarf's colour."""
    return np.linalg.norm(picture - np.array(SCARF, np.float32) / 255, axis=-1) < 0.3


def slope(marked: np.ndarray) -> float:
    """How steeply the marked pixels go down from left to right."""
    rows, columns = np.nonzero(marked)
    return float(np.polyfit(columns, rows, 1)[0])


def middle(marked: np.ndarray) -> np.ndarray:
    """Where the marked pixels are on average, as shares of the picture's sides times 128."""
    rows, columns = np.nonzero(marked.any(axis=-1) if marked.ndim == 3 else marked)
    return np.array([columns.mean() / marked.shape[1], rows.mean() / marked.shape[0]]) * 128


def distance(pictures: list[np.ndarray], asked: list[np.ndarray]) -> float:
    """How far figures, told from the ground by their difference from the corners, are from where they should be."""
    found = [middle(np.abs(picture - picture[[0, 0, -1, -1], [0, -1, 0, -1]].mean(0)) > 0.25) for picture in pictures]
    return float(np.mean([np.linalg.norm(one - other) for one, other in zip(found, asked, strict=True)]))
