"""The model library: `/library`. What model files say of themselves, and what the user notes of them."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from api.errors import ApiError
from api.json_body import answer, read_object
from api.services import services
from api.thumbnails import THUMBNAILS
from graph.files.model_facts import ModelFacts, model_facts
from graph.files.model_notes import LONGEST_NOTE, ModelNote, ModelNotes
from graph.files.replace_file import replace_file
from graph.folders import Folders

NOT_SHOWN = ("configs",)
PREVIEW_SIZE = 512

routes = web.RouteTableDef()


class Library:
    """What was read of model files, kept as long as they stay as they are; the notes."""

    def __init__(self, folders: Folders) -> None:
        self.notes = ModelNotes(folders.user / "models")
        self._facts: dict[Path, tuple[int, int, ModelFacts]] = {}
        self._lock = threading.Lock()

    def facts(self, path: Path) -> ModelFacts:
        """What a model file says of itself."""
        status = path.stat()
        with self._lock:
            known = self._facts.get(path)
        if known and known[:2] == (status.st_mtime_ns, status.st_size):
            return known[2]
        found = model_facts(path)
        with self._lock:
            self._facts[path] = (status.st_mtime_ns, status.st_size, found)
        return found


LIBRARY = web.AppKey("library", Library)


def _folders(request: web.Request) -> Folders:
    return services(request).settings.folders


def _model(request: web.Request) -> tuple[str, str, Path]:
    kind, name = request.match_info["kind"], request.match_info["name"]
    folders = _folders(request)
    if kind not in folders.kinds() or kind in NOT_SHOWN:
        raise ApiError(404, "not_found", f"There is no kind of models called '{kind}'.")
    try:
        return kind, name, folders.model_path(kind, name)
    except FileNotFoundError as error:
        raise ApiError(404, "not_found", str(error)) from None


@routes.get("/library")
async def kinds(request: web.Request) -> web.Response:
    """The kinds of models, each with how many there are."""
    folders = _folders(request)
    names = [kind for kind in folders.kinds() if kind not in NOT_SHOWN]
    counts = await asyncio.to_thread(lambda: {kind: len(folders.model_names(kind)) for kind in names})
    return answer(counts)


@routes.get("/library/{kind}")
async def models(request: web.Request) -> web.Response:
    """The models of a kind with what a list shows of them."""
    folders, kind = _folders(request), request.match_info["kind"]
    if kind not in folders.kinds() or kind in NOT_SHOWN:
        raise ApiError(404, "not_found", f"There is no kind of models called '{kind}'.")
    return answer(await asyncio.to_thread(_listed, request.app, folders, kind))


def _listed(app: web.Application, folders: Folders, kind: str) -> list[dict[str, Any]]:
    library, covers = app[LIBRARY], app[THUMBNAILS].covers
    found = []
    for name in folders.model_names(kind):
        try:
            path = folders.model_path(kind, name)
            status, facts = path.stat(), library.facts(path)
        except OSError:
            continue
        note, cover = library.notes.of(kind, name), covers.of(path)
        found.append(
            {
                "name": name,
                "size": status.st_size,
                "modified": int(status.st_mtime * 1000),
                "title": facts.title,
                "family": facts.family,
                "words": _chosen_words(note, facts),
                "favorite": note.favorite,
                "note": note.text,
                "cover": cover.version if cover else None,
            }
        )
    return found


def _chosen_words(note: ModelNote, facts: ModelFacts) -> list[str]:
    return note.words or list(facts.trigger_words)


@routes.get("/library/{kind}/{name:.+}")
async def model(request: web.Request) -> web.Response:
    """Everything that is known of one model."""
    kind, name, path = _model(request)
    return answer(await asyncio.to_thread(_described, request.app[LIBRARY], kind, name, path))


def _described(library: Library, kind: str, name: str, path: Path) -> dict[str, Any]:
    facts = msgspec.to_builtins(library.facts(path))
    note = library.notes.of(kind, name)
    return {
        "title": "",
        "author": "",
        "description": "",
        "family": "",
        "trigger_words": [],
        "training": {},
        "metadata": {},
        "tensors": 0,
        **facts,
        "sha256": library.notes.known_sha256(path),
        "note": {"text": note.text, "trigger_words": note.trigger_words, "favorite": note.favorite},
    }


@routes.put("/library/{kind}/{name:.+}")
async def write_note(request: web.Request) -> web.Response:
    """Keep the user's note of a model; fields that are not given stay."""
    kind, name, _ = _model(request)
    changes = await read_object(request)
    notes = request.app[LIBRARY].notes
    try:
        note = msgspec.convert({**msgspec.to_builtins(notes.of(kind, name)), **changes}, ModelNote)
    except msgspec.ValidationError as error:
        raise ApiError(400, "invalid_request", f"The note of '{name}' is not as it should be: {error}.") from None
    if len(note.text) > LONGEST_NOTE:
        raise ApiError(413, "too_large", f"A note may have at most {LONGEST_NOTE:,} characters.")
    await asyncio.to_thread(notes.write, kind, name, note)
    return web.Response(status=204)


@routes.post("/library_hash/{kind}/{name:.+}")
async def digest(request: web.Request) -> web.Response:
    """The SHA-256 of a model; large files take a while the first time."""
    *_, path = _model(request)
    return answer({"sha256": await asyncio.to_thread(request.app[LIBRARY].notes.sha256, path)})


@routes.post("/library_cover/{kind}/{name:.+}")
async def choose_cover(request: web.Request) -> web.Response:
    """Take a picture of the input, output or temp folder for a model: it is put beside it as `name.preview.webp`."""
    *_, path = _model(request)
    wanted = await read_object(request)
    area, subfolder, filename = (str(wanted.get(key, "")) for key in ("type", "subfolder", "filename"))
    picture = _folders(request).resolve(area or "output", subfolder, filename)
    if not picture.is_file():
        raise ApiError(404, "not_found", f"There is no file '{filename}' in the {area or 'output'} folder.")
    body = await asyncio.to_thread(_small, picture, filename)
    await asyncio.to_thread(replace_file, path.with_name(f"{path.stem}.preview.webp"), body)
    cover = request.app[THUMBNAILS].covers.of(path)
    return answer({"cover": cover.version if cover else None})


def _small(picture: Path, name: str) -> bytes:
    from api.pictures import NoPictureError, reduced

    try:
        return reduced(picture, name, PREVIEW_SIZE)
    except NoPictureError as error:
        raise ApiError(400, "no_picture", str(error)) from None
