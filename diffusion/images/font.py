"""The font of everything that is written on pictures: Noto Sans CJK, which has Latin, Cyrillic, Greek and Chinese."""

from functools import lru_cache
from importlib.resources import files
from math import ceil

from PIL import ImageFont

SIMPLIFIED_CHINESE = 2  # place in the collection; the others prefer Japanese, Korean and traditional forms
REGULAR, BOLD = 400, 700
LIGHTEST, HEAVIEST = 100, 900
NEVER_FIRST = frozenset(" ，。、；：！？）】》」』”’…")  # signs that no line begins with


@lru_cache(maxsize=256)
def font(size: int, weight: int = REGULAR) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels.

    weight: 100 (thin) to 900 (black); 400 is regular and 700 bold.
    """
    path = str(files("manimgx_fonts_cjk") / "NotoSansCJK-VF.otf.ttc")
    # The basic layout needs no library beside Pillow, so that text has the same width on every machine.
    typeface = ImageFont.truetype(path, max(1, size), SIMPLIFIED_CHINESE, layout_engine=ImageFont.Layout.BASIC)
    typeface.set_variation_by_axes([min(max(weight, LIGHTEST), HEAVIEST)])
    return typeface


def line_height(typeface: ImageFont.FreeTypeFont) -> int:
    """The height of a line in pixels, whatever letters are in it."""
    return sum(typeface.getmetrics())


def text_width(text: str, typeface: ImageFont.FreeTypeFont) -> int:
    """The width of one line in pixels."""
    return ceil(typeface.getlength(text))


def wrapped(text: str, typeface: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Break text into lines of at most `width` pixels, at spaces and beside Chinese characters.

    A word that is wider is broken inside. Line breaks of the text are kept.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if text_width((line + piece).rstrip(), typeface) <= width:
                line += piece
                continue
            if line.strip():
                lines.append(line.rstrip())
            *whole, line = _cut(piece.lstrip(), typeface, width)
            lines += whole
        lines.append(line.rstrip())
    return lines


def fits(text: str, typeface: ImageFont.FreeTypeFont, width: int) -> bool:
    """Whether text can be wrapped to a width without breaking a word."""
    return all(text_width(piece.strip(), typeface) <= width for line in text.split("\n") for piece in _pieces(line))


def _is_wide(character: str) -> bool:
    """Whether a line may be broken before and after a character: Chinese, Japanese or Korean."""
    return "\u2e80" <= character <= "\ud7ff" or "\uf900" <= character <= "\ufaff" or "\uff00" <= character <= "\uffef"


def _pieces(paragraph: str) -> list[str]:
    """The parts between which a line may be broken; spaces are at the ends of parts."""
    pieces: list[str] = []
    before = ""
    for character in paragraph:
        breaks = before in ("", " ") or _is_wide(character) or _is_wide(before)
        if (breaks and character not in NEVER_FIRST) or not pieces:
            pieces.append(character)
        else:
            pieces[-1] += character
        before = character
    return pieces


def _cut(word: str, typeface: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Cut a word into parts of at most a width, each of one character or more."""
    parts = [""]
    for character in word:
        if parts[-1] and text_width((parts[-1] + character).rstrip(), typeface) > width:
            parts.append("")
        parts[-1] += character
    return parts
