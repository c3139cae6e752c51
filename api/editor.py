"""The editor's own files, and what packs add to it: scripts, templates, translations."""

import asyncio
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from api.editor_files import EditorFiles
from api.errors import ApiError
from api.json_body import answer
from api.services import services
from graph.packs import pack_paths
from graph.safe_path import inside

FOR_EVER = "public, max-age=31536000, immutable"
PROJECT = Path(__file__).resolve().parent.parent
OURS = "safelight"
TEMPLATE_FOLDERS = ("example_workflows", "example", "examples", "workflow", "workflows")
LOCALE_FILES = ("main", "nodeDefs", "commands", "settings")
MEDIA_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json"}

EDITOR_FILES = web.AppKey("editor_files", EditorFiles)
WEB_ROOT = web.AppKey("web_root", Path)

pages = web.RouteTableDef()
"""Routes that exist once, without the `/api` twin."""
routes = web.RouteTableDef()


def _file(path: Path, cache: str) -> web.FileResponse:
    if not path.is_file():
        raise web.HTTPNotFound
    response = web.FileResponse(path)
    guessed = MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    response.content_type = guessed or "application/octet-stream"
    if response.content_type.startswith("text/"):
        response.charset = "utf-8"
    response.headers["Cache-Control"] = cache
    return response


@pages.get("/")
@pages.get("/index.html")
async def start_page(request: web.Request) -> web.Response:
    """The editor."""
    try:
        page = request.app[EDITOR_FILES].page()
    except FileNotFoundError:
        raise ApiError(404, "not_found", "The editor's files (web/) are missing from this installation.") from None
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": "frame-ancestors 'self'"}
    return web.Response(text=page, content_type="text/html", headers=headers)


@pages.get("/w/{hash}/{path:.+}")
async def editor_file(request: web.Request) -> web.StreamResponse:
    """A file of the editor. An old page's path gives the present file, but not for ever."""
    current = request.app[EDITOR_FILES].is_current(request.match_info["hash"])
    path = inside(request.app[WEB_ROOT], request.match_info["path"])
    return _file(path, FOR_EVER if current else "no-cache")


def _packs(request: web.Request) -> Iterator[tuple[str, Path]]:
    """The folders of the packs, by name."""
    settings = services(request).settings
    if settings.packs:
        yield from ((path.name, path) for path in pack_paths(settings.folders.custom_nodes) if path.is_dir())


def _pack(request: web.Request) -> Path:
    name = request.match_info["pack"]
    for known, path in _packs(request):
        if known == name:
            return path
    raise web.HTTPNotFound


@routes.get("/extensions")
async def extensions(request: web.Request) -> web.Response:
    """The scripts that packs bring for the editor."""
    found = [
        f"/extensions/{name}/{script.relative_to(folder / 'web').as_posix()}"
        for name, folder in _packs(request)
        for script in sorted((folder / "web").rglob("*.js"))
    ]
    return answer(found)


@routes.get("/extensions/{pack}/{path:.+}")
async def extension_file(request: web.Request) -> web.StreamResponse:
    """A file of a pack's `web` folder."""
    return _file(inside(_pack(request) / "web", request.match_info["path"]), "no-cache")


@routes.get("/workflow_templates")
async def templates(request: web.Request) -> web.Response:
    """The names of the template workflows of each pack; ours are those of the pack `safelight`."""
    found = {OURS: _names([PROJECT / "workflows"])}
    for name, folder in _packs(request):
        names = _names([folder / kind for kind in TEMPLATE_FOLDERS])
        if names:
            found[name] = names
    return answer(found)


def _names(folders: list[Path]) -> list[str]:
    return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.json")})


@routes.get("/workflow_templates/{pack}/{file}")
async def template(request: web.Request) -> web.StreamResponse:
    """A template workflow, or a picture that belongs to one."""
    ours = request.match_info["pack"] == OURS
    folders = [PROJECT / "workflows"] if ours else [_pack(request) / kind for kind in TEMPLATE_FOLDERS]
    for folder in folders:
        path = inside(folder, request.match_info["file"])
        if path.is_file():
            return _file(path, "no-cache")
    raise web.HTTPNotFound


@routes.get("/i18n")
async def translations(request: web.Request) -> web.Response:
    """The translations that packs bring, merged by language."""
    return answer(await asyncio.to_thread(_translations, [folder for _, folder in _packs(request)]))


def _translations(folders: list[Path]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for folder in folders:
        for language in sorted((folder / "locales").glob("*/")):
            for name in LOCALE_FILES:
                if content := _json(language / f"{name}.json"):
                    _merge(merged.setdefault(language.name, {}), content if name == "main" else {name: content})
    return merged


def _json(path: Path) -> dict[str, Any]:
    try:
        content = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
