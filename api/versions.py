"""Earlier contents of the user's workflows: `/versions`."""

import asyncio
from dataclasses import asdict
from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer, compact, read_object
from api.userdata import user_files
from graph.files.user_files import has_versions
from graph.files.versions import Versions

MOST_LETTERS = 200

routes = web.RouteTableDef()


def _file(request: web.Request) -> tuple[Versions, str]:
    files = user_files(request)
    name = files.path(request.match_info["file"]).relative_to(files.root).as_posix()
    if not has_versions(name):
        raise ApiError(404, "not_found", f"No versions are kept of '{name}': it is no workflow.")
    return files.versions, name


def _label(body: dict[str, Any]) -> str | None:
    name = body.get("name")
    if name is not None and (not isinstance(name, str) or not name.strip() or len(name) > MOST_LETTERS):
        raise ApiError(400, "invalid_request", f"'name' must be a text of 1 to {MOST_LETTERS} letters, or null.")
    return name.strip() if name else None


@routes.get("/versions/{file}")
async def listing(request: web.Request) -> web.Response:
    """The versions of a workflow, newest first."""
    versions, name = _file(request)
    return answer([asdict(version) for version in await asyncio.to_thread(versions.of, name)])


@routes.get("/versions/{file}/{id}")
async def read(request: web.Request) -> web.Response:
    """What the workflow was."""
    versions, name = _file(request)
    try:
        content = await asyncio.to_thread(versions.content, name, request.match_info["id"])
    except FileNotFoundError as error:
        raise ApiError(404, "not_found", str(error)) from None
    return web.Response(body=content, content_type="application/json", headers={"Cache-Control": "no-cache"})


@routes.post("/versions/{file}")
async def keep(request: web.Request) -> web.Response:
    """Keep a document as a version with a name, without saving it."""
    versions, name = _file(request)
    body = await read_object(request)
    document, label = body.get("document"), _label(body)
    if not isinstance(document, dict) or label is None:
        raise ApiError(400, "invalid_request", "A version has a 'document', which is a JSON object, and a 'name'.")
    content = compact(document)
    version = await asyncio.to_thread(lambda: versions.keep(name, content, name=label))
    return answer(asdict(version), 201)


@routes.patch("/versions/{file}/{id}")
async def rename(request: web.Request) -> web.Response:
    """Name a version, so that it is kept for good; null takes the name back."""
    versions, name = _file(request)
    label = _label(await read_object(request))
    try:
        version = await asyncio.to_thread(versions.rename, name, request.match_info["id"], label)
    except FileNotFoundError as error:
        raise ApiError(404, "not_found", str(error)) from None
    return answer(asdict(version))


@routes.delete("/versions/{file}/{id}")
async def forget(request: web.Request) -> web.Response:
    """Forget a version."""
    versions, name = _file(request)
    try:
        await asyncio.to_thread(versions.forget, name, request.match_info["id"])
    except FileNotFoundError as error:
        raise ApiError(404, "not_found", str(error)) from None
    return web.Response(status=204)
