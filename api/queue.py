"""The queue: `/queue`, `/interrupt`, `/free`."""

from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.frames import plain_number, queue_details, queue_item
from api.job_fields import finite
from api.json_body import answer, read_object
from api.services import services
from graph.queue.jobs import JobStore, NotPending
from graph.queue.table import JobRecord

PLACES = ("before", "after", "to")

routes = web.RouteTableDef()


@routes.get("/queue")
async def queue(request: web.Request) -> web.Response:
    """The running and the pending jobs."""
    dispatcher = services(request).dispatcher
    running, pending = await dispatcher.store(JobStore.queue)
    _, paused = await dispatcher.store(JobStore.status)
    jobs = {"queue_running": [*map(queue_item, running)], "queue_pending": [*map(queue_item, pending)]}
    return answer({**jobs, "paused": paused, "priorities": _priorities(running, pending)})


def _priorities(*records: list[JobRecord]) -> dict[str, float]:
    """The priorities of jobs that have one, by id."""
    return {record.id: plain_number(record.priority) for part in records for record in part if record.priority}


@routes.post("/queue")
async def change_queue(request: web.Request) -> web.Response:
    """Take jobs out of the queue, or pause it."""
    dispatcher = services(request).dispatcher
    body = await read_object(request)
    ids, paused = job_ids(body), body.get("paused")
    if paused is not None and not isinstance(paused, bool):
        raise ApiError(400, "invalid_request", "'paused' must be true or false.")
    if body.get("clear"):
        await dispatcher.store(JobStore.delete_pending)
    if ids:
        await dispatcher.store(JobStore.delete_pending, ids)
    if paused is not None:
        await dispatcher.store(JobStore.set_paused, paused)
    dispatcher.changed()
    return web.Response()


def job_ids(body: dict[str, Any]) -> list[str]:
    """The jobs that a request wants deleted. Raises ApiError (400)."""
    ids = body.get("delete") or []
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise ApiError(400, "invalid_request", "'delete' must be a list of prompt ids.")
    return ids


@routes.get("/queue/{prompt_id}")
async def one_job(request: web.Request) -> web.Response:
    """A running or pending job."""
    id = request.match_info["prompt_id"]
    record = await services(request).dispatcher.store(JobStore.unfinished, id)
    if record is None:
        raise ApiError(404, "not_found", f"There is no job '{id}' in the queue.")
    return answer(queue_details(record))


@routes.delete("/queue/{prompt_id}")
async def delete_job(request: web.Request) -> web.Response:
    """Take a pending job out of the queue."""
    dispatcher, id = services(request).dispatcher, request.match_info["prompt_id"]
    if not await dispatcher.store(JobStore.delete_pending, [id]):
        raise ApiError(404, "not_found", f"There is no pending job '{id}' in the queue.")
    dispatcher.changed()
    return web.Response(status=204)


@routes.patch("/queue/{prompt_id}")
async def change_job(request: web.Request) -> web.Response:
    """Move a pending job, or change its priority."""
    dispatcher, id = services(request).dispatcher, request.match_info["prompt_id"]
    body = await read_object(request)
    priority, place = finite(body, "priority"), _place(body)
    if priority is None and place is None:
        raise ApiError(400, "invalid_request", "Say what to change: 'priority', 'before', 'after' or 'to'.")
    try:
        if priority is not None:
            await dispatcher.store(JobStore.set_priority, id, priority)
        if place is not None:
            await dispatcher.store(JobStore.move, id, *place)
    except NotPending as error:
        raise ApiError(404, "not_found", str(error)) from None
    dispatcher.changed()
    return web.Response()


def _place(body: dict[str, Any]) -> tuple[str | None, bool] | None:
    """The job beside which another one is to be put (None: all of them), and whether after it."""
    named = [name for name in PLACES if name in body]
    if not named:
        return None
    value = body[named[0]]
    if len(named) > 1 or not isinstance(value, str) or (named == ["to"] and value not in ("front", "back")):
        message = "A job is moved 'before' or 'after' another one, named by its id, or 'to' the 'front' or the 'back'."
        raise ApiError(400, "invalid_request", message)
    return (None, value == "back") if named == ["to"] else (value, named == ["after"])


@routes.post("/interrupt")
async def interrupt(request: web.Request) -> web.Response:
    """Stop what is running, or only the job of a `prompt_id`."""
    body = await read_object(request) if request.body_exists and await request.read() else {}
    id = body.get("prompt_id")
    services(request).dispatcher.interrupt(id if isinstance(id, str) else None)
    return web.Response()


@routes.post("/free")
async def free(request: web.Request) -> web.Response:
    """Give memory back."""
    body = await read_object(request)
    models, results = bool(body.get("unload_models")), bool(body.get("free_memory"))
    services(request).dispatcher.free(models=models or results, results=results)
    return web.Response()
