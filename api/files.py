"""Pictures and other files of the input, output and temporary folders: `/view`."""

import asyncio
import mimetypes
import re
from pathlib import Path
from typing import cast, get_args
from urllib.parse import quote

from aiohttp import web

from api.errors import ApiError
from api.services import services

INLINE = re.compile(r"image/(png|jpeg|webp|gif|avif|bmp|tiff)|video/.+|audio/.+|application/json|text/plain")
"""What a browser only ever displays. Everything else might be run as a page of this server, and is downloaded."""

routes = web.RouteTableDef()


@routes.get("/view")
async def view(request: web.Request) -> web.StreamResponse:
    """A file, or a smaller copy or one channel of a picture."""
    path = _path(request)
    channel = request.query.get("channel", "rgba")
    shrinks = "preview" in request.query and not await asyncio.to_thread(_moves, path)
    if shrinks or channel != "rgba":
        return await _converted(request, path, channel)
    kind = _media_type(path)
    response = web.FileResponse(path)
    response.content_type = kind
    disposition = "inline" if kind != "application/octet-stream" else "attachment"
    response.headers["Content-Disposition"] = f"{disposition}; {_named(path.name)}"
    response.headers["Cache-Control"] = "no-cache"
    return response


def _path(request: web.Request) -> Path:
    name = request.query.get("filename", "")
    area = request.query.get("type", "output")
    if match := re.fullmatch(r"(.*?) ?\[(input|output|temp)\]", name):
        name, area = match[1], match[2]
    path = services(request).settings.folders.resolve(area, request.query.get("subfolder", ""), name)
    if not path.is_file():
        raise ApiError(404, "not_found", f"There is no file '{name}' in the {area} folder.")
    return path


def _moves(path: Path) -> bool:
    """Whether a picture is an animation, which a copy would bring to a stop."""
    from api.pictures import is_animation

    return is_animation(path)


def _media_type(path: Path) -> str:
    guessed, encoding = mimetypes.guess_type(path.name)
    if guessed is None or encoding is not None or not INLINE.fullmatch(guessed):
        return "application/octet-stream"
    return guessed


def _named(name: str) -> str:
    plain = re.sub(r'[^ -~]|["\\]', "_", name)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


async def _converted(request: web.Request, path: Path, channel: str) -> web.Response:
    from api.pictures import Channel, NoPictureError, converted, first_of_video

    if channel not in get_args(Channel):
        raise ApiError(400, "invalid_request", f"There is no channel '{channel}'; there are rgba, rgb and a.")
    format, _, quality = request.query.get("preview", "png").partition(";")
    if format not in ("webp", "jpeg", "png"):
        format = "webp"
    level = int(quality) if quality.isdecimal() and 1 <= int(quality) <= 100 else 90
    try:
        if (mimetypes.guess_type(path.name)[0] or "").startswith("video/"):
            body = await asyncio.to_thread(first_of_video, path, format, level)
        else:
            body = await asyncio.to_thread(converted, path, format, level, cast(Channel, channel))
    except NoPictureError as error:
        raise ApiError(400, "no_picture", str(error)) from None
    headers = {"Content-Disposition": f"inline; {_named(path.name)}", "Cache-Control": "no-cache"}
    return web.Response(body=body, content_type=f"image/{format}", headers=headers)
