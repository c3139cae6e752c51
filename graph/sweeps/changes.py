"""What one value of an axis does to the widgets of a graph."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.sweeps.errors import SweepError
from graph.sweeps.part import Part, Place

Values = dict[Place, Any]
"""What widgets have in place of their own values."""


@dataclass(frozen=True, slots=True)
class Assign:
    """Widgets get a value."""

    places: tuple[Place, ...]
    value: Any
    rank = 0

    def applied(self, part: Part, values: Values) -> Values:
        """The values after this change."""
        return {**values, **dict.fromkeys(self.places, self.value)}


@dataclass(frozen=True, slots=True)
class Replace:
    """A text is replaced by another in all prompts, the positive and the negative ones."""

    old: str
    new: str
    rank = 1

    def applied(self, part: Part, values: Values) -> Values:
        """The values after this change. Raises SweepError if no prompt has the text."""
        texts = {place: text for place, text in _prompts(part, values).items() if self.old and self.old in text}
        if not texts:
            raise SweepError(
                f"'{self.old}' is in none of the prompts. The first value of Prompt S/R is what the others replace: "
                "write there what a prompt says."
            )
        return {**values, **{place: text.replace(self.old, self.new) for place, text in texts.items()}}


@dataclass(frozen=True, slots=True)
class Reorder:
    """The places that words have in a prompt are taken by the same words in another order."""

    words: tuple[str, ...]
    rank = 2

    def applied(self, part: Part, values: Values) -> Values:
        """The values after this change. Raises SweepError if no prompt has all of the words."""
        texts = {p: t for p, t in _prompts(part, values).items() if all(word and word in t for word in self.words)}
        if not texts:
            raise SweepError(
                f"No prompt has all of these words: {', '.join(self.words)}. Prompt order moves words that it has."
            )
        return {**values, **{place: self._reordered(text) for place, text in texts.items()}}

    def _reordered(self, text: str) -> str:
        starts = sorted((text.find(word), word) for word in self.words)
        parts, end = [], 0
        for (start, word), other in zip(starts, self.words, strict=True):
            parts += [text[end:start], other]
            end = start + len(word)
        return "".join([*parts, text[end:]])


Change = Assign | Replace | Reorder


def together(part: Part, changes: list[Change]) -> Values:
    """What widgets have after several changes: first those that get a value, then the words of prompts.

    Raises SweepError.
    """
    values: Values = {}
    for change in sorted(changes, key=lambda each: each.rank):
        values = change.applied(part, values)
    return values


def _prompts(part: Part, values: Mapping[Place, Any]) -> dict[Place, str]:
    return {place: values.get(place, text) for place, text in part.prompts().items()}
