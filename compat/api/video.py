"""`comfy_api.input_impl` and `comfy_api.util`: videos as values, without their sound."""

from enum import StrEnum
from typing import Any

from diffusion.video.video import FileVideo, FramesVideo, VideoComponents
from diffusion.video.video import Video as VideoInput

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


class VideoFromComponents(FramesVideo):
    """A video made of frames."""


class VideoFromFile(FileVideo):
    """A video in a file."""

    def __init__(self, file: Any, **_: Any) -> None:
        super().__init__(file)
