"""The packs in custom_nodes: what there is, in which state, and loading them anew."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer, read_object
from api.services import Services, services
from graph.messages import PackProblem, PackReport
from graph.packs.folder import PackFolder, find_packs

RELOAD_PATIENCE = 60.0
"""Seconds that a request waits for the packs to be loaded anew."""
OF_COMFYUI = re.compile(r"""^[ \t]*import\b[^'"();]*["'][^"']*/scripts/\w+\.js["']""", re.MULTILINE)
OF_THIS_EDITOR = re.compile(r"""^[ \t]*import\b[^'"();]*["']safelight["']""", re.MULTILINE)
"""How a module begins that is made for this editor; others in the same folder may be for ComfyUI's."""

routes = web.RouteTableDef()


def active_packs(service: Services) -> list[PackFolder]:
    """The packs that are loaded, or would be but for a fault."""
    if not service.settings.packs:
        return []
    return [pack for pack in find_packs(service.settings.folders.custom_nodes) if pack.enabled]


def web_of(service: Services, pack: PackFolder) -> Path | None:
    """The folder of what a pack adds to the editor, as its code or its files name it."""
    report = _reports(service).get(pack.name)
    return Path(report.web) if report and report.web else pack.web


def scripts_of(service: Services, pack: PackFolder) -> list[str]:
    """The paths of the scripts in that folder."""
    return [_address(pack, name) for name in _scripts(web_of(service, pack))]


@routes.get("/packs")
async def packs(request: web.Request) -> web.Response:
    """All packs, also those that are disabled or could not be loaded."""
    service = services(request)
    return answer(await asyncio.to_thread(_entries, service))


@routes.post("/packs/reload")
async def reload(request: web.Request) -> web.Response:
    """Load the pack `pack`, or all (null), anew as soon as no job runs; with `restart`, in a new worker process.

    The answer comes when that is done, or with the status 202 when it takes long.
    """
    service = services(request)
    body = await read_object(request) if request.can_read_body else {}
    name, restart = body.get("pack"), body.get("restart", False)
    if not (name is None or isinstance(name, str)) or not isinstance(restart, bool):
        raise ApiError(400, "invalid_request", "`pack` must be the name of a pack or null, `restart` true or false.")
    if name is not None and name not in {*(pack.name for pack in active_packs(service)), *_reports(service)}:
        message = f"There is no pack '{name}' to load. `python3 launch.py pack list` names those that there are."
        raise ApiError(404, "unknown_pack", message)
    before = service.catalog.reports
    service.dispatcher.reload_packs(name, restart)
    done = await service.catalog.reported(before, RELOAD_PATIENCE)
    entries = await asyncio.to_thread(_entries, service)
    return answer({"done": done, "packs": entries}, 200 if done else 202)


def _reports(service: Services) -> Mapping[str, PackReport]:
    service.catalog.look()
    return {report.name: report for report in service.catalog.packs}


def _entries(service: Services) -> list[dict[str, Any]]:
    reports = _reports(service)
    problems = {problem.pack: problem for problem in reversed(service.catalog.problems)}
    found = find_packs(service.settings.folders.custom_nodes)
    return [_entry(service, pack, reports.get(pack.name), problems.get(pack.name)) for pack in found]


def _entry(
    service: Services, pack: PackFolder, report: PackReport | None, problem: PackProblem | None
) -> dict[str, Any]:
    enabled = pack.enabled and service.settings.packs
    report, problem = (report, problem) if enabled else (None, None)
    folder = web_of(service, pack) if enabled else pack.web
    if not enabled:
        state = "disabled"
    elif report:
        state = "loaded"
    else:
        state = "failed" if problem else "waiting"
    return {
        "name": pack.name,
        "title": pack.title,
        "version": pack.version,
        "description": pack.description,
        "state": state,
        "nodes": report.nodes if report else [],
        "seconds": report.seconds if report else None,
        "problem": problem.message if problem else None,
        "cure": problem.cure if problem else None,
        "web": folder is not None,
        "scripts": _scripts_that(pack, folder, OF_THIS_EDITOR) if enabled else [],
        "comfy_scripts": _scripts_that(pack, folder, OF_COMFYUI) if enabled else [],
        "workflows": sorted({path.stem for place in pack.workflows() for path in place.glob("*.json")}),
        "routes": enabled and pack.name in (service.catalog.routes.packs if service.catalog.routes else ()),
        "locales": [path.name for path in pack.locales()],
    }


def _scripts(folder: Path | None) -> list[str]:
    if folder is None:
        return []
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.js")) if path.is_file()]


def _scripts_that(pack: PackFolder, folder: Path | None, imports: re.Pattern[str]) -> list[str]:
    return [
        _address(pack, name)
        for name in _scripts(folder)
        if folder and imports.search((folder / name).read_text("utf-8", errors="replace"))
    ]


def _address(pack: PackFolder, name: str) -> str:
    return f"/extensions/{quote(pack.name)}/{quote(name)}"
