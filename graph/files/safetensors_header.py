"""The header of a safetensors file: what it holds, without reading any of it."""

import struct
from pathlib import Path
from typing import Any

import msgspec

LARGEST = 100_000_000
"""Bytes; the limit of the format."""


def header_bytes(path: Path) -> bytes:
    """The header as it is in the file; empty if it cannot be read, or the file is no safetensors file."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            return file.read(length) if 0 < length <= LARGEST else b""
    except OSError:
        return b""


def read_header(path: Path) -> dict[str, Any]:
    """Tensors by name, each with `dtype` and `shape`, and texts under `__metadata__`; empty if there is no header."""
    try:
        header = msgspec.json.decode(header_bytes(path))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return header if isinstance(header, dict) else {}


def metadata_of(header: dict[str, Any]) -> dict[str, Any]:
    """What the file says of itself: `__metadata__`, or nothing."""
    found = header.get("__metadata__")
    return found if isinstance(found, dict) else {}
