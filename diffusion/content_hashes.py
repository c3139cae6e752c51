"""Hashes by which other programs know weight files again, whatever is written into their metadata later.

`sshs_model_hash` is what the WebUI and its extensions have for an adapter: of everything behind the header.
`sshs_legacy_hash` is of a piece that lies at a fixed place in the file, as it would be with the training's metadata
(`ss_…`) alone: that is how kohya's scripts have it. ModelSpec has the first of the two under a name of its own.
"""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

PLACE, LENGTH = 0x100000, 0x10000
"""The piece that short hashes are of, in bytes."""
DIGITS = 8
UNKNOWN = {
    "sshs_model_hash": "0" * 64,
    "sshs_legacy_hash": "0" * DIGITS,
    "modelspec.hash_sha256": "0x" + "0" * 64,
}
"""Entries as long as those of `content_hashes`, so that a header can be written before what follows it is hashed."""


def content_hashes(path: Path) -> dict[str, str]:
    """The entries of a safetensors file's metadata that hold its hashes. Raises OSError."""
    with path.open("rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        beginning = _trained_alone(json.loads(file.read(length))) + file.read(PLACE + LENGTH)
        file.seek(8 + length)
        whole = hashlib.file_digest(file, "sha256").hexdigest()
    legacy = _short(beginning[PLACE : PLACE + LENGTH])
    return {"sshs_model_hash": whole, "sshs_legacy_hash": legacy, "modelspec.hash_sha256": f"0x{whole}"}


def short_hash(path: Path) -> str:
    """The hash that checkpoints once had in the WebUI, which is of a piece of them alone. Raises OSError."""
    with path.open("rb") as file:
        file.seek(PLACE)
        return _short(file.read(LENGTH))


def _short(piece: bytes) -> str:
    return hashlib.sha256(piece).hexdigest()[:DIGITS]


def _trained_alone(header: dict[str, Any]) -> bytes:
    """The beginning of a file that says of itself only how it was trained: its header as safetensors writes it."""
    told = {key: text for key, text in header.get("__metadata__", {}).items() if key.startswith("ss_")}
    text = json.dumps({**header, "__metadata__": told}, separators=(",", ":"), ensure_ascii=False).encode()
    padded = text.ljust(-(-len(text) // 8) * 8)
    return struct.pack("<Q", len(padded)) + padded
