"""Embeddings within pictures, as Stable Diffusion WebUI writes them.

A PNG may hold one in the text chunk `sd-ti-embedding`: JSON in base64, with tensors as nested lists. Any lossless
picture may hold one in the low four bits of its pixels: two blocks, with a black column each between them and what is
shown; the left one has the lower halves of the bytes of a zlib stream, the right one the upper halves, both mixed with
the numbers of a generator.
"""

import base64
import json
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from diffusion.weights import WeightsError

EXTENSIONS = (".png", ".webp", ".avif", ".jxl")
CHUNK = "sd-ti-embedding"
MOST_BYTES = 1 << 28


def read_card(path: Path) -> Any:
    """What the embedding's file would hold, from a picture. Raises `WeightsError` if there is none in it."""
    cause: Exception | None = None
    try:
        with Image.open(path) as picture:
            text = picture.info.get(CHUNK)
            pixels = np.asarray(picture.convert("RGB"))
        found = base64.b64decode(text) if text else hidden_bytes(pixels)
        if found is not None:
            return _decoded(found)
    except (OSError, ValueError, zlib.error) as error:
        cause = error
    raise WeightsError(
        f"{path.name} holds no embedding, or it was scaled or compressed: get the picture as it was saved."
    ) from cause


def hidden_bytes(pixels: "np.ndarray[Any, Any]") -> bytes | None:
    """The bytes in the low bits of ``[h, w, 3]`` pixels; None if there are no blocks. Raises `zlib.error`."""
    low = _without_frame(pixels) & 15
    black = np.flatnonzero(low.sum(axis=(0, 2)) == 0)
    if len(black) < 2:
        return None
    lower, upper = low[:, : black[0]], low[:, black[-1] + 1 :]
    if lower.shape != upper.shape or lower.size == 0:
        return None
    key = np.array(list(islice(_generated(), lower.size)), dtype=np.uint8).reshape(lower.shape) & 15
    mixed = ((upper ^ key) << 4) | (lower ^ key)
    return zlib.decompressobj().decompress(mixed.tobytes(), MOST_BYTES)  # what follows the stream is padding


def _decoded(text: bytes) -> Any:
    def tensor(entry: dict[str, Any]) -> Any:
        return torch.tensor(entry["TORCHTENSOR"]) if "TORCHTENSOR" in entry else entry

    return json.loads(text, object_hook=tensor)


def _without_frame(pixels: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Cut off the rows and columns at the edges that have no pixel with all colours above 0."""
    lit = np.asarray((pixels > 0).all(axis=2))
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if len(rows) == 0:
        return pixels
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _generated() -> Iterator[int]:
    """A linear congruential generator."""
    state = 0
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield state % 255
