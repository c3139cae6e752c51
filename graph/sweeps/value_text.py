"""Reading the values of an axis as Stable Diffusion WebUI writes them: CSV, and ranges of numbers."""

import csv
import math
import re
from collections.abc import Iterable
from itertools import chain

from graph.sweeps.errors import SweepError

MOST_VALUES = 10_000
DIGITS = 8
"""To so many places numbers of a range are rounded, so that they are what their labels say."""

_INT = r"[+-]?\d+"
_FLOAT = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"


def split_values(text: str) -> list[str]:
    """The values of a text: separated by commas or new lines, and in double quotes if they have such themselves.

    Spaces around them do not count. A comma at the end of a line is no further value.
    """
    lines = text.splitlines(keepends=True)
    rows = csv.reader(lines, skipinitialspace=True)
    values: list[str] = []
    for row in rows:
        fields = [field.strip() for field in row]
        ends_with_comma = lines[rows.line_num - 1].rstrip().endswith(",")
        values += fields[:-1] if ends_with_comma or fields == [""] else fields
    return values


def joined_values(values: Iterable[str]) -> str:
    """A text that `split_values` takes apart again, in one line."""
    return ", ".join(map(_quoted, values))


def whole_numbers(texts: Iterable[str]) -> list[int]:
    """Numbers and ranges of them: `1-5`, `1-10 (+2)` in steps of 2, `1-10 [5]` five of them.

    As in the WebUI a range goes to one above its end before it is cut, downwards as well, so that `10-2 (-2)` ends with
    4. Raises SweepError.
    """
    return list(chain.from_iterable(map(_whole, _apart(texts))))


def numbers(texts: Iterable[str]) -> list[float]:
    """Numbers and ranges of them: `1-2 (+0.5)` in steps of 0.5, `0-1 [5]` five of them.

    As in the WebUI a range may go beyond its end by less than a step: `0-1 (+0.3)` ends with 1.2. Raises SweepError.
    """
    return list(chain.from_iterable(map(_real, _apart(texts))))


def _apart(texts: Iterable[str]) -> Iterable[str]:
    """The numbers of texts: Chinese keyboards write other commas, which are part of no number."""
    return chain.from_iterable(re.split(r"\s*[，、]\s*", text.strip("，、 ")) for text in texts)


def _quoted(value: str) -> str:
    plain = value and value == value.strip() and not re.search(r'[",\n\r]', value)
    return value if plain else '"' + value.replace('"', '""') + '"'


def _whole(text: str) -> list[int]:
    if match := _range(_INT, text):
        start, end, step = int(match[1]), int(match[2]), int(match[3] or 1)
        _check(text, step, (end + 1 - start) / (step or 1))
        return list(range(start, end + 1, step))
    if match := _count(_INT, text):
        return [math.trunc(each) for each in _spread(text, int(match[1]), int(match[2]), int(match[3]))]
    if re.fullmatch(_INT, text):
        return [int(text)]
    raise SweepError(f"'{text}' is no whole number and no range of them. Ranges are 1-5, 1-10 (+2) and 1-10 [5].")


def _real(text: str) -> list[float]:
    if match := _range(_FLOAT, text):
        start, end, step = float(match[1]), float(match[2]), float(match[3] or 1)
        count = (end + step - start) / (step or 1)
        _check(text, step, count)
        return [round(start + index * step, DIGITS) for index in range(math.ceil(round(count, DIGITS)))]
    if match := _count(_FLOAT, text):
        return [round(each, DIGITS) for each in _spread(text, float(match[1]), float(match[2]), int(match[3]))]
    if re.fullmatch(rf"{_FLOAT}(?:[eE][+-]?\d+)?", text):
        return [float(text)]
    raise SweepError(f"'{text}' is no number and no range of numbers. Ranges are 1-2 (+0.5) and 0-1 [5].")


def _range(number: str, text: str) -> re.Match[str] | None:
    signed = number.replace("[+-]?", "[+-]", 1)
    return re.fullmatch(rf"({number})\s*-\s*({number})(?:\s*\(\s*({signed})\s*\))?", text)


def _count(number: str, text: str) -> re.Match[str] | None:
    return re.fullmatch(rf"({number})\s*-\s*({number})\s*\[\s*(\d+)\s*\]", text)


def _check(text: str, step: float, count: float) -> None:
    if not step:
        raise SweepError(f"The range '{text}' has a step of 0. Give another one.")
    if count > MOST_VALUES:
        raise SweepError(f"The range '{text}' has more than {MOST_VALUES} values. Make its steps larger.")


def _spread(text: str, start: float, end: float, count: int) -> list[float]:
    _check(text, 1, count)
    return [start + (end - start) * index / max(count - 1, 1) for index in range(count)]
