"""Pictures on their way through the server: checks, previews, masks. Imports Pillow, so it is itself imported late."""

import io
import warnings
from pathlib import Path
from typing import BinaryIO, Literal

from PIL import Image, ImageOps, UnidentifiedImageError

Channel = Literal["rgba", "rgb", "a"]
LOSSLESS_LEVEL = 4
THUMBNAIL_QUALITY = 82
MOVING = (".gif", ".webp", ".png", ".apng")
VIDEOS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv")
# What is read of videos, as by the nodes; playlists and their like, which could lead to other files, are not among it.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpeg,mpegts,mpegvideo,h264,hevc,asf,flv,ogg"


class NoPictureError(ValueError):
    """A file that should be a picture, and is none that can be read."""


def check(file: BinaryIO, name: str) -> None:
    """Read a picture, or the first one of a video by its name. Raises NoPictureError."""
    if name.lower().endswith(VIDEOS):
        _first(file, name)
    else:
        with _opened(file, name) as picture:
            try:
                picture.load()
            except (OSError, ValueError, SyntaxError):
                raise NoPictureError(f"'{name}' is damaged or cut off. Get the file again.") from None
    file.seek(0)


def _opened(file: BinaryIO | Path, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(file)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise NoPictureError(
            f"'{name}' has too many pixels: more than {Image.MAX_IMAGE_PIXELS:,}. Scale it down."
        ) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise NoPictureError(f"'{name}' is not a picture that can be read. Save it as PNG, JPEG or WebP.") from None


def converted(path: Path, format: str, quality: int, channel: Channel) -> bytes:
    """A picture as `webp`, `jpeg` or `png`, with all channels, the colours alone, or alpha as grey.

    It is turned upright as the camera noted it, since the note is not kept. Raises NoPictureError.
    """
    with _opened(path, path.name) as file:
        try:
            picture = ImageOps.exif_transpose(file)
        except (OSError, ValueError, SyntaxError):
            raise NoPictureError(f"'{path.name}' is damaged or cut off. Get the file again.") from None
        wanted = _channel(picture, channel)
        if format == "jpeg":
            wanted = wanted.convert("RGB")
    output = io.BytesIO()
    if format == "png":
        wanted.save(output, "PNG", compress_level=LOSSLESS_LEVEL)
    else:
        wanted.save(output, format.upper(), quality=quality)
    return output.getvalue()


def is_animation(path: Path) -> bool:
    """Whether a file is a picture of a kind that moves, and has several frames."""
    if path.suffix.lower() not in MOVING:
        return False
    try:
        with _opened(path, path.name) as picture:
            return getattr(picture, "n_frames", 1) > 1
    except (NoPictureError, OSError, ValueError, SyntaxError):
        return False


def first_of_video(path: Path, format: str, quality: int) -> bytes:
    """The first picture of a video, as `webp`, `jpeg` or `png`. Raises NoPictureError."""
    output = io.BytesIO()
    try:
        with path.open("rb") as file:
            _first(file, path.name).save(output, format.upper(), quality=quality)
    except OSError:
        raise NoPictureError(f"'{path.name}' is not a video that can be read. Convert it to MP4.") from None
    return output.getvalue()


def _first(file: BinaryIO, name: str) -> Image.Image:
    """The first picture of a video, which is read through the open file alone."""
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    try:
        with av.open(file, "r", container_options=options) as container:
            return next(container.decode(video=0)).to_image()
    except (av.FFmpegError, StopIteration, IndexError, OSError, ValueError):
        raise NoPictureError(f"'{name}' is not a video that can be read. Convert it to MP4.") from None


def _channel(picture: Image.Image, channel: Channel) -> Image.Image:
    match channel:
        case "rgb":
            return picture.convert("RGB")
        case "a":
            return picture.convert("RGBA").getchannel("A")
    return picture if picture.mode in ("L", "RGB", "RGBA") else picture.convert("RGBA")


def reduced(source: Path | bytes, name: str, size: int) -> bytes:
    """A picture as WebP, at most `size` pixels wide and high, upright as its camera meant it.

    Raises NoPictureError.
    """
    from PIL import ImageOps

    with _opened(io.BytesIO(source) if isinstance(source, bytes) else source, name) as picture:
        try:
            picture.draft("RGB", (size, size))  # JPEGs are read at a fraction of their size
            small = ImageOps.exif_transpose(picture)
            small = small if small.mode in ("RGB", "RGBA") else small.convert("RGBA")
            small.thumbnail((size, size))
        except (OSError, ValueError, SyntaxError):
            raise NoPictureError(f"'{name}' is damaged or cut off. Get the file again.") from None
    output = io.BytesIO()
    small.save(output, "WEBP", quality=THUMBNAIL_QUALITY)
    return output.getvalue()


def with_mask(original: Path, mask: BinaryIO, mask_name: str, paint: Path | None = None) -> bytes:
    """The original's colours, with `paint` over them, and the alpha channel of `mask`, as PNG.

    The original is turned upright as the camera noted it; its text chunks are kept. Raises NoPictureError.
    """
    from PIL.PngImagePlugin import PngInfo

    with _opened(original, original.name) as picture, _opened(mask, mask_name) as drawn:
        try:
            result = ImageOps.exif_transpose(picture).convert("RGB")
            alpha = drawn.convert("RGBA").getchannel("A").resize(result.size)
        except (OSError, ValueError, SyntaxError):
            raise NoPictureError(f"'{mask_name}' or '{original.name}' is damaged. Get the files again.") from None
        notes = PngInfo()
        for key, value in getattr(picture, "text", {}).items():
            notes.add_text(key, value)
    if paint is not None:
        result = _painted(result, paint)
    result.putalpha(alpha)
    output = io.BytesIO()
    result.save(output, "PNG", compress_level=LOSSLESS_LEVEL, pnginfo=notes)
    return output.getvalue()


def _painted(picture: Image.Image, paint: Path) -> Image.Image:
    with _opened(paint, paint.name) as file:
        try:
            layer = file.convert("RGBA").resize(picture.size)
        except (OSError, ValueError, SyntaxError):
            raise NoPictureError(f"'{paint.name}' is damaged. Get the file again.") from None
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
