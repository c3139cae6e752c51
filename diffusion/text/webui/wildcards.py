"""Wildcards `__name__` and choices `{a|b|c}`: prompts of which each run, or each picture, gets another.

Of choices, `{2::a|b}` lets `a` come twice as often, `{2$$a|b|c}` takes two of them, `{1-3$$ and $$a|b|c}` one to three
with a text between; they nest, and may hold wildcards. A wildcard takes a line of a text file, whose lines may be such
prompts too; `#` begins a comment. The same seed gives the same choices.
"""

import itertools
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Lines = Callable[[str], Sequence[str] | None]
"""The lines of a wildcard by its name; None if there is no such wildcard."""

# Names in tags such as <lora:my__name:1> may have underscores of their own; a wildcard there is the whole of a name.
_NAME_IN_TAG = r"<\w+:(?!__[\w./\\-]+?__[:>])[^:<>{}]*"
_WILDCARD = re.compile(rf"{_NAME_IN_TAG}|__([\w./\\-]+?)__")
_COUNT = re.compile(r"\s*(\d+)?(?:(-)(\d+)?)?\$\$(?:([^|{}]*?)\$\$)?")
_WEIGHT = re.compile(r"\s*(\d*\.?\d+)::")
_HEAVIEST = 1e9
_DEEPEST = 20  # wildcards within wildcards, which may go round in a circle
SEPARATOR = ", "


class WildcardError(ValueError):
    """Wildcards cannot be resolved; the message says why."""


@dataclass(frozen=True)
class Choice:
    """What stands in braces: options with their weights, how many are taken, and what comes between them."""

    options: tuple[tuple[float, str], ...]
    fewest: int
    most: int
    separator: str


def files_in(folders: Sequence[Path]) -> Lines:
    """Wildcards that are the text files of folders, by their paths without `.txt`, in any case."""

    def lines(name: str) -> Sequence[str] | None:
        wanted = name.replace("\\", "/").lower()
        for folder in folders:
            for path in sorted(folder.rglob("*.txt")):
                if path.relative_to(folder).with_suffix("").as_posix().lower() == wanted:
                    return _read(path)
        return None

    return lines


def resolve(text: str, lines: Lines, seed: int) -> tuple[str, list[str]]:
    """The prompt with everything chosen, and sentences about wildcards that do not exist.

    Raises `WildcardError` for wildcards that hold each other.
    """
    chance = random.Random(seed)
    warnings: list[str] = []
    return _resolved(text, lines, chance, warnings, 0), list(dict.fromkeys(warnings))


def combinations(text: str, lines: Lines, limit: int) -> list[str]:
    """All prompts that a prompt may become, in the order in which its options are written, at most `limit`.

    Of choices of several options, each subset counts once. Raises `WildcardError`.
    """
    return list(itertools.islice(_all(text, lines, limit, 0), limit))


def _resolved(text: str, lines: Lines, chance: random.Random, warnings: list[str], depth: int) -> str:
    _check(depth)
    before, choice, after = _first_choice(text)
    if choice is not None:
        count = min(chance.randint(choice.fewest, choice.most), len(choice.options))
        chosen = _sample(choice.options, count, chance)
        pieces = [_resolved(option, lines, chance, warnings, depth + 1) for option in chosen]
        head = _resolved(before, lines, chance, warnings, depth)
        return head + choice.separator.join(pieces) + _resolved(after, lines, chance, warnings, depth)

    def replaced(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        options = lines(match[1])
        if not options:
            why = "is empty" if options is not None else "does not exist"
            warnings.append(
                f"The wildcard '{match[1]}' {why}, and was left as it is: it is a text file in a wildcards folder."
            )
            return match[0]
        return _resolved(chance.choice(options), lines, chance, warnings, depth + 1)

    return _WILDCARD.sub(replaced, text)


def _all(text: str, lines: Lines, limit: int, depth: int) -> Iterator[str]:
    _check(depth)
    before, choice, after = _first_choice(text)
    if choice is not None:
        for head in _all(before, lines, limit, depth):
            for middle in _subsets(choice, lines, limit, depth):
                for tail in _all(after, lines, limit, depth):
                    yield head + middle + tail
        return
    match = _WILDCARD.search(text)
    options = lines(match[1]) if match and match[1] is not None else None
    if match is None or not options:
        if match is None:
            yield text
        else:
            for rest in _all(text[match.end() :], lines, limit, depth):
                yield text[: match.end()] + rest
        return
    for option in options:
        for middle in _all(option, lines, limit, depth + 1):
            for rest in _all(text[match.end() :], lines, limit, depth):
                yield text[: match.start()] + middle + rest


def _subsets(choice: Choice, lines: Lines, limit: int, depth: int) -> Iterator[str]:
    for count in range(choice.fewest, min(choice.most, len(choice.options)) + 1):
        for subset in itertools.combinations([option for _, option in choice.options], count):
            # the first `limit` of a product need no more of each factor
            factors = (itertools.islice(_all(option, lines, limit, depth + 1), limit) for option in subset)
            for pieces in itertools.product(*factors):
                yield choice.separator.join(pieces)


def _first_choice(text: str) -> tuple[str, Choice | None, str]:
    """What is before the first braces, the choice in them, and what is after."""
    start = text.find("{")
    while start >= 0:
        end = _partner(text, start)
        if end is None:
            break
        inner = text[start + 1 : end]
        if "|" in inner or "$$" in inner:
            return text[:start], _choice(inner), text[end + 1 :]
        start = text.find("{", start + 1)
    return text, None, ""


def _partner(text: str, start: int) -> int | None:
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return None


def _choice(inner: str) -> Choice:
    fewest = most = 1
    separator = SEPARATOR
    options = _split(inner)
    if count := _COUNT.match(inner):
        options = _split(inner[count.end() :])
        fewest = int(count[1]) if count[1] else (0 if count[2] else 1)
        most = int(count[3]) if count[3] else (len(options) if count[2] else fewest)
        separator = SEPARATOR if count[4] is None else count[4]
    weighted = []
    for option in options:
        weight = _WEIGHT.match(option)
        weighted.append((min(float(weight[1]), _HEAVIEST), option[weight.end() :]) if weight else (1.0, option))
    return Choice(tuple(weighted), min(fewest, most), max(fewest, most), separator)


def _split(inner: str) -> list[str]:
    """Options, at the bars that are in no braces of their own."""
    options, depth, start = [], 0, 0
    for position, character in enumerate(inner):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "|" and depth == 0:
            options.append(inner[start:position])
            start = position + 1
    return [*options, inner[start:]]


def _sample(options: Sequence[tuple[float, str]], count: int, chance: random.Random) -> list[str]:
    """So many different options by their weights, in the order in which they are drawn."""
    left = list(options)
    chosen = []
    for _ in range(count):
        weights = [weight for weight, _ in left]
        index = chance.choices(range(len(left)), weights if any(weights) else None)[0]
        chosen.append(left.pop(index)[1])
    return chosen


def _read(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WildcardError(
            f"The wildcard file {path.name} cannot be read ({error}): save it as text in UTF-8."
        ) from None
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _check(depth: int) -> None:
    if depth > _DEEPEST:
        raise WildcardError("The wildcards hold each other in a circle: take one of them out of the other's file.")
