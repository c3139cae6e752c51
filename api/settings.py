"""The editor's settings, kept in a file of the user folder: `/settings`."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from api.history_settings import (
    HISTORY_SETTINGS,
    check_history_settings,
    history_limits,
    read_settings,
    settings_file,
)
from api.json_body import answer, compact, read_json, read_object
from api.services import services
from graph.files.replace_file import replace_file
from graph.queue.jobs import JobStore

routes = web.RouteTableDef()


def _file(request: web.Request) -> Path:
    return settings_file(services(request).settings.folders)


async def _merge(request: web.Request, changes: dict[str, Any]) -> None:
    check_history_settings(changes)
    path = _file(request)
    # Reading and writing without an await between them: two requests cannot lose each other's changes.
    stored = {**read_settings(path), **changes}
    replace_file(path, compact(stored))
    if not HISTORY_SETTINGS.isdisjoint(changes):
        service = services(request)
        await service.dispatcher.store(JobStore.prune, history_limits(service.settings, stored))


@routes.get("/settings")
async def all_settings(request: web.Request) -> web.Response:
    """All settings."""
    return answer(await asyncio.to_thread(read_settings, _file(request)))


@routes.get("/settings/{id}")
async def one_setting(request: web.Request) -> web.Response:
    """One setting, null if it was never set."""
    stored = await asyncio.to_thread(read_settings, _file(request))
    return answer(stored.get(request.match_info["id"]))


@routes.post("/settings")
async def change_settings(request: web.Request) -> web.Response:
    """Change some settings."""
    await _merge(request, await read_object(request))
    return web.Response()


@routes.post("/settings/{id}")
async def change_setting(request: web.Request) -> web.Response:
    """Change one setting to any JSON value."""
    await _merge(request, {request.match_info["id"]: await read_json(request)})
    return web.Response()
