r"""Emphasis as the WebUI reads it.

`(text)` multiplies the weights of all inside by 1.1, `[text]` divides them by it, `(text:1.3)` multiplies by 1.3; all
nest and multiply. What is left open is closed at the end; a stray closing bracket is text, and so are weights in square
brackets. `\(` `\)` `\[` `\]` `\\` are the characters themselves. `BREAK` ends a chunk of tokens.
"""

import re
from typing import NamedTuple

EMPHASIS = 1.1
BREAK = "BREAK"

_TOKEN = re.compile(
    r"\\(?P<escaped>[()\[\]\\])|(?P<open>[(\[])|:\s*(?P<weight>[+-]?[.\d]+)\s*\)|(?P<close>[)\]])|(?P<text>\\|:|[^\\()\[\]:]+)"
)
_BREAK = re.compile(r"\s*\bBREAK\b\s*")
_PARTNER = {")": "(", "]": "["}


class Segment(NamedTuple):
    """A stretch of a prompt under one weight; with `ends_chunk` the place of a `BREAK`, without text."""

    text: str
    weight: float
    ends_chunk: bool = False


def parse_emphasis(text: str) -> list[Segment]:
    """Split a prompt into segments of equal weight, in order; one without text for an empty prompt.

    A `BREAK` within brackets does not end a chunk: there the word is text, with the negative weight that the WebUI's
    mark for it becomes; with a weight of exactly 1 it stays the mark.
    """
    segments: list[Segment] = []
    opened: list[tuple[str, int]] = []  # brackets, and the segment that each begins before

    def multiply(first: int, factor: float) -> None:
        for index in range(first, len(segments)):
            old = segments[index]
            # -1 is the WebUI's mark of a BREAK, which is none any more once it is multiplied
            lost = old.ends_chunk and factor != 1
            segments[index] = Segment(BREAK, -factor) if lost else old._replace(weight=old.weight * factor)

    def close(bracket: str, factor: float) -> bool:
        if not opened or not any(each == bracket for each, _ in opened):
            return False
        at = max(index for index, (each, _) in enumerate(opened) if each == bracket)
        multiply(opened.pop(at)[1], factor)
        return True

    for match in _TOKEN.finditer(text):
        if match["escaped"]:
            segments.append(Segment(match["escaped"], 1.0))
        elif match["open"]:
            opened.append((match["open"], len(segments)))
        elif match["weight"]:
            weight = _number(match["weight"])
            if weight is None or not close("(", weight):
                segments += _text(match[0])
        elif match["close"]:
            if not close(_PARTNER[match["close"]], EMPHASIS if match["close"] == ")" else 1 / EMPHASIS):
                segments.append(Segment(match["close"], 1.0))
        else:
            segments += _text(match["text"])
    for bracket, first in opened:
        multiply(first, EMPHASIS if bracket == "(" else 1 / EMPHASIS)
    return _merged(segments) or [Segment("", 1.0)]


def without_emphasis(text: str) -> list[Segment]:
    """The prompt as one segment, brackets and `BREAK` included."""
    return [Segment(text, 1.0)]


def _text(text: str) -> list[Segment]:
    first, *others = _BREAK.split(text)
    segments = [Segment(first, 1.0)] if first or not others else []
    for piece in others:
        segments += [Segment("", 1.0, ends_chunk=True), *([Segment(piece, 1.0)] if piece else [])]
    return segments


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _merged(segments: list[Segment]) -> list[Segment]:
    merged: list[Segment] = []
    for segment in segments:
        last = merged[-1] if merged else None
        if last and last.weight == segment.weight and not last.ends_chunk and not segment.ends_chunk:
            merged[-1] = Segment(last.text + segment.text, last.weight)
        else:
            merged.append(segment)
    return merged
