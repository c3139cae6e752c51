"""What the word that somebody types in a prompt may become: `/completions`."""

import asyncio
import math
from pathlib import Path, PurePosixPath
from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer
from api.services import services
from graph.files.tag_files import EXACT, INSIDE, PREFIX, WORD, TagFiles, folded
from graph.folders import Folders

TAG_FILES = web.AppKey("tag_files", TagFiles)
MOST = 100
MOST_QUERIES = 8
FILE_KINDS = {"embedding": "embeddings", "lora": "loras"}
KINDS = ("tag", *FILE_KINDS)
FILE_GAIN = math.log10(1_000_000)
"""Files are few, and theirs who has them: they rank as tags that are used this often."""

routes = web.RouteTableDef()


def tag_files(user: Path) -> TagFiles:
    """The lists of tags of a user folder."""
    return TagFiles(user / "tags")


@routes.get("/completions")
async def completions(request: web.Request) -> web.Response:
    """Tags, embeddings and LoRAs that a few letters find, best first. Of several `q` the first that finds any holds."""
    queries = request.query.getall("q", [""])
    kinds = request.query.get("kinds", "tag,embedding").split(",")
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise ApiError(400, "invalid_request", f"There is no kind '{unknown[0]}'; there are {', '.join(KINDS)}.")
    limit = request.query.get("limit", "20")
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
        raise ApiError(400, "invalid_request", f"'limit' is a whole number from 1 to {MOST}.")
    app, folders = request.app, services(request).settings.folders
    return answer(await asyncio.to_thread(_first_found, app, folders, queries, kinds, int(limit)))


def _first_found(
    app: web.Application, folders: Folders, queries: list[str], kinds: list[str], limit: int
) -> dict[str, Any]:
    for query in queries[:MOST_QUERIES]:
        if found := _found(app, folders, query, kinds, limit):
            return {"query": query, "completions": found}
    return {"query": None, "completions": []}


def _found(app: web.Application, folders: Folders, query: str, kinds: list[str], limit: int) -> list[dict[str, Any]]:
    found: list[tuple[float, dict[str, Any]]] = []
    if "tag" in kinds:
        for tag, alias, score in app[TAG_FILES].index().search(query, limit):
            entry = {"kind": "tag", "name": tag.name, "count": tag.uses, "category": tag.category}
            found.append((score, entry if alias is None else {**entry, "alias": alias}))
    for kind, folder in FILE_KINDS.items():
        if kind in kinds:
            for name in folders.model_names(folder):
                plain = str(PurePosixPath(name).with_suffix(""))
                fit = _fit(folded(query), folded(plain))
                if fit is not None:
                    found.append((fit + FILE_GAIN, {"kind": kind, "name": plain}))
    found.sort(key=lambda each: (-each[0], each[1]["name"]))
    return [entry for _, entry in found[:limit]]


def _fit(wanted: str, name: str) -> float | None:
    """How a query fits the name of a file, whose folders need not be typed; an empty query finds all."""
    last = name.rsplit("/", 1)[-1]
    if wanted in (name, last):
        return EXACT
    if name.startswith(wanted) or last.startswith(wanted):
        return PREFIX
    position = name.find(wanted)
    if position < 0:
        return None
    return INSIDE if name[position - 1].isalnum() else WORD
