r"""The prompt's weight syntax, as ComfyUI reads it.

`(text:1.3)` sets a weight, in place of any around it; `(text)` multiplies the weight around it by 1.1; both nest.
`\(` and `\)` are brackets of the text itself. Square brackets mean nothing. Brackets without a partner are text.
"""

import math
import re
from typing import NamedTuple

EMPHASIS = 1.1

# Escaped brackets travel through the parser as two characters that no prompt contains.
_HIDDEN = {r"\(": "\ue000", r"\)": "\ue001"}


class Segment(NamedTuple):
    """A stretch of the prompt under one weight."""

    text: str
    weight: float


def parse_prompt(text: str) -> list[Segment]:
    """Split a prompt into segments of equal weight, in order, with the syntax taken out of their text."""
    for escaped, hidden in _HIDDEN.items():
        text = text.replace(escaped, hidden)
    return [Segment(_unhidden(piece), weight) for piece, weight in _weighted(text, 1.0)]


def escape(text: str) -> str:
    """Text that `parse_prompt` reads as it is, brackets included."""
    return re.sub(r"([()])", r"\\\1", text)


def _weighted(text: str, weight: float) -> list[Segment]:
    segments: list[Segment] = []
    for piece in _outermost(text):
        if len(piece) >= 2 and piece[0] == "(" and piece[-1] == ")":
            inner, explicit = _explicit_weight(piece[1:-1])
            segments += _weighted(inner, weight * EMPHASIS if explicit is None else explicit)
        else:
            segments.append(Segment(piece, weight))
    return segments


def _outermost(text: str) -> list[str]:
    """Cut a text into its outermost bracketed groups, brackets included, and what lies between them."""
    pieces: list[str] = []
    start = depth = 0
    for position, character in enumerate(text):
        if character == "(":
            if depth == 0:
                pieces.append(text[start:position])
                start = position
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                pieces.append(text[start : position + 1])
                start = position + 1
    pieces.append(text[start:])
    return [piece for piece in pieces if piece]


def _explicit_weight(group: str) -> tuple[str, float | None]:
    """Take a weight off the end of a group's inside: `cat:1.3` gives `cat` and 1.3."""
    inner, colon, number = group.rpartition(":")
    if colon and inner:
        try:
            weight = float(number)
        except ValueError:
            return group, None
        if math.isfinite(weight):
            return inner, weight
    return group, None


def _unhidden(text: str) -> str:
    for escaped, hidden in _HIDDEN.items():
        text = text.replace(hidden, escaped[1])
    return text
