"""The last lines of the log, for the editor's log panel."""

import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypedDict

KEPT = 2_000


class Line(TypedDict):
    """A line: when it was written (ISO 8601), and what it says."""

    t: str
    m: str


class RecentLines(logging.Handler):
    """Keeps the newest lines; `told` is called with each new one, on whatever thread wrote it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        self.lines: deque[Line] = deque(maxlen=KEPT)
        self.told: Callable[[Line], None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat()
        line: Line = {"t": time, "m": self.format(record) + "\n"}
        self.lines.append(line)
        if self.told is not None:
            self.told(line)

    def answer(self, lines: list[Line] | None = None) -> dict[str, object]:
        """Lines (all that are kept, unless given) in ComfyUI's shape."""
        return {"entries": list(self.lines) if lines is None else lines, "size": {"cols": 120, "rows": 40}}
