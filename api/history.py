"""What has run: `/history`."""

from aiohttp import web

from api.errors import ApiError
from api.frames import history_entry
from api.json_body import answer, read_object
from api.queue import job_ids
from api.services import services
from graph.jobs import JobStore

routes = web.RouteTableDef()


@routes.get("/history")
async def history(request: web.Request) -> web.Response:
    """Finished jobs, oldest first."""
    records = await services(request).dispatcher.store(
        JobStore.history, _count(request, "max_items"), _count(request, "offset")
    )
    return answer({record.id: history_entry(record) for record in records})


def _count(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        count = int(text)
    except ValueError:
        raise ApiError(400, "invalid_request", f"'{name}' must be a whole number, not '{text}'.") from None
    # Other programs send -1 for "no limit".
    return min(count, 1 << 40) if count >= 0 else None


@routes.get("/history/{prompt_id}")
async def one_job(request: web.Request) -> web.Response:
    """One finished job; an empty object if there is none of that id."""
    record = await services(request).dispatcher.store(JobStore.finished, request.match_info["prompt_id"])
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
