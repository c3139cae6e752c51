"""Files that nodes save: a name that is nobody else's, and content that is there whole or not at all.

A name `cat_00001_.png` is taken by an empty file `.cat_00001_.png` beside it, which nobody lists. The content is
written there too, and becomes the file by being renamed.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from graph.files.safe_path import safe_parts

Area = Literal["input", "output", "temp"]


@dataclass(frozen=True, slots=True)
class SavePath:
    """A file that its owner may save; `filename`, `subfolder` and `type` are as `ui["images"]` wants them."""

    path: Path
    filename: str
    subfolder: str
    type: Area

    def write(self, content: bytes) -> None:
        """Save the file. Raises OSError, without leaving a part of it."""
        with self.writing() as path:
            path.write_bytes(content)

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """For what writes files by itself: it gets a path with the same ending, and when it is done that is the file.

        Raises OSError; nothing is left if anything is raised inside.
        """
        part = hidden(self.path)
        try:
            yield part
            if self.type == "output":
                _reach_the_disk(part)
            part.replace(self.path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def hidden(path: Path) -> Path:
    """Where the content of a file is written, and what takes its name before."""
    return path.with_name(f".{path.name}")


def take(place: SavePath) -> bool:
    """Take the name of a file; False if somebody else has it."""
    try:
        os.close(os.open(hidden(place.path), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        return False
    if place.path.exists():  # it was renamed a moment ago
        hidden(place.path).unlink(missing_ok=True)
        return False
    return True


def free_places(folder: Path, stem: str, extension: str, subfolder: str, area: Area) -> Iterator[SavePath]:
    """The files `STEM_00001_.EXTENSION` of a folder, from the one after the highest number on; none is taken yet."""
    counter = highest_counter(folder, stem)
    while True:
        counter += 1
        filename = f"{stem}_{counter:05}_.{extension.lstrip('.')}"
        safe_parts(f".{filename}")  # raises if it is too long
        yield SavePath(folder / filename, filename, subfolder, area)


def highest_counter(folder: Path, stem: str) -> int:
    """The highest number in the names `STEM_00001_.…` of a folder; 0 if there is none."""
    pattern = re.compile(r"\.?" + re.escape(stem) + r"_(\d+)_?(\.|$)", re.IGNORECASE)
    with os.scandir(folder) as entries:
        matches = (pattern.match(entry.name) for entry in entries)
        return max((int(match[1]) for match in matches if match), default=0)


def _reach_the_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
