"""What a template has produced on a server."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image


class Produced:
    """The outputs of a job of a document. Nodes are named by title, else by type; there must be one that is called so.

    `shown` has what each node showed, by id; `read` gives the contents of a file that is shown so.
    """

    def __init__(self, document: Mapping[str, Any], shown: Mapping[str, Any], read: Mapping[str, bytes]) -> None:
        self.document = document
        self._shown = shown
        self._read = read

    def pictures(self, node: str) -> list[np.ndarray]:
        """The pictures that a node has saved or shown: float arrays [H, W, 3] in 0..1."""
        opened = [Image.open(io.BytesIO(content)).convert("RGB") for content in self.files(node)]
        return [np.asarray(picture, np.float32) / 255 for picture in opened]

    def files(self, node: str) -> list[bytes]:
        """The contents of the files that a node has saved or shown."""
        return [self._read[address(item)] for item in self._items(node) if isinstance(item, dict)]

    def texts(self, node: str) -> list[str]:
        """The texts that a node has shown."""
        return [item for item in self._items(node) if isinstance(item, str)]

    def tables(self, node: str) -> list[dict[str, Any]]:
        """The tables that a node has shown, with `columns` and `rows`."""
        return [item for item in self._items(node) if isinstance(item, dict) and "columns" in item]

    def _items(self, node: str) -> list[Any]:
        shown = self._shown.get(self._id(node), {})
        return [item for items in shown.values() if isinstance(items, list) for item in items]

    def _id(self, name: str) -> str:
        for names in (("title",), ("type",)):
            found = [str(each["id"]) for each in self.document["nodes"] if any(each.get(key) == name for key in names)]
            if found:
                assert len(found) == 1, f"{len(found)} nodes are called {name!r}"
                return found[0]
        raise AssertionError(f"no node is called {name!r}")


def address(item: Mapping[str, Any]) -> str:
    """What a file that a node shows is called over HTTP."""
    return "/view?" + "&".join(f"{key}={item.get(key, '')}" for key in ("filename", "subfolder", "type"))


def share(picture: np.ndarray, colour: tuple[float, float, float], distance: float = 0.3) -> float:
    """How much of a picture is of a colour, or nearer to it than `distance` in RGB of 0..1."""
    return float((np.linalg.norm(picture - np.asarray(colour, np.float32), axis=-1) < distance).mean())


def tiles(sheet: np.ndarray, columns: int = 2, width: int = 160, margin: int = 6) -> list[np.ndarray]:
    """The square pictures of a contact sheet of two rows, without their captions."""
    row = (sheet.shape[0] - margin) // 2
    places = [(y * row + margin, x * (width + margin) + margin) for y in range(2) for x in range(columns)]
    return [sheet[top : top + width, left : left + width] for top, left in places]
