"""Thumbnails of templates, made of the pictures that their nodes have shown."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

SIDE = 320
INSET = 112
QUALITY = 82
GROUND = (24, 24, 27)


def thumbnail(pictures: Sequence[Image.Image], form: str) -> Image.Image:
    """A square of `pictures`: in a grid, the second in the corner of the first, or the left and right half of two.

    Raises ValueError if there is none.
    """
    if not pictures:
        raise ValueError("The template shows no picture. Name nodes that do with sheet.thumbnail.")
    first = _square(pictures[0], SIDE)
    if form == "inset":
        first.paste(_square(pictures[1], INSET), (0, SIDE - INSET))
    elif form == "halves":
        half = (SIDE // 2, 0, SIDE, SIDE)
        first.paste(_square(pictures[1], SIDE).crop(half), half[:2])
    elif len(pictures) > 1:
        return _grid(pictures)
    return first


def _grid(pictures: Sequence[Image.Image]) -> Image.Image:
    columns = next(n for n in range(1, len(pictures) + 1) if n * n >= len(pictures))
    rows = -(-len(pictures) // columns)
    side = SIDE // columns
    sheet = Image.new("RGB", (SIDE, side * rows), GROUND)
    for index, picture in enumerate(pictures):
        sheet.paste(_square(picture, side), (index % columns * side, index // columns * side))
    return sheet if rows == columns else ImageOps.pad(sheet, (SIDE, SIDE), color=GROUND)


def _square(picture: Image.Image, side: int) -> Image.Image:
    """The picture filled up to a square if it is nearly one, and otherwise whole, on a dark ground."""
    upright = picture.convert("RGB")
    ratio = upright.width / upright.height
    if 0.92 < ratio < 1.09:
        return ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
    return ImageOps.pad(upright, (side, side), Image.Resampling.LANCZOS, color=GROUND)


def save(picture: Image.Image, path: Path) -> None:
    """Write a thumbnail as WebP."""
    picture.save(path, "WEBP", quality=QUALITY, method=6)
