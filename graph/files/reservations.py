"""Which files a job has reserved, remembered beyond a crash: run again, it writes the same ones and no further.

The server numbers its starts, and tells its workers the number with each job. What a worker of an earlier start would
reserve, because it has not noticed yet that its server is gone, is refused.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from graph.files.saving import Area, SavePath, hidden, take

SECONDS_TO_WAIT = 10.0  # for another process that reserves a file at this moment
SCHEMA = """
CREATE TABLE IF NOT EXISTS reserved (
    ticket INTEGER NOT NULL,
    node TEXT NOT NULL,
    place INTEGER NOT NULL,
    path TEXT NOT NULL UNIQUE,
    filename TEXT NOT NULL,
    subfolder TEXT NOT NULL,
    area TEXT NOT NULL,
    PRIMARY KEY (ticket, node, place)
);
"""

Key = tuple[int, str, int]
"""The job's ticket, the node, and how many files that node had reserved before."""
Name = tuple[str, str, Area]
"""A file name, its subfolder, and the folder that this is in."""


class OutdatedWorkerError(RuntimeError):
    """The server of this worker is gone, and another one has taken over."""


class Reservations:
    """The table of reserved files, in the file `path`, which is opened when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None

    def begin(self, unfinished: Collection[int]) -> int:
        """The server starts: forget all but the jobs with these tickets. Returns the number of this start.

        Raises sqlite3.Error, OSError.
        """
        try:
            return self._begin(unfinished)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged: without it, a job that was running may save a file twice
            self.close()
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
            return self._begin(unfinished)

    def _begin(self, unfinished: Collection[int]) -> int:
        with self._transaction() as database:
            tickets = {ticket for (ticket,) in database.execute("SELECT DISTINCT ticket FROM reserved")}
            start = _start(database) + 1
            database.execute(f"PRAGMA user_version = {start}")
        for ticket in tickets - set(unfinished):
            self.forget(ticket)
        return start

    def forget(self, ticket: int) -> None:
        """The job has ended. Names that it has reserved without saving a file are free again."""
        with self._lock:
            database = self._database()
            rows = database.execute("SELECT path FROM reserved WHERE ticket = ?", (ticket,)).fetchall()
            for (path,) in rows:
                hidden(Path(path)).unlink(missing_ok=True)
            if rows:
                database.execute("DELETE FROM reserved WHERE ticket = ?", (ticket,))

    def known(self, key: Key) -> Name | None:
        """The file that is reserved under a key."""
        query = "SELECT filename, subfolder, area FROM reserved WHERE ticket = ? AND node = ? AND place = ?"
        with self._lock:
            row = self._database().execute(query, key).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def put(self, key: Key, start: int, place: SavePath) -> bool:
        """Note a file under a key; False if it is noted under another one.

        Raises OutdatedWorkerError if `start` is not the last start of the server.
        """
        statement = (
            "INSERT INTO reserved VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ticket, node, place) DO UPDATE SET"
            " path = excluded.path, filename = excluded.filename, subfolder = excluded.subfolder, area = excluded.area"
        )
        with self._transaction() as database:
            if _start(database) != start:
                raise OutdatedWorkerError("Another server has taken over, whose worker runs this job.")
            try:
                database.execute(statement, (*key, str(place.path), place.filename, place.subfolder, place.type))
            except sqlite3.IntegrityError:
                return False
        return True

    def of(self, ticket: int, start: int) -> "JobFiles | None":
        """The files of one run of a job; None for a job without a ticket, which is not run again."""
        return JobFiles(self, ticket, start) if ticket else None

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _database(self) -> sqlite3.Connection:
        if self._opened is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            opened = sqlite3.connect(self._path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False)
            self._opened = opened
            # What is committed survives the process; only a power cut can take the last moments.
            opened.execute("PRAGMA synchronous = NORMAL")
            opened.execute("PRAGMA journal_mode = WAL")
            opened.executescript(SCHEMA)
        return self._opened

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            database = self._database()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")


def _start(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files of one run of a job. `ticket` is the job's own for ever, `start` is as `Reservations.begin` gave it."""

    table: Reservations
    ticket: int
    start: int
    _counts: Counter[str] = field(default_factory=Counter)

    def reserve(self, node: str, candidates: Iterator[SavePath], at: Callable[[str, str, Area], SavePath]) -> SavePath:
        """The file that a node saves next: the one of the job's earlier run, or the first candidate that is free.

        `at` makes the path of a name. Raises OutdatedWorkerError, OSError, sqlite3.Error.
        """
        key = (self.ticket, node, self._counts[node])
        self._counts[node] += 1
        earlier = self.table.known(key)
        for place in candidates:
            if earlier and earlier[0].endswith(place.path.suffix):
                place = at(*earlier)
                take(place)  # unless it exists already
                return place
            if earlier:  # it saves another kind of file this time
                hidden(at(*earlier).path).unlink(missing_ok=True)
            if self.table.put(key, self.start, place) and take(place):
                return place
        raise AssertionError("candidates never end")
