"""What came of a run."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph import events
from graph.caching.result import Ui
from graph.folders import Folders, UnsafePathError
from graph.headless.progress import Course
from graph.problem import labelled


@dataclass(frozen=True, slots=True)
class Results:
    """What a run has given.

    `outputs` has the values of the wanted nodes by id: a tuple for a node with several outputs, `Items` for an output
    that is a list. `ui` is what nodes have shown, by id and kind; `files` are those that they name, which exist.
    `executed` are the nodes that had to run, `cached` those whose results were at hand.
    """

    outputs: dict[str, Any]
    ui: dict[str, Ui]
    files: list[Path]
    warnings: list[str]
    executed: list[str]
    cached: list[str]
    seconds: float

    @property
    def texts(self) -> list[str]:
        """The texts that nodes have shown."""
        items = [item for kinds in self.ui.values() for shown in kinds.values() for item in shown]
        return [item for item in items if isinstance(item, str)]


@dataclass(slots=True)
class Shown:
    """Collects what the nodes of a run show."""

    folders: Folders
    ui: dict[str, Ui] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.perf_counter)

    def hear(self, event: events.Event, course: Course) -> None:
        """Take an event in."""
        match event:
            case events.NodeFinished(node, ui) if ui is not None:
                self.ui[node] = ui
            case events.Warned(node, text) | events.Blocked(node, text):
                self.warnings.append(f"{labelled(course.title(node), node)}: {text}")

    def results(self, course: Course, outputs: Mapping[str, Any]) -> Results:
        """All of it, once the run has succeeded."""
        ran = course.ran
        cached = [id for id in course.needed if id in course.cached]
        seconds = time.perf_counter() - self.begun
        return Results(dict(outputs), self.ui, files_of(self.ui, self.folders), self.warnings, ran, cached, seconds)


def unwrapped(outputs: tuple[Any, ...]) -> Any:
    """What a node has given: the value of its output, a tuple for several, None for none."""
    return outputs if len(outputs) > 1 else outputs[0] if outputs else None


def files_of(ui: Mapping[str, Ui], folders: Folders) -> list[Path]:
    """The files that nodes show, each once, in their order."""
    files: dict[Path, None] = {}
    for item in file_items(ui):
        try:
            path = folders.resolve(item.get("type", "output"), item.get("subfolder", ""), item["filename"])
        except UnsafePathError:
            continue
        if path.is_file():
            files[path] = None
    return list(files)


def file_items(ui: Mapping[str, Ui]) -> list[Mapping[str, Any]]:
    """What nodes show that names a file, as `{"filename", "subfolder", "type"}`."""
    items = [item for kinds in ui.values() for shown in kinds.values() for item in shown]
    return [item for item in items if isinstance(item, Mapping) and isinstance(item.get("filename"), str)]
