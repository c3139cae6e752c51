"""Small pictures of models and of files in the input folder: `/thumbnails`."""

import asyncio
from collections import OrderedDict
from pathlib import Path

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer
from api.services import services
from graph.files.covers import Cover, Covers, embedded_picture
from graph.folders import Folders

SIZES = (96, 256, 512)
DEFAULT_SIZE = 96
KEPT_BYTES = 48_000_000
INPUT = "input"
FOR_EVER = "private, max-age=31536000, immutable"

routes = web.RouteTableDef()


class Thumbnails:
    """Covers, and the thumbnails that were made last."""

    def __init__(self) -> None:
        self.covers = Covers()
        self._kept: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self._bytes = 0

    def kept(self, cover: Cover, size: int) -> bytes | None:
        """A thumbnail that was made before."""
        key = (str(cover.path), cover.version, size)
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, cover: Cover, size: int, body: bytes) -> None:
        """Keep a thumbnail; those that were not asked for longest go."""
        key = (str(cover.path), cover.version, size)
        if key not in self._kept:
            self._bytes += len(body)
        self._kept[key] = body
        while self._bytes > KEPT_BYTES:
            self._bytes -= len(self._kept.popitem(last=False)[1])


THUMBNAILS = web.AppKey("thumbnails", Thumbnails)


@routes.get("/thumbnails/{kind}")
async def versions(request: web.Request) -> web.Response:
    """The names that have a picture, each with a version of that picture."""
    kind = request.match_info["kind"]
    return answer(await asyncio.to_thread(_versions, request.app[THUMBNAILS], _folders(request), kind))


@routes.get("/thumbnails/{kind}/{name:.+}")
async def thumbnail(request: web.Request) -> web.Response:
    """The picture of one name as WebP, at most `size` pixels wide and high."""
    kind, name = request.match_info["kind"], request.match_info["name"]
    size = request.query.get("size", str(DEFAULT_SIZE))
    if size not in map(str, SIZES):
        raise ApiError(400, "invalid_request", f"There is no size '{size}'; there are {', '.join(map(str, SIZES))}.")
    thumbnails = request.app[THUMBNAILS]
    cover = await asyncio.to_thread(_cover, thumbnails, _folders(request), kind, name)
    if cover is None:
        raise ApiError(404, "not_found", f"There is no picture of '{name}'.")
    headers = {
        "Cache-Control": FOR_EVER if request.query.get("v") == cover.version else "no-cache",
        "ETag": f'"{cover.version}"',
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    body = thumbnails.kept(cover, int(size))
    if body is None:
        body = await asyncio.to_thread(_made, cover, name, int(size))
        thumbnails.keep(cover, int(size), body)
    return web.Response(body=body, content_type="image/webp", headers=headers)


def _folders(request: web.Request) -> Folders:
    folders = services(request).settings.folders
    kind = request.match_info["kind"]
    if kind != INPUT and kind not in folders.kinds():
        raise ApiError(404, "not_found", f"There is no kind of models called '{kind}'.")
    return folders


def _versions(thumbnails: Thumbnails, folders: Folders, kind: str) -> dict[str, str]:
    names = folders.input_names() if kind == INPUT else folders.model_names(kind)
    found = {name: _cover(thumbnails, folders, kind, name) for name in names}
    return {name: cover.version for name, cover in found.items() if cover}


def _cover(thumbnails: Thumbnails, folders: Folders, kind: str, name: str) -> Cover | None:
    try:
        if kind != INPUT:
            return thumbnails.covers.of(folders.model_path(kind, name))
        path = folders.input_path(name)
        status = path.stat()
    except OSError:
        return None
    return Cover(path, False, f"{status.st_mtime_ns:x}-{status.st_size:x}")


def _made(cover: Cover, name: str, size: int) -> bytes:
    from api.pictures import NoPictureError, reduced

    source: Path | bytes | None = embedded_picture(cover.path) if cover.embedded else cover.path
    if source is None:
        raise ApiError(404, "not_found", f"There is no picture of '{name}'.")
    try:
        return reduced(source, name, size)
    except NoPictureError as error:
        raise ApiError(404, "no_picture", str(error)) from None
