"""The last lines of the log, for the editor's log panel."""

import itertools
import logging
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TypedDict

KEPT = 2_000
Level = Literal["info", "warning", "error"]
OF_WORKER = re.compile(r"^(?P<error>Traceback|\w*(Error|Exception)\b|\S*\berror\b)|(?P<warning>\S*warn)", re.IGNORECASE)
"""What a worker prints has no level: how a line begins that tells of an error or warns."""


class Line(TypedDict):
    """A line: when it was written (ISO 8601), what it says, how grave it is, its number since the server started."""

    t: str
    m: str
    level: Level
    number: int


def level_of(record: logging.LogRecord) -> Level:
    """How grave a line is."""
    if record.levelno >= logging.ERROR:
        return "error"
    if record.levelno >= logging.WARNING:
        return "warning"
    if record.name == "worker" and (found := OF_WORKER.match(record.getMessage())):
        return "error" if found["error"] else "warning"
    return "info"


class RecentLines(logging.Handler):
    """Keeps the newest lines; `told` is called with each new one, on whatever thread wrote it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        self.lines: deque[Line] = deque(maxlen=KEPT)
        self.told: Callable[[Line], None] | None = None
        self._numbers = itertools.count(1)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat()
        line: Line = {
            "t": time,
            "m": self.format(record) + "\n",
            "level": level_of(record),
            "number": next(self._numbers),
        }
        self.lines.append(line)
        if self.told is not None:
            self.told(line)

    def answer(self, lines: list[Line] | None = None) -> dict[str, object]:
        """Lines (all that are kept, unless given) in ComfyUI's shape."""
        return {"entries": list(self.lines) if lines is None else lines, "size": {"cols": 120, "rows": 40}}
