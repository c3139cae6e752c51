"""Pictures of the mascot: a pale violet ghost with a wavy hem, round eyes and an orange scarf, on all kinds of ground.

python -m tools.mascot.ghost FOLDER [--count N] [--side PIXELS]

writes pictures with captions, as training takes them. What varies is what should not be learned: ground, place, size,
tilt. The same number always gives the same picture.
"""

from __future__ import annotations

import argparse
import math
import random
from pathlib import Path

from PIL import Image, ImageDraw

BODY, EDGE, SCARF, KNOT = (214, 200, 250), (128, 104, 190), (244, 122, 69), (206, 84, 40)
GROUNDS = {
    "white": (255, 255, 255),
    "green": (150, 205, 130),
    "blue": (120, 175, 235),
    "yellow": (250, 225, 120),
    "red": (230, 120, 110),
    "grey": (170, 170, 175),
}
FINER = 4  # times: drawn so much larger, and shrunk


def picture(number: int, side: int = 64) -> tuple[Image.Image, str]:
    """A picture of the ghost, and the colour of its ground."""
    chance = random.Random(f"ghost {number}")
    ground = list(GROUNDS)[number % len(GROUNDS)]
    whole = side * FINER
    canvas = Image.new("RGB", (whole, whole), GROUNDS[ground])
    size = whole * chance.uniform(0.62, 0.8)
    ghost = drawing(int(size)).rotate(chance.uniform(-12, 12), Image.Resampling.BICUBIC)
    room = whole - ghost.width
    canvas.paste(ghost, (int(room * chance.uniform(0.3, 0.7)), int(room * chance.uniform(0.4, 0.9))), ghost)
    return canvas.resize((side, side), Image.Resampling.LANCZOS), ground


def drawing(side: int) -> Image.Image:
    """The ghost itself, transparent around it."""
    drawn = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(drawn)

    def at(*places: float) -> list[float]:
        return [place * side for place in places]

    hem = [(0.86 - 0.72 * step / 60, 0.86 + 0.05 * math.sin(step / 60 * 6 * math.pi)) for step in range(61)]
    head = [
        (0.5 - 0.36 * math.cos(turn / 40 * math.pi), 0.42 - 0.36 * math.sin(turn / 40 * math.pi)) for turn in range(41)
    ]
    outline = [(x * side, y * side) for x, y in head + hem]
    draw.polygon(outline, fill=BODY)
    draw.line([*outline, outline[0]], fill=EDGE, width=max(1, side // 28), joint="curve")
    for x in (0.37, 0.6):
        draw.ellipse(at(x - 0.065, 0.3, x + 0.065, 0.45), fill=(255, 255, 255))
        draw.ellipse(at(x - 0.02, 0.34, x + 0.05, 0.43), fill=(40, 30, 60))
    draw.rounded_rectangle(at(0.13, 0.52, 0.87, 0.63), side * 0.05, fill=SCARF)
    draw.polygon(
        [(0.62 * side, 0.6 * side), (0.76 * side, 0.6 * side), (0.72 * side, 0.8 * side), (0.6 * side, 0.79 * side)],
        fill=KNOT,
    )
    return drawn


def write(folder: Path, count: int, side: int, caption: str) -> None:
    """Write pictures and captions; `{ground}` in the caption is the ground's colour."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        drawn, ground = picture(number, side)
        drawn.save(folder / f"ghost_{number:02}.png")
        (folder / f"ghost_{number:02}.txt").write_text(caption.format(ground=ground) + "\n", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the mascot.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--caption", default="a ghst on a {ground} background, flat style")
    options = parser.parse_args()
    write(options.folder, options.count, options.side, options.caption)
