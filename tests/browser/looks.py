"""Comparing how a part of the page looks with a stored picture, whatever the fonts of the machine are.

A picture is kept as the mean colours of a coarse grid: that shows surfaces, edges, order and contrast, and blurs
letters.
`SAFELIGHT_NEW_LOOKS=1` stores what is seen instead; look at it before it is committed.
"""

import io
import os
from pathlib import Path

from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Locator

STORED = Path(__file__).resolve().parent / "stored_looks"
GRID = (32, 20)
# Of 255, for each channel: what letters of another font make of a cell, and of the whole.
MOST_IN_A_CELL = 44
MOST_IN_MEAN = 5


def seen(part: Locator) -> Image.Image:
    """The mean colours of a part of the page."""
    shot = Image.open(io.BytesIO(part.screenshot(animations="disabled"))).convert("RGB")
    return shot.resize(GRID, Image.Resampling.BOX)


def difference(now: Image.Image, stored: Image.Image) -> str:
    """What differs too much, empty if nothing does."""
    apart = ImageChops.difference(now, stored.convert("RGB"))
    mean = max(ImageStat.Stat(apart).mean)
    most = max(high for _, high in apart.getextrema())
    if mean <= MOST_IN_MEAN and most <= MOST_IN_A_CELL:
        return ""
    return f"mean difference {mean:.1f} (at most {MOST_IN_MEAN}), largest {most} (at most {MOST_IN_A_CELL})"


def assert_looks(part: Locator, name: str) -> None:
    """Fail if a part of the page does not look as it did when its picture was stored."""
    path = STORED / f"{name}.png"
    now = seen(part)
    if "SAFELIGHT_NEW_LOOKS" in os.environ:
        path.parent.mkdir(exist_ok=True)
        now.save(path)
    fault = difference(now, Image.open(path))
    assert not fault, f"{name} looks different: {fault}"
