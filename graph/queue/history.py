"""The history: finished jobs, searched and forgotten.

What a search looks at is kept in a table of its own, so that a search reads a few hundred bytes of each job and not its
whole prompt. The cost is linear in the number of jobs, and ends with the last one that is wanted.
"""

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from graph.queue.table import EndState, JobRecord, JobTable, read_tags

SECONDS_A_DAY = 86_400
MOST_CHARACTERS = 10_000
"""Of one text in a prompt, as much can be found."""


class HistoryLimits(msgspec.Struct, frozen=True):
    """How much is kept: at most `size` jobs, none that ended more than `days` ago (None: however old)."""

    size: int = 10_000
    days: float | None = None


USUAL_LIMITS = HistoryLimits()


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which finished jobs are wanted.

    `words` must all occur, whatever their case, in the job's id, name and tags, its node types and titles, or the texts
    in its nodes. It ended not before `since` and before `until`, seconds since the epoch. `offset` counts from the
    oldest that fits; `most` without it gives the newest ones, as ComfyUI does.
    """

    words: tuple[str, ...] = ()
    state: EndState | None = None
    since: float | None = None
    until: float | None = None
    most: int | None = None
    offset: int | None = None


EVERYTHING = HistoryQuery()


def history(table: JobTable, query: HistoryQuery = EVERYTHING) -> list[JobRecord]:
    """The finished jobs that fit, oldest first."""
    found, values = conditions(query)
    where = f"WHERE {' AND '.join(['finish_order IS NOT NULL', *found])} ORDER BY finish_order"
    if query.offset is None and query.most is not None:
        return table.records(f"{where} DESC LIMIT ?", *values, query.most)[::-1]
    return table.records(
        f"{where} LIMIT ? OFFSET ?", *values, -1 if query.most is None else query.most, query.offset or 0
    )


def conditions(query: HistoryQuery) -> tuple[list[str], list[Any]]:
    """What a query asks of each ended job, as SQL, with the values for its placeholders."""
    found, values = list[str](), list[Any]()
    for condition, value in {
        "state = ?": query.state,
        "finished >= ?": query.since,
        "finished < ?": query.until,
    }.items():
        if value is not None:
            found.append(condition)
            values.append(value)
    for word in query.words:
        found.append("instr((SELECT words FROM job_words WHERE job_words.seq = jobs.seq), ?)")
        values.append(word.casefold())
    return found, values


def finished(table: JobTable, id: str) -> JobRecord | None:
    """The finished job of this id, or None."""
    return next(iter(table.records("WHERE id = ? AND finish_order IS NOT NULL", id)), None)


def prune(table: JobTable, limits: HistoryLimits, kept: int) -> int:
    """Forget what is beyond the limits, if there are `kept` finished jobs; how many that were. Within a transaction."""
    deleted = 0
    if limits.days is not None:
        oldest = time.time() - limits.days * SECONDS_A_DAY
        deleted = table.execute("DELETE FROM jobs WHERE finish_order IS NOT NULL AND finished < ?", oldest).rowcount
    surplus = kept - deleted - limits.size
    if surplus > 0:
        oldest_jobs = "SELECT seq FROM jobs WHERE finish_order IS NOT NULL ORDER BY finish_order LIMIT ?"
        deleted += table.execute(f"DELETE FROM jobs WHERE seq IN ({oldest_jobs})", surplus).rowcount
    return deleted


def make_searchable(table: JobTable, seq: int) -> None:
    """Let searches find a job that has finished. Within a transaction."""
    id, name, tags, prompt = table.one("SELECT id, name, tags, prompt FROM jobs WHERE seq = ?", seq)
    labels = "\n".join((name, *read_tags(tags))).casefold()
    table.execute("INSERT OR REPLACE INTO job_words VALUES (?, ?)", seq, f"{labels}\n{searched_text(id, prompt)}")


def make_older_searchable(table: JobTable) -> None:
    """Let searches find what has finished under an older version of the program."""
    missing = "finish_order IS NOT NULL AND seq NOT IN (SELECT seq FROM job_words)"
    rows = table.execute(f"SELECT seq FROM jobs WHERE {missing}").fetchall()
    if rows:
        with table.transaction():
            for (seq,) in rows:
                make_searchable(table, seq)


def searched_text(id: str, prompt: bytes) -> str:
    """What a search for a word looks at, in lower case: each text of the prompt once, on a line of its own."""
    return f"{id.casefold()}\n{_text(prompt)}"


@lru_cache(maxsize=4)  # large graphs are queued again and again
def _text(prompt: bytes) -> str:
    texts = dict.fromkeys(_texts(orjson.loads(prompt)))
    return "\n".join(text[:MOST_CHARACTERS] for text in texts).casefold()


def _texts(prompt: Any) -> Iterator[str]:
    for node in prompt.values():
        meta = node.get("_meta")
        title = meta.get("title") if isinstance(meta, dict) else None
        for value in (node["class_type"], title, *node["inputs"].values()):
            if isinstance(value, str):
                yield value
            elif isinstance(value, dict) and isinstance(value.get("__value__"), list):
                yield from (item for item in value["__value__"] if isinstance(item, str))
