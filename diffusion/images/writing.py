"""Text on pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from diffusion.images.colours import levels, parsed
from diffusion.images.font import REGULAR, font, line_height, text_width, wrapped
from diffusion.images.geometry import pad
from diffusion.images.grid import picture_grid
from diffusion.images.resize import resize_images

PLACES = (
    *("top left", "top", "top right"),
    *("left", "middle", "right"),
    *("bottom left", "bottom", "bottom right"),
)
NO_COLOUR = "#00000000"


@dataclass(frozen=True)
class Style:
    """How text looks. Colours are `#rrggbb` or `#rrggbbaa`, lengths in pixels."""

    size: int = 32
    colour: str = "#ffffff"
    weight: int = REGULAR
    outline: int = 0
    outline_colour: str = "#000000"
    box_colour: str = NO_COLOUR

    @property
    def typeface(self) -> ImageFont.FreeTypeFont:
        """The font in this size and weight."""
        return font(self.size, self.weight)


def write(images: Tensor, text: str, style: Style, place: str = "bottom", margin: int = 16) -> Tensor:
    """Write text on pictures `[B, H, W, C]`; lines that are too long are broken.

    place: Where in the picture, one of `PLACES`; text at the left or the right is aligned to that side.
    margin: Distance from the edges; a box of a colour of its own reaches half as far around the text.
    """
    height, width = images.shape[1:3]
    lines = wrapped(text, style.typeface, max(1, width - 2 * margin))
    step = line_height(style.typeface)
    longest = max(text_width(line, style.typeface) for line in lines)
    row, column = divmod(PLACES.index(place), 3)
    x = (margin, (width - longest) / 2, width - margin - longest)[column]
    y = (margin, (height - step * len(lines)) / 2, height - margin - step * len(lines))[row]
    reach = margin / 2
    box = (x - reach, y - reach, x + longest + reach, y + step * len(lines) + reach)
    sheet = Image.new("L", (width, height))
    ImageDraw.Draw(sheet).rectangle(box, 255)
    images = _painted(images, sheet, style.box_colour)
    spare = [longest - text_width(line, style.typeface) for line in lines]
    places = [(x + free * column / 2, y + step * index) for index, free in enumerate(spare)]
    if style.outline:
        images = _painted(images, _letters(lines, places, style, (width, height), style.outline), style.outline_colour)
    return _painted(images, _letters(lines, places, style, (width, height), 0), style.colour)


def captioned(picture: Tensor, text: str, style: Style, background: str) -> Tensor:
    """A picture `[H, W, C]` with text below it, on a strip of a colour that is as high as the text."""
    width = picture.shape[1]
    gap = style.size // 4
    lines = wrapped(text, style.typeface, width)
    strip = line_height(style.typeface) * len(lines) + 2 * gap
    taller = pad(picture[None], 0, 0, 0, strip, "color", background).images
    written = write(taller[:, -strip:], "\n".join(lines), style, "middle", 0)
    return torch.cat([taller[:, :-strip], written], 1)[0]


def contact_sheet(
    pictures: Sequence[Tensor],
    captions: Sequence[str],
    columns: int,
    width: int,
    margin: int,
    style: Style,
    background: str,
) -> Tensor:
    """Pictures `[H, W, C]` scaled to one width, in rows, each with its caption, as one picture `[H, W, 3]`.

    captions: The first for the first picture; pictures without one have none.
    columns: 0 chooses a number that makes the sheet about square.
    """
    cells = []
    for index, picture in enumerate(pictures):
        height = max(1, round(picture.shape[0] * width / picture.shape[1]))
        scaled = resize_images(picture[None, ..., :3], width, height, "bicubic-antialiased").clamp(0, 1)[0]
        text = captions[index] if index < len(captions) else ""
        cells.append(captioned(scaled, text, style, background) if captions else scaled)
    sheet = picture_grid(cells, columns, margin, levels(background))
    return pad(sheet[None], margin, margin, margin, margin, "color", background).images[0]


def _letters(
    lines: Sequence[str], places: Sequence[tuple[float, float]], style: Style, size: tuple[int, int], outline: int
) -> Image.Image:
    """How much of each pixel letters cover, in 8 bits."""
    sheet = Image.new("L", size)
    drawing = ImageDraw.Draw(sheet)
    for line, place in zip(lines, places, strict=True):
        drawing.text(place, line, 255, style.typeface, stroke_width=outline)
    return sheet


def _painted(images: Tensor, cover: Image.Image, colour: str) -> Tensor:
    """Pictures with a colour where a mask covers them; what it covers becomes opaque."""
    paint = parsed(colour).to(images)
    weights = torch.from_numpy(np.array(cover, np.float32) / 255).to(images)[..., None] * paint[3]
    opaque = torch.cat([paint[:3], paint.new_ones(1)])[: images.shape[-1]]
    return torch.where(weights > 0, torch.lerp(images, opaque, weights), images)
