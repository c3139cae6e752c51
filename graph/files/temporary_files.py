"""Keeping the folder of temporary files small.

Previews lie there that results on disk and entries of the history show, so that the folder is not emptied at each
start: a graph that is queued again after a restart finds its previews, and has nothing to run.
"""

import contextlib
import os
import time
from pathlib import Path

MOST_BYTES = 1 << 30
MOST_SECONDS = 7 * 24 * 3600.0


def trim(folder: Path, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS) -> None:
    """Remove files that are older than `most_seconds`, then the oldest until the rest has at most `most_bytes`.

    Folders that are empty then go too. Links are not followed. What cannot be removed stays.
    """
    found: list[tuple[float, int, str]] = []
    for directory, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(directory, name)  # noqa: PTH118 - a hundred thousand of them cost seconds as Path
            with contextlib.suppress(OSError):
                status = os.lstat(path)
                found.append((status.st_mtime, status.st_size, path))
    oldest = time.time() - most_seconds
    kept = 0
    for changed, size, path in sorted(found, reverse=True):
        kept += size
        if changed < oldest or kept > most_bytes:
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108
    for directory, names, _ in os.walk(folder, topdown=False):
        for name in names:
            with contextlib.suppress(OSError):
                os.rmdir(os.path.join(directory, name))  # noqa: PTH106, PTH118 - fails where something is left
