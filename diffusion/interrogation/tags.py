"""Tags with scores as the text of a prompt, in the order of operations of Stable Diffusion WebUI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

RATING = "rating:"


@dataclass(frozen=True)
class TagStyle:
    """How tags are written.

    alphabetical: sorted by name, or else by score, the highest first.
    spaces: in place of underscores. keep_faces: but not in tags that are drawn faces, such as `>_<`.
    escape: brackets and backslashes, which in prompts are signs, are written with a backslash.
    ranks: write `(tag:0.987)`.
    without: tags that are left out, with spaces or underscores.
    """

    alphabetical: bool = True
    spaces: bool = True
    escape: bool = True
    ranks: bool = False
    without: frozenset[str] = frozenset()
    keep_faces: bool = False


def names_in(text: str) -> frozenset[str]:
    """The tags of a list with commas or line ends between them, with underscores for spaces."""
    return frozenset(name.strip().replace(" ", "_") for name in re.split(r"[,\n]", text) if name.strip())


def written(scores: Mapping[str, float], threshold: float, style: TagStyle) -> str:
    """The tags whose score reaches the threshold, as text; those that begin with `rating:` are never told.

    Operations in order: threshold, ratings, sorting, tags that are left out, spaces, escaping, ranks.
    """
    kept = [(tag, score) for tag, score in scores.items() if score >= threshold and not tag.startswith(RATING)]
    kept.sort(key=(lambda item: item[0]) if style.alphabetical else (lambda item: -item[1]))
    without = {name.replace(" ", "_") for name in style.without}
    return ", ".join(_written(tag, score, style) for tag, score in kept if tag not in without)


def _written(tag: str, score: float, style: TagStyle) -> str:
    text = tag
    if style.spaces and not (style.keep_faces and _is_face(tag)):
        text = text.replace("_", " ")
    if style.escape:
        text = re.sub(r"([\\()])", r"\\\1", text)
    return f"({text}:{score:.3f})" if style.ranks else text


def _is_face(tag: str) -> bool:
    """Whether a tag is drawn with signs: no two letters in it follow each other."""
    return re.search(r"[^\W\d_]{2}", tag) is None
