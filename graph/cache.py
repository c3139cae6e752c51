"""Results in memory, within a budget.

What goes first is what costs least to make again per byte, and has not been used for long: GreedyDual-Size (Cao and
Irani, "Cost-Aware WWW Proxy Caching Algorithms", 1997). Each result has a priority, the pool's age plus seconds per
byte, set anew at each use; the smallest leaves, and its priority becomes the pool's age.

Results that hold a handle (a model, a text encoder) have a pool of their own, in which each counts as one: their memory
is that of weights which the library shares and moves, and a few of them must not push out a hundred pictures.
"""

import heapq
import itertools
import threading
from dataclasses import dataclass
from typing import Any

from graph.size import size_of

MOST_HANDLES = 24


@dataclass(frozen=True, slots=True)
class Result:
    """What a node gave: its outputs, what the editor shows on it, its warnings, and the seconds that it took."""

    outputs: tuple[Any, ...]
    ui: dict[str, list[Any]] | None
    warnings: tuple[str, ...]
    seconds: float


class ResultCache:
    """Results by key. May be used from several threads."""

    def __init__(self, budget_bytes: int, most_handles: int = MOST_HANDLES) -> None:
        self._data = _Pool(budget_bytes)
        self._handles = _Pool(most_handles)
        self._lock = threading.Lock()

    def get(self, key: str) -> Result | None:
        """The result of a key, which counts as a use of it."""
        with self._lock:
            return self._data.get(key) or self._handles.get(key)

    def put(self, key: str, result: Result) -> None:
        """Keep a result if there is room for it, at the cost of cheaper ones."""
        size = size_of((result.outputs, result.ui))
        with self._lock:
            if size.plain:
                self._data.put(key, result, size.bytes)
            else:
                self._handles.put(key, result, 1)

    def drop(self, key: str) -> None:
        """Forget a result."""
        with self._lock:
            self._data.drop(key)
            self._handles.drop(key)

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._data = _Pool(self._data.capacity)
            self._handles = _Pool(self._handles.capacity)

    @property
    def bytes(self) -> int:
        """The estimated memory of the plain results."""
        return self._data.used


@dataclass(slots=True)
class _Entry:
    result: Result
    size: int
    priority: float
    turn: int


class _Pool:
    """Entries within a capacity. A use puts a new turn of the entry on the heap; older turns of it are stale."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self._age = 0.0
        self._entries: dict[str, _Entry] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._turns = itertools.count()

    def get(self, key: str) -> Result | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._touch(key, entry)
        return entry.result

    def put(self, key: str, result: Result, size: int) -> None:
        self.drop(key)
        if size > self.capacity:
            return
        entry = self._entries[key] = _Entry(result, size, 0.0, 0)
        self.used += size
        self._touch(key, entry)
        while self.used > self.capacity:
            priority, turn, lowest = heapq.heappop(self._heap)
            if lowest in self._entries and self._entries[lowest].turn == turn:
                self._age = priority
                self.drop(lowest)

    def drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry:
            self.used -= entry.size

    def _touch(self, key: str, entry: _Entry) -> None:
        entry.priority = self._age + entry.result.seconds / entry.size
        entry.turn = next(self._turns)
        heapq.heappush(self._heap, (entry.priority, entry.turn, key))
        if len(self._heap) > 4 * len(self._entries) + 64:
            self._heap = [(each.priority, each.turn, name) for name, each in self._entries.items()]
            heapq.heapify(self._heap)
