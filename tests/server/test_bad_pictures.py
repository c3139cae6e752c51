"""Pictures that are none, that are damaged, and that would not fit into the memory, through the whole program."""

import io
import struct
import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from PIL import Image

from tests.running_server import RunningServer, Session, node
from tests.server.complaints import failure, readable, still_works


@pytest.fixture
async def session(studio: RunningServer) -> AsyncIterator[Session]:
    async with studio.session() as session:
        yield session


def good(format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 80).convert("RGB").save(file, format)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that would be 3.6 gigapixels."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + side // 8) * 100, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A picture with a compressed note of 200 MB."""
    note = b"workflow\x00\x00" + zlib.compress(bytes(200 * 2**20), 9)
    png = good()
    return png[:33] + chunk(b"zTXt", note) + png[33:]


NO_PICTURES = {
    "empty.png": b"",
    "text.png": b"not a picture at all",
    "page.png": b"<!DOCTYPE html><html>Please log in</html>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "signature.png": b"\x89PNG\r\n\x1a\n",
    "bomb.png": bomb(),
}


async def upload(session: Session, name: str, content: bytes, **fields: str) -> tuple[int, dict]:
    form = aiohttp.FormData(quote_fields=False)  # as a malicious client would send it
    form.add_field("image", content, filename=name, content_type="image/png")
    for field, value in fields.items():
        form.add_field(field, value)
    async with session.http.post("/upload/image", data=form) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("name", NO_PICTURES)
async def test_an_upload_that_is_no_picture_is_refused(studio: RunningServer, session: Session, name: str):
    status, answer = await upload(session, name, NO_PICTURES[name])
    assert status == 400
    assert name in readable(answer["error"]["message"])
    assert not (studio.base / "input" / name).exists()


@pytest.mark.parametrize("loader", ["LoadImage", "LoadImageMask"])
@pytest.mark.parametrize("name", [name for name in NO_PICTURES if name.endswith(".png")])
async def test_a_file_in_the_input_folder_that_is_no_picture_is_named(
    studio: RunningServer, session: Session, name: str, loader: str
):
    (studio.base / "input" / f"direct_{name}").write_bytes(NO_PICTURES[name])
    error = await failure(session, loading(f"direct_{name}", loader))
    assert (error["node_id"], error["node_type"], error["input_name"]) == ("1", loader, "image")
    assert f"direct_{name}" in error["exception_message"]


def loading(name: str, loader: str = "LoadImage") -> dict:
    prompt = {"1": node(loader, image=name), "2": node("PreviewImage", images=["1", 0])}
    if loader == "LoadImageMask":
        return {**prompt, "2": node("MaskToImage", mask=["1", 0]), "3": node("PreviewImage", images=["2", 0])}
    return prompt


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
async def test_a_truncated_picture_is_damaged(studio: RunningServer, session: Session, format: str):
    whole = good(format)
    name = f"truncated.{format.lower()}"
    (studio.base / "input" / name).write_bytes(whole[: len(whole) // 2])
    error = await failure(session, loading(name))
    assert error["node_id"] == "1"
    assert name in error["exception_message"]
    status, answer = await upload(session, f"sent_{name}", whole[: len(whole) // 2])
    if status == 400:
        assert name in readable(answer["error"]["message"])
        return
    async with session.http.get(
        "/view", params={"filename": answer["name"], "type": "input", "preview": "webp"}
    ) as said:
        assert said.status in (200, 400)
        if said.status == 400:
            readable((await said.json())["error"]["message"])


async def test_a_note_that_unpacks_to_hundreds_of_megabytes_is_not_unpacked(studio: RunningServer, session: Session):
    (studio.base / "input" / "note.png").write_bytes(text_bomb())
    error = await failure(session, loading("note.png"))
    assert "note.png" in error["exception_message"]


@pytest.mark.parametrize("name", ["../../up.png", "/up.png", "..\\..\\up.png", "a/../../up.png"])
async def test_an_upload_keeps_only_the_last_part_of_its_name(studio: RunningServer, session: Session, name: str):
    status, answer = await upload(session, name, good())
    assert status == 200
    assert (answer["subfolder"], answer["name"].startswith("up")) == ("", True)
    assert not list(studio.base.glob("up*.png"))


@pytest.mark.parametrize(("name", "subfolder"), [("..", ""), ("con.png", ""), ("a.png", "../.."), ("a.png", "/etc")])
async def test_an_upload_that_would_leave_its_folder_is_refused(session: Session, name: str, subfolder: str):
    status, answer = await upload(session, name, good(), subfolder=subfolder)
    assert status in (400, 403)
    readable(answer["error"]["message"])


@pytest.mark.parametrize("name", ["../secret.png", "absent.png", "/etc/passwd"])
async def test_a_picture_that_cannot_be_used_is_refused_before_the_job(session: Session, name: str):
    answer = await session.post("/prompt", {"prompt": loading(name)}, status=400)
    (problem,) = answer["node_errors"]["1"]["errors"]
    assert problem["extra_info"]["input_name"] == "image"
    assert name.split("/")[-1] in readable(problem["details"])


async def test_after_all_that_a_picture_is_made(studio: RunningServer):
    await still_works(studio)
