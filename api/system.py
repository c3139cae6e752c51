"""The machine, the server's abilities, and its log: `/system_stats`, `/features`, `/internal/...`."""

import asyncio
import importlib.metadata
import os
import platform
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import psutil
from aiohttp import web

from api.json_body import answer, read_object
from api.services import services

INTERFACE_VERSION = "0.3.64"
"""The version of ComfyUI whose interface this is; its clients ask."""
PROJECT = Path(__file__).resolve().parent.parent

routes = web.RouteTableDef()


@cache
def version() -> str:
    """The version of this program."""
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


@routes.get("/system_stats")
async def system_stats(request: web.Request) -> web.Response:
    """Memory, versions, devices."""
    service = services(request)
    memory = psutil.virtual_memory()
    versions = service.catalog.versions
    system = {
        "os": "nt" if os.name == "nt" else sys.platform,
        "ram_total": memory.total,
        "ram_free": memory.available,
        "comfyui_version": INTERFACE_VERSION,
        "safelight_version": version(),
        "required_frontend_version": None,
        "installed_templates_version": None,
        "required_templates_version": None,
        "python_version": f"{platform.python_version()} ({platform.python_implementation()})",
        "pytorch_version": versions.get("torch") or _installed("torch"),
        "embedded_python": False,
        "argv": sys.argv,
    }
    vitals = [worker.vitals for worker in service.dispatcher.workers if worker is not None and worker.vitals]
    service.catalog.look()
    devices = [state.device for state in vitals] or [device for device in [service.catalog.device] if device]
    return answer({"system": system, "devices": [msgspec.to_builtins(device) for device in devices]})


@cache
def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def features(request: web.Request) -> dict[str, Any]:
    """What the server can do, as `/features` and the WebSocket say it."""
    limit = services(request).settings.upload_limit
    flags = {"supports_preview_metadata": True, "progress_delta": True, "shows_while_running": True}
    return {**flags, "max_upload_size": limit}


@routes.get("/features")
async def what_it_can(request: web.Request) -> web.Response:
    """The abilities of this server."""
    return answer(features(request))


@routes.get("/internal/logs")
async def log_text(request: web.Request) -> web.Response:
    """The recent lines of the log as one text."""
    return answer("".join(f"{line['t']} - {line['m']}" for line in services(request).logs.lines))


@routes.get("/internal/logs/raw")
async def log_lines(request: web.Request) -> web.Response:
    """The recent lines of the log."""
    return answer(services(request).logs.answer())


@routes.patch("/internal/logs/subscribe")
async def follow_logs(request: web.Request) -> web.Response:
    """Send a client new lines as `logs` frames, or no longer."""
    body = await read_object(request)
    services(request).hub.follow_logs(str(body.get("clientId")), bool(body.get("enabled")))
    return web.Response()


@routes.get("/internal/folder_paths")
async def folder_paths(request: web.Request) -> web.Response:
    """The folders that are searched for each kind of model."""
    folders = services(request).settings.folders
    return answer({kind: [str(path) for path in folders.model_folders(kind)] for kind in folders.kinds()})


@routes.get("/internal/files/{area}")
async def files(request: web.Request) -> web.Response:
    """The files of the input, output or temporary folder, newest first."""
    folder = services(request).settings.folders.area(request.match_info["area"])
    return answer(await asyncio.to_thread(_newest_first, folder))


def _newest_first(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        found = [(entry.stat().st_mtime, entry.name) for entry in entries if entry.is_file()]
    return [name for _, name in sorted(found, reverse=True) if not name.startswith(".")]
