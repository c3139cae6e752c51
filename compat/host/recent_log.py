"""ComfyUI's `app.logger`: the latest lines of the log of this process."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

LINES = 300

_lines: deque[dict[str, str]] = deque(maxlen=LINES)
_readers: list[Callable[[list[dict[str, str]]], None]] = []
_telling = threading.local()


class RecentLog(logging.Handler):
    """Remembers the latest lines, and tells those who have asked with `on_flush`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line in."""
        line = {"t": datetime.fromtimestamp(record.created).isoformat(), "m": f"{self.format(record)}\n"}
        _lines.append(line)
        if getattr(_telling, "busy", False):
            return  # a reader that logs would tell itself for ever
        _telling.busy = True
        try:
            for read in _readers[:]:
                read([line])
        except Exception:  # noqa: BLE001 - a logging call must not fail because of who listens to it
            self.handleError(record)
        finally:
            _telling.busy = False


def get_logs() -> list[dict[str, str]]:
    """The latest lines, as `{"t": time, "m": text}`."""
    return list(_lines)


def on_flush(callback: Callable[[list[dict[str, Any]]], None]) -> None:
    """Tell `callback` each further line."""
    _readers.append(callback)
