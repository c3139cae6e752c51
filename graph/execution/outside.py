"""What a running job hears of from outside: what its nodes are told, and that other jobs wait."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


class Orders:
    """What the user has told the nodes of a job, until they ask. Any thread may put and take."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def put(self, node: str, order: str) -> None:
        """Tell a node something."""
        with self._lock:
            self._waiting.append((node, order))

    def take(self, node: str) -> list[str]:
        """What a node was told since it asked last."""
        with self._lock:
            found = [order for to, order in self._waiting if to == node]
            self._waiting = [each for each in self._waiting if each[0] != node]
        return found


@dataclass(frozen=True, slots=True)
class Outside:
    """Where a job hears of it. Without a server nobody tells it anything, and no other job waits."""

    orders: Orders = field(default_factory=Orders)
    others_wait: Callable[[], bool] = lambda: False
    let_others_run: Callable[[], None] = lambda: None
