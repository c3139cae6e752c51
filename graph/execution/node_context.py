"""The context of a node that runs in a job: what it reports becomes events."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from graph.context import GraphView, Interrupted
from graph.events import Event, GivesWay, NodeStarted, Preview, Progress, Shown, Warned
from graph.execution.outside import Outside
from graph.figures import marked
from graph.files.reservations import JobFiles
from graph.folders import Folders

SECONDS_BETWEEN_PREVIEWS = 0.1
SECONDS_BETWEEN_PROGRESS = 0.05


class JobContext:
    """What the contexts of all nodes of a job share."""

    def __init__(
        self,
        folders: Folders,
        files: JobFiles | None,
        graph: GraphView,
        read: Callable[[], Mapping[str, Any]],
        extra_pnginfo: Mapping[str, Any],
        metadata: bool,
        previews: str,
        client_id: str | None,
        emit: Callable[[Event], None],
        interrupted: threading.Event,
        outside: Outside | None = None,
    ) -> None:
        """`files` are what the job's nodes save. `read` gives a fresh copy of the prompt, with which nodes may do what
        they like.
        """
        self.folders = folders
        self.files = files
        self.graph = graph
        self.read = read
        self.extra_pnginfo = extra_pnginfo
        self.metadata = metadata
        self.previews = previews
        self.client_id = client_id
        self.emit = emit
        self.interrupted = interrupted
        self.outside = outside or Outside()


class NodeContext:
    """Implements `graph.context.Context` for the calls of one node; `index` says which call."""

    __slots__ = (
        "_gives_way",
        "_job",
        "_last_preview",
        "_last_progress",
        "index",
        "node_id",
        "paths",
        "ui",
        "unfinished",
        "warnings",
    )

    def __init__(self, job: JobContext, node_id: str, index: int = 0) -> None:
        self.node_id = node_id
        self.index = index
        self.ui: dict[str, list[Any]] | None = None
        self.warnings: tuple[str, ...] = ()
        self.paths: tuple[str, ...] = ()
        self.unfinished = False
        self._job = job
        self._gives_way = False
        self._last_preview = 0.0
        self._last_progress = 0.0

    @property
    def folders(self) -> Folders:
        """Where models, inputs and outputs lie. What is saved there is the same file when the job is run again."""
        return self._job.folders.saving(self._job.files, f"{self.node_id}[{self.index}]")

    @property
    def graph(self) -> GraphView:
        """The graph that is being executed."""
        return self._job.graph

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The API prompt, a copy of the node's own."""
        return self._job.read()

    @property
    def extra_pnginfo(self) -> Mapping[str, Any]:
        """What the client wants to be written into saved files."""
        return self._job.extra_pnginfo

    @property
    def metadata(self) -> bool:
        """Whether saved files may carry the prompt and the workflow."""
        return self._job.metadata

    @property
    def client_id(self) -> str | None:
        """Who queued the job."""
        return self._job.client_id

    def progress(self, value: float, total: float, preview: bytes | None = None) -> None:
        """Report progress. Raises `Interrupted`."""
        self.check()
        now = time.monotonic()
        if value >= total or now - self._last_progress >= SECONDS_BETWEEN_PROGRESS:
            self._last_progress = now
            self._job.emit(Progress(self.node_id, value, total))
        if preview is not None and self.wants_preview():
            self._last_preview = now
            self._job.emit(Preview(self.node_id, preview))

    @property
    def preview_method(self) -> str:
        """How pictures under way are shown."""
        return self._job.previews

    def wants_preview(self) -> bool:
        """Whether a preview would be sent now."""
        wanted = self._job.previews != "none"
        return wanted and time.monotonic() - self._last_preview >= SECONDS_BETWEEN_PREVIEWS

    def check(self) -> None:
        """Raise `Interrupted` if the user asked for it."""
        if self._job.interrupted.is_set():
            raise Interrupted

    def show(self, kind: str, items: list[Any]) -> None:
        """Add to what the editor shows on the node."""
        self.ui = self.ui or {}
        for each, found in marked({kind: items}).items():
            self.ui.setdefault(each, []).extend(found)

    def show_now(self, shown: Mapping[str, list[Any]], orders: Sequence[str] = ()) -> None:
        """Show this while the node runs."""
        self._job.emit(Shown(self.node_id, marked(shown), list(orders)))

    def orders(self) -> list[str]:
        """What the user has told the node."""
        return self._job.outside.orders.take(self.node_id)

    def others_wait(self) -> bool:
        """Whether a job waits that the node may give way to."""
        if not self._gives_way:
            self._gives_way = True
            self._job.emit(GivesWay(self.node_id))
        return self._job.outside.others_wait()

    def give_way(self) -> None:
        """Let those jobs run. Raises `Interrupted`."""
        self._job.outside.let_others_run()
        self._job.emit(NodeStarted(self.node_id))  # again: it is the one that runs now
        self.check()

    def leave_unfinished(self) -> None:
        """Say that the result is not to be used again."""
        self.unfinished = True

    def stands_for(self, path: Path) -> None:
        """Say that the result depends on a file."""
        self.paths = (*self.paths, str(path.absolute()))

    def warn(self, text: str) -> None:
        """Tell the user something that does not stop the job."""
        self.warnings = (*self.warnings, text)
        self._job.emit(Warned(self.node_id, text))
