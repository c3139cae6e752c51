"""Styles: named pieces of prompts in a table `styles.csv`, with the columns `name`, `prompt` and `negative_prompt`."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PLACE = "{prompt}"


class StylesError(ValueError):
    """A table of styles cannot be used; the message says why."""


@dataclass(frozen=True)
class Style:
    """What a style adds to a prompt and to a negative prompt."""

    name: str
    prompt: str
    negative_prompt: str


def load_styles(path: Path) -> dict[str, Style]:
    """The styles of a table, by name. Older tables have `text` in the place of `prompt`. Raises `StylesError`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StylesError(
            f"The styles in {path.name} cannot be read ({error}): save the table as CSV in UTF-8."
        ) from None
    if rows and "name" not in rows[0]:
        raise StylesError(f"The styles in {path.name} have no column 'name': its first line names the columns.")
    styles = [
        Style(row["name"], row.get("prompt") or row.get("text") or "", row.get("negative_prompt") or "") for row in rows
    ]
    return {style.name: style for style in styles if style.name}


def apply_styles(text: str, pieces: Sequence[str]) -> str:
    """A prompt with styles, one after the other: put in the place of `{prompt}`, or after it."""
    for piece in pieces:
        if PLACE in piece:
            text = piece.replace(PLACE, text)
        elif piece.strip():
            text = ", ".join(part for part in (text.strip(), piece.strip()) if part)
    return text
