"""Model files from the editor into the models folder: safetensors alone, never over a file that is there."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

import orjson
from aiohttp import web

from api.errors import ApiError
from api.json_body import answer
from api.services import services
from graph.files.safe_path import inside
from graph.files.safetensors_header import LARGEST

ENDING = ".safetensors"
PIECE = 1 << 20
NOT_UPLOADED = ("configs", "diffusers")

routes = web.RouteTableDef()


@routes.put("/models/{kind}/{name:.+}")
async def upload(request: web.Request) -> web.Response:
    """Keep a model; the body of the request is the file."""
    folders = services(request).settings.folders
    kind, name = request.match_info["kind"], request.match_info["name"]
    if kind not in folders.kinds() or kind in NOT_UPLOADED:
        raise ApiError(404, "not_found", f"There is no kind of models called '{kind}' to which files can be uploaded.")
    path = inside(folders.model_folders(kind)[0], name)
    if not path.name.lower().endswith(ENDING) or path.name.startswith("."):
        raise ApiError(400, "no_model", f"'{name}' is no safetensors file; other kinds of files cannot be uploaded.")
    length = request.content_length
    if length is None:
        raise ApiError(411, "length_required", "An upload of a model must say how long it is (`Content-Length`).")
    if path.exists():
        raise _exists(kind, name)
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    if length > shutil.disk_usage(path.parent).free:
        raise ApiError(507, "disk_full", f"There is no room for '{name}' on the disk: it has {length:,} bytes.")
    await _receive(request, path, length)
    return answer({"kind": kind, "name": path.relative_to(folders.model_folders(kind)[0]).as_posix()}, 201)


def _exists(kind: str, name: str) -> ApiError:
    return ApiError(409, "exists", f"There is a model '{name}' in models/{kind} already.")


async def _receive(request: web.Request, path: Path, length: int) -> None:
    """Write the body beside the file, look whether it is what it says, and let it become the file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb+") as file:
            received = 0
            async for piece in request.content.iter_chunked(PIECE):
                received += len(piece)
                await asyncio.to_thread(file.write, piece)
            if received != length:
                raise ApiError(400, "incomplete", f"Only {received:,} of {length:,} bytes have arrived.")
            await asyncio.to_thread(_check, file, length, path.name)
        part.chmod(0o644)
        _become(part, path, request.match_info["kind"])
    finally:
        part.unlink(missing_ok=True)


def _check(file: BinaryIO, length: int, name: str) -> None:
    """Raises ApiError (400) for what is no safetensors file of this length; makes it reach the disk."""
    file.flush()
    file.seek(0)
    size = int.from_bytes(file.read(8), "little")
    if not 2 <= size <= min(LARGEST, length - 8):
        raise _no_model(name)
    try:
        header = orjson.loads(file.read(size))
        ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
        if not ends or max(ends) + 8 + size != length:
            raise _no_model(name)
    except (orjson.JSONDecodeError, AttributeError, KeyError, IndexError, TypeError):
        raise _no_model(name) from None
    os.fsync(file.fileno())


def _no_model(name: str) -> ApiError:
    return ApiError(400, "no_model", f"'{name}' is no safetensors file, or it is damaged.")


def _become(part: Path, path: Path, kind: str) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        raise _exists(kind, path.name) from None
    except OSError:  # a file system without links
        if path.exists():
            raise _exists(kind, path.name) from None
        part.replace(path)
