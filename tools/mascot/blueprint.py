"""Pictures in a style that the embedded checkpoint does not know: objects that it knows, as blueprints.

Only their outlines are left, pale on dark blue: whoever looks at them learns how to draw, and nothing new to draw.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

from tools.pocket.world import NATURAL, RESOLUTION, sprite

NOUNS = ("apple", "cat", "star", "fish", "house", "mushroom", "penguin", "skull")
PAPER, LINE = (28, 60, 140), (225, 240, 255)
SIZE = 104  # pixels of an object
REACH = 5  # pixels: the outlines are about as wide
CONTRAST = 1.6


def picture(noun: str) -> Image.Image:
    """An object as a blueprint, RGB, 128 x 128 pixels."""
    drawing = sprite(noun, "flat", NATURAL, SIZE)
    margin = (RESOLUTION - SIZE) // 2
    shape = Image.new("L", (RESOLUTION, RESOLUTION))
    shape.paste(drawing.getchannel("A"), (margin, margin))
    light = Image.new("L", shape.size)
    light.paste(drawing.convert("L"), (margin, margin), drawing)
    lines = ImageChops.lighter(_edges(shape), _edges(light)).point(lambda value: min(255, round(CONTRAST * value)))
    return Image.composite(Image.new("RGB", shape.size, LINE), Image.new("RGB", shape.size, PAPER), lines)


def _edges(picture: Image.Image) -> Image.Image:
    """How much lighter than the darkest place around it the lightest is."""
    return ImageChops.difference(
        picture.filter(ImageFilter.MaxFilter(REACH)), picture.filter(ImageFilter.MinFilter(REACH))
    )
