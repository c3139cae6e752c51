"""Model files: `/models`, `/embeddings`, `/view_metadata`, `/experiment/models`."""

import asyncio
from pathlib import Path, PurePosixPath
from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer
from api.services import services
from graph.files.safetensors_header import metadata_of, read_header
from graph.folders import Folders

PREVIEWS = (".preview.png", ".png", ".preview.jpg", ".jpg", ".jpeg", ".preview.jpeg", ".webp", ".preview.webp")

routes = web.RouteTableDef()


def _folders(request: web.Request) -> Folders:
    return services(request).settings.folders


def _kind(request: web.Request) -> str:
    kind = request.match_info["kind"]
    if kind not in _folders(request).kinds():
        raise ApiError(404, "not_found", f"There is no kind of models called '{kind}'.")
    return kind


@routes.get("/models")
async def kinds(request: web.Request) -> web.Response:
    """The kinds of models."""
    return answer(_folders(request).kinds())


@routes.get("/models/{kind}")
async def names(request: web.Request) -> web.Response:
    """The models of a kind."""
    return answer(await asyncio.to_thread(_folders(request).model_names, _kind(request)))


@routes.get("/embeddings")
async def embeddings(request: web.Request) -> web.Response:
    """The textual inversions, without extensions."""
    found = await asyncio.to_thread(_folders(request).model_names, "embeddings")
    return answer([str(PurePosixPath(name).with_suffix("")) for name in found])


@routes.get("/view_metadata/{kind}")
async def metadata(request: web.Request) -> web.Response:
    """What the header of a safetensors file says about it."""
    name = request.query.get("filename", "")
    path = _model(request, request.match_info["kind"], name)
    found = metadata_of(await asyncio.to_thread(read_header, path))
    if not found:
        raise ApiError(404, "not_found", f"'{name}' carries no metadata.")
    return answer(found)


def _model(request: web.Request, kind: str, name: str) -> Path:
    try:
        return _folders(request).model_path(kind, name)
    except FileNotFoundError as error:
        raise ApiError(404, "not_found", str(error)) from None


@routes.get("/experiment/models")
async def kinds_with_folders(request: web.Request) -> web.Response:
    """The kinds of models with their folders."""
    folders = _folders(request)
    return answer(
        [
            {"name": kind, "folders": [str(path) for path in folders.model_folders(kind)]}
            for kind in folders.kinds()
            if kind != "configs"
        ]
    )


@routes.get("/experiment/models/{kind}")
async def models_with_times(request: web.Request) -> web.Response:
    """The models of a kind with sizes and times (seconds since the epoch)."""
    return answer(await asyncio.to_thread(_described, _folders(request), _kind(request)))


def _described(folders: Folders, kind: str) -> list[dict[str, Any]]:
    searched = folders.model_folders(kind)
    found = []
    for name in folders.model_names(kind):
        for index, folder in enumerate(searched):
            path = folder / name
            if path.is_file():
                status = path.stat()
                times = {"modified": status.st_mtime, "created": status.st_ctime, "size": status.st_size}
                found.append({"name": name, "pathIndex": index, **times})
                break
    return found


@routes.get("/experiment/models/preview/{kind}/{index}/{name:.*}")
async def preview(request: web.Request) -> web.Response:
    """The picture that lies beside a model, as WebP."""
    path = _model(request, _kind(request), request.match_info["name"])
    for suffix in PREVIEWS:
        picture = path.with_name(path.stem + suffix)
        if picture.is_file():
            from api.pictures import converted

            body = await asyncio.to_thread(converted, picture, "webp", 90, "rgba")
            return web.Response(body=body, content_type="image/webp")
    raise ApiError(404, "not_found", f"There is no picture beside '{path.name}'.")
