"""How far nodes are that have given a subgraph: by those of its nodes whose ends count."""

from collections.abc import Callable, Sequence

from graph.events import Event, Progress


class Milestones:
    """Tells the progress of such nodes with `emit`."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._parents: dict[str, str] = {}
        self._left: dict[str, set[str]] = {}
        self._counts: dict[str, int] = {}

    def expect(self, parent: str, ids: Sequence[str]) -> None:
        """A node waits for a subgraph, and the ends of these nodes of it are its steps."""
        self._left.setdefault(parent, set()).update(ids)
        self._counts[parent] = self._counts.get(parent, 0) + len(ids)
        self._parents.update(dict.fromkeys(ids, parent))

    def reach(self, id: str) -> None:
        """A node has ended."""
        parent = self._parents.pop(id, None)
        if parent is None:
            return
        left, count = self._left[parent], self._counts[parent]
        left.discard(id)
        self._emit(Progress(parent, count - len(left), count))
