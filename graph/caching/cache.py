"""Results by key: in memory within a budget, and those that are plain data on disk as well.

What goes first is what costs least to make again per byte, and has not been used for long: GreedyDual-Size (Cao and
Irani, "Cost-Aware WWW Proxy Caching Algorithms", 1997). Each result has a priority, the pool's age plus seconds per
byte, set anew at each use; the smallest leaves, and its priority becomes the pool's age.

Results that hold a handle (a model, a text encoder) have a pool of their own, in which each counts as one: their memory
is that of weights which the library shares and moves, and a few of them must not push out a hundred pictures. One that
comes with much data beside its handle counts as data.
"""

import heapq
import itertools
import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.caching.disk_cache import DiskCache
from graph.caching.result import Inner, Result
from graph.caching.size import Size, size_of

__all__ = ["Inner", "Result", "ResultCache"]

MOST_HANDLES = 24
LIGHT_BYTES = 1 << 20
"""Data up to which a result with a handle counts as a handle."""
ENTRY_BYTES = 800
"""What an entry itself takes: its key, its result, its place in the tables."""


class ResultCache:
    """Results by key. May be used from several threads."""

    def __init__(self, budget_bytes: int, most_handles: int = MOST_HANDLES, disk: DiskCache | None = None) -> None:
        self.disk = disk
        self._data = _Pool(budget_bytes)
        self._handles = _Pool(most_handles)
        self._lock = threading.Lock()
        self._hits = 0
        self._misses = 0

    def get(self, key: str) -> Result | None:
        """The result of a key, which counts as a use of it. One that is found on disk is in memory afterwards."""
        with self._lock:
            result = self._data.get(key) or self._handles.get(key)
            self._hits += result is not None
            self._misses += result is None
        if result is None and self.disk:
            result = self.disk.get(key)
            if result is not None:
                self._keep(key, result, _size(result))
        return result

    def put(self, key: str, result: Result, wanted: bool = False) -> None:
        """Keep a result if there is room for it, at the cost of cheaper ones.

        One that a job asked for (`wanted`) goes to disk even if it could be made again faster than it is read: with
        it, the same job has nothing to do after a restart.
        """
        size = _size(result)
        self._keep(key, result, size)
        if self.disk and size.plain:
            self.disk.offer(key, result, size.bytes, wanted)

    def drop(self, key: str) -> None:
        """Forget a result."""
        with self._lock:
            self._data.drop(key)
            self._handles.drop(key)
        if self.disk:
            self.disk.drop(key)

    def clear(self, memory: bool = True, disk: bool = True) -> None:
        """Forget all results, in memory, on disk, or in both."""
        if memory:
            with self._lock:
                self._data = _Pool(self._data.capacity)
                self._handles = _Pool(self._handles.capacity)
        if disk and self.disk:
            self.disk.clear()

    def trim(self, most_bytes: int) -> None:
        """Forget what is worth least in memory, until the rest has at most so many bytes."""
        with self._lock:
            self._data.trim(most_bytes)

    def close(self, patience: float) -> None:
        """Finish writing to disk, within `patience` seconds or not at all."""
        if self.disk:
            self.disk.close(patience)

    @property
    def bytes(self) -> int:
        """The estimated memory of the plain results."""
        return self._data.used

    def figures(self) -> dict[str, Any]:
        """Entries, bytes, budget (bytes) and hits of both tiers; `disk` is None if it is off."""
        with self._lock:
            memory = {
                "entries": len(self._data) + len(self._handles),
                "handles": len(self._handles),
                "bytes": self._data.used,
                "budget": self._data.capacity,
                "hits": self._hits,
                "misses": self._misses,
            }
        return {"memory": memory, "disk": self.disk.figures() if self.disk else None}

    def _keep(self, key: str, result: Result, size: Size) -> None:
        with self._lock:
            if size.plain or size.bytes > LIGHT_BYTES:
                self._data.put(key, result, size.own + ENTRY_BYTES, size.shared)
            else:
                self._handles.put(key, result, 1)


def _size(result: Result) -> Size:
    return size_of((result.outputs, result.ui, [inner.ui for inner in result.inner]))


@dataclass(slots=True)
class _Entry:
    result: Result
    own: int
    shared: Mapping[Hashable, int] = field(default_factory=dict)
    turn: int = 0

    @property
    def worth(self) -> float:
        return self.result.seconds / (self.own + sum(self.shared.values()))


class _Pool:
    """Entries within a capacity. A use puts a new turn of the entry on the heap; older turns of it are stale.

    What entries share is counted once in what the pool uses, and goes with the last of them.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self._age = 0.0
        self._entries: dict[str, _Entry] = {}
        self._holders: dict[Hashable, tuple[int, int]] = {}  # how many entries, and the bytes that count once
        self._heap: list[tuple[float, int, str]] = []
        self._turns = itertools.count()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Result | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._touch(key, entry)
        return entry.result

    def put(self, key: str, result: Result, own: int, shared: Mapping[Hashable, int] | None = None) -> None:
        self.drop(key)
        entry = _Entry(result, own, shared or {})
        if own + sum(entry.shared.values()) > self.capacity:
            return
        self._entries[key] = entry
        self.used += own
        for storage, size in entry.shared.items():
            holders, counted = self._holders.get(storage, (0, size))
            self._holders[storage] = (holders + 1, counted)
            self.used += 0 if holders else counted
        self._touch(key, entry)
        self.trim(self.capacity)

    def trim(self, most: int) -> None:
        while self.used > most:
            priority, turn, lowest = heapq.heappop(self._heap)
            if lowest in self._entries and self._entries[lowest].turn == turn:
                self._age = priority
                self.drop(lowest)

    def drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self.used -= entry.own
        for storage in entry.shared:
            holders, counted = self._holders.pop(storage)
            if holders > 1:
                self._holders[storage] = (holders - 1, counted)
            else:
                self.used -= counted

    def _touch(self, key: str, entry: _Entry) -> None:
        entry.turn = next(self._turns)
        heapq.heappush(self._heap, (self._age + entry.worth, entry.turn, key))
        if len(self._heap) > 4 * len(self._entries) + 64:
            turns = {each.turn for each in self._entries.values()}
            self._heap = [item for item in self._heap if item[1] in turns]
            heapq.heapify(self._heap)
