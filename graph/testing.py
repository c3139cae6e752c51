"""Running nodes without a server: for tests and scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.context import GraphView, Interrupted
from graph.execution.graph_view import View
from graph.folders import Folders


@dataclass(slots=True)
class Recorder:
    """A context that remembers what a node reports.

    `interrupt_after` reports of progress the node is interrupted, as if the user had asked for it.
    """

    folders: Folders
    node_id: str = "1"
    prompt: Mapping[str, Any] = field(default_factory=dict)
    extra_pnginfo: Mapping[str, Any] = field(default_factory=dict)
    metadata: bool = True
    index: int = 0
    client_id: str | None = None
    interrupt_after: int | None = None
    preview_method: str = "auto"
    steps: list[tuple[float, float]] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    shown: dict[str, list[Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    shown_now: list[Mapping[str, list[Any]]] = field(default_factory=list)
    offered: list[Sequence[str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    unfinished: bool = False
    stood_for: list[Path] = field(default_factory=list)

    @property
    def graph(self) -> GraphView:
        """The prompt, to which nothing has been added."""
        return View({}, lambda: self.prompt)

    def progress(self, value: float, total: float, preview: bytes | None = None) -> None:
        """Remember a step and its preview. Raises `Interrupted`."""
        self.check()
        self.steps.append((value, total))
        if preview is not None:
            self.previews.append(preview)

    def wants_preview(self) -> bool:
        """Always."""
        return True

    def check(self) -> None:
        """Raise `Interrupted` once there were as many steps as `interrupt_after` says."""
        if self.interrupt_after is not None and len(self.steps) >= self.interrupt_after:
            raise Interrupted

    def show(self, kind: str, items: list[Any]) -> None:
        """Remember what is shown."""
        self.shown.setdefault(kind, []).extend(items)

    def show_now(self, shown: Mapping[str, list[Any]], orders: Sequence[str] = ()) -> None:
        """Remember what is shown meanwhile, and the orders that are offered."""
        self.shown_now.append(shown)
        self.offered.append(orders)

    def orders(self) -> list[str]:
        """What was put into `told` since it was asked last."""
        found, self.told = self.told, []
        return found

    def others_wait(self) -> bool:
        """Never."""
        return False

    def give_way(self) -> None:
        """There is nobody to give way to. Raises `Interrupted`."""
        self.check()

    def leave_unfinished(self) -> None:
        """Remember that the result is not all."""
        self.unfinished = True

    def stands_for(self, path: Path) -> None:
        """Remember a file on which the result depends."""
        self.stood_for.append(path)

    def warn(self, text: str) -> None:
        """Remember a warning."""
        self.warnings.append(text)
