"""Writing frames as videos and animations, one by one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Literal, cast

import av
import numpy as np
import torch
from av.error import FFmpegError
from av.video.stream import VideoStream
from PIL import Image
from torch import Tensor

from diffusion.infotext.saving import LABELS
from diffusion.video.animations import add_texts
from diffusion.video.reading import VideoError

Format = Literal["mp4", "webm", "gif", "webp", "png"]
FORMATS: tuple[Format, ...] = ("mp4", "webm", "gif", "webp", "png")
ENCODERS = {"h264": "libx264", "vp9": "libvpx-vp9", "av1": "libsvtav1", "apng": "apng"}
CODECS_OF: dict[str, tuple[str, ...]] = {"mp4": ("h264",), "webm": ("vp9", "av1"), "png": ("apng",)}
"""The codecs of the formats that FFmpeg writes; Pillow writes the others."""
FFMPEG_NAMES = {"png": "apng"}
LARGEST_CRF = {"h264": 51, "vp9": 63, "av1": 63}
EVEN = 2
WITH_ALPHA = 4
SLOWEST, FASTEST = 0.01, 1000.0

OnFrame = Callable[[int], None]


@dataclass(frozen=True)
class Encoding:
    """How frames are stored.

    `quality` is 0 to 100; at 100 nothing but what the format itself cannot hold is lost. `crf` stands in its place
    where an encoder's own measure is wanted. `lossless`, `effort` (0 to 6) and `compression` (0 to 9) are for WebP and
    PNG. `loops` is how often an animation is shown; 0 is for ever.
    """

    codec: str = ""
    quality: int = 75
    crf: float | None = None
    lossless: bool = False
    effort: int = 4
    compression: int = 6
    loops: int = 0


def write_video(
    path: Path,
    frames: Iterable[Tensor],
    rate: float,
    format: Format,
    encoding: Encoding | None = None,
    texts: Mapping[str, str] | None = None,
    on_frame: OnFrame | None = None,
) -> None:
    """Write frames `[H, W, C]` in 0..1 to a file, `rate` a second.

    Frames are taken one at a time. `texts` are kept in the file: `prompt` and `workflow` where ComfyUI looks for them.
    `on_frame` is told how many are written, and may raise. Raises VideoError for frames of several sizes, and for none.
    """
    encoding = encoding or Encoding()
    if not SLOWEST <= rate <= FASTEST:
        raise VideoError(f"{rate:g} frames a second cannot be stored: choose from {SLOWEST:g} to {FASTEST:g}.")
    pictures = _bytes_of(frames, on_frame)
    first = next(pictures, None)
    if first is None:
        raise VideoError("There are no frames to save.")
    every = chain([first], pictures)
    try:
        if format in CODECS_OF:
            _write_stream(path, every, rate, format, encoding, texts or {})
        else:
            _write_animation(path, every, rate, format, encoding, texts or {})
    except FFmpegError as error:
        raise VideoError(f"The video could not be written: {error}. Choose another format.") from error


def _bytes_of(frames: Iterable[Tensor], on_frame: OnFrame | None) -> Iterator[np.ndarray[Any, Any]]:
    """Frames as bytes, truncated as still pictures are; grey ones get three channels."""
    size: tuple[int, ...] | None = None
    for count, frame in enumerate(frames, start=1):
        levels = (torch.nan_to_num(frame.detach().float()).clamp(0, 1) * 255).to(torch.uint8).cpu()
        levels = levels.expand(-1, -1, 3) if levels.shape[-1] == 1 else levels
        if size is not None and levels.shape != size:
            raise VideoError("All frames of a video must have one size: scale them to the same before.")
        size = tuple(levels.shape)
        yield np.ascontiguousarray(levels.numpy())
        if on_frame:
            on_frame(count)


def _write_stream(
    path: Path,
    frames: Iterator[np.ndarray[Any, Any]],
    rate: float,
    format: str,
    encoding: Encoding,
    texts: Mapping[str, str],
) -> None:
    codec = encoding.codec or CODECS_OF[format][0]
    muxing = {"mp4": {"movflags": "use_metadata_tags+faststart"}, "png": {"plays": str(encoding.loops)}}
    step = 1 / Fraction(rate).limit_denominator(1001)
    with av.open(path, "w", format=FFMPEG_NAMES.get(format, format), options=muxing.get(format, {})) as container:
        container.metadata.update(texts)
        added = container.add_stream(ENCODERS[codec], rate=1 / step, options=_options(codec, encoding))
        stream = cast(VideoStream, added)
        for index, pixels in enumerate(frames):
            colours = "rgba" if pixels.shape[-1] == WITH_ALPHA and format == "png" else "rgb24"
            even = np.ascontiguousarray(pixels) if format == "png" else _even(pixels[..., :3])
            if not index:
                stream.height, stream.width = even.shape[:2]
                stream.pix_fmt = colours if format == "png" else "yuv420p"
            frame = av.VideoFrame.from_ndarray(even, format=colours)
            frame.pts, frame.time_base = index, step
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if format == "png":
        add_texts(path, texts)


def _options(codec: str, encoding: Encoding) -> dict[str, str]:
    if codec == "apng":
        return {"compression_level": str(encoding.compression), "pred": "mixed"}
    crf = LARGEST_CRF[codec] * (100 - encoding.quality) / 100 if encoding.crf is None else encoding.crf
    match codec:
        case "vp9":
            return {"crf": str(round(crf)), "b:v": "0", "row-mt": "1", "cpu-used": "4", "deadline": "good"}
        case "av1":
            return {"crf": str(round(crf)), "preset": "8"}
    return {"crf": f"{crf:g}", "preset": "medium"}


def _even(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Frames with even sides, as colours are stored for two by two pixels: the last row or column is repeated."""
    height, width = pixels.shape[:2]
    if height % EVEN or width % EVEN:
        pixels = np.pad(pixels, ((0, height % EVEN), (0, width % EVEN), (0, 0)), mode="edge")
    return np.ascontiguousarray(pixels)


def _write_animation(
    path: Path,
    frames: Iterator[np.ndarray[Any, Any]],
    rate: float,
    format: str,
    encoding: Encoding,
    texts: Mapping[str, str],
) -> None:
    pictures = (_reduced(Image.fromarray(frame), format) for frame in frames)
    first = next(pictures)
    options: dict[str, Any] = {"save_all": True, "append_images": pictures, "loop": encoding.loops}
    if format == "gif":  # counts hundredths of a second
        duration = max(1, round(100 / rate)) * 10
        first.save(path, "GIF", **options, duration=duration, disposal=2, comment=_comment(texts))
    else:
        quality = {"quality": encoding.quality, "lossless": encoding.lossless, "method": encoding.effort}
        first.save(path, "WEBP", **options, duration=round(1000 / rate), **quality, exif=_exif(texts))


def _reduced(picture: Image.Image, format: str) -> Image.Image:
    """Each frame of a GIF gets a palette of its own."""
    if format != "gif":
        return picture
    return picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)


def _comment(texts: Mapping[str, str]) -> bytes:
    """A GIF has room for one text."""
    return (texts.get("workflow") or texts.get("prompt", "")).encode()


def _exif(texts: Mapping[str, str]) -> Image.Exif:
    exif = Image.Exif()
    for key, tag in LABELS.items():
        if key in texts:
            exif[tag] = f"{key}:{texts[key]}".encode()
    return exif
