"""What a running node may ask of its surroundings."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from graph.folders import Folders
from graph.node_spec import NodeSpec


class Interrupted(Exception):
    """The user interrupted the job. Nodes and libraries let it pass."""


class GraphView(Protocol):
    """The graph that is being executed: the prompt, and the nodes that subgraphs have added to it."""

    def ids(self) -> list[str]:
        """The ids of all nodes."""

    def node(self, id: str) -> dict[str, Any]:
        """A node in the API form, `{"class_type", "inputs"}`. Raises KeyError."""

    def spec(self, id: str) -> NodeSpec:
        """What kind of node it is. Raises KeyError, also for a node that no output of the job needs."""

    def parent(self, id: str) -> str | None:
        """The node whose subgraph a node belongs to; None for one of the prompt. Raises KeyError."""

    def display(self, id: str) -> str:
        """The node on which the editor shows what a node does. Raises KeyError."""

    def real(self, id: str) -> str:
        """The node of the prompt that a node belongs to in the end. Raises KeyError."""


class Context(Protocol):
    """Progress, previews, interruption and file output: the only things a node needs beside its inputs.

    A parameter annotated with `Context` receives it; it is neither a socket nor a widget. In a test or a script any
    object with these members will do: `graph.testing.Recorder` is one.
    """

    @property
    def folders(self) -> Folders:
        """Where models, inputs and outputs lie."""

    @property
    def node_id(self) -> str:
        """The id of the node in the prompt, or in the subgraph that it belongs to."""

    @property
    def index(self) -> int:
        """Which call of the node this is, where it is called for each value of a list."""

    @property
    def client_id(self) -> str | None:
        """Who queued the job, for messages to that client alone."""

    @property
    def graph(self) -> GraphView:
        """The graph that is being executed."""

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The API prompt that is being executed, for the metadata of saved files."""

    @property
    def extra_pnginfo(self) -> Mapping[str, Any]:
        """What the client wants to be written into saved files beside the prompt (`workflow`)."""

    @property
    def metadata(self) -> bool:
        """Whether saved files may carry the prompt and the workflow."""

    def progress(self, value: float, total: float, preview: bytes | None = None) -> None:
        """Report `value` of `total` steps done, with a JPEG preview if there is one. Raises `Interrupted`."""

    @property
    def preview_method(self) -> str:
        """How pictures under way are shown: "auto", "latent2rgb", "taesd" or "none"."""

    def wants_preview(self) -> bool:
        """Whether a preview passed to `progress` now would reach anybody (they are limited in rate)."""

    def check(self) -> None:
        """Raise `Interrupted` if the user asked for it. Call it in loops that report no progress."""

    def show(self, kind: str, items: list[Any]) -> None:
        """Add to what the editor shows on the node, e.g. `show("images", [{filename, subfolder, type}])`."""

    def show_now(self, shown: Mapping[str, list[Any]], orders: Sequence[str] = ()) -> None:
        """Show this on the node while it runs, as `show` takes it, in place of what was shown so before.

        `orders` are what the user may tell the node now, each a button: "pause", "go_on", "sample", "save", "stop", or
        others by name.
        """

    def orders(self) -> list[str]:
        """What the user has told the node since it asked last, in order."""

    def others_wait(self) -> bool:
        """Whether a job waits that does not take long. Asking says that the node would give way to one.

        Such a node is declared with `gives_way`, so that those that give way do not overtake each other.
        """

    def give_way(self) -> None:
        """Let those jobs run now that wait. Nothing of the node may be in their way: no network that it has changed.

        Raises `Interrupted`.
        """

    def leave_unfinished(self) -> None:
        """Say that what the node gives is not yet what it was asked for: no later job takes it for that."""

    def stands_for(self, path: Path) -> None:
        """Say that the result is good only as long as this file stays as it is when the node is done."""

    def warn(self, text: str) -> None:
        """Tell the user something that does not stop the job; it is shown on the node."""


_current: ContextVar[Context | None] = ContextVar("context", default=None)


def current() -> Context | None:
    """The context of the node that this thread or task executes: for libraries that are not handed one."""
    return _current.get()


def set_current(context: Context | None) -> None:
    """Say whose turn it is. The engine's affair."""
    _current.set(context)
