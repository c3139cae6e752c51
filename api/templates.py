"""What the gallery of template workflows shows: `/templates`. The workflows themselves are `/workflow_templates`."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from api.editor import OURS, PROJECT
from api.json_body import answer
from api.packs import active_packs
from api.services import services

PICTURES = (".webp", ".png", ".jpg", ".jpeg")

routes = web.RouteTableDef()


@routes.get("/templates")
async def templates(request: web.Request) -> web.Response:
    """The templates of all packs, ours first: what each says of itself (`extra.template`), and its picture."""
    folders = [(OURS, [PROJECT / "workflows"])]
    folders += [(pack.name, pack.workflows()) for pack in active_packs(services(request))]
    return answer(await asyncio.to_thread(lambda: [entry for pack, paths in folders for entry in _of(pack, paths)]))


def _of(pack: str, folders: list[Path]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
            found.setdefault(path.stem, {"pack": pack, "name": path.stem, **_about(path)})
    return list(found.values())


def _about(path: Path) -> dict[str, Any]:
    picture = next((path.stem + ending for ending in PICTURES if path.with_suffix(ending).is_file()), None)
    try:
        extra = orjson.loads(path.read_bytes())["extra"]
        about = extra["template"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        about = None
    return {"picture": picture, "about": about if isinstance(about, dict) else {}}
