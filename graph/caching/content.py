"""Hashes of the content of files, each computed once while the file stays as it is.

A file is known by path, size and time of change, in memory and in a small SQLite file that outlives the process: the
first use of a checkpoint reads it once, later ones do not. The database saves time, no more: where it cannot be opened,
read or written (a full disk, another process that holds it) the work goes on without.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3

CHUNK_BYTES = 8 << 20
# A file that changed this recently may change again without a new time of change, so its hash is not kept.
UNSETTLED_NS = 2_000_000_000

Stamp = tuple[int, int]


class ContentHashes:
    """Hashes files; `database` is created where it does not exist, and waited for at most `wait_seconds`."""

    def __init__(self, database: Path | None = None, wait_seconds: float = 1.0) -> None:
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._lock = threading.Lock()
        self._database = _open(database, wait_seconds) if database else None

    def hash(self, path: Path, check: Callable[[], None] = lambda: None) -> str:
        """The hash of a file's content, as hexadecimal digits. `check` is called now and then, and may raise.

        Raises OSError.
        """
        name = str(path.resolve())
        status = path.stat()
        stamp = (status.st_size, status.st_mtime_ns)
        with self._lock:
            digest = self._lookup(name, stamp)
        if digest is None:
            digest = _digest(path, check)
            if time.time_ns() - status.st_mtime_ns > UNSETTLED_NS:
                with self._lock:
                    self._keep(name, stamp, digest)
        return digest

    def _lookup(self, name: str, stamp: Stamp) -> str | None:
        known = self._known.get(name)
        if known is None and self._database:
            query = "SELECT size, changed, digest FROM content WHERE path = ?"
            with contextlib.suppress(sqlite3.Error):
                for size, changed, digest in self._database.execute(query, (name,)):
                    known = self._known[name] = ((size, changed), digest)
        return known[1] if known and known[0] == stamp else None

    def _keep(self, name: str, stamp: Stamp, digest: str) -> None:
        self._known[name] = (stamp, digest)
        if self._database:
            with contextlib.suppress(sqlite3.Error), self._database:
                self._database.execute("INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?)", (name, *stamp, digest))


def _open(path: Path, wait_seconds: float) -> sqlite3.Connection | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=wait_seconds, check_same_thread=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS content (path TEXT PRIMARY KEY, size INTEGER, changed INTEGER, digest TEXT)"
        )
    except (OSError, sqlite3.Error):
        return None
    return database


def _digest(path: Path, check: Callable[[], None]) -> str:
    hasher = blake3(max_threads=blake3.AUTO)
    buffer = bytearray(CHUNK_BYTES)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            hasher.update(view[:count])
            check()
    return hasher.hexdigest()
