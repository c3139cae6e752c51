"""Videos as values that travel along links. The methods are those that ComfyUI's packs call."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch
from torch import Tensor

from diffusion.video.reading import VideoError, VideoFacts, facts_of, load_frames, read_frames
from diffusion.video.selection import Selection, at_rate
from diffusion.video.writing import Encoding, Format, write_video

ALL = Selection()
OF_NAMES: dict[str, tuple[Format, str]] = {
    "auto": ("mp4", ""),
    "mp4": ("mp4", "h264"),
    "webm": ("webm", "vp9"),
    "gif": ("gif", ""),
    "webp": ("webp", ""),
}
CODECS = ("auto", "h264", "vp9", "av1")
"""What a video may be stored with; `auto` is what is usual for the format."""


@dataclass
class VideoComponents:
    """A video taken apart: `images` are `[B, H, W, C]` in 0..1."""

    images: Any
    frame_rate: Fraction
    audio: Any = None
    metadata: dict[str, Any] | None = None


class Video(ABC):
    """A video: frames, and how many of them are shown a second."""

    @abstractmethod
    def facts(self) -> VideoFacts:
        """Its size, rate and length. Raises VideoError."""

    @abstractmethod
    def frames(self, selection: Selection = ALL) -> Iterator[Tensor]:
        """The wanted frames `[H, W, C]` in 0..1, one at a time. Raises VideoError."""

    @abstractmethod
    def load(self, selection: Selection = ALL, on_frame: Callable[[int], None] | None = None) -> Tensor:
        """The wanted frames `[B, H, W, C]`; `on_frame` is told how many there are. Raises VideoError."""

    @abstractmethod
    def get_components(self) -> VideoComponents:
        """All its frames, and their rate. Raises VideoError."""

    def get_dimensions(self) -> tuple[int, int]:
        """Width and height of its frames."""
        facts = self.facts()
        return facts.width, facts.height

    def get_frame_rate(self) -> Fraction:
        """Frames a second."""
        return self.facts().rate

    def get_frame_count(self) -> int:
        """How many frames it has."""
        return self.facts().frames or sum(1 for _ in self.frames())

    def get_duration(self) -> float:
        """Its length in seconds."""
        facts = self.facts()
        return float(facts.seconds if facts.seconds is not None else self.get_frame_count() / facts.rate)

    def save_to(
        self,
        path: Any,
        format: str = "auto",
        codec: str = "auto",
        metadata: Mapping[str, Any] | None = None,
        on_frame: Callable[[int], None] | None = None,
    ) -> None:
        """Write it to a path, or to a file that is open for writing, without sound. Raises VideoError."""
        kind, usual = OF_NAMES.get(str(format), (None, ""))
        if kind is None:
            raise VideoError(f"There is no format {format}: choose one of {', '.join(OF_NAMES)}.")
        chosen = usual if str(codec) == "auto" else str(codec)
        texts = {key: text if isinstance(text, str) else str(text) for key, text in (metadata or {}).items()}
        rate = float(self.facts().rate)
        write_video(path, self.frames(), rate, kind, Encoding(chosen), texts, on_frame)


class FramesVideo(Video):
    """A video of frames that are there: `images` `[B, H, W, C]`."""

    def __init__(self, components: VideoComponents) -> None:
        self._components = components

    def facts(self) -> VideoFacts:
        """Its size, rate and length."""
        images, rate = cast(Tensor, self._components.images), Fraction(self._components.frame_rate)
        count, height, width = images.shape[:3]
        return VideoFacts(width, height, rate, count, float(count / rate), self._components.audio is not None, {})

    def frames(self, selection: Selection = ALL) -> Iterator[Tensor]:
        """The wanted frames."""
        images, rate = self._components.images, float(self._components.frame_rate)
        size = selection.size(images.shape[2], images.shape[1])
        order: Iterable[int] = range(len(images))
        if selection.rate:
            order = at_rate(((index / rate, index) for index in order), selection.rate)
        for index in selection.of(order):
            yield _scaled(images[index], *size)

    def load(self, selection: Selection = ALL, on_frame: Callable[[int], None] | None = None) -> Tensor:
        """The wanted frames."""
        if selection == ALL:
            return cast(Tensor, self._components.images)
        frames = list(self.frames(selection))
        if not frames:
            raise VideoError("The video has no frames in this range: choose another first frame.")
        return torch.stack(frames)

    def get_components(self) -> VideoComponents:
        """What it was made of."""
        return self._components


class FileVideo(Video):
    """A video in a file: a path, or a stream that can be read again."""

    def __init__(self, file: Any) -> None:
        self._file: Path | BinaryIO = Path(file) if isinstance(file, str) else file

    def get_stream_source(self) -> Any:
        """The path of the file, or the stream."""
        return str(self._file) if isinstance(self._file, Path) else self._file

    def facts(self) -> VideoFacts:
        """What its header says."""
        return facts_of(self._file)

    def frames(self, selection: Selection = ALL) -> Iterator[Tensor]:
        """The wanted frames, decoded one by one."""
        for frame in read_frames(self._file, selection):
            yield torch.from_numpy(frame).float() / 255

    def load(self, selection: Selection = ALL, on_frame: Callable[[int], None] | None = None) -> Tensor:
        """The wanted frames. Raises VideoError, also if they would not go into the memory."""
        return load_frames(self._file, selection, on_frame)

    def get_components(self) -> VideoComponents:
        """All its frames. Raises VideoError as `load`."""
        facts = self.facts()
        return VideoComponents(self.load(), facts.rate, None, dict(facts.texts))


def _scaled(image: Tensor, width: int, height: int) -> Tensor:
    if (width, height) == (image.shape[1], image.shape[0]):
        return image
    planes = image[..., :3].movedim(-1, 0)[None]
    scaled = torch.nn.functional.interpolate(planes, (height, width), mode="bilinear", antialias=True)
    return scaled[0].movedim(0, -1)
