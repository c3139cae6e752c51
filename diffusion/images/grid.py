"""Pictures in rows and columns, with or without a legend."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from diffusion.images.composite import with_channels
from diffusion.images.font import fits, font, line_height, text_width, wrapped

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
INACTIVE = (0x99, 0x99, 0x99)
SMALLEST_TEXT = 8

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """One line of a label. What is not active is written in grey and struck through."""

    text: str
    active: bool = True


Label = str | Sequence[Entry]


def columns_for(count: int) -> int:
    """How many columns make a grid of `count` pictures about square, as the A1111 WebUI chooses."""
    rows = max(1, round(sqrt(count)))
    return max(1, ceil(count / rows))


def picture_grid(
    pictures: Sequence[Tensor] | Tensor, columns: int = 0, margin: int = 0, background: Colour = BLACK
) -> Tensor:
    """Put pictures `[H, W, C]` side by side, row by row, into one picture `[H, W, 3]`.

    Smaller ones are put into the middle of their cells. The margin, in pixels, is between cells, not around them.

    columns: 0 chooses a number that makes the grid about square.
    background: Red, green and blue of 0 to 255, for the margins and the cells that are left over.
    """
    pictures = list(pictures)
    columns = columns or columns_for(len(pictures))
    rows = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
    return labelled_grid(rows, margin=margin, background=background)


def labelled_grid(
    cells: Sequence[Sequence[Tensor | None]],
    column_labels: Sequence[Label] = (),
    row_labels: Sequence[Label] = (),
    margin: int = 0,
    background: Colour = WHITE,
    text_colour: Colour = BLACK,
) -> Tensor:
    """Put rows of pictures `[H, W, C]` into one `[H, W, 3]`, with labels above the columns and left of the rows.

    The legend is that of the A1111 WebUI: text of a 25th of width and height of a cell together, half of it between
    lines, row labels in three quarters of a cell's width. Long labels are broken, and words that are too long made
    smaller, and all row labels if one is higher than a cell. Without any label of a side there is no room for it.
    Pixels of the pictures are copied unchanged.

    cells: None, or a row that ends early, leaves a cell empty.
    column_labels: A label for each column, or none at all.
    margin: Pixels between cells.
    Raises ValueError if there is no picture.
    """
    pictures = [picture for row in cells for picture in row if picture is not None]
    if not pictures:
        raise ValueError("There is no picture for the grid. Connect at least one.")
    height, width = (max(picture.shape[side] for picture in pictures) for side in (0, 1))
    columns = max(len(row) for row in cells)
    size = (width + height) // 25
    top = _Legend(column_labels, width, size, text_colour)
    left = _Legend(row_labels, width * 3 // 4, size, text_colour)
    while left.height > height and size > SMALLEST_TEXT:
        size -= 1
        left = _Legend(row_labels, width * 3 // 4, size, text_colour)
    pad_top = top.height + 2 * top.gap if top.wanted else 0
    pad_left = left.width if left.wanted else 0
    whole = (pad_left + columns * (width + margin) - margin, pad_top + len(cells) * (height + margin) - margin)
    sheet = Image.new("RGB", whole, background)
    drawing = ImageDraw.Draw(sheet)
    for index in range(len(column_labels)):
        top.draw(drawing, index, pad_left + index * (width + margin) + width / 2, pad_top / 2)
    for index in range(len(row_labels)):
        left.draw(drawing, index, pad_left / 2, pad_top + index * (height + margin) + height / 2)
    grid = torch.from_numpy(np.array(sheet, np.float32) / 255)
    for row, line in enumerate(cells):
        for column, picture in enumerate(line):
            if picture is not None:
                y = pad_top + row * (height + margin) + (height - picture.shape[0]) // 2
                x = pad_left + column * (width + margin) + (width - picture.shape[1]) // 2
                grid[y : y + picture.shape[0], x : x + picture.shape[1]] = _colours(picture)
    return grid


def _colours(picture: Tensor) -> Tensor:
    """Red, green and blue of a picture of 1, 3 or 4 channels."""
    picture = picture.detach().float().cpu()
    return picture.expand(-1, -1, 3) if picture.shape[-1] == 1 else with_channels(picture, 3)


@dataclass(frozen=True)
class _Block:
    """An entry of a label, broken into lines."""

    lines: list[str]
    typeface: ImageFont.FreeTypeFont
    active: bool

    @property
    def height(self) -> int:
        return len(self.lines) * line_height(self.typeface)

    def draw(self, drawing: ImageDraw.ImageDraw, x: float, y: float, colour: Colour) -> None:
        step = line_height(self.typeface)
        for line in self.lines:
            middle = y + step / 2
            drawing.text((x, middle), line, colour if self.active else INACTIVE, self.typeface, anchor="mm")
            if not self.active:
                reach = text_width(line, self.typeface) / 2
                drawing.line((x - reach, middle, x + reach, middle), INACTIVE, round(self.typeface.size / 10))
            y += step


def _fitted(entry: Entry, size: int, width: int) -> _Block:
    size = max(size, SMALLEST_TEXT)
    while size > SMALLEST_TEXT and not fits(entry.text, font(size), width):
        size -= 1
    typeface = font(size)
    return _Block(wrapped(entry.text, typeface, width), typeface, entry.active)


class _Legend:
    """The labels of one side, broken to a width."""

    def __init__(self, labels: Sequence[Label], width: int, size: int, colour: Colour) -> None:
        self.width, self.gap, self._colour = width, size // 2, colour
        entries = [[Entry(label)] if isinstance(label, str) else list(label) for label in labels]
        self.wanted = any(entry.text for label in entries for entry in label)
        self._labels = [[_fitted(entry, size, width) for entry in label] for label in entries]
        self.height = max((self._height(label) for label in self._labels), default=0)

    def _height(self, label: list[_Block]) -> int:
        return sum(block.height for block in label) + self.gap * max(0, len(label) - 1)

    def draw(self, drawing: ImageDraw.ImageDraw, index: int, x: float, y: float) -> None:
        """Draw a label with its middle at (x, y)."""
        label = self._labels[index]
        y -= self._height(label) / 2
        for block in label:
            block.draw(drawing, x, y, self._colour)
            y += block.height + self.gap
