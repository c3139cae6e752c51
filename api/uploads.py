"""Files from the editor into the input folder: `/upload/image`, `/upload/mask`, `/upload/file`."""

import asyncio
import hashlib
import io
import mimetypes
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import orjson
from aiohttp import web

from api.errors import ApiError
from api.json_body import answer
from api.services import services
from graph.files.replace_file import replace_file
from graph.folders import Folders

routes = web.RouteTableDef()


class Upload(NamedTuple):
    """A file that was sent, and where it is to go."""

    name: str
    file: BinaryIO
    area: str
    subfolder: str
    overwrite: bool
    fields: dict[str, str]


async def _read(request: web.Request, field: str = "image") -> Upload:
    try:
        form = await request.post()
    except ValueError as error:
        raise ApiError(400, "invalid_request", f"The upload cannot be read: {error}.") from None
    sent = form.get(field)
    if not isinstance(sent, web.FileField) or not sent.filename:
        raise ApiError(400, "invalid_request", f"An upload has a form field '{field}' with a file that has a name.")
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return Upload(
        sent.filename,
        cast(BinaryIO, sent.file),
        fields.get("type") or "input",
        fields.get("subfolder", ""),
        fields.get("overwrite") in ("true", "1"),
        fields,
    )


@routes.post("/upload/image")
async def upload_image(request: web.Request) -> web.Response:
    """Keep a picture (or a sound, or a film). The same content under the same name is kept once."""
    upload = await _read(request)
    return answer(await asyncio.to_thread(_keep, services(request).settings.folders, upload))


@routes.post("/upload/mask")
async def upload_mask(request: web.Request) -> web.Response:
    """Keep a copy of a picture with the alpha channel of the upload, and a layer of paint over its colours."""
    upload = await _read(request)
    return answer(await asyncio.to_thread(_keep_masked, services(request).settings.folders, upload))


@routes.post("/upload/file")
async def upload_file(request: web.Request) -> web.Response:
    """Keep a file of any kind for the nodes that read it. The same content under the same name is kept once."""
    upload = await _read(request, "file")
    return answer(await asyncio.to_thread(_keep_file, services(request).settings.folders, upload))


def copy_to_input(folders: Folders, area: str, subfolder: str, name: str) -> dict[str, Any]:
    """Keep a copy of a file of another folder among the inputs, once for each content.

    Raises FileNotFoundError, UnsafePathError.
    """
    original = folders.resolve(area, subfolder, name)
    with original.open("rb") as file:
        return _store(folders, Upload(original.name, file, "input", "", False, {}), file)


def _keep(folders: Folders, upload: Upload) -> dict[str, Any]:
    from api.pictures import VIDEOS

    media = mimetypes.guess_type(upload.name)[0] or ""
    if upload.name.lower().endswith(VIDEOS) or not media.startswith(("video/", "audio/", "model/")):
        _check(upload)
    return _store(folders, upload, upload.file)


def _keep_file(folders: Folders, upload: Upload) -> dict[str, Any]:
    from api.pictures import VIDEOS

    if upload.name.lower().endswith(VIDEOS):
        _check(upload)
    return _store(folders, upload, upload.file)


def _check(upload: Upload) -> None:
    """Refuse a picture or a video that cannot be read: the person who sends it is there now."""
    from api.pictures import NoPictureError, check

    try:
        check(upload.file, upload.name)
    except NoPictureError as error:
        raise ApiError(400, "no_picture", str(error)) from None


def _keep_masked(folders: Folders, upload: Upload) -> dict[str, Any]:
    from api.pictures import NoPictureError, with_mask

    original = _referred(folders, upload, "original_ref")
    paint = _referred(folders, upload, "paint_ref") if "paint_ref" in upload.fields else None
    try:
        masked = with_mask(original, upload.file, upload.name, paint)
    except NoPictureError as error:
        raise ApiError(400, "no_picture", str(error)) from None
    return _store(folders, upload, io.BytesIO(masked))


def _referred(folders: Folders, upload: Upload, field: str) -> Path:
    """The file that a field of the form names."""
    try:
        reference = orjson.loads(upload.fields.get(field, ""))
        name, subfolder = reference["filename"], reference.get("subfolder", "")
        path = folders.resolve(reference.get("type") or "output", subfolder, name)
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
        message = f"An upload of a mask has a field '{field}': JSON with filename, subfolder and type."
        raise ApiError(400, "invalid_request", message) from None
    if not path.is_file():
        raise ApiError(404, "not_found", f"There is no file '{name}', which the field '{field}' names.")
    return path


def _store(folders: Folders, upload: Upload, content: BinaryIO) -> dict[str, Any]:
    path = folders.resolve(upload.area, upload.subfolder, upload.name.replace("\\", "/").rsplit("/", 1)[-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.read()
    if upload.overwrite:
        replace_file(path, data)
    else:
        path = _free_name(path, data)
    subfolder = path.parent.resolve().relative_to(folders.area(upload.area).resolve()).as_posix()
    return {"name": path.name, "subfolder": "" if subfolder == "." else subfolder, "type": upload.area}


def _free_name(path: Path, data: bytes) -> Path:
    """Write under the first name `name.png`, `name (1).png` … that is free, or already has this content."""
    digest = hashlib.sha256(data).digest()
    candidate, count = path, 0
    while True:
        try:
            with candidate.open("xb") as file:
                file.write(data)
            return candidate
        except FileExistsError:
            if candidate.is_file() and candidate.stat().st_size == len(data) and _digest(candidate) == digest:
                return candidate
        count += 1
        candidate = path.with_name(f"{path.stem} ({count}){path.suffix}")


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
