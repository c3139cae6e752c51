"""The context of a node that runs in a job: what it reports becomes events."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.context import Interrupted
from graph.events import Event, Preview, Progress, Warned
from graph.folders import Folders

SECONDS_BETWEEN_PREVIEWS = 0.1
SECONDS_BETWEEN_PROGRESS = 0.05


@dataclass(slots=True)
class NodeContext:
    """Implements `graph.context.Context` for one call of a node."""

    folders: Folders
    node_id: str
    prompt: Mapping[str, Any]
    extra_pnginfo: Mapping[str, Any]
    metadata: bool
    previews: bool
    emit: Callable[[Event], None]
    interrupted: threading.Event
    ui: dict[str, list[Any]] | None = None
    warnings: tuple[str, ...] = ()
    _last_preview: float = 0.0
    _last_progress: float = 0.0

    def progress(self, value: float, total: float, preview: bytes | None = None) -> None:
        """Report progress. Raises `Interrupted`."""
        self.check()
        now = time.monotonic()
        if value >= total or now - self._last_progress >= SECONDS_BETWEEN_PROGRESS:
            self._last_progress = now
            self.emit(Progress(self.node_id, value, total))
        if preview is not None and self.wants_preview():
            self._last_preview = now
            self.emit(Preview(self.node_id, preview))

    def wants_preview(self) -> bool:
        """Whether a preview would be sent now."""
        return self.previews and time.monotonic() - self._last_preview >= SECONDS_BETWEEN_PREVIEWS

    def check(self) -> None:
        """Raise `Interrupted` if the user asked for it."""
        if self.interrupted.is_set():
            raise Interrupted

    def show(self, kind: str, items: list[Any]) -> None:
        """Add to what the editor shows on the node."""
        self.ui = self.ui or {}
        self.ui.setdefault(kind, []).extend(items)

    def warn(self, text: str) -> None:
        """Tell the user something that does not stop the job."""
        self.warnings = (*self.warnings, text)
        self.emit(Warned(self.node_id, text))
