"""Words that prompts are completed with, from CSV files that the user keeps: `name,category,count,"alias,alias"`.

A file may leave columns out: numbers are the category and the count (one alone is the count), every other text is an
alias, so that a list of translations (`name,译名`) adds to the tags of other files. Names and aliases are found by
their beginning, by the beginning of a word in them, and by what they contain.
"""

import csv
import math
import threading
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import NamedTuple

LARGEST_FILE = 200_000_000
"""Bytes; what is larger is no list of tags."""
MOST_HITS = 20_000
"""So many places are looked at for a query; a query of one letter has more, and its best begin with it."""

EXACT, PREFIX, WORD, INSIDE = 8.0, 3.0, 1.5, 0.0
ALIAS_LOSS = 0.5


class Tag(NamedTuple):
    """A word, how often it is used, and its kind in the numbering of its list."""

    name: str
    uses: int
    category: int


class Found(NamedTuple):
    """A tag that a query has found; `alias` is the name under which it was found where its own has not the query."""

    tag: Tag
    alias: str | None
    score: float


def folded(text: str) -> str:
    """How names are compared: without case and width of letters, spaces as `_`."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return "_".join(plain.lower().split())


@dataclass(slots=True)
class TagIndex:
    """Tags with an index of all their names."""

    tags: list[Tag]
    terms: list[str]
    """Folded names and aliases, sorted."""
    owners: list[tuple[int, str | None]]
    """For each term its tag, and the alias as it is written if it is one."""
    _joined: str = field(init=False)
    _starts: list[int] = field(init=False)
    _weights: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._weights = [math.log10(tag.uses + 10) for tag in self.tags]
        self._joined = "\n".join(["", *self.terms, ""])
        self._starts = []
        position = 1
        for term in self.terms:
            self._starts.append(position)
            position += len(term) + 1

    def search(self, query: str, limit: int) -> list[Found]:
        """The tags that a query finds, best first: by how it fits, and by how often they are used."""
        wanted = folded(query)
        if not wanted:
            return []
        best: dict[int, tuple[float, str | None]] = {}
        for place, fit in self._hits(wanted):
            index, alias = self.owners[place]
            score = fit + self._weights[index] - (ALIAS_LOSS if alias is not None else 0)
            if index not in best or best[index][0] < score:
                best[index] = score, alias
        order = nsmallest(limit, best, key=lambda index: (-best[index][0], self.tags[index].name))
        return [self._found(index, *best[index], wanted) for index in order]

    def _found(self, index: int, score: float, alias: str | None, wanted: str) -> Found:
        tag = self.tags[index]
        return Found(tag, None if wanted in folded(tag.name) else alias, score)

    def _hits(self, wanted: str) -> Iterator[tuple[int, float]]:
        first, end = bisect_left(self.terms, wanted), bisect_left(self.terms, wanted + "\U0010ffff")
        for place in range(first, end):
            yield place, EXACT if self.terms[place] == wanted else PREFIX
        position = 0
        for _ in range(MOST_HITS):
            position = self._joined.find(wanted, position + 1)
            if position < 0:
                return
            place = bisect_right(self._starts, position) - 1
            if not first <= place < end:
                yield place, INSIDE if _within_word(self._joined[position - 1], wanted[0]) else WORD


def _within_word(before: str, letter: str) -> bool:
    # Chinese and Japanese are written without spaces, so that a word may begin anywhere.
    return before.isalnum() and letter.isascii()


class TagFiles:
    """The tags of all CSV files in a folder, read again when one of them has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._index = TagIndex([], [], [])

    def index(self) -> TagIndex:
        """The index of what the files hold now. Costs a `stat` for each file while nothing changes."""
        with self._lock:
            seen = tuple(self._files())
            if seen != self._seen:
                self._index = index_of([self.folder / name for name, _, _ in seen])
                self._seen = seen
            return self._index

    def _files(self) -> Iterator[tuple[str, int, int]]:
        for path in sorted(self.folder.glob("*.csv")):
            try:
                status = path.stat()
            except OSError:
                continue
            if path.is_file() and status.st_size <= LARGEST_FILE:
                yield path.name, status.st_mtime_ns, status.st_size


def index_of(paths: list[Path]) -> TagIndex:
    """Read files. What several of them say of a tag is put together; a file that cannot be read counts as empty."""
    counts: dict[str, list[int]] = {}
    aliases: dict[str, dict[str, None]] = {}
    for path in paths:
        for name, numbers, others in _rows(path):
            known = counts.setdefault(name, [0, 0])
            if numbers:
                known[0] = max(known[0], numbers[-1])
            if len(numbers) > 1:
                known[1] = numbers[0]
            if others:
                aliases.setdefault(name, {}).update(dict.fromkeys(others))
    tags = [Tag(name, uses, category) for name, (uses, category) in counts.items()]
    terms: list[tuple[str, int, str | None]] = []
    for index, tag in enumerate(tags):
        terms.append((folded(tag.name), index, None))
        terms += [(folded(alias), index, alias) for alias in aliases.get(tag.name, ()) if alias != tag.name]
    terms.sort(key=lambda term: term[0])
    return TagIndex(tags, [term for term, _, _ in terms], [(index, alias) for _, index, alias in terms])


def _rows(path: Path) -> Iterator[tuple[str, list[int], list[str]]]:
    """The name, the numbers and the aliases of each line."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for number, cells in enumerate(csv.reader(file)):
                name = cells[0].strip() if cells else ""
                if not name or (number == 0 and name.lower() in ("name", "tag")):
                    continue
                rest = [cell.strip() for cell in cells[1:]]
                numbers = [int(cell) for cell in rest if cell.isascii() and cell.isdigit()]
                words = [cell for cell in rest if not (cell.isascii() and cell.isdigit())]
                yield name, numbers, [part.strip() for cell in words for part in cell.split(",") if part.strip()]
    except (OSError, csv.Error):
        return
