"""Which nodes can run now: each waits for others, and is ready when all of them have finished."""

import heapq
import itertools
from collections.abc import Iterable


class Schedule:
    """Nodes that wait, and those that are ready: of these the lowest rank comes first, then the first added."""

    def __init__(self) -> None:
        self._missing: dict[str, int] = {}
        self._waiting_for: dict[str, list[str]] = {}
        self._ranks: dict[str, tuple[int, int]] = {}
        self._ready: list[tuple[tuple[int, int], str]] = []
        self._turns = itertools.count()

    def __bool__(self) -> bool:
        """Whether there is any node left, ready or not."""
        return bool(self._missing)

    def add(self, id: str, sources: Iterable[str], rank: int) -> None:
        """A node that is not scheduled yet; `sources` have not finished."""
        missing = 0
        for source in sources:
            self._waiting_for.setdefault(source, []).append(id)
            missing += 1
        self._missing[id] = missing
        self._ranks[id] = (rank, next(self._turns))
        if not missing:
            heapq.heappush(self._ready, (self._ranks[id], id))

    def pop(self) -> str | None:
        """Take the next ready node, which is not scheduled any more; None if none is ready."""
        if not self._ready:
            return None
        _, id = heapq.heappop(self._ready)
        del self._missing[id], self._ranks[id]
        return id

    def ready(self) -> list[str]:
        """The nodes that can run now, in the order in which they would."""
        return [id for _, id in sorted(self._ready)]

    def finish(self, id: str) -> None:
        """A node has finished: those that waited for it alone are ready."""
        for reader in self._waiting_for.pop(id, ()):
            self._missing[reader] -= 1
            if not self._missing[reader]:
                heapq.heappush(self._ready, (self._ranks[reader], reader))

    def waiting(self) -> list[str]:
        """The nodes that are scheduled."""
        return list(self._missing)
