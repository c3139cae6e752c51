"""Jobs in any state, as short entries that a list can show: `/jobs`; their names and tags; running one again."""

import time
import uuid
from typing import Any, cast, get_args

import orjson
from aiohttp import web

from api.errors import ApiError
from api.frames import frame_of, history_entry, plain_number, queue_item
from api.history import count, moment
from api.job_fields import tags, text
from api.json_body import answer, compact, read_object
from api.prompts import check_with_new_seeds
from api.services import Services, services
from graph.queue import listing
from graph.queue.history import HistoryQuery
from graph.queue.jobs import DuplicateJob, JobStore, NewJob
from graph.queue.table import JobRecord, State

STATUS: dict[State, str] = {
    "pending": "pending",
    "running": "in_progress",
    "success": "completed",
    "error": "failed",
    "interrupted": "cancelled",
}
"""States as ComfyUI's `/api/jobs` calls them."""
STATES = {status: state for state, status in STATUS.items()}
MOST = 1000

routes = web.RouteTableDef()


@routes.get("/jobs")
async def list_jobs(request: web.Request) -> web.Response:
    """A page of jobs, with how many there are and how it is with the queue."""
    service = services(request)
    wanted, order = job_filter(request), _order(request)
    most, offset = page(request)
    descending = request.query.get("sort_order", "asc" if order == "queue" else "desc") == "desc"
    found = await service.dispatcher.store(listing.jobs, wanted, order, descending, most, offset)
    running, waiting, ended = await service.dispatcher.store(JobStore.counts)
    return answer(
        {
            "jobs": [_entry(job) for job in found.jobs],
            "pagination": pagination(most, offset, len(found.jobs), found.total),
            "counts": {"in_progress": running, "pending": waiting, "ended": ended},
            "paused": service.dispatcher.paused(),
            "now": _milliseconds(time.time()),
        }
    )


def page(request: web.Request) -> tuple[int, int]:
    """How many entries a request wants, and how many come before them. Raises ApiError (400)."""
    most = count(request, "limit")
    return min(MOST if most is None else most, MOST), count(request, "offset") or 0


def pagination(most: int, offset: int, shown: int, total: int) -> dict[str, Any]:
    """What an answer says of the whole that it is a page of."""
    return {"offset": offset, "limit": most, "total": total, "has_more": offset + shown < total}


def job_filter(request: web.Request) -> listing.JobFilter:
    """Which jobs a request wants. Raises ApiError (400)."""
    query = request.query
    statuses = [status for status in query.get("status", "").split(",") if status]
    if unknown := next((status for status in statuses if status not in STATES), None):
        message = f"There is no status '{unknown}'; there are {', '.join(STATES)}."
        raise ApiError(400, "invalid_request", message)
    return listing.JobFilter(
        states=tuple(STATES[status] for status in statuses),
        history=HistoryQuery(
            words=tuple(query.get("search", "").split()),
            since=moment(request, "since"),
            until=moment(request, "until"),
        ),
        name=query.get("name"),
        tag=query.get("tag"),
    )


def _order(request: web.Request) -> listing.Order:
    wanted = request.query.get("sort_by", "created_at")
    found = {"created_at": "accepted", "execution_duration": "duration"}.get(wanted, wanted)
    if found not in get_args(listing.Order):
        message = "'sort_by' must be created_at, execution_duration, queue or ended."
        raise ApiError(400, "invalid_request", message)
    return cast(listing.Order, found)


def _entry(job: listing.JobSummary) -> dict[str, Any]:
    return {
        **_times(job),
        "name": job.name,
        "tags": list(job.tags),
        "client_id": job.client_id,
        "number": plain_number(job.number),
        "outputs_count": len(job.pictures),
        "preview_output": picture_fields(job.pictures[0]) if job.pictures else None,
        "pictures": [picture_fields(picture) for picture in job.pictures],
        "execution_error": job.error,
        "nodes": job.nodes,
    }


def _times(job: listing.JobSummary | JobRecord) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": STATUS[job.state],
        "priority": plain_number(job.priority),
        "create_time": _milliseconds(job.accepted),
        "execution_start_time": _milliseconds(job.started),
        "execution_end_time": _milliseconds(job.finished),
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def picture_fields(picture: listing.PictureRef) -> dict[str, str]:
    """A picture as answers name it."""
    return {"filename": picture.filename, "subfolder": picture.subfolder, "type": picture.type}


@routes.get("/jobs/{id}")
async def one_job(request: web.Request) -> web.Response:
    """All that is known of a job: of one that runs, what its nodes have done and shown so far."""
    service, record = services(request), await _job(request)
    running = service.dispatcher.running.get(record.id)
    ended = history_entry(record)
    shown: dict[str, Any] = {"outputs": ended["outputs"], "meta": ended["meta"], "nodes": {}}
    if running is not None:
        shown = {"outputs": running.outputs, "meta": {}, "nodes": service.hub.states(record.id)}
        now = (frame_of(each, record.id, running.places) for each in running.shown.values())
        shown["showing"] = [frame[1] for frame in now if frame is not None]
    item = queue_item(record)
    return answer(
        {
            **_times(record),
            "name": record.name,
            "tags": list(record.tags),
            "client_id": record.client_id,
            **shown,
            "messages": ended["status"]["messages"] if record.finished is not None else [],
            "workflow": {"prompt": item[2], "extra_data": item[3], "targets": item[4]},
            "now": _milliseconds(time.time()),
        }
    )


async def _job(request: web.Request) -> JobRecord:
    id = request.match_info["id"]
    record = await services(request).dispatcher.store(JobStore.job, id)
    if record is None:
        raise ApiError(404, "not_found", f"There is no job '{id}'.")
    return record


@routes.post("/jobs/{id}/orders")
async def order(request: web.Request) -> web.Response:
    """Tell a node of a running job something that it listens to, such as to pause; without `node` the one that does."""
    service, id, body = services(request), request.match_info["id"], await read_object(request)
    wanted, node = text(body, "order"), text(body, "node")
    if not wanted:
        raise ApiError(400, "invalid_request", "Say what the node is told: 'order'.")
    running = service.dispatcher.running.get(id)
    if running is None:
        raise ApiError(404, "not_found", f"There is no running job '{id}'.")
    listening = [each for each, shown in running.shown.items() if wanted in shown.orders and node in (None, each)]
    if not listening:
        offered = sorted({order for shown in running.shown.values() for order in shown.orders})
        message = f"No node takes the order '{wanted}' now; there are: {', '.join(offered) or 'none'}."
        raise ApiError(409, "not_offered", message)
    service.dispatcher.order(id, listening[0], wanted)
    return web.Response(status=202)


@routes.patch("/jobs/{id}")
async def label_job(request: web.Request) -> web.Response:
    """Give a job another name or other tags."""
    service, id, body = services(request), request.match_info["id"], await read_object(request)
    name = (text(body, "name") or "") if "name" in body else None
    if not await service.dispatcher.store(JobStore.set_labels, id, name, tags(body)):
        raise ApiError(404, "not_found", f"There is no job '{id}'.")
    service.dispatcher.changed()
    return web.Response(status=204)


@routes.post("/jobs/{id}/again")
async def run_again(request: web.Request) -> web.Response:
    """Queue a job again as it was, or with `seeds` "new" its workflow with other seeds."""
    service, record, body = services(request), await _job(request), await read_object(request)
    seeds = body.get("seeds", "same")
    if seeds not in ("same", "new"):
        raise ApiError(400, "invalid_request", "'seeds' must be same or new.")
    client_id = text(body, "client_id")
    extra = {**orjson.loads(record.extra_data), **({"client_id": client_id} if client_id else {})}
    prompt, targets = record.prompt, orjson.loads(record.targets)
    if seeds == "new":
        prompt, extra, targets = await _with_new_seeds(service, extra, targets)
    job = NewJob(
        id=text(body, "prompt_id") or str(uuid.uuid4()),
        prompt=prompt,
        extra_data=compact(extra),
        targets=targets,
        client_id=client_id,
        front=bool(body.get("front")),
        name=record.name,
        tags=record.tags,
        gives_way=record.gives_way,
    )
    try:
        numbers = await service.dispatcher.store(JobStore.accept, job)
    except DuplicateJob as error:
        raise ApiError(400, "duplicate_prompt_id", f"{error}.") from None
    service.dispatcher.changed()
    return answer({"prompt_id": job.id, "number": plain_number(numbers[0])})


async def _with_new_seeds(
    service: Services, extra: dict[str, Any], targets: list[str]
) -> tuple[bytes, dict[str, Any], list[str]]:
    document = (extra.get("extra_pnginfo") or {}).get("workflow")
    if not isinstance(document, dict):
        message = "This job was queued without its workflow, so that its seeds cannot be found. Run it as it was."
        raise ApiError(400, "no_workflow", message)
    checked, extra = await check_with_new_seeds(service, document, extra, targets)
    return compact(checked.prompt), extra, list(checked.targets)
