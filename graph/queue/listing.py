"""Lists of jobs and of the pictures they have made, a page at a time, without reading workflows or prompts.

A client that shows ten thousand jobs asks for those in sight. The cost of a page grows with its offset, and with the
filters with the jobs that they look at, but not with the size of the graphs.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from graph import events
from graph.queue.history import HistoryQuery, conditions
from graph.queue.table import WAITING_ORDER, JobTable, State, read_tags

Order = Literal["queue", "accepted", "ended", "duration"]
"""`queue` is the order in which jobs run."""
Area = Literal["output", "temp", "input"]

_ORDERS: dict[Order, str] = {
    "queue": WAITING_ORDER,
    "accepted": "accepted, seq",
    "ended": "finish_order",
    "duration": "finished - started, seq",
}
_outputs = msgspec.json.Decoder(dict[str, Any])
_events = msgspec.json.Decoder(list[events.Event])


class PictureRef(msgspec.Struct, frozen=True):
    """A picture that a job has made: a file of one of the folders."""

    filename: str
    subfolder: str = ""
    type: Area = "output"


class JobSummary(msgspec.Struct, frozen=True):
    """What a list says of a job; times are seconds since the epoch. `nodes` counts its nodes while it runs."""

    id: str
    state: State
    number: float
    priority: float
    client_id: str | None
    name: str
    tags: tuple[str, ...]
    accepted: float
    started: float | None
    finished: float | None
    pictures: tuple[PictureRef, ...]
    error: str | None
    nodes: int | None


class Page(NamedTuple):
    """Jobs, and how many there are in all."""

    jobs: list[JobSummary]
    total: int


class Result(msgspec.Struct, frozen=True):
    """A picture and its job."""

    picture: PictureRef
    job: str
    node: str
    name: str
    tags: tuple[str, ...]
    finished: float


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs are wanted: `states` (empty: all), what `history` says of those that have ended, a name, a tag."""

    states: tuple[State, ...] = ()
    history: HistoryQuery = HistoryQuery()
    name: str | None = None
    tag: str | None = None


def _where(wanted: JobFilter) -> tuple[list[str], list[Any]]:
    found, values = conditions(wanted.history)
    if wanted.states:
        # One state by itself lets SQLite use the index that has only those.
        marks = ", ".join("?" * len(wanted.states))
        found.append(f"state = '{wanted.states[0]}'" if len(wanted.states) == 1 else f"state IN ({marks})")
        values.extend(wanted.states if len(wanted.states) > 1 else ())
    if wanted.name is not None:
        found.append("name = ?")
        values.append(wanted.name)
    if wanted.tag is not None:
        found.append("EXISTS (SELECT 1 FROM json_each(jobs.tags) WHERE value = ?)")
        values.append(wanted.tag)
    return found or ["1"], values


def jobs(table: JobTable, wanted: JobFilter, order: Order, descending: bool, most: int, offset: int) -> Page:
    """A page of jobs."""
    found, values = _where(wanted)
    where = " AND ".join(found)
    by = ", ".join(f"{part} DESC" for part in _ORDERS[order].split(", ")) if descending else _ORDERS[order]
    rows = table.execute(
        "SELECT id, state, number, priority, client_id, name, tags, accepted, started, finished, outputs, events,"
        " CASE state WHEN 'running' THEN (SELECT count(*) FROM json_each(CAST(prompt AS TEXT))) END"
        f" FROM jobs WHERE {where} ORDER BY {by} LIMIT ? OFFSET ?",
        *(*values, most, offset),
    ).fetchall()
    (total,) = table.one(f"SELECT count(*) FROM jobs WHERE {where}", *values)
    return Page([_summary(row) for row in rows], total)


def _summary(row: Sequence[Any]) -> JobSummary:
    id, state, number, priority, client_id, name, tags, accepted, started, finished, outputs, happened, nodes = row
    return JobSummary(
        id=id,
        state=state,
        number=number,
        priority=priority,
        client_id=client_id,
        name=name,
        tags=read_tags(tags),
        accepted=accepted,
        started=started,
        finished=finished,
        pictures=tuple(_pictures(outputs)) if outputs else (),
        error=_error(happened) if state == "error" else None,
        nodes=nodes,
    )


def _pictures(outputs: bytes) -> Iterator[PictureRef]:
    """The pictures among what nodes show; those that were saved come first."""
    shown = [
        picture
        for output in _outputs.decode(outputs).values()
        if isinstance(output, dict) and isinstance(output.get("images"), list)
        for picture in output["images"]
    ]
    refs = [ref for ref in map(_reference, shown) if ref is not None]
    yield from sorted(refs, key=lambda ref: ref.type != "output")


def _reference(value: Any) -> PictureRef | None:
    try:
        return msgspec.convert(value, PictureRef)
    except msgspec.ValidationError:  # nodes of packs show what they like
        return None


def _error(happened: bytes | None) -> str | None:
    if not happened:
        return None
    return next((event.message for event in _events.decode(happened) if isinstance(event, events.Failed)), None)


_PICTURES = (
    "FROM jobs, json_each(CAST(jobs.outputs AS TEXT)) AS shown,"
    " json_each(CASE shown.type WHEN 'object' THEN shown.value ELSE '{}' END, '$.images') AS image"
    " WHERE finish_order IS NOT NULL AND CASE image.type WHEN 'object' THEN"
    " json_type(image.value, '$.filename') = 'text' AND json_extract(image.value, '$.type') = ? END"
)


def results(table: JobTable, wanted: JobFilter, area: Area, most: int, offset: int) -> tuple[list[Result], int]:
    """A page of the pictures of ended jobs, newest first, and how many there are in all."""
    found, values = _where(wanted)
    where = f"{_PICTURES} AND {' AND '.join(found)}"
    rows = table.execute(
        "SELECT image.value, jobs.id, shown.key, jobs.name, jobs.tags, jobs.finished"
        f" {where} ORDER BY finish_order DESC, shown.id, image.id LIMIT ? OFFSET ?",
        *(area, *values, most, offset),
    ).fetchall()
    (total,) = table.one(f"SELECT count(*) {where}", area, *values)
    return [
        Result(picture, job, node, name, read_tags(tags), finished)
        for shown, job, node, name, tags, finished in rows
        if (picture := _reference(msgspec.json.decode(shown))) is not None
    ], total


def names(table: JobTable) -> list[str]:
    """The names of the workflows that have run, the one used last first."""
    rows = table.execute(
        "SELECT name FROM jobs WHERE finish_order IS NOT NULL AND name != ''"
        " GROUP BY name ORDER BY max(finish_order) DESC LIMIT 200"
    )
    return [name for (name,) in rows]


def forget_picture(table: JobTable, job: str, picture: PictureRef) -> bool:
    """Take a picture out of what an ended job shows; whether it was there."""
    rows = table.execute("SELECT seq, outputs FROM jobs WHERE id = ? AND finish_order IS NOT NULL", job).fetchall()
    for seq, outputs in rows:
        shown = _outputs.decode(outputs or b"{}")
        changed = False
        for output in shown.values():
            if isinstance(output, dict) and isinstance(output.get("images"), list):
                left = [each for each in output["images"] if _reference(each) != picture]
                changed = changed or len(left) < len(output["images"])
                output["images"] = left
        if changed:
            table.execute("UPDATE jobs SET outputs = ? WHERE seq = ?", msgspec.json.encode(shown), seq)
            return True
    return False


def is_shown(table: JobTable, picture: PictureRef) -> bool:
    """Whether a job that has ended shows a picture."""
    (count,) = table.one(
        f"SELECT count(*) {_PICTURES} AND json_extract(image.value, '$.filename') = ?"
        " AND coalesce(json_extract(image.value, '$.subfolder'), '') = ?",
        *(picture.type, picture.filename, picture.subfolder),
    )
    return bool(count)
