"""What has run: `/history`."""

import math
from datetime import datetime
from typing import cast, get_args

from aiohttp import web

from api.errors import ApiError
from api.frames import history_entry
from api.json_body import answer, read_object
from api.queue import job_ids
from api.services import services
from graph.queue.history import HistoryQuery, finished, history
from graph.queue.jobs import JobStore
from graph.queue.table import EndState

routes = web.RouteTableDef()


@routes.get("/history")
async def list_history(request: web.Request) -> web.Response:
    """Finished jobs, oldest first."""
    records = await services(request).dispatcher.store(history, _query(request))
    return answer({record.id: history_entry(record) for record in records})


def _query(request: web.Request) -> HistoryQuery:
    """Which jobs a request wants. Raises ApiError (400)."""
    status = request.query.get("status") or None
    if status not in (None, *get_args(EndState)):
        raise ApiError(400, "invalid_request", f"'status' must be one of {', '.join(get_args(EndState))}.")
    return HistoryQuery(
        words=tuple(request.query.get("search", "").split()),
        state=cast(EndState | None, status),
        since=moment(request, "since"),
        until=moment(request, "until"),
        most=count(request, "max_items"),
        offset=count(request, "offset"),
    )


def count(request: web.Request, name: str) -> int | None:
    """A count in the query of a request; None is no limit. Raises ApiError (400)."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        found = int(text)
    except ValueError:
        raise ApiError(400, "invalid_request", f"'{name}' must be a whole number, not '{text}'.") from None
    # Other programs send -1 for "no limit".
    return min(found, 1 << 40) if found >= 0 else None


def moment(request: web.Request, name: str) -> float | None:
    """Seconds since the epoch, which may have been given as a date and a time."""
    text = request.query.get(name)
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds(text)
    if not math.isfinite(seconds):
        message = f"'{name}' must be seconds since 1970, or a time like 2026-03-01T18:30, not '{text}'."
        raise ApiError(400, "invalid_request", message)
    return seconds


def _seconds(text: str) -> float:
    """The moment of a date in ISO 8601, by the server's clock unless it names a time zone; NaN for anything else."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return math.nan


@routes.get("/history/{prompt_id}")
async def one_job(request: web.Request) -> web.Response:
    """One finished job; an empty object if there is none of that id."""
    record = await services(request).dispatcher.store(finished, request.match_info["prompt_id"])
    return answer({record.id: history_entry(record)} if record else {})


@routes.post("/history")
async def change_history(request: web.Request) -> web.Response:
    """Forget finished jobs."""
    dispatcher = services(request).dispatcher
    body = await read_object(request)
    if body.get("clear"):
        await dispatcher.store(JobStore.delete_finished)
    await dispatcher.store(JobStore.delete_finished, job_ids(body))
    return web.Response()
