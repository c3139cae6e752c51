"""The SQLite file that holds the queue and the history.

One process at a time has it open. A committed transaction is on disk. A file that an older version of the program has
written is brought up to date when it is opened.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec

from graph import events

EndState = Literal["success", "error", "interrupted"]
State = Literal["pending", "running"] | EndState

# Each step is run once in the life of a file; `user_version` counts how many it has had.
STEPS = (
    """
    CREATE TABLE IF NOT EXISTS jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        number REAL NOT NULL,
        state TEXT NOT NULL,
        client_id TEXT,
        prompt BLOB NOT NULL,
        extra_data BLOB NOT NULL,
        targets BLOB NOT NULL,
        outputs BLOB,
        events BLOB,
        attempts INTEGER NOT NULL DEFAULT 0,
        accepted REAL NOT NULL,
        started REAL,
        finished REAL,
        finish_order INTEGER
    );
    """,
    """
    DROP INDEX IF EXISTS jobs_by_state;
    DROP INDEX IF EXISTS jobs_by_finish;
    ALTER TABLE jobs ADD COLUMN priority REAL NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN rank REAL NOT NULL DEFAULT 0;
    ALTER TABLE jobs RENAME COLUMN attempts TO crashes;
    ALTER TABLE jobs ADD COLUMN patience REAL NOT NULL DEFAULT 0;
    UPDATE jobs SET crashes = 0;
    CREATE INDEX jobs_waiting ON jobs (patience, priority DESC, number, rank, seq) WHERE state = 'pending';
    CREATE INDEX jobs_running ON jobs (seq) WHERE state = 'running';
    CREATE INDEX jobs_by_finish ON jobs (finish_order, state, finished) WHERE finish_order IS NOT NULL;
    CREATE INDEX jobs_by_time ON jobs (finished) WHERE finish_order IS NOT NULL;
    CREATE TABLE job_words (
        seq INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
        words TEXT NOT NULL
    );
    CREATE TABLE queue (paused INTEGER NOT NULL);
    INSERT INTO queue VALUES (0);
    """,
    """
    ALTER TABLE jobs ADD COLUMN name TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
    """,
    """
    ALTER TABLE jobs ADD COLUMN gives_way INTEGER NOT NULL DEFAULT 0;
    """,
)
WAITING_ORDER = "patience, priority DESC, number, rank, seq"
"""The order in which pending jobs are taken; `jobs_waiting` has it."""
WAITING_ORDER_REVERSED = "patience DESC, priority, number DESC, rank DESC, seq DESC"

_events = msgspec.json.Decoder(list[events.Event])
_tags = msgspec.json.Decoder(tuple[str, ...])


class JobRecord(msgspec.Struct, frozen=True):
    """A row. `prompt`, `extra_data`, `targets` and `outputs` are JSON as stored; times are seconds since the epoch.

    `name` says which workflow it runs, `tags` are the user's. `seq` is given to one job only, ever. `crashes` counts
    how often the server ended while the job ran; after some of them the job waits until the server has been up for
    `patience` seconds. `gives_way` says that it takes long, and lets others run meanwhile.
    """

    seq: int
    id: str
    number: float
    state: State
    client_id: str | None
    prompt: bytes
    extra_data: bytes
    targets: bytes
    outputs: bytes
    events: tuple[events.Event, ...]
    accepted: float
    started: float | None
    finished: float | None
    priority: float = 0
    crashes: int = 0
    patience: float = 0
    name: str = ""
    tags: tuple[str, ...] = ()
    gives_way: bool = False


COLUMNS = ", ".join(f"jobs.{name}" for name in JobRecord.__struct_fields__)


def record_of(row: Sequence[Any]) -> JobRecord:
    """The record of a row with the columns `COLUMNS`."""
    values = dict(zip(JobRecord.__struct_fields__, row, strict=True))
    values["outputs"] = values["outputs"] or b"{}"
    values["events"] = tuple(_events.decode(values["events"])) if values["events"] else ()
    values["tags"] = read_tags(values["tags"])
    values["gives_way"] = bool(values["gives_way"])
    return JobRecord(**values)


def read_tags(text: str) -> tuple[str, ...]:
    """The tags of a row."""
    return _tags.decode(text)


class JobTable:
    """The open file.

    Raises sqlite3.OperationalError: "database is locked" if another process has it open, or if a newer version of the
    program has written it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")  # of two servers on one folder, the second must not start
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._bring_up_to_date()

    def _bring_up_to_date(self) -> None:
        (version,) = self.one("PRAGMA user_version")
        if version > len(STEPS):
            raise sqlite3.OperationalError("a newer version of the program has written it")
        for number, step in enumerate(STEPS[version:], version + 1):
            self._db.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is done inside, or nothing of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Run a statement."""
        return self._db.execute(statement, values)

    def one(self, statement: str, *values: Any) -> Any:
        """The first row of a query that has one."""
        return self._db.execute(statement, values).fetchall()[0]

    def records(self, rest: str, *values: Any) -> list[JobRecord]:
        """The records of `SELECT ... FROM jobs <rest>`."""
        return [record_of(row) for row in self.execute(f"SELECT {COLUMNS} FROM jobs {rest}", *values).fetchall()]
