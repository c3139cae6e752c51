"""Nodes that read and write videos and animations."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, NamedTuple

import torch

from diffusion.video.reading import EXTENSIONS, VideoError, VideoFacts
from diffusion.video.selection import Selection
from diffusion.video.video import CODECS, FileVideo, FramesVideo, VideoComponents
from diffusion.video.writing import FORMATS, Encoding, Format, write_video
from graph.declare import Choice, Context, Files, InputError, Range, node
from nodes.metadata import file_metadata
from nodes.sockets import Audio, Image, Video

VideoFile = Annotated[str, Files("input", upload="video", extensions=EXTENSIONS)]
FrameNumber = Annotated[int, Range(0, 1_000_000)]
Every = Annotated[int, Range(1, 10_000)]
Rate = Annotated[float, Range(0.01, 1000.0, step=0.01)]
RateOrZero = Annotated[float, Range(0.0, 1000.0, step=0.01)]
SideOrZero = Annotated[int, Range(0, 16384)]
Quality = Annotated[int, Range(0, 100)]
Loops = Annotated[int, Range(0, 65535)]

EFFORTS = {"default": 4, "fastest": 0, "slowest": 6}


class Components(NamedTuple):
    """A video taken apart."""

    images: Image
    audio: Audio
    fps: float


class Frames(NamedTuple):
    """Frames of a video."""

    images: Image
    fps: float
    frame_count: int


@node("LoadVideo", category="video", title="Load Video", search=["open", "mp4", "webm", "gif", "movie", "upload"])
def load_video(ctx: Context, file: VideoFile) -> Video:
    """Open a video of the input folder. Its frames are read where they are needed.

    file: MP4, WebM, MOV, MKV, AVI, GIF or animated WebP. Sound is not read.
    """
    try:
        video = FileVideo(ctx.folders.input_path(file))
        facts = video.facts()
    except (VideoError, FileNotFoundError) as error:
        raise InputError("file", str(error)) from error
    _tell_of_sound(ctx, facts)
    return video


@node("GetVideoComponents", category="video", title="Frames of Video", search=["split", "frames", "fps", "batch"])
def get_video_components(
    ctx: Context,
    video: Video,
    first_frame: FrameNumber = 0,
    frame_count: FrameNumber = 0,
    every_nth: Every = 1,
    frame_rate: RateOrZero = 0.0,
    width: SideOrZero = 0,
    height: SideOrZero = 0,
) -> Components:
    """Take frames out of a video, as one batch of pictures.

    Sound is not read: the second output is empty. The last one is the rate of the frames that were taken.

    video: The video.
    first_frame: How many frames are left out at the beginning.
    frame_count: How many frames are taken; 0 for all.
    every_nth: 2 takes every second frame.
    frame_rate: Frames a second to read the video with, before any is left out; 0 for its own.
    width: Width of the pictures; 0 keeps the proportions.
    height: Height of the pictures; 0 keeps the proportions.
    """
    selection = Selection(first_frame, frame_count, every_nth, frame_rate, width, height)
    images, facts = _batch(ctx, video, selection, "video")
    return Components(images, None, _rate(facts, selection))


@node("LoadVideoFrames", category="video", title="Load Video Frames", search=["open", "mp4", "gif", "batch", "m2m"])
def load_video_frames(
    ctx: Context,
    file: VideoFile,
    first_frame: FrameNumber = 0,
    frame_count: FrameNumber = 0,
    every_nth: Every = 1,
    frame_rate: RateOrZero = 0.0,
    width: SideOrZero = 0,
    height: SideOrZero = 0,
) -> Frames:
    """Read frames of a video in the input folder, as one batch of pictures. Sound is not read.

    file: MP4, WebM, MOV, MKV, AVI, GIF or animated WebP.
    first_frame: How many frames are left out at the beginning.
    frame_count: How many frames are taken; 0 for all.
    every_nth: 2 takes every second frame.
    frame_rate: Frames a second to read the video with, before any is left out; 0 for its own.
    width: Width of the pictures; 0 keeps the proportions.
    height: Height of the pictures; 0 keeps the proportions.
    """
    selection = Selection(first_frame, frame_count, every_nth, frame_rate, width, height)
    try:
        video = FileVideo(ctx.folders.input_path(file))
    except FileNotFoundError as error:
        raise InputError("file", str(error)) from error
    images, facts = _batch(ctx, video, selection, "file")
    return Frames(images, _rate(facts, selection), len(images))


@node("VideoFrameList", category="video", title="List of Video Frames", search=["for each", "frames", "one by one"])
def video_frame_list(
    ctx: Context,
    video: Video,
    first_frame: FrameNumber = 0,
    frame_count: FrameNumber = 0,
    every_nth: Every = 1,
    frame_rate: RateOrZero = 0.0,
    width: SideOrZero = 0,
    height: SideOrZero = 0,
) -> Iterator[Image]:
    """Give the frames of a video as a list: the nodes behind it work on one frame after the other.

    video: The video.
    first_frame: How many frames are left out at the beginning.
    frame_count: How many frames are taken; 0 for all.
    every_nth: 2 takes every second frame.
    frame_rate: Frames a second to read the video with, before any is left out; 0 for its own.
    width: Width of the pictures; 0 keeps the proportions.
    height: Height of the pictures; 0 keeps the proportions.
    """
    selection = Selection(first_frame, frame_count, every_nth, frame_rate, width, height)
    found = False
    try:
        for frame in video.frames(selection):
            ctx.check()
            found = True
            yield frame[None]
    except VideoError as error:
        raise InputError("video", str(error)) from error
    if not found:
        raise InputError("video", "The video has no frames in this range: choose another first frame.")


@node("CreateVideo", category="video", title="Video of Frames", search=["join", "frames", "fps"])
def create_video(ctx: Context, images: Image, fps: Rate = 30.0, audio: Audio | None = None) -> Video:
    """Make a video of a batch of pictures.

    images: The frames, in their order.
    fps: How many of them are shown a second.
    audio: Is not used: videos have no sound here.
    """
    if audio is not None:
        ctx.warn("The sound was left out: videos have none here.")
    return FramesVideo(VideoComponents(images, Fraction(fps).limit_denominator(1001)))


@node("SaveVideo", category="video", title="Save Video", output_node=True, search=["write", "mp4", "webm", "export"])
def save_video(
    ctx: Context,
    video: Video,
    filename_prefix: str = "video/Safelight",
    format: Annotated[str, Choice(["auto", "mp4", "webm"])] = "auto",
    codec: Annotated[str, Choice(CODECS)] = "auto",
) -> None:
    """Save a video in the output folder, with the workflow that made it.

    video: The video.
    filename_prefix: Start of the file name. A / makes subfolders; %width%, %height% and the others are filled in.
    format: auto is MP4.
    codec: auto is H.264 for MP4, which all programs play, and VP9 for WebM.
    """
    kind: Format = "webm" if format == "webm" else "mp4"
    if codec != "auto" and (codec == "h264") != (kind == "mp4"):
        raise InputError("codec", f"{kind} files cannot hold {codec} here: choose auto.")
    try:
        facts = video.facts()
    except VideoError as error:
        raise InputError("video", str(error)) from error
    encoding = Encoding("" if codec == "auto" else codec)
    size, total = (facts.width, facts.height), facts.frames
    _save(ctx, video.frames(), float(facts.rate), kind, encoding, filename_prefix, size, total)


@node(
    "SaveAnimation",
    category="video",
    title="Save Animation",
    output_node=True,
    search=["write", "mp4", "webm", "gif", "webp", "apng", "video", "export", "m2m"],
)
def save_animation(
    ctx: Context,
    images: Image,
    fps: Rate = 12.0,
    filename_prefix: str = "video/Safelight",
    format: Annotated[str, Choice(FORMATS)] = "mp4",
    quality: Quality = 75,
    loops: Loops = 0,
) -> None:
    """Save a batch of pictures as a video or an animation in the output folder, with the workflow that made it.

    images: The frames, in their order.
    fps: How many of them are shown a second. GIF counts in hundredths of a second.
    filename_prefix: Start of the file name. A / makes subfolders; %width%, %height% and the others are filled in.
    format: mp4 (H.264) and webm (VP9) are videos; gif has 256 colours a frame; webp and png are animated pictures.
    quality: Of mp4, webm and webp; more makes larger files.
    loops: How often gif, webp and png are shown; 0 for ever.
    """
    kind: Format = format  # type: ignore[assignment]  # one of the choices
    _save(ctx, images, fps, kind, Encoding(quality=quality, loops=loops), filename_prefix, _size(images), len(images))


@node("SaveWEBM", category="video", title="Save WebM", output_node=True, search=["vp9", "av1"], experimental=True)
def save_webm(
    ctx: Context,
    images: Image,
    filename_prefix: str = "Safelight",
    codec: Annotated[str, Choice(["vp9", "av1"])] = "vp9",
    fps: Rate = 24.0,
    crf: Annotated[float, Range(0.0, 63.0, step=1)] = 32.0,
) -> None:
    """Save a batch of pictures as a WebM video.

    images: The frames, in their order.
    filename_prefix: Start of the file name. A / makes subfolders; %width%, %height% and the others are filled in.
    codec: av1 makes smaller files, which fewer programs play.
    fps: How many of them are shown a second.
    crf: Lower is better, and makes larger files.
    """
    _save(ctx, images, fps, "webm", Encoding(codec, crf=crf), filename_prefix, _size(images), len(images))


@node("SaveAnimatedWEBP", category="video", title="Save Animated WebP", output_node=True, search=["animation"])
def save_animated_webp(
    ctx: Context,
    images: Image,
    filename_prefix: str = "Safelight",
    fps: Rate = 6.0,
    lossless: bool = True,
    quality: Quality = 80,
    method: Annotated[str, Choice(list(EFFORTS))] = "default",
) -> None:
    """Save a batch of pictures as an animated WebP.

    images: The frames, in their order.
    filename_prefix: Start of the file name. A / makes subfolders; %width%, %height% and the others are filled in.
    fps: How many of them are shown a second.
    lossless: On to keep each pixel; quality then says how long to look for a small file.
    quality: Of what is lost; more makes larger files.
    method: slowest makes the smallest files.
    """
    encoding = Encoding(quality=quality, lossless=lossless, effort=EFFORTS[method])
    _save(ctx, images, fps, "webp", encoding, filename_prefix, _size(images), len(images))


@node("SaveAnimatedPNG", category="video", title="Save Animated PNG", output_node=True, search=["apng", "animation"])
def save_animated_png(
    ctx: Context,
    images: Image,
    filename_prefix: str = "Safelight",
    fps: Rate = 6.0,
    compress_level: Annotated[int, Range(0, 9)] = 4,
) -> None:
    """Save a batch of pictures as an animated PNG, which keeps each pixel.

    images: The frames, in their order.
    filename_prefix: Start of the file name. A / makes subfolders; %width%, %height% and the others are filled in.
    fps: How many of them are shown a second.
    compress_level: More makes smaller files, and takes longer.
    """
    encoding = Encoding(compression=compress_level)
    _save(ctx, images, fps, "png", encoding, filename_prefix, _size(images), len(images))


def _save(
    ctx: Context,
    frames: Image | Iterator[torch.Tensor],
    fps: float,
    format: Format,
    encoding: Encoding,
    prefix: str,
    size: tuple[int, int],
    total: int | None,
) -> None:
    try:
        place = ctx.folders.save_path(prefix, format, *size)
    except ValueError as error:
        raise InputError("filename_prefix", str(error)) from error
    texts = file_metadata(ctx)
    with place.writing() as path:
        write_video(
            path, frames, fps, format, encoding, texts, lambda count: ctx.progress(count, max(total or 0, count))
        )
    ctx.show("images", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])
    ctx.show("animated", [True])


def _batch(ctx: Context, video: Video, selection: Selection, input_name: str) -> tuple[torch.Tensor, VideoFacts]:
    try:
        facts = video.facts()
        wanted = _wanted(facts, selection)
        images = video.load(selection, lambda count: ctx.progress(count, max(wanted, count)))
    except VideoError as error:
        raise InputError(input_name, str(error)) from error
    _tell_of_sound(ctx, facts)
    if len(images) < 0.9 * wanted - 1:
        ctx.warn(f"The video ends after {len(images)} of {wanted} frames: the file may be cut off.")
    return images, facts


def _wanted(facts: VideoFacts, selection: Selection) -> int:
    """How many frames there will be, as far as the header tells."""
    if not facts.frames:
        return selection.count
    return selection.number_of(round(facts.frames * selection.rate / facts.rate) if selection.rate else facts.frames)


def _rate(facts: VideoFacts, selection: Selection) -> float:
    return (selection.rate or float(facts.rate)) / selection.every


def _size(images: torch.Tensor) -> tuple[int, int]:
    return images.shape[2], images.shape[1]


def _tell_of_sound(ctx: Context, facts: VideoFacts) -> None:
    if facts.has_sound:
        ctx.warn("The sound of the video is not read.")
