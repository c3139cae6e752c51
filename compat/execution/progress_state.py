"""`comfy_execution.progress`: reporting the progress of the node that is being executed."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from compat.host.stubs import MissingAttributeError, unsupported
from graph.context import current

__all__ = [
    "NodeState",
    "ProgressHandler",
    "ProgressRegistry",
    "add_progress_handler",
    "get_progress_state",
    "report",
    "reset_progress_state",
]

JPEG_QUALITY = 90
MODULE = "comfy_execution.progress"


class NodeState:
    """What a node is doing."""

    Pending = "pending"
    Running = "running"
    Finished = "finished"
    Error = "error"


def report(value: float, total: float, preview: Any = None) -> None:
    """Report that the node being executed has done `value` of `total` steps, and show a picture.

    `preview` is a PIL picture, a tuple (format, picture, size), or a tensor `[H, W, C]` or `[1, H, W, C]` in 0..1.
    Outside of a node nothing happens. Raises `Interrupted`.
    """
    context = current()
    if context is not None:
        shown = _jpeg(preview) if preview is not None and context.wants_preview() else None
        context.progress(value, total, shown)


def _jpeg(preview: Any) -> bytes | None:
    picture, size = (preview[1], preview[2]) if isinstance(preview, tuple) and len(preview) == 3 else (preview, None)
    if hasattr(picture, "detach"):
        picture = _from_tensor(picture)
    if not hasattr(picture, "save"):
        return None
    if size:
        picture = picture.copy()
        picture.thumbnail((size, size))
    file = BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def _from_tensor(tensor: Any) -> Any:
    from PIL import Image

    pixels = tensor.detach().float().cpu()
    pixels = pixels[0] if pixels.ndim == 4 else pixels
    return Image.fromarray((pixels.clamp(0, 1) * 255).byte().numpy())


class ProgressHandler:
    """The base of a pack's own handlers. None can be registered: progress goes to clients alone."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.enabled = True


class ProgressRegistry:
    """The progress of the prompt that is being executed."""

    @property
    def prompt_id(self) -> str:
        """Not known to nodes. Raises NotSupportedError."""
        raise unsupported(f"{MODULE}.ProgressRegistry.prompt_id", MissingAttributeError)

    @property
    def nodes(self) -> Mapping[str, Any]:
        """Not kept here. Raises NotSupportedError."""
        raise unsupported(f"{MODULE}.ProgressRegistry.nodes", MissingAttributeError)

    def register_handler(self, handler: Any) -> None:
        """Nobody would call it. Raises NotSupportedError."""
        raise unsupported(f"{MODULE}.ProgressRegistry.register_handler")

    def start_progress(self, node_id: str) -> None:
        """The engine says by itself that a node begins."""

    def update_progress(self, node_id: str, value: float, max_value: float, image: Any = None) -> None:
        """Report progress, of the node that is being executed."""
        report(value, max_value, image)

    def finish_progress(self, node_id: str) -> None:
        """The engine says by itself that a node has finished."""


_registry = ProgressRegistry()


def get_progress_state() -> ProgressRegistry:
    """The progress of the prompt that is being executed."""
    return _registry


def reset_progress_state(prompt_id: str, dynprompt: Any = None) -> None:
    """The engine begins anew by itself."""


def add_progress_handler(handler: Any) -> None:
    """Nobody would call it. Raises NotSupportedError."""
    raise unsupported(f"{MODULE}.add_progress_handler")
