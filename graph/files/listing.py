"""Names of the files in a folder, read from disk again only when one of its directories has changed."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

# A directory that changed this recently may change again without a new modification time (file systems count in steps
# of up to two seconds), so what was read from it is not kept.
UNSETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class _Reading:
    names: tuple[str, ...]
    directories: dict[str, int]
    settled: bool

    def holds(self) -> bool:
        try:
            return self.settled and all(
                Path(path).stat().st_mtime_ns == seen for path, seen in self.directories.items()
            )
        except OSError:
            return False


class Listing:
    """Remembers the readings of folders: `files` costs one `stat` for each directory while nothing changes."""

    def __init__(self) -> None:
        self._readings: dict[str, _Reading] = {}

    def files(self, folder: Path) -> tuple[str, ...]:
        """The files below `folder`, as sorted relative names with `/`; empty if there is no such folder.

        Hidden files and directories are left out. Links to directories are followed, each directory once.
        """
        key = str(folder)
        reading = self._readings.get(key)
        if reading is None or not reading.holds():
            reading = _read(key)
            self._readings[key] = reading
        return reading.names


def _read(folder: str) -> _Reading:
    names: list[str] = []
    directories: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    newest = 0
    pending = [(folder, "")]
    while pending:
        path, prefix = pending.pop()
        try:
            status = Path(path).stat()
            entries = list(os.scandir(path))
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        directories[path] = status.st_mtime_ns
        newest = max(newest, status.st_mtime_ns)
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                pending.append((entry.path, f"{prefix}{entry.name}/"))
            elif entry.is_file():
                names.append(prefix + entry.name)
    settled = bool(directories) and time.time_ns() - newest > UNSETTLED_NS
    return _Reading(tuple(sorted(names, key=lambda name: (name.lower(), name))), directories, settled)
