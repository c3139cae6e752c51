"""Animated WebP and PNG files, as far as FFmpeg does not read or write them whole."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageSequence, UnidentifiedImageError

PNG_HEAD = 8 + 25
"""Bytes of a PNG's signature and its first chunk."""
DEFAULT_SECONDS = 0.1


def is_webp(file: BinaryIO) -> bool:
    """Whether a file is a WebP picture; it is read from the beginning, and left there."""
    file.seek(0)
    head = file.read(12)
    file.seek(0)
    return head[:4] == b"RIFF" and head[8:] == b"WEBP"


def webp_frames(file: BinaryIO) -> Iterator[tuple[float, Image.Image]]:
    """The frames of a WebP with the moments, in seconds, at which they begin. Raises ValueError for a damaged one."""
    try:
        with Image.open(file) as picture:
            moment = 0.0
            for frame in ImageSequence.Iterator(picture):
                yield moment, frame.convert("RGB")
                moment += (frame.info.get("duration") or DEFAULT_SECONDS * 1000) / 1000
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, EOFError) as error:
        raise ValueError(str(error)) from error


def add_texts(png: Path, texts: Mapping[str, str]) -> None:
    """Put texts into a PNG file, as chunks behind its head."""
    content = png.read_bytes()
    chunks = b"".join(_chunk(b"iTXt", key.encode("latin1") + b"\0" * 5 + text.encode()) for key, text in texts.items())
    png.write_bytes(content[:PNG_HEAD] + chunks + content[PNG_HEAD:])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
