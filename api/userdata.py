"""Files that the editor keeps for the user (workflows, drafts), and the user: `/userdata`, `/users`."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer
from api.services import services
from graph.files.replace_file import replace_file
from graph.files.safe_path import inside

routes = web.RouteTableDef()


def _root(request: web.Request) -> Path:
    return services(request).settings.folders.user / "default"


def _file(request: web.Request, name: str = "file") -> Path:
    path = inside(_root(request), request.match_info[name])
    if path == _root(request):
        raise ApiError(400, "unsafe_path", "A file name is wanted, and there is none.")
    return path


def _existing(request: web.Request) -> Path:
    path = _file(request)
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
    }


@routes.get("/users")
async def users(request: web.Request) -> web.Response:
    """There is one user."""
    return answer({"storage": "server", "migrated": True})


@routes.get("/userdata")
async def listing(request: web.Request) -> web.Response:
    """The files of a folder."""
    name = request.query.get("dir")
    if not name:
        raise ApiError(400, "invalid_request", "The query must name a folder: `dir`.")
    folder = inside(_root(request), name)
    if not folder.is_dir():
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
    """Keep a file."""
    path = _file(request)
    content = await request.read()
    if not _flag(request, "overwrite", "true") and path.exists():
        raise _exists(request.match_info["file"])
    await asyncio.to_thread(replace_file, path, content)
    return _answer(request, path)


def _exists(name: str) -> ApiError:
    return ApiError(409, "exists", f"There is a file '{name}' already.")


def _answer(request: web.Request, path: Path) -> web.Response:
    info = _info(_root(request), path)
    return answer(info if _flag(request, "full_info") else info["path"])


@routes.delete("/userdata/{file}")
async def delete(request: web.Request) -> web.Response:
    """Delete a file."""
    _existing(request).unlink()
    return web.Response(status=204)


@routes.post("/userdata/{file}/move/{dest}")
async def move(request: web.Request) -> web.Response:
    """Rename a file."""
    source, target = _existing(request), _file(request, "dest")
    if not _flag(request, "overwrite", "true") and target.exists():
        raise _exists(request.match_info["dest"])
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    return _answer(request, target)
