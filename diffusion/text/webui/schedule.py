r"""Prompts that change with the steps: `[from:to:when]`, `[to:when]`, `[from::when]`, and `[a|b|c]` by turns.

`when` is a step, or with a point in it a part of the steps (before version 1.6 of the WebUI: with a value below 1). In
the second pass of hires fix a step counts on from the first pass, and a part from 1. The constructs nest in each other
and in brackets; a prompt that cannot be read as a whole is taken word for word, which is how the WebUI does it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Timeline = Literal["current", "before 1.6"]

_PLAIN = re.compile(r"(?:[^\\\[\]():|]|\\.)+", re.DOTALL)
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*\]")
_USUAL_RUNS = range(1, 151)  # up to the WebUI's largest number of steps
_LONGEST_RUN = 20_000  # the largest number of a sampling node, asking the model twice a step
_DEEPEST = 100  # brackets within brackets; deeper ones would exhaust the stack


@dataclass(frozen=True)
class Edit:
    """One text until a moment, and another after it. when: as it is written."""

    before: Prompt
    after: Prompt
    when: str


@dataclass(frozen=True)
class Alternate:
    """Texts that take turns, a step each."""

    options: tuple[Prompt, ...]


Prompt = tuple["str | Edit | Alternate", ...]


class Stage(NamedTuple):
    """A text of a schedule, and the step that it is the last for, counted from 1."""

    last_step: int
    text: str


@dataclass(frozen=True)
class Pass:
    """The run that a prompt is read for.

    steps: how many. first_pass: those of the pass before, for the second pass of hires fix.
    """

    steps: int
    first_pass: int | None = None
    timeline: Timeline = "current"


def parse(text: str) -> Prompt:
    """The constructs of a prompt and the text between them."""
    prompt = _Reader(text).whole() if _depth(text) <= _DEEPEST else None
    return (text,) if prompt is None else prompt


def schedule(text: str, run: Pass) -> list[Stage]:
    """The texts of a prompt over a run, in order; the last step of the last one is the run's."""
    prompt = parse(text)
    return _staged(prompt, run)


def texts(text: str, timeline: Timeline = "current", first_pass: int | None = None) -> list[str]:
    """All texts that a prompt may have in a pass of any length, each once."""
    prompt = parse(text)
    if not any(not isinstance(piece, str) for piece in prompt):
        return ["".join(piece for piece in prompt if isinstance(piece, str))]
    period = _period(prompt)
    lengths = {*_USUAL_RUNS, *_longer_runs(prompt, Pass(0, first_pass, timeline), period)}
    found: dict[str, None] = {}
    for steps in sorted(lengths, reverse=True):  # from the longest, which has them in their order
        run = Pass(steps, first_pass, timeline)
        # between two moments nothing but alternatives change, which come again after a period
        begins = {0, *(_step(when, run) for when in _edits(prompt))}
        shown = {step for begin in begins for step in range(begin + 1, min(begin + period, steps) + 1)}
        found.update(dict.fromkeys(_at(prompt, step, run) for step in sorted(shown)))
    return list(found)


def _longer_runs(prompt: Prompt, run: Pass, period: int) -> set[int]:
    """Lengths above the usual ones at which a prompt may have texts that it has at no other.

    A moment moves along a straight line with the length. Where two lines cross, start and end of the run among them,
    moments change their order; a period apart from it, all alternatives fit in between.
    """
    lines = {(0.0, 0.0), (1.0, 0.0), *(_line(when, run) for when in _edits(prompt))}
    apart = (-period, -1, 0, 1, period)
    crossings = [
        (number - other_number + distance) / (other_part - part)
        for part, number in lines
        for other_part, other_number in lines
        if part < other_part
        for distance in apart
    ]
    near = (int(crossing) + offset for crossing in crossings if abs(crossing) < _LONGEST_RUN for offset in (0, 1))
    return {steps for steps in near if steps > _USUAL_RUNS[-1]}


def _edits(prompt: Prompt) -> set[str]:
    """When something is edited, as it is written."""
    found: set[str] = set()
    for piece in prompt:
        if isinstance(piece, Edit):
            found |= {piece.when} | _edits(piece.before) | _edits(piece.after)
        elif isinstance(piece, Alternate):
            found |= {when for option in piece.options for when in _edits(option)}
    return found


def _period(prompt: Prompt) -> int:
    """After how many steps all alternatives are the same again."""
    period = 1
    for piece in prompt:
        if isinstance(piece, Edit):
            period = math.lcm(period, _period(piece.before), _period(piece.after))
        elif isinstance(piece, Alternate):
            period = math.lcm(period, len(piece.options), *(_period(option) for option in piece.options))
    return period


def _staged(prompt: Prompt, run: Pass) -> list[Stage]:
    stages: list[Stage] = []
    for step in sorted({*_moments(prompt, run), run.steps}):
        stages.append(Stage(step, _at(prompt, step, run)))
    return stages


def _moments(prompt: Sequence[object], run: Pass) -> set[int]:
    """The steps after which the text may be another."""
    steps: set[int] = set()
    for piece in prompt:
        if isinstance(piece, Edit):
            when = _step(piece.when, run)
            steps |= {when} if when >= 1 else set()
            steps |= _moments(piece.before, run) | _moments(piece.after, run)
        elif isinstance(piece, Alternate):
            steps |= set(range(1, run.steps + 1))
    return steps


def _step(when: str, run: Pass) -> int:
    """The last step of what was before."""
    part, number = _line(when, run)
    return int(max(0.0, min(run.steps, part * run.steps + number)))  # written numbers may be too large for an int


def _line(when: str, run: Pass) -> tuple[float, float]:
    """A moment as a part of the steps, whatever their number, and steps that come to it."""
    value = float(when)
    if run.timeline == "before 1.6":
        return (value, 0.0) if value < 1 else (0.0, value)
    if "." in when:
        return value - (0 if run.first_pass is None else 1), 0.0
    return 0.0, value - (run.first_pass or 0)


def _at(prompt: Prompt, step: int, run: Pass) -> str:
    """The text of a step, counted from 1."""
    pieces = []
    for piece in prompt:
        if isinstance(piece, Edit):
            pieces.append(_at(piece.before if step <= _step(piece.when, run) else piece.after, step, run))
        elif isinstance(piece, Alternate):
            pieces.append(_at(piece.options[(step - 1) % len(piece.options)], step, run))
        else:
            pieces.append(piece)
    return "".join(pieces)


def _depth(text: str) -> int:
    """How many brackets stand open at most."""
    depth = deepest = 0
    for character in text:
        depth += 1 if character in "([" else -1 if character in ")]" and depth else 0
        deepest = max(deepest, depth)
    return deepest


class _Reader:
    """Reads a prompt from the left; what does not fit is tried again as something else.

    What stands at a bracket is kept, because each way to read an outer one reads it again.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._known: dict[int, tuple[Prompt | None, int]] = {}

    def whole(self) -> Prompt | None:
        """All of it; brackets and colons without a meaning are text outside of any construct."""
        pieces: list[str | Edit | Alternate] = []
        while self._at < len(self._text):
            pieces += self._prompt()
            if self._at < len(self._text):
                stray = self._text[self._at]
                if stray not in "[]():":
                    return None
                pieces.append(stray)
                self._at += 1
        return _joined(pieces)

    def _prompt(self) -> Prompt:
        """As much as is text or a construct, perhaps nothing."""
        pieces: list[str | Edit | Alternate] = []
        while self._at < len(self._text):
            start = self._at
            if plain := _PLAIN.match(self._text, self._at):
                self._at = plain.end()
                pieces.append(plain[0])
                continue
            found = self._bracketed() if self._text[start] in "([" else None
            if found is None:
                self._at = start
                break
            pieces += found
        return _joined(pieces)

    def _bracketed(self) -> Prompt | None:
        start = self._at
        if start not in self._known:
            self._known[start] = (self._read_bracketed(start), self._at)
        found, self._at = self._known[start]
        return found

    def _read_bracketed(self, start: int) -> Prompt | None:
        readers = (self._round,) if self._text[start] == "(" else (self._edit, self._alternate, self._square)
        for reader in readers:
            self._at = start + 1
            found = reader()
            if found is not None:
                return found
        return None

    def _round(self) -> Prompt | None:
        inner = self._prompt()
        if self._takes(":"):
            weight = self._prompt()
            return ("(", *inner, ":", *weight, ")") if self._takes(")") else None
        return ("(", *inner, ")") if self._takes(")") else None

    def _square(self) -> Prompt | None:
        inner = self._prompt()
        return ("[", *inner, "]") if self._takes("]") else None

    def _edit(self) -> Prompt | None:
        first = self._prompt()
        if not self._takes(":"):
            return None
        if when := self._moment():
            return (Edit((), first, when),)
        second = self._prompt()
        if self._takes(":") and (when := self._moment()):
            return (Edit(first, second, when),)
        return None

    def _alternate(self) -> Prompt | None:
        options = [self._prompt()]
        while self._takes("|"):
            options.append(self._prompt())
        return (Alternate(tuple(options)),) if len(options) > 1 and self._takes("]") else None

    def _moment(self) -> str | None:
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            return None
        self._at = number.end()
        return number[1]

    def _takes(self, character: str) -> bool:
        if self._text.startswith(character, self._at):
            self._at += 1
            return True
        return False


def _joined(pieces: Sequence[str | Edit | Alternate]) -> Prompt:
    """Neighbouring text as one piece."""
    joined: list[str | Edit | Alternate] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)
