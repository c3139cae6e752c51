"""`comfy_api.input_impl` and `comfy_api.util`: videos as values. Their files can neither be read nor written."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from compat.host.stubs import unsupported

__all__ = [
    "AudioInput",
    "ImageInput",
    "LatentInput",
    "MaskInput",
    "VideoCodec",
    "VideoComponents",
    "VideoContainer",
    "VideoFromComponents",
    "VideoFromFile",
    "VideoInput",
]

ImageInput = MaskInput = LatentInput = AudioInput = Any
"""Types of values, for annotations."""


class _Choices(StrEnum):
    @classmethod
    def as_input(cls) -> list[str]:
        """The names, as the choices of a combo."""
        return [each.value for each in cls]


class VideoCodec(_Choices):
    """How a video is encoded."""

    AUTO = "auto"
    H264 = "h264"


class VideoContainer(_Choices):
    """The kind of a video file."""

    AUTO = "auto"
    MP4 = "mp4"

    @classmethod
    def get_extension(cls, value: str) -> str:
        """The ending of files of a kind."""
        return "mp4"


@dataclass
class VideoComponents:
    """A video taken apart: `images` are `[B, H, W, C]` in 0..1."""

    images: Any
    frame_rate: Fraction
    audio: Any = None
    metadata: dict[str, Any] | None = None


class VideoInput(ABC):
    """A video that travels along a link."""

    @abstractmethod
    def get_components(self) -> VideoComponents:
        """Its frames, their rate, and the sound."""

    def save_to(self, path: Any, *_: Any, **__: Any) -> None:
        """Not supported: there is no encoder for videos."""
        raise unsupported("comfy_api.input.VideoInput.save_to")

    def get_dimensions(self) -> tuple[int, int]:
        """Width and height of its frames."""
        images = self.get_components().images
        return images.shape[2], images.shape[1]

    def get_duration(self) -> float:
        """Its length in seconds."""
        components = self.get_components()
        return float(components.images.shape[0] / components.frame_rate)


class VideoFromComponents(VideoInput):
    """A video made of frames."""

    def __init__(self, components: VideoComponents) -> None:
        self._components = components

    def get_components(self) -> VideoComponents:
        """Its frames, their rate, and the sound."""
        return self._components


class VideoFromFile(VideoInput):
    """A video in a file."""

    def __init__(self, file: Any, **_: Any) -> None:
        self._file = file

    def get_stream_source(self) -> Any:
        """The path of the file, or the stream."""
        return self._file

    def get_components(self) -> VideoComponents:
        """Not supported: there is no decoder for videos."""
        raise unsupported("comfy_api.input_impl.VideoFromFile.get_components")
