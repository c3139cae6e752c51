"""The picture that belongs to a model file: one beside it with the same name, or one inside a safetensors header."""

import base64
import binascii
import os
import re
import threading
from pathlib import Path
from typing import NamedTuple

import msgspec

from graph.files.safetensors_header import header_bytes

BESIDE = (
    ".preview.webp", ".preview.png", ".preview.jpg", ".preview.jpeg", ".png", ".jpg", ".jpeg", ".webp",
    ".thumb.jpg", ".thumb.png",
)  # fmt: skip
"""Endings after the model's name, in the order in which they are looked for."""
SAFETENSORS = (".safetensors", ".sft")
_EMBEDDED = re.compile(rb'"(?:modelspec\.thumbnail|thumbnail|ssmd_cover_images)"\s*:\s*"')
_DATA = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)")


class Cover(NamedTuple):
    """Where the picture is: a file of its own, or in the header of the model; `version` changes when it does."""

    path: Path
    embedded: bool
    version: str


class Covers:
    """Finds covers, and remembers of each model whether its header has one as long as the file stays as it is."""

    def __init__(self) -> None:
        self._embedded: dict[str, tuple[int, int, bool]] = {}
        self._lock = threading.Lock()

    def of(self, model: Path) -> Cover | None:
        """The cover of a model file, or None."""
        for ending in BESIDE:
            beside = model.with_name(model.stem + ending)
            try:
                status = beside.stat()
            except OSError:
                continue
            return Cover(beside, False, _version(status))
        try:
            status = model.stat()
        except OSError:
            return None
        return Cover(model, True, _version(status)) if self._has_embedded(model, status) else None

    def _has_embedded(self, model: Path, status: os.stat_result) -> bool:
        if not model.name.lower().endswith(SAFETENSORS):
            return False
        key, seen = str(model), (status.st_mtime_ns, status.st_size)
        with self._lock:
            known = self._embedded.get(key)
        if known is not None and known[:2] == seen:
            return known[2]
        has = _EMBEDDED.search(header_bytes(model)) is not None
        with self._lock:
            self._embedded[key] = (*seen, has)
        return has


def _version(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


def embedded_picture(path: Path) -> bytes | None:
    """The bytes of the picture in a safetensors header, or None where there is none that can be read."""
    try:
        metadata = msgspec.json.decode(header_bytes(path), type=_Header).metadata
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    for key in ("modelspec.thumbnail", "thumbnail", "ssmd_cover_images"):
        text = metadata.get(key)
        match = _DATA.search(text) if isinstance(text, str) else None
        found = match[1] if match else _first_listed(text) if isinstance(text, str) else None
        if found:
            try:
                return base64.b64decode(found, validate=False)
            except (binascii.Error, ValueError):
                continue
    return None


class _Header(msgspec.Struct):
    metadata: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict)


def _first_listed(text: str) -> str | None:
    """The first of a JSON list of base64 texts, as `ssmd_cover_images` has them."""
    try:
        listed = msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    return listed[0] if listed else None
