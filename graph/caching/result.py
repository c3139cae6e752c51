"""What a node gave."""

from dataclasses import dataclass, replace
from typing import Any

Ui = dict[str, list[Any]]
Stamp = tuple[int, int]
"""Size of a file in bytes, and its time of change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Inner:
    """What a node of a subgraph has shown; `display` is the node on which the editor shows it, if not the outer one.

    In a Result its id begins after that of the node that gave the subgraph.
    """

    id: str
    class_type: str
    display: str | None
    ui: Ui

    def beneath(self, parent: str) -> "Inner":
        """The same with an id that begins after the parent's."""
        return replace(self, id=self.id.removeprefix(f"{parent}."))

    def above(self, parent: str) -> "Inner":
        """The same with the whole id."""
        return replace(self, id=f"{parent}.{self.id}")


@dataclass(frozen=True, slots=True)
class Result:
    """What a node gave: its outputs, what the editor shows on it, its warnings, and the seconds that it took.

    `inner` is what the nodes of its subgraph have shown. `blocked` is the message of a blocked value that kept it from
    being called. `paths` are further files for which it stands; `files` are the stamps of the files that it shows, and
    of these, as it made them.
    """

    outputs: tuple[Any, ...]
    ui: Ui | None
    warnings: tuple[str, ...]
    seconds: float
    inner: tuple[Inner, ...] = ()
    blocked: str | None = None
    files: tuple[Stamp | None, ...] = ()
    paths: tuple[str, ...] = ()
