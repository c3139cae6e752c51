"""Pictures of a second subject, for training several: a dark egg with bright stripes, on all kinds of ground.

python -m tools.mascot.egg FOLDER [--count N] [--side PIXELS]

writes pictures with captions, as tools.mascot.ghost does for the mascot.
"""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from tools.mascot.ghost import FINER, GROUNDS

SHELL, STRIPE = (20, 90, 90), (190, 240, 60)


def picture(number: int, side: int = 64) -> tuple[Image.Image, str]:
    """A picture of the egg, and the colour of its ground. The same number always gives the same picture."""
    chance = random.Random(f"egg {number}")
    ground = list(GROUNDS)[number % len(GROUNDS)]
    whole = side * FINER
    canvas = Image.new("RGB", (whole, whole), GROUNDS[ground])
    wide, high = (int(whole * chance.uniform(low, low + 0.1)) for low in (0.45, 0.6))
    egg = Image.new("RGB", (wide, high), SHELL)
    for stripe in range(0, high, high // 5):
        ImageDraw.Draw(egg).rectangle((0, stripe, wide, stripe + high // 10), STRIPE)
    shape = Image.new("L", (wide, high))
    ImageDraw.Draw(shape).ellipse((0, 0, wide, high), 255)
    canvas.paste(egg, (chance.randint(0, whole - wide), chance.randint(0, whole - high)), shape)
    return canvas.resize((side, side), Image.Resampling.LANCZOS), ground
