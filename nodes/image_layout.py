"""Nodes that put pictures together in grids, and write on them."""

from typing import Annotated

from diffusion.images import grid, writing
from diffusion.images.colours import levels
from graph.declare import Choice, Color, InputError, Multiline, Range, node
from nodes.sockets import Image

Columns = Annotated[int, Range(0, 4096)]
Pixels = Annotated[int, Range(0, 4096)]
TextSize = Annotated[int, Range(4, 1024)]
Text = Annotated[str, Multiline()]
Colour = Annotated[str, Color()]
WEIGHTS = {"light": 300, "regular": 400, "medium": 500, "bold": 700, "black": 900}


@node("PictureGrid", category="image/layout", search=["montage", "legend", "rows", "columns", "sheet"])
def picture_grid(
    images: list[Image],
    columns: Columns = 0,
    margin: Pixels = 0,
    column_labels: Text = "",
    row_labels: Text = "",
    color: Colour = "#ffffff",
) -> Image:
    """Put all pictures into one, row by row, with labels if there are any.

    images: A list, a batch, or a list of batches. Pixels are copied unchanged; smaller pictures are put into the middle
        of their cells.
    columns: 0 takes one for each column label, or makes the grid about square.
    margin: Pixels between pictures.
    column_labels: A line for each column.
    row_labels: A line for each row.
    color: Of the margins, and behind the labels.
    """
    pictures = [picture for batch in images for picture in batch]
    above, beside = column_labels.splitlines(), row_labels.splitlines()
    columns = columns or len(above) or grid.columns_for(len(pictures))
    rows = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
    try:
        return grid.labelled_grid(rows, above[:columns], beside[: len(rows)], margin, levels(color))[None]
    except ValueError as error:
        raise InputError("images", str(error)) from error


@node("ContactSheet", category="image/layout", search=["thumbnails", "overview", "captions", "catalogue"])
def contact_sheet(
    images: list[Image],
    captions: Text = "",
    columns: Columns = 0,
    width: Annotated[int, Range(16, 4096)] = 256,
    margin: Pixels = 16,
    text_size: TextSize = 20,
    text_color: Colour = "#000000",
    color: Colour = "#ffffff",
) -> Image:
    """Show many pictures small on one sheet, each with a caption below it.

    images: A list, a batch, or a list of batches.
    captions: A line for each picture, in their order.
    columns: 0 makes the sheet about square.
    width: Of each picture, in pixels.
    margin: Pixels around each picture.
    text_size: Of the captions, in pixels.
    color: Of the sheet.
    """
    pictures = [picture for batch in images for picture in batch]
    style = writing.Style(text_size, text_color)
    try:
        sheet = writing.contact_sheet(pictures, captions.splitlines(), columns, width, margin, style, color)
    except ValueError as error:
        raise InputError("images", str(error)) from error
    return sheet[None]


@node("WriteText", category="image/layout", title="Write Text on Image", search=["caption", "watermark", "font"])
def write_text(
    image: Image,
    text: Text = "",
    size: TextSize = 32,
    color: Annotated[str, Color(alpha=True)] = "#ffffffff",
    place: Annotated[str, Choice(writing.PLACES)] = "bottom",
    margin: Pixels = 16,
    weight: Annotated[str, Choice(tuple(WEIGHTS))] = "regular",
    outline: Annotated[int, Range(0, 64)] = 0,
    outline_color: Annotated[str, Color(alpha=True)] = "#000000ff",
    box_color: Annotated[str, Color(alpha=True)] = writing.NO_COLOUR,
) -> Image:
    """Write text on pictures, in Latin, Greek or Cyrillic letters, Chinese, Japanese or Korean.

    text: Lines that are too long are broken.
    size: Of the letters, in pixels.
    place: Where in the picture.
    margin: Distance from the edges, in pixels.
    outline: Width of a line around the letters, in pixels.
    box_color: Of a box behind the text; transparent is none.
    """
    if not text.strip():
        return image
    style = writing.Style(size, color, WEIGHTS[weight], outline, outline_color, box_color)
    try:
        return writing.write(image, text, style, place, margin)
    except ValueError as error:
        raise InputError("color", str(error)) from error
