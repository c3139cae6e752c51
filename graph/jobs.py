"""The queue and the history: a SQLite table of jobs.

A job that `accept` has returned is on disk. The order of the queue is `number`, lowest first, then the order of
arrival. All methods block and belong on one thread; `graph.dispatch` gives them theirs.

A job that was running when the server died is queued again when the table is opened. If that has happened to it
`MAX_ATTEMPTS` times it is failed instead: it may well be what brings the server down.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
import orjson

from graph import events

State = Literal["pending", "running", "success", "error", "interrupted"]
MAX_ATTEMPTS = 3

SCHEMA = """
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
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, number, seq);
CREATE INDEX IF NOT EXISTS jobs_by_finish ON jobs (finish_order);
"""
_events = msgspec.json.Decoder(list[events.Event])


class DuplicateJob(ValueError):
    """A job with this id is in the queue already."""


class JobRecord(msgspec.Struct, frozen=True):
    """A row. `prompt`, `extra_data`, `targets` and `outputs` are JSON as stored; times are seconds since the epoch."""

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
    attempts: int


COLUMNS = ", ".join(JobRecord.__struct_fields__)


def _record(row: Sequence[Any]) -> JobRecord:
    values = dict(zip(JobRecord.__struct_fields__, row, strict=True))
    values["outputs"] = values["outputs"] or b"{}"
    values["events"] = tuple(_events.decode(values["events"])) if values["events"] else ()
    return JobRecord(**values)


class JobStore:
    """The table of jobs in the file `path`; at most `history_limit` finished ones are kept.

    Raises sqlite3.OperationalError ("database is locked") if another process has it open.
    """

    def __init__(self, path: Path, history_limit: int = 10_000) -> None:
        self._limit = history_limit
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")  # of two servers on one folder, the second must not start
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)
        self._requeue()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _requeue(self) -> None:
        message = f"The server stopped {MAX_ATTEMPTS} times while it ran this job, which is therefore not tried again."
        reason = events.Failed(
            node=None,
            node_type=None,
            exception_type="ServerStopped",
            message=message,
            traceback=[],
            executed=[],
            current_inputs={},
            time=int(time.time() * 1000),
            advice="Look at the server's log, then queue the prompt again.",
        )
        rows = self._db.execute("SELECT id FROM jobs WHERE state = 'running' AND attempts >= ?", (MAX_ATTEMPTS,))
        for (id,) in rows.fetchall():
            self.finish(id, "error", {}, [reason])
        self._db.execute("UPDATE jobs SET state = 'pending', started = NULL WHERE state = 'running'")

    def accept(
        self,
        id: str,
        prompt: bytes,
        extra_data: bytes,
        targets: Sequence[str],
        client_id: str | None = None,
        number: float | None = None,
        front: bool = False,
    ) -> float:
        """Queue a job and return its number; it is on disk then.

        `prompt` and `extra_data` are JSON. Without a `number` it comes after those before it, or with `front` ahead
        of them. A finished job of the same id is forgotten. Raises DuplicateJob if one is queued or running.
        """
        with self._transaction() as db:
            same = db.execute("SELECT state FROM jobs WHERE id = ?", (id,)).fetchone()
            if same and same[0] in ("pending", "running"):
                raise DuplicateJob(f"a prompt with the id {id} is in the queue already")
            db.execute("DELETE FROM jobs WHERE id = ?", (id,))
            cursor = db.execute(
                "INSERT INTO jobs (id, number, state, client_id, prompt, extra_data, targets, accepted)"
                " VALUES (?, 0, 'pending', ?, ?, ?, ?, ?)",
                (id, client_id, prompt, extra_data, orjson.dumps(list(targets)), time.time()),
            )
            seq = cursor.lastrowid
            assert seq is not None
            if number is None:
                number = float(-seq if front else seq)
            db.execute("UPDATE jobs SET number = ? WHERE seq = ?", (number, seq))
        return number

    def claim(self) -> JobRecord | None:
        """Take the next pending job, which is running from now on; None if there is none."""
        row = self._db.execute(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, started = ? WHERE seq ="
            " (SELECT seq FROM jobs WHERE state = 'pending' ORDER BY number, seq LIMIT 1)"
            f" RETURNING {COLUMNS}",
            (time.time(),),
        ).fetchall()
        return _record(row[0]) if row else None

    def release(self, id: str, tried: bool = False) -> None:
        """Put a running job back into the queue; unless it was `tried`, the attempt does not count."""
        self._db.execute(
            "UPDATE jobs SET state = 'pending', started = NULL, attempts = attempts - ?"
            " WHERE id = ? AND state = 'running'",
            (0 if tried else 1, id),
        )

    def finish(self, id: str, state: State, outputs: Mapping[str, Any], happened: Sequence[events.Event]) -> None:
        """Record how a job ended: what its nodes show, by node id, and the events that history keeps."""
        with self._transaction() as db:
            (order,) = db.execute("SELECT coalesce(max(finish_order), 0) + 1 FROM jobs").fetchone()
            db.execute(
                "UPDATE jobs SET state = ?, outputs = ?, events = ?, finished = ?, finish_order = ? WHERE id = ?",
                (state, msgspec.json.encode(outputs), msgspec.json.encode(list(happened)), time.time(), order, id),
            )
            db.execute(
                "DELETE FROM jobs WHERE finish_order <="
                " (SELECT finish_order FROM jobs WHERE finish_order IS NOT NULL"
                " ORDER BY finish_order DESC LIMIT 1 OFFSET ?)",
                (self._limit,),
            )

    def queue(self) -> tuple[list[JobRecord], list[JobRecord]]:
        """The running and the pending jobs, each in the order of the queue."""
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM jobs WHERE state IN ('running', 'pending') ORDER BY number, seq"
        ).fetchall()
        records = [_record(row) for row in rows]
        return [r for r in records if r.state == "running"], [r for r in records if r.state == "pending"]

    def remaining(self) -> int:
        """How many jobs are pending or running."""
        return int(self._db.execute("SELECT count(*) FROM jobs WHERE state IN ('running', 'pending')").fetchone()[0])

    def delete_pending(self, ids: Sequence[str] | None = None) -> int:
        """Take these jobs, or all, out of the queue, running ones excepted; return how many that were."""
        return self._delete("state = 'pending'", ids)

    def delete_finished(self, ids: Sequence[str] | None = None) -> int:
        """Forget these finished jobs, or all; return how many that were."""
        return self._delete("finish_order IS NOT NULL", ids)

    def _delete(self, condition: str, ids: Sequence[str] | None) -> int:
        with self._transaction() as db:
            if ids is None:
                return db.execute(f"DELETE FROM jobs WHERE {condition}").rowcount
            return sum(db.execute(f"DELETE FROM jobs WHERE {condition} AND id = ?", (id,)).rowcount for id in ids)

    def history(self, max_items: int | None = None, offset: int | None = None) -> list[JobRecord]:
        """Finished jobs, oldest first.

        `offset` counts from the oldest; `max_items` without it gives the newest ones, as ComfyUI does.
        """
        where = f"SELECT {COLUMNS} FROM jobs WHERE finish_order IS NOT NULL ORDER BY finish_order"
        if offset is None and max_items is not None:
            rows = self._db.execute(f"{where} DESC LIMIT ?", (max_items,)).fetchall()[::-1]
        else:
            limit = -1 if max_items is None else max_items
            rows = self._db.execute(f"{where} LIMIT ? OFFSET ?", (limit, offset or 0)).fetchall()
        return [_record(row) for row in rows]

    def finished(self, id: str) -> JobRecord | None:
        """The finished job of this id, or None."""
        row = self._db.execute(
            f"SELECT {COLUMNS} FROM jobs WHERE id = ? AND finish_order IS NOT NULL", (id,)
        ).fetchone()
        return _record(row) if row else None
