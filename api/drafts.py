"""What the editor's tabs keep of unsaved work, so that any browser can go on with it: `/drafts`.

A draft is a file `drafts/<tab>.json` of the user's, written over `/userdata`. Here they are listed without their
documents.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from api.json_body import answer
from api.services import services
from api.userdata import user_files

FOLDER = "drafts"
DAYS = 60
MOST = 200
DAY = 24 * 60 * 60

routes = web.RouteTableDef()


@routes.get("/drafts")
async def drafts(request: web.Request) -> web.Response:
    """The drafts, newest first, each with whether the window that it belongs to is open."""
    open_windows = services(request).hub.clients()
    found = await asyncio.to_thread(_listed, user_files(request).root / FOLDER)
    return answer([{**draft, "open": draft["window"] in open_windows} for draft in found])


def _listed(folder: Path) -> list[dict[str, Any]]:
    _prune(folder)
    found = [draft for path in folder.glob("*.json") if (draft := _read(path))]
    return sorted(found, key=lambda draft: draft["time"], reverse=True)


def _read(path: Path) -> dict[str, Any] | None:
    """What a draft says of itself; None for a file that is none."""
    try:
        content = orjson.loads(path.read_bytes())
        document = content["document"]
        return {
            "id": path.stem,
            "name": str(content["name"]),
            "storedAs": content.get("storedAs"),
            "dirty": bool(content["dirty"]),
            "closed": bool(content.get("closed")),
            "time": float(content["time"]),
            "window": content.get("window"),
            "nodes": len(document["nodes"]),
        }
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _prune(folder: Path) -> None:
    """Nobody comes back for what is this old."""
    files = [(path.stat().st_mtime, path) for path in folder.glob("*.json")] if folder.is_dir() else []
    files.sort(reverse=True)
    limit = time.time() - DAYS * DAY
    for at, (moment, path) in enumerate(files):
        if at >= MOST or moment < limit:
            path.unlink(missing_ok=True)
