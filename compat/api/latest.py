"""`comfy_api.latest`, and the versions that packs pin: what a pack of the second contract imports."""

import asyncio
from types import SimpleNamespace
from typing import Any

from compat.api import io, ui, video
from compat.api.feature_flags import supports_feature
from compat.execution.progress_state import report

__all__ = [
    "IO",
    "UI",
    "ComfyAPI",
    "ComfyAPISync",
    "ComfyExtension",
    "Input",
    "InputImpl",
    "Types",
    "io",
    "supports_feature",
    "ui",
]

IO, UI = io, ui

Input = SimpleNamespace(Image=Any, Mask=Any, Latent=Any, Audio=Any, Video=video.VideoInput, Curve=Any)
"""Types of values, for annotations."""

InputImpl = SimpleNamespace(VideoFromFile=video.VideoFromFile, VideoFromComponents=video.VideoFromComponents)
Types = SimpleNamespace(
    VideoCodec=video.VideoCodec, VideoContainer=video.VideoContainer, VideoComponents=video.VideoComponents
)


class ComfyExtension:
    """What a pack's `comfy_entrypoint` returns."""

    async def on_load(self) -> None:
        """Called once, when the pack is loaded."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """The node classes of the pack."""
        raise NotImplementedError(f"{type(self).__name__} has no get_node_list")


class _Execution:
    """Reporting from a node that is being executed."""

    async def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """Report that `value` of `max_value` is done, with a picture of what is being made."""
        report(value, max_value, preview_image)
        await asyncio.sleep(0)


class _ExecutionSync:
    """The same, for nodes that are not async."""

    def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """Report that `value` of `max_value` is done, with a picture of what is being made."""
        report(value, max_value, preview_image)


class ComfyAPI:
    """What a pack may ask of the program."""

    VERSION = "latest"
    STABLE = False
    Execution = _Execution

    def __init__(self) -> None:
        self.execution = _Execution()


class ComfyAPISync:
    """The same, for code that is not async."""

    VERSION = "latest"
    STABLE = False
    Execution = _ExecutionSync

    def __init__(self) -> None:
        self.execution = _ExecutionSync()


api, api_sync = ComfyAPI(), ComfyAPISync()
