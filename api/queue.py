"""The queue: `/queue`, `/interrupt`, `/free`."""

from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.frames import queue_item
from api.json_body import answer, read_object
from api.services import services
from graph.jobs import JobStore

routes = web.RouteTableDef()


@routes.get("/queue")
async def queue(request: web.Request) -> web.Response:
    """The running and the pending jobs."""
    running, pending = await services(request).dispatcher.store(JobStore.queue)
    return answer({"queue_running": [*map(queue_item, running)], "queue_pending": [*map(queue_item, pending)]})


@routes.post("/queue")
async def change_queue(request: web.Request) -> web.Response:
    """Take jobs out of the queue."""
    dispatcher = services(request).dispatcher
    body = await read_object(request)
    if body.get("clear"):
        await dispatcher.store(JobStore.delete_pending)
    await dispatcher.store(JobStore.delete_pending, job_ids(body))
    await dispatcher.changed()
    return web.Response()


def job_ids(body: dict[str, Any]) -> list[str]:
    """The jobs that a request wants deleted. Raises ApiError (400)."""
    ids = body.get("delete") or []
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise ApiError(400, "invalid_request", "'delete' must be a list of prompt ids.")
    return ids


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
