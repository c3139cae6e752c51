"""The pictures that jobs have made: `/results`, a page at a time; using one as an input, and deleting some."""

import asyncio
from typing import Any, cast, get_args

import msgspec
from aiohttp import web

from api.errors import ApiError
from api.jobs import job_filter, page, pagination, picture_fields
from api.json_body import answer, read_object
from api.services import services
from api.uploads import copy_to_input
from graph.folders import Folders
from graph.queue import listing

MOST_DELETED = 1000

routes = web.RouteTableDef()


@routes.get("/results")
async def list_results(request: web.Request) -> web.Response:
    """A page of the pictures in the history, newest first."""
    dispatcher, wanted = services(request).dispatcher, job_filter(request)
    area = request.query.get("type", "output")
    if area not in get_args(listing.Area):
        raise ApiError(400, "invalid_request", f"'type' must be one of {', '.join(get_args(listing.Area))}.")
    most, offset = page(request)
    found, total = await dispatcher.store(listing.results, wanted, cast(listing.Area, area), most, offset)
    shown = [
        {
            **picture_fields(result.picture),
            "job": result.job,
            "node": result.node,
            "name": result.name,
            "tags": list(result.tags),
            "time": int(result.finished * 1000),
        }
        for result in found
    ]
    return answer({"results": shown, "pagination": pagination(most, offset, len(shown), total)})


@routes.get("/results/names")
async def list_names(request: web.Request) -> web.Response:
    """The names of the workflows that have run, the one used last first."""
    return answer(await services(request).dispatcher.store(listing.names))


@routes.post("/results/input")
async def use_as_input(request: web.Request) -> web.Response:
    """Copy a picture into the input folder."""
    folders = services(request).settings.folders
    picture = _picture(await read_object(request))
    try:
        copied = await asyncio.to_thread(copy_to_input, folders, picture.type, picture.subfolder, picture.filename)
    except FileNotFoundError:
        message = f"There is no file '{picture.filename}' in the {picture.type} folder."
        raise ApiError(404, "not_found", message) from None
    return answer(copied)


def _picture(given: Any) -> listing.PictureRef:
    try:
        return msgspec.convert(given, listing.PictureRef)
    except msgspec.ValidationError as error:
        message = f"A picture is named by its filename, subfolder and type: {error}."
        raise ApiError(400, "invalid_request", message) from None


@routes.post("/results/delete")
async def delete_results(request: web.Request) -> web.Response:
    """Take pictures out of the history, and with `files` delete their files, too."""
    dispatcher, folders = services(request).dispatcher, services(request).settings.folders
    body = await read_object(request)
    named = body.get("results")
    if not isinstance(named, list) or not 0 < len(named) <= MOST_DELETED:
        raise ApiError(400, "invalid_request", f"'results' must be a list of 1 to {MOST_DELETED} pictures.")
    pictures = [(str(each.get("job")), _picture(each)) for each in named if isinstance(each, dict)]
    forgotten, deleted = 0, 0
    for job, picture in pictures:
        # Only what a job has made can be deleted, and only once no other entry shows it.
        if not await dispatcher.store(listing.forget_picture, job, picture):
            continue
        forgotten += 1
        if body.get("files") is True and not await dispatcher.store(listing.is_shown, picture):
            deleted += await asyncio.to_thread(_delete, folders, picture)
    dispatcher.changed()
    return answer({"forgotten": forgotten, "deleted": deleted})


def _delete(folders: Folders, picture: listing.PictureRef) -> bool:
    """Delete a result's file; inputs are the user's own and stay."""
    if picture.type == "input":
        return False
    path = folders.resolve(picture.type, picture.subfolder, picture.filename)
    if not path.is_file():
        return False
    path.unlink()
    return True
