"""Reading the frames of video files, one by one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import av
import numpy as np
import torch
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from PIL import Image
from torch import Tensor

from diffusion.devices import free_bytes
from diffusion.video.animations import is_webp, webp_frames
from diffusion.video.selection import Frame, Selection, at_rate

EXTENSIONS = (
    *(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif", ".webp", ".apng"),
    *(".mpg", ".mpeg", ".ts", ".wmv", ".flv"),
)
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpeg,mpegts,mpegvideo,h264,hevc,asf,flv,ogg"
"""FFmpeg's readers that take a file for what it is; playlists, which lead to other files, are not among them."""
FULL = 0.8
"""The part of the free memory that frames may take."""
BYTES = 4 + 1
"""For each value while frames are read: a float, and the byte that it is made of."""
GIGABYTE = 1e9

Check = Callable[[], None]


class VideoError(ValueError):
    """A video that cannot be read or written; the message names it and says what to do."""


@dataclass(frozen=True)
class VideoFacts:
    """What the header of a video says. `frames` may be an estimate, and is None where nothing tells it."""

    width: int
    height: int
    rate: Fraction
    frames: int | None
    seconds: float | None
    has_sound: bool
    texts: dict[str, str]


def facts_of(source: Path | BinaryIO) -> VideoFacts:
    """Read a video's header; an animated WebP has none, and is read to its end. Raises VideoError."""
    with _file(source) as file:
        if is_webp(file):
            return _webp_facts(file, _name(source))
        with _opened(file, _name(source)) as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate or Fraction(25)
            seconds = container.duration / av.time_base if container.duration else None
            if seconds is None and stream.duration and stream.time_base:
                seconds = float(stream.duration * stream.time_base)
            counted = stream.frames or (round(seconds * rate) if seconds else None)
            texts = {key.lower(): text for key, text in {**container.metadata, **stream.metadata}.items()}
            width, height = stream.width, stream.height
            return VideoFacts(width, height, rate, counted, seconds, bool(container.streams.audio), texts)


def _webp_facts(file: BinaryIO, name: str) -> VideoFacts:
    size, moments = (0, 0), []
    for moment, picture in _webp(file, name):
        moments.append(moment)
        size = picture.size
    count = len(moments)
    rate = Fraction((count - 1) / moments[-1]).limit_denominator(1001) if count > 1 else Fraction(10)
    return VideoFacts(*size, rate, count, count / float(rate), False, {})


def _webp(file: BinaryIO, name: str) -> Iterator[tuple[float, Image.Image]]:
    try:
        yield from webp_frames(file)
    except ValueError as error:
        raise VideoError(f"{name} is damaged or cut off. Get the file again.") from error


def load_frames(
    source: Path | BinaryIO, selection: Selection | None = None, on_frame: Callable[[int], None] | None = None
) -> Tensor:
    """The wanted frames of a video, upright, `[B, H, W, 3]` in 0..1.

    `on_frame` is told how many there are after each, and may raise. Raises VideoError: for what is no video, for a
    damaged one, for a selection that leaves nothing, and if the frames would take more memory than is free.
    """
    selection = selection or Selection()
    facts = facts_of(source)
    if facts.frames:
        wanted = round(facts.frames * selection.rate / facts.rate) if selection.rate else facts.frames
        check_memory(selection.number_of(wanted), *selection.size(facts.width, facts.height))
    frames: list[np.ndarray[Any, Any]] = []
    for frame in read_frames(source, selection):
        if len(frames) % 16 == 0:
            check_memory(len(frames) + 1, frame.shape[1], frame.shape[0], held=len(frames))
        frames.append(frame)
        if on_frame:
            on_frame(len(frames))
    if not frames:
        raise VideoError(f"{_name(source)} has no frames in this range: choose another first frame.")
    images = torch.empty(len(frames), *frames[0].shape)
    for index in range(len(frames)):
        images[index] = torch.from_numpy(frames[index]).float() / 255
        frames[index] = frames[0]  # lets the bytes go
    return images


def read_frames(source: Path | BinaryIO, selection: Selection) -> Iterator[np.ndarray[Any, Any]]:
    """The wanted frames, upright, uint8 `[H, W, 3]`, one at a time. Raises VideoError."""
    name = _name(source)
    with _file(source) as file:
        if is_webp(file):
            for picture in _wanted(_webp(file, name), selection):
                yield np.array(picture.resize(selection.size(*picture.size)))
            return
        with _opened(file, name) as container:
            timed = ((frame.time or 0.0, frame) for frame in _decoded(container, name))
            for frame in _wanted(timed, selection):
                yield _pixels(frame, selection)


def _wanted(timed: Iterator[tuple[float, Frame]], selection: Selection) -> Iterator[Frame]:
    return selection.of(at_rate(timed, selection.rate) if selection.rate else (frame for _, frame in timed))


def check_memory(frames: int, width: int, height: int, held: int = 0) -> None:
    """Refuse frames that would not go into the free memory; `held` of them are there already as bytes.

    Raises VideoError.
    """
    size = width * height * 3
    needed, free = frames * size * BYTES - held * size, free_bytes(torch.device("cpu")) * FULL
    if needed > free:
        raise VideoError(
            f"{frames} frames of {width} x {height} need {needed / GIGABYTE:.1f} GB of memory, and "
            f"{free / GIGABYTE:.1f} GB may be used: take fewer frames, every second one, or a smaller size."
        )


def _pixels(frame: VideoFrame, selection: Selection) -> np.ndarray[Any, Any]:
    turns = round(frame.rotation / 90) % 4
    width, height = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
    width, height = selection.size(width, height)
    if turns % 2:
        width, height = height, width
    pixels = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA").to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def _decoded(container: InputContainer, name: str) -> Iterator[VideoFrame]:
    count = 0
    try:
        for frame in container.decode(video=0):
            yield frame
            count += 1
    except (FFmpegError, ValueError) as error:
        if not count:
            raise VideoError(f"{name} has no frame that can be read: {error}. Convert it to MP4.") from error
        raise VideoError(
            f"{name} is damaged after frame {count}: take the frames before it, or get it again."
        ) from error


@contextmanager
def _file(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        source.seek(0)
        yield source


@contextmanager
def _opened(file: BinaryIO, name: str) -> Iterator[InputContainer]:
    """The container of a video file, which is read through the open file alone, and cannot lead to others."""
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    try:
        with av.open(file, "r", container_options=options, io_open=_refuse) as container:
            if not container.streams.video:
                raise VideoError(f"{name} has no pictures in it, or is cut off: choose a video, or get it again.")
            container.streams.video[0].thread_type = "AUTO"
            yield container
    except (FFmpegError, OSError, OverflowError) as error:
        raise VideoError(f"{name} is not a video that can be read. Convert it to MP4 or WebM.") from error


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError(f"A video may not open {url}.")


def _name(source: Path | BinaryIO) -> str:
    return source.name if isinstance(source, Path) else "The video"
