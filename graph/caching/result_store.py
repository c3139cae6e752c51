"""Results in a folder: a SQLite index, which holds the small ones, and a file for each large one.

    results/index.sqlite    key, size, worth, priority, and the content if it is small
    results/large/ab/abcd…  the content of a large one, in a file that is named for its key

Nobody ever sees half of a result. A file is written under another name and renamed; what a crash leaves is removed at
the next start, and lengths and digests are checked on reading: what is damaged, cut off, of another version or of
another key is removed, and is not there. That also makes it needless to wait for the disk. Several processes may use a
folder at the same time: a key stands for one content, so that it is all the same who wrote it.

Evicted is what costs least to make again per byte and was not used for long, by the algorithm of `graph.caching.cache`.
All methods block.
"""

import contextlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import psutil
from blake3 import blake3

from graph.caching.key_filter import KeyFilter
from graph.caching.stored_form import DamagedError, Frozen, load

SMALL_BYTES = 64 << 10
"""Up to this size a result is a row of the index: many small files cost more than they hold."""
ROW_BYTES = 400
"""What a result takes beside its content."""
VERSION = 1
WAIT_SECONDS = 5.0
LOOK_SECONDS = 1.0
"""How often it looks what other processes have stored."""
LEFTOVER_SECONDS = 3600.0
PART = ".part"

SCHEMA = (
    """CREATE TABLE results (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        worth REAL NOT NULL,
        priority REAL NOT NULL,
        content BLOB
    )""",
    "CREATE INDEX results_by_priority ON results (priority)",
    "CREATE TABLE state (entries INTEGER NOT NULL, bytes INTEGER NOT NULL, age REAL NOT NULL)",
    "INSERT INTO state VALUES (0, 0, 0.0)",
    """CREATE TRIGGER added AFTER INSERT ON results BEGIN
        UPDATE state SET entries = entries + 1, bytes = bytes + new.size;
    END""",
    """CREATE TRIGGER changed AFTER UPDATE OF size ON results BEGIN
        UPDATE state SET bytes = bytes + new.size - old.size;
    END""",
    """CREATE TRIGGER removed AFTER DELETE ON results BEGIN
        UPDATE state SET entries = entries - 1, bytes = bytes - old.size;
    END""",
    f"PRAGMA user_version = {VERSION}",
)
PUT = """
INSERT INTO results (key, size, worth, priority, content) VALUES (:key, :size, :worth, :age + :worth, :content)
ON CONFLICT (key) DO UPDATE SET
    size = excluded.size, worth = excluded.worth, priority = excluded.priority, content = excluded.content
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A result that is to be stored, and the seconds that it took to make."""

    key: str
    content: Frozen
    seconds: float

    @property
    def size(self) -> int:
        """What it takes in the folder."""
        return self.content.size + ROW_BYTES


class ResultStore:
    """The results in `folder`, which is created, within a budget of bytes. Raises OSError, sqlite3.Error."""

    def __init__(self, folder: Path, budget: int) -> None:
        self.budget = budget
        self._index = folder / "index.sqlite"
        self._large = folder / "large"
        self._large.mkdir(parents=True, exist_ok=True)
        self._writer = self._connect()
        self._reader = self._connect()
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._known = KeyFilter()
        self._newest = -1
        self._look_again = 0.0

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._index, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded only while there is no table yet
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            if _version(database) != VERSION:
                with _transaction(database):
                    _create(database)
        except BaseException:
            database.close()
            raise
        return database

    def read(self, key: str) -> Any:
        """The value that is stored under a key, or None. What another process has stored is found within a second."""
        with self._reading:
            if not self._may_have(key):
                return None
            row = self._reader.execute("SELECT content FROM results WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        try:
            with BytesIO(row[0]) if row[0] is not None else self._file(key).open("rb") as file:
                return load(file, key)
        except (DamagedError, OSError):
            self.remove([key])
            return None

    def write(self, entries: Sequence[Entry], used: Iterable[str] = ()) -> None:
        """Store results, in one transaction; those under the keys `used` have been of use. What is too much goes."""
        with self._writing:
            rows = [self._row(entry) for entry in entries if entry.size <= self.budget]
            with _transaction(self._writer) as database:
                (age,) = database.execute("SELECT age FROM state").fetchone()
                database.executemany(PUT, [{**row, "age": age} for row in rows])
                database.executemany(
                    "UPDATE results SET priority = ? + worth WHERE key = ?", [(age, key) for key in used]
                )
                evicted = self._evict(database)
            with self._reading:
                for entry in entries:
                    self._known.add(entry.key)
            if evicted:
                self._unlink(evicted)
                self._shrink()

    def remove(self, keys: Iterable[str]) -> None:
        """Forget what is stored under some keys."""
        keys = list(keys)
        with self._writing, _transaction(self._writer) as database:
            database.executemany("DELETE FROM results WHERE key = ?", [(key,) for key in keys])
        self._unlink(keys)

    def clear(self) -> None:
        """Forget everything."""
        with self._writing:
            with _transaction(self._writer) as database:
                large = [key for (key,) in database.execute("SELECT key FROM results WHERE content IS NULL")]
                database.execute("DELETE FROM results")
            self._unlink(large)
            self._shrink()

    def totals(self) -> tuple[int, int]:
        """How many results there are, and the bytes that they take."""
        with self._reading:
            entries, size = self._reader.execute("SELECT entries, bytes FROM state").fetchone()
        return entries, size

    def sweep(self) -> None:
        """Remove what crashes have left: parts of files, files that are in no row, rows whose file is gone."""
        with self._reading:
            rows = self._reader.execute("SELECT key FROM results WHERE content IS NULL").fetchall()
        keys = {_name(key): key for (key,) in rows}
        for file in _files(self._large):
            if keys.pop(file.name, None) is None and _abandoned(file):
                with contextlib.suppress(OSError):
                    file.unlink()
        self.remove(keys.values())

    def close(self) -> None:
        """Close the files."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    def _may_have(self, key: str) -> bool:
        """Whether it is worth asking the index, which costs as much as running a trivial node."""
        if key not in self._known and (now := time.monotonic()) >= self._look_again:
            query = "SELECT id, key FROM results" + (" WHERE id > ?" if self._newest >= 0 else "")
            for id, new in self._reader.execute(query, (self._newest,) if self._newest >= 0 else ()):
                self._known.add(new)
                self._newest = max(self._newest, id)
            self._look_again = now + LOOK_SECONDS
        return key in self._known

    def _row(self, entry: Entry) -> dict[str, Any]:
        """The columns of a result, whose file has been written if it is large."""
        key, chunks = entry.key, entry.content.chunks(entry.key)
        row = {"key": key, "size": entry.size, "worth": entry.seconds / entry.size}
        if entry.content.size <= SMALL_BYTES:
            return {**row, "content": b"".join(chunks)}
        path = self._file(key)
        path.parent.mkdir(exist_ok=True)
        part = path.with_name(f"{os.getpid()}-{secrets.token_hex(8)}{PART}")
        try:
            with part.open("xb") as file:
                file.writelines(chunks)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return {**row, "content": None}

    def _evict(self, database: sqlite3.Connection) -> list[str]:
        """Delete the rows of lowest priority until the rest is within the budget; return their keys."""
        evicted: list[str] = []
        (excess,) = database.execute("SELECT bytes - ? FROM state", (self.budget,)).fetchone()
        while excess > 0:
            query = "SELECT id, key, size, priority FROM results ORDER BY priority, id LIMIT 64"
            lowest = database.execute(query).fetchall()
            if not lowest:
                break
            for id, key, size, priority in lowest:
                database.execute("DELETE FROM results WHERE id = ?", (id,))
                database.execute("UPDATE state SET age = max(age, ?)", (priority,))
                evicted.append(key)
                excess -= size
                if excess <= 0:
                    break
        return evicted

    def _shrink(self) -> None:
        """Give back the pages of the index that are no longer used, unless another process is in the way."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._writer.executescript("PRAGMA incremental_vacuum")  # `execute` would stop after the first page

    def _file(self, key: str) -> Path:
        name = _name(key)
        return self._large / name[:2] / name

    def _unlink(self, keys: Iterable[str]) -> None:
        for key in keys:
            with contextlib.suppress(OSError):  # somebody reads it, on a system where that matters: a sweep will do it
                self._file(key).unlink(missing_ok=True)


def remove_index(folder: Path) -> None:
    """Remove the index of a folder, which is damaged; the next start makes a new one, and sweeps."""
    for name in ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm"):
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk has ended it already
            database.execute("ROLLBACK")
        raise


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _create(database: sqlite3.Connection) -> None:
    """Make the tables anew, unless another process has just done it."""
    if _version(database) != VERSION:
        for table in ("results", "state"):
            database.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in SCHEMA:
            database.execute(statement)


def _name(key: str) -> str:
    """The name of a key's file; keys are anything, names are not."""
    return blake3(key.encode()).hexdigest()[:40]


def _files(folder: Path) -> Iterator[Path]:
    for subfolder in folder.iterdir():
        if subfolder.is_dir():
            yield from subfolder.iterdir()


def _abandoned(file: Path) -> bool:
    """Whether nobody is about to finish a file: its process is gone, or has had time enough."""
    try:
        if time.time() - file.stat().st_mtime > LEFTOVER_SECONDS:
            return True
    except OSError:
        return False
    process = file.name.partition("-")[0]
    return file.name.endswith(PART) and process.isdecimal() and not psutil.pid_exists(int(process))
