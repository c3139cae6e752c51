"""The results that are kept for later: `/cache`."""

import asyncio
from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer, read_object
from api.services import services
from graph.workers.worker import AskError, WorkerDied

TIERS = ("memory", "disk", "all")
PATIENCE = 30.0
"""Seconds that a worker which is just starting has to answer."""

routes = web.RouteTableDef()


@routes.get("/cache")
async def figures(request: web.Request) -> web.Response:
    """Entries, bytes, budget and hits of the results in memory and on disk."""
    return answer(await _ask(request, "cache", None))


@routes.post("/cache")
async def clear(request: web.Request) -> web.Response:
    """Forget results: `{"clear": "memory"}`, "disk" or "all"."""
    tier = (await read_object(request)).get("clear")
    if tier not in TIERS:
        raise ApiError(400, "invalid_request", f"'clear' must be one of {', '.join(TIERS)}.")
    await _ask(request, "clear_cache", tier)
    return answer(await _ask(request, "cache", None))


async def _ask(request: web.Request, what: str, question: Any) -> Any:
    """The answer of the workers. Raises ApiError (503)."""
    workers = [worker for worker in services(request).dispatcher.workers if worker is not None and worker.alive()]
    try:
        async with asyncio.timeout(PATIENCE):
            answers = [await worker.ask(what, question) for worker in workers]
    except TimeoutError:
        raise ApiError(503, "no_worker", "The worker is still loading its nodes. Try again in a moment.") from None
    except (WorkerDied, AskError) as error:
        raise ApiError(503, "no_worker", f"The worker could not answer: {error}. Try again in a moment.") from None
    if not answers:
        raise ApiError(503, "no_worker", "There is no worker at the moment. Try again in a few seconds.")
    return _together(answers)


def _together(answers: list[Any]) -> Any:
    """What several workers say as one: each has a memory of its own, the disk is the same."""
    first, *others = answers
    for other in others:
        for name, value in other["memory"].items():
            first["memory"][name] += value
    return first
