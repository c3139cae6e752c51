"""Prompts that are composed with `AND`, each with a weight (Liu et al. 2022, arXiv 2206.01714)."""

import re
from typing import NamedTuple

_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"(?P<text>.*?)(?:\s*:\s*(?P<weight>[+-]?(?:\d+\.?|\d*\.\d+)))?\s*", re.DOTALL)


class Part(NamedTuple):
    """One of the prompts, and how much it counts."""

    text: str
    weight: float


def composed(text: str) -> list[Part]:
    """The parts of a prompt: `a :1.2 AND b :0.5`.

    A prompt without `AND` that ends in a colon and a number is one part with that weight, as in the WebUI.
    """
    parts = []
    for piece in _AND.split(text):
        match = _WEIGHT.fullmatch(piece)
        assert match, "the pattern fits every text"
        parts.append(Part(match["text"], 1.0 if match["weight"] is None else float(match["weight"])))
    return parts
