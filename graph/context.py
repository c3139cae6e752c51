"""What a running node may ask of its surroundings."""

from collections.abc import Mapping
from typing import Any, Protocol

from graph.folders import Folders


class Interrupted(Exception):
    """The user interrupted the job. Nodes and libraries let it pass."""


class Context(Protocol):
    """Progress, previews, interruption and file output: the only things a node needs beside its inputs.

    A parameter annotated with `Context` receives it; it is neither a socket nor a widget. In a test or a script any
    object with these members will do: `graph.testing.Recorder` is one.
    """

    folders: Folders
    node_id: str
    prompt: Mapping[str, Any]
    """The API prompt that is being executed, for the metadata of saved files."""
    extra_pnginfo: Mapping[str, Any]
    """What the client wants to be written into saved files beside the prompt (`workflow`)."""
    metadata: bool
    """Whether saved files may carry the prompt and the workflow."""

    def progress(self, value: float, total: float, preview: bytes | None = None) -> None:
        """Report `value` of `total` steps done, with a JPEG preview if there is one. Raises `Interrupted`."""

    def wants_preview(self) -> bool:
        """Whether a preview passed to `progress` now would reach anybody (they are limited in rate)."""

    def check(self) -> None:
        """Raise `Interrupted` if the user asked for it. Call it in loops that report no progress."""

    def show(self, kind: str, items: list[Any]) -> None:
        """Add to what the editor shows on the node, e.g. `show("images", [{filename, subfolder, type}])`."""

    def warn(self, text: str) -> None:
        """Tell the user something that does not stop the job; it is shown on the node."""
