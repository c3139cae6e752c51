"""The clip that the video templates load: `python -m tools.templates.clip` draws it anew."""

import math
from pathlib import Path

import numpy as np
import torch

from diffusion.video.writing import Encoding, write_video
from tools.pocket.world import Scene, render

PATH = Path(__file__).resolve().parents[2] / "workflows" / "inputs" / "moving-house.mp4"
FRAMES, RATE = 12, 8.0


def frame(index: int) -> torch.Tensor:
    """A house that goes round once, `[128, 128, 3]` in 0..1."""
    turn = 2 * math.pi * index / FRAMES
    scene = Scene(noun="house", style="flat", tint="", background="white", size="", place="")
    picture = render(scene, (round(16 * math.sin(turn)), round(6 * math.cos(turn))))
    return torch.from_numpy(np.asarray(picture, np.float32) / 255)


if __name__ == "__main__":
    write_video(PATH, map(frame, range(FRAMES)), RATE, "mp4", Encoding(quality=70))
