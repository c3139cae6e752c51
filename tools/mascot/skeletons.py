"""Skeletons of the mascot, as preprocessors of poses draw them: `python -m tools.mascot.skeletons FOLDER`.

Writes the pictures that a template loads.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from tools.pocket.figures import Stand, points_of, skeleton

# Places in the square in which the ghost is drawn; one without a side is the right one's, and stands for both.
BODY = {
    "nose": (0.49, 0.46), "neck": (0.5, 0.57), "shoulder": (0.2, 0.6), "hip": (0.32, 0.83),
    "right eye": (0.37, 0.375), "left eye": (0.62, 0.375), "ear": (0.16, 0.38),
}  # fmt: skip
POSES = {
    "pose_left": Stand(100, 50, 66, 20),
    "pose_right": Stand(92, 82, 62, -25),
    "pose_small": Stand(84, 80, 80),
}
SIDE = 256


def write(folder: Path) -> None:
    """Write the skeletons."""
    for name, stand in POSES.items():
        Image.fromarray(skeleton(stand.moved(points_of(BODY)), SIDE, SIDE)).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw skeletons of the mascot.")
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)
