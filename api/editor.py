"""The editor's own files, and what packs add to it: scripts, templates, translations."""

import asyncio
import mimetypes
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from api.editor_files import EditorFiles
from api.errors import ApiError
from api.json_body import answer
from api.packs import active_packs, scripts_of, web_of
from api.services import services
from graph.files.safe_path import inside
from graph.packs.folder import PackFolder

FOR_EVER = "public, max-age=31536000, immutable"
PROJECT = Path(__file__).resolve().parent.parent
OURS = "safelight"
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


@pages.get("/scripts/{name}")
async def comfy_script(request: web.Request) -> web.StreamResponse:
    """What scripts for ComfyUI's editor import; there are those that this editor can stand in for."""
    return _file(inside(request.app[WEB_ROOT] / "comfy" / "scripts", request.match_info["name"]), "no-cache")


def _pack(request: web.Request) -> PackFolder:
    name = request.match_info["pack"]
    for pack in active_packs(services(request)):
        if pack.name == name:
            return pack
    raise web.HTTPNotFound


@routes.get("/extensions")
async def extensions(request: web.Request) -> web.Response:
    """The scripts that packs bring for the editor."""
    service = services(request)
    found = await asyncio.to_thread(
        lambda: [script for pack in active_packs(service) for script in scripts_of(service, pack)]
    )
    return answer(found)


@routes.get("/extensions/{pack}/{path:.+}")
async def extension_file(request: web.Request) -> web.StreamResponse:
    """A file of what a pack adds to the editor."""
    folder = web_of(services(request), _pack(request))
    if folder is None:
        raise web.HTTPNotFound
    return _file(inside(folder, request.match_info["path"]), "no-cache")


@routes.get("/workflow_templates")
async def templates(request: web.Request) -> web.Response:
    """The names of the template workflows of each pack; ours are those of the pack `safelight`."""
    found = {OURS: _names([PROJECT / "workflows"])}
    for pack in active_packs(services(request)):
        names = _names(pack.workflows())
        if names:
            found[pack.name] = names
    return answer(found)


def _names(folders: list[Path]) -> list[str]:
    return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.json")})


@routes.get("/workflow_templates/{pack}/{file}")
async def template(request: web.Request) -> web.StreamResponse:
    """A template workflow, or a picture that belongs to one."""
    ours = request.match_info["pack"] == OURS
    folders = [PROJECT / "workflows"] if ours else _pack(request).workflows()
    for folder in folders:
        path = inside(folder, request.match_info["file"])
        if path.is_file():
            return _file(path, "no-cache")
    raise web.HTTPNotFound


@routes.get("/i18n")
async def translations(request: web.Request) -> web.Response:
    """The translations that packs bring, merged by language."""
    return answer(await asyncio.to_thread(_translations, active_packs(services(request))))


def _translations(packs: list[PackFolder]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for pack in packs:
        for language in pack.locales():
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
