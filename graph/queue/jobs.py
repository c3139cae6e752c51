"""The queue: jobs that wait and jobs that run, in the SQLite file of `graph.queue.table`.

A job that `accept` has returned is on disk. Of the jobs that wait, those of the highest priority come first, of these
the lowest `number`, then the one that came first. All methods block and belong on one thread; `graph.queue.dispatch`
gives them theirs.

A job that was running when the server ended without a word is queued again when the table is opened. It may have been
what brought the server down, so from the second time on it comes after all others, and not before the server has been
up for a while: long enough to see it and to delete it. After `MOST_CRASHES` times it is failed.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson

from graph import events
from graph.files.reservations import Reservations
from graph.queue.history import USUAL_LIMITS, HistoryLimits, make_older_searchable, make_searchable, prune
from graph.queue.table import COLUMNS, WAITING_ORDER, WAITING_ORDER_REVERSED, JobRecord, JobTable, State, record_of

MOST_CRASHES = 10
logger = logging.getLogger("jobs")


def patience_after(crashes: int) -> float:
    """Seconds for which the server must have been up before a job runs that has seen it crash so many times."""
    return 0.0 if crashes < 2 else 2.0 ** (crashes - 2)


class DuplicateJob(ValueError):
    """A job with this id is in the queue already."""


class NotPending(ValueError):
    """There is no pending job of this id."""


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to be queued. `prompt` and `extra_data` are JSON; `name` says which workflow it runs.

    Without a `number` it comes after those of its priority that are there, or with `front` ahead of them.
    """

    id: str
    prompt: bytes
    extra_data: bytes
    targets: Sequence[str]
    client_id: str | None = None
    priority: float = 0
    number: float | None = None
    front: bool = False
    name: str = ""
    tags: Sequence[str] = ()
    gives_way: bool = False
    """Whether it takes long, and lets others run meanwhile."""


class QueueStatus(NamedTuple):
    """How many jobs wait or run, and whether those that wait are left alone for now."""

    remaining: int
    paused: bool


class JobStore(JobTable):
    """The jobs in the file `path`; of those that have finished, as many are kept as `limits` says.

    Raises as `JobTable`.
    """

    def __init__(
        self, path: Path, limits: HistoryLimits = USUAL_LIMITS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(path)
        self._limits = limits
        self._clock = clock
        self._opened = clock()
        self._reserved = Reservations(path.parent / "cache" / "reserved.sqlite")
        (paused,) = self.one("SELECT paused FROM queue")
        (remaining,) = self.one("SELECT count(*) FROM jobs WHERE state IN ('running', 'pending')")
        self._status = QueueStatus(remaining, bool(paused))
        (self._finished,) = self.one("SELECT count(*) FROM jobs WHERE finish_order IS NOT NULL")
        self._requeue()
        unfinished = self.execute("SELECT seq FROM jobs WHERE state = 'pending'").fetchall()
        self.start = self._reserved.begin({seq for (seq,) in unfinished})
        """The number of this start of the server, for what workers reserve."""
        make_older_searchable(self)
        self.prune()

    def close(self) -> None:
        """Close the file."""
        self._reserved.close()
        super().close()

    def _requeue(self) -> None:
        for record in self.records("WHERE state = 'running'"):
            crashes = record.crashes + 1
            if crashes >= MOST_CRASHES:
                self.finish(record.id, "error", {}, [_given_up(crashes)])
                continue
            self.execute(
                "UPDATE jobs SET state = 'pending', started = NULL, crashes = ?, patience = ? WHERE seq = ?",
                *(crashes, patience_after(crashes), record.seq),
            )

    def accept(self, *jobs: NewJob) -> list[float]:
        """Queue jobs, all or none, and return their numbers; they are on disk then.

        Finished jobs of the same ids are forgotten. Raises DuplicateJob if one is queued or running.
        """
        numbers = []
        with self.transaction():
            replaced = sum(self._make_way(job.id) for job in jobs)
            for index, job in enumerate(jobs):
                numbers.append(self._insert(job, following=len(jobs) - 1 - index))
        self._count(len(jobs))
        self._finished -= replaced
        return numbers

    def _make_way(self, id: str) -> int:
        """Forget the finished job of an id; return how many that were. Raises DuplicateJob if it has not finished."""
        states = self.execute("SELECT state FROM jobs WHERE id = ?", id).fetchall()
        if states and states[0][0] in ("pending", "running"):
            raise DuplicateJob(f"a prompt with the id {id} is in the queue already")
        if states:
            self.execute("DELETE FROM jobs WHERE id = ?", id)
        return len(states)

    def _insert(self, job: NewJob, following: int) -> float:
        """Add a job of which `following` more are to come after it, even if all of them go to the front."""
        rank = 0.0 if job.number is None else self._last_rank(0, job.priority, job.number) + 1
        (seq,) = self.one(
            "INSERT INTO jobs"
            " (state, id, client_id, prompt, extra_data, targets, accepted,"
            " priority, number, rank, name, tags, gives_way)"
            " VALUES ('pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
            *(job.id, job.client_id, job.prompt, job.extra_data, orjson.dumps(list(job.targets)), time.time()),
            *(job.priority, job.number or 0, rank, job.name, orjson.dumps(list(job.tags)).decode(), job.gives_way),
        )
        if job.number is not None:
            return job.number
        number = float(-(seq + following) if job.front else seq)
        self.execute("UPDATE jobs SET number = ? WHERE seq = ?", number, seq)
        return number

    def _last_rank(self, patience: float, priority: float, number: float) -> float:
        """Of the pending jobs that have these in common, the rank of the last one."""
        (rank,) = self.one(
            "SELECT coalesce(max(rank), 0) FROM jobs"
            " WHERE state = 'pending' AND patience = ? AND priority = ? AND number = ?",
            *(patience, priority, number),
        )
        return float(rank)

    def claim(self, quick: bool = False) -> JobRecord | None:
        """Take the next pending job, which is running from now on; None if there is none, or the queue is paused.

        With `quick` the next of those that do not themselves give way to others.
        """
        if self._status.paused:
            return None
        rows = self.execute(
            "UPDATE jobs SET state = 'running', started = ? WHERE seq ="
            f" (SELECT seq FROM jobs WHERE state = 'pending' AND patience <= ? AND NOT (gives_way AND ?)"
            f" ORDER BY {WAITING_ORDER} LIMIT 1) RETURNING {COLUMNS}",
            *(time.time(), self._clock() - self._opened, quick),
        ).fetchall()
        return record_of(rows[0]) if rows else None

    def seconds_to_wait(self) -> float | None:
        """How long it is until `claim` would give one of the pending jobs; None if not by itself."""
        if self._status.paused:
            return None
        (patience,) = self.one("SELECT min(patience) FROM jobs WHERE state = 'pending'")
        return None if patience is None else max(0.0, patience - (self._clock() - self._opened))

    def release(self, id: str) -> None:
        """Put a running job back into the queue."""
        self.execute("UPDATE jobs SET state = 'pending', started = NULL WHERE id = ? AND state = 'running'", id)

    def finish(self, id: str, state: State, outputs: Mapping[str, Any], happened: Sequence[events.Event]) -> None:
        """Record how a job ended: what its nodes show, by node id, and the events that history keeps.

        What is recorded of a job stays as it is.
        """
        with self.transaction():
            (order,) = self.one("SELECT coalesce(max(finish_order), 0) + 1 FROM jobs WHERE finish_order IS NOT NULL")
            ended = self.execute(
                "UPDATE jobs SET state = ?, outputs = ?, events = ?, finished = ?, finish_order = ?"
                " WHERE id = ? AND finish_order IS NULL RETURNING seq",
                *(state, msgspec.json.encode(outputs), msgspec.json.encode(list(happened)), time.time(), order, id),
            ).fetchall()
            for (seq,) in ended:
                make_searchable(self, seq)
            forgotten = prune(self, self._limits, self._finished + len(ended))
        self._finished += len(ended) - forgotten
        self._count(-len(ended))
        self._forget_files([seq for (seq,) in ended])

    def status(self) -> QueueStatus:
        """How it is with the queue; this may be asked from any thread."""
        return self._status

    def _count(self, more: int) -> None:
        self._status = self._status._replace(remaining=self._status.remaining + more)

    def queue(self) -> tuple[list[JobRecord], list[JobRecord]]:
        """The running and the pending jobs, each in the order of the queue."""
        running = self.records(f"WHERE state = 'running' ORDER BY {WAITING_ORDER}")
        return running, self.records(f"WHERE state = 'pending' ORDER BY {WAITING_ORDER}")

    def unfinished(self, id: str) -> JobRecord | None:
        """The running or pending job of this id, or None."""
        return next(iter(self.records("WHERE id = ? AND state IN ('running', 'pending')", id)), None)

    def job(self, id: str) -> JobRecord | None:
        """The job of this id, whatever its state, or None."""
        return next(iter(self.records("WHERE id = ?", id)), None)

    def set_labels(self, id: str, name: str | None, tags: Sequence[str] | None) -> bool:
        """Change a job's name or its tags; None leaves them as they are. False if there is no such job."""
        with self.transaction():
            found = self.execute(
                "UPDATE jobs SET name = coalesce(?, name), tags = coalesce(?, tags) WHERE id = ?"
                " RETURNING seq, finish_order",
                *(name, None if tags is None else orjson.dumps(list(tags)).decode(), id),
            ).fetchall()
            for seq, ended in found:
                if ended is not None:
                    make_searchable(self, seq)
        return bool(found)

    def counts(self) -> tuple[int, int, int]:
        """How many jobs run, wait, and have ended."""
        (running,) = self.one("SELECT count(*) FROM jobs WHERE state = 'running'")
        return running, self._status.remaining - running, self._finished

    def set_paused(self, paused: bool) -> None:
        """Leave waiting jobs alone from now on, or no longer; what runs goes on. It outlasts a restart."""
        self.execute("UPDATE queue SET paused = ?", paused)
        self._status = self._status._replace(paused=paused)

    def set_priority(self, id: str, priority: float) -> None:
        """Change the priority of a pending job. Raises NotPending."""
        self._pending(id)
        self.execute("UPDATE jobs SET priority = ? WHERE id = ?", priority, id)

    def move(self, id: str, neighbour: str | None, after: bool) -> None:
        """Put a pending job right before or after another one, or without one before or after all.

        It takes that one's priority and number. Raises NotPending if one of the two is not waiting.
        """
        job = self._pending(id)
        if neighbour == id:
            return
        if neighbour is None:
            order = WAITING_ORDER_REVERSED if after else WAITING_ORDER
            # The last place is before those jobs that nobody dares to run.
            others = self.records(
                f"WHERE state = 'pending' AND seq != ? AND patience = 0 ORDER BY {order} LIMIT 1", job.seq
            )
            beside = others[0] if others else msgspec.structs.replace(job, patience=0.0)
        else:
            beside = self._pending(neighbour)
        with self.transaction():
            self._put_beside(job.seq, beside, after)

    def _put_beside(self, seq: int, beside: JobRecord, after: bool) -> None:
        self.execute(
            "UPDATE jobs SET patience = ?, priority = ?, number = ? WHERE seq = ?",
            *(beside.patience, beside.priority, beside.number, seq),
        )
        alike = self.execute(
            "SELECT seq FROM jobs WHERE state = 'pending' AND patience = ? AND priority = ? AND number = ? AND seq != ?"
            f" ORDER BY {WAITING_ORDER}",
            *(beside.patience, beside.priority, beside.number, seq),
        ).fetchall()
        places = [other for (other,) in alike]
        at = places.index(beside.seq) + after if beside.seq in places else 0
        for rank, other in enumerate([*places[:at], seq, *places[at:]]):
            self.execute("UPDATE jobs SET rank = ? WHERE seq = ?", rank, other)

    def _pending(self, id: str) -> JobRecord:
        for record in self.records("WHERE id = ? AND state = 'pending'", id):
            return record
        raise NotPending(f"There is no pending job '{id}' in the queue.")

    def delete_pending(self, ids: Sequence[str] | None = None) -> int:
        """Take these jobs, or all, out of the queue, running ones excepted; return how many that were."""
        deleted = self._delete("state = 'pending'", ids)
        self._count(-len(deleted))
        self._forget_files(deleted)
        return len(deleted)

    def _forget_files(self, ended: Sequence[int]) -> None:
        """Free the names that jobs have reserved and not used; if that fails, the next start does it."""
        try:
            for seq in ended:
                self._reserved.forget(seq)
        except (OSError, sqlite3.Error) as error:
            logger.warning("what jobs have reserved could not be forgotten: %s", error)

    def delete_finished(self, ids: Sequence[str] | None = None) -> int:
        """Forget these finished jobs, or all; return how many that were."""
        deleted = len(self._delete("finish_order IS NOT NULL", ids))
        self._finished -= deleted
        return deleted

    def _delete(self, condition: str, ids: Sequence[str] | None) -> list[int]:
        """Delete jobs and return their `seq`."""
        statement = f"DELETE FROM jobs WHERE {condition}"
        with self.transaction():
            if ids is None:
                rows = self.execute(f"{statement} RETURNING seq").fetchall()
            else:
                rows = [
                    row for id in ids for row in self.execute(f"{statement} AND id = ? RETURNING seq", id).fetchall()
                ]
        return [seq for (seq,) in rows]

    def prune(self, limits: HistoryLimits | None = None) -> None:
        """Forget what is beyond the limits, which are `limits` from now on if there are any."""
        self._limits = limits or self._limits
        with self.transaction():
            forgotten = prune(self, self._limits, self._finished)
        self._finished -= forgotten


def _given_up(crashes: int) -> events.Failed:
    message = f"The server ended {crashes} times while it ran this job, which is therefore not tried again."
    return events.Failed(
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
