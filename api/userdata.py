"""Files that the editor keeps for the user (workflows, drafts), and the user: `/userdata`, `/users`."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer
from graph.files.safe_path import inside
from graph.files.user_files import ChangedFileError, UserFiles, etag_of

USER_FILES = web.AppKey("user_files", UserFiles)

routes = web.RouteTableDef()


def user_files(request: web.Request) -> UserFiles:
    """What the user's files are read and written with."""
    return request.config_dict[USER_FILES]


def _root(request: web.Request) -> Path:
    return user_files(request).root


def _existing(request: web.Request) -> Path:
    path = user_files(request).path(request.match_info["file"])
    if not path.is_file():
        raise ApiError(404, "not_found", f"There is no file '{request.match_info['file']}'.")
    return path


def _flag(request: web.Request, name: str, default: str = "false") -> bool:
    return request.query.get(name, default).lower() in ("true", "1")


def _info(root: Path, path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "path": path.relative_to(root).as_posix(),
        "size": status.st_size,
        "modified": int(status.st_mtime * 1000),
        "created": int(status.st_ctime * 1000),
        "etag": etag_of(path),
    }


@routes.get("/users")
async def users(request: web.Request) -> web.Response:
    """There is one user."""
    return answer({"storage": "server", "migrated": True})


@routes.get("/userdata")
async def listing(request: web.Request) -> web.Response:
    """The files of a folder; with `optional` one that is not there is empty."""
    name = request.query.get("dir")
    if not name:
        raise ApiError(400, "invalid_request", "The query must name a folder: `dir`.")
    folder = inside(_root(request), name)
    if not folder.is_dir():
        if _flag(request, "optional"):
            return answer([])
        raise ApiError(404, "not_found", f"There is no folder '{name}'.")
    pattern = "**/*" if _flag(request, "recurse") else "*"
    paths = await asyncio.to_thread(lambda: sorted(path for path in folder.glob(pattern) if path.is_file()))
    if _flag(request, "full_info"):
        return answer([_info(folder, path) for path in paths])
    relative = [path.relative_to(folder).as_posix() for path in paths]
    return answer([[path, *path.split("/")] for path in relative] if _flag(request, "split") else relative)


@routes.get("/v2/userdata")
async def tree(request: web.Request) -> web.Response:
    """Files and folders below a path, folders first."""
    root = _root(request)
    folder = inside(root, request.query.get("path", ""))
    if folder != root and not folder.is_dir():
        raise ApiError(404, "not_found", f"There is no folder '{request.query.get('path', '')}'.")
    return answer(await asyncio.to_thread(_tree, root, folder))


def _tree(root: Path, folder: Path) -> list[dict[str, Any]]:
    directories, files = [], []
    for path in sorted(folder.rglob("*")):
        entry: dict[str, Any] = {"name": path.name, "path": path.relative_to(root).as_posix()}
        if path.is_dir():
            directories.append({**entry, "type": "directory"})
        else:
            status = path.stat()
            files.append({**entry, "type": "file", "size": status.st_size, "modified": int(status.st_mtime * 1000)})
    return directories + files


@routes.get("/userdata/{file}")
async def read(request: web.Request) -> web.StreamResponse:
    """The content of a file."""
    path = _existing(request)
    response = web.FileResponse(path)
    response.content_type = "application/json" if path.suffix == ".json" else "application/octet-stream"
    response.headers["Cache-Control"] = "no-cache"
    return response


@routes.post("/userdata/{file}")
async def write(request: web.Request) -> web.Response:
    """Keep a file; with `If-Match` only if it is still the one that the sender knows."""
    name, files = request.match_info["file"], user_files(request)
    files.path(name)
    content = await request.read()
    match = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"') or None
    try:
        path = await asyncio.to_thread(
            lambda: files.write(
                name,
                content,
                overwrite=_flag(request, "overwrite", "true"),
                match=match,
                automatic=_flag(request, "automatic"),
            )
        )
    except FileExistsError:
        raise _exists(name) from None
    except ChangedFileError as error:
        what = "has been changed" if error.etag else "has been deleted"
        message = f"'{name}' {what} since it was read. Read it again, or write it without `If-Match`."
        raise ApiError(412, "changed", message, etag=error.etag) from None
    return _answer(request, path)


def _exists(name: str) -> ApiError:
    return ApiError(409, "exists", f"There is a file '{name}' already.")


def _answer(request: web.Request, path: Path) -> web.Response:
    info = _info(_root(request), path)
    return answer(info if _flag(request, "full_info") else info["path"])


@routes.delete("/userdata/{file}")
async def delete(request: web.Request) -> web.Response:
    """Delete a file; with `trash` it is moved, and the answer says where. With `optional` it need not be there."""
    name, files = request.match_info["file"], user_files(request)
    if _flag(request, "optional") and not files.path(name).is_file():
        return web.Response(status=204)
    _existing(request)
    if _flag(request, "trash"):
        return _answer(request, await asyncio.to_thread(files.throw_away, name))
    await asyncio.to_thread(files.delete, name)
    return web.Response(status=204)


@routes.post("/userdata/{file}/move/{dest}")
async def move(request: web.Request) -> web.Response:
    """Rename a file; its versions go with it."""
    _existing(request)
    source, target = request.match_info["file"], request.match_info["dest"]
    overwrite = _flag(request, "overwrite", "true")
    try:
        path = await asyncio.to_thread(user_files(request).move, source, target, overwrite)
    except FileExistsError:
        raise _exists(target) from None
    return _answer(request, path)
