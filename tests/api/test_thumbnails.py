"""Small pictures: beside a model, in its header, of the input folder."""

import base64
import io
import json
import struct
from pathlib import Path

import pytest
from PIL import Image

from tests.running_server import RunningServer, Session


def picture(format: str, size: tuple[int, int] = (300, 200)) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", size, "red").save(output, format)
    return output.getvalue()


def safetensors(metadata: dict[str, str]) -> bytes:
    header = json.dumps({"__metadata__": metadata, "weight": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}})
    return struct.pack("<Q", len(header)) + header.encode()


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(scope="module", autouse=True)
def files(server: RunningServer) -> Path:
    loras = server.base / "models" / "loras"
    cover = base64.b64encode(picture("JPEG")).decode()
    put(loras / "style" / "beside.safetensors", safetensors({}))
    put(loras / "style" / "beside.preview.png", picture("PNG"))
    put(loras / "inside.safetensors", safetensors({"modelspec.thumbnail": f"data:image/jpeg;base64,{cover}"}))
    put(loras / "listed.safetensors", safetensors({"ssmd_cover_images": json.dumps([cover])}))
    put(loras / "broken.safetensors", safetensors({"modelspec.thumbnail": "data:image/jpeg;base64,AAAA"}))
    put(loras / "plain.safetensors", safetensors({"ss_tag": "thumbnail"}))
    put(loras / "none.pt", b"no header")
    put(server.base / "input" / "faces" / "one.png", picture("PNG", (40, 900)))
    return loras


async def shown(session: Session, path: str) -> Image.Image:
    async with session.http.get(path) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "image/webp"
        return Image.open(io.BytesIO(await response.read()))


async def test_the_models_with_a_picture_are_listed(session: Session):
    listed = await session.get("/api/thumbnails/loras")
    assert set(listed) == {
        "broken.safetensors", "inside.safetensors", "listed.safetensors", "style/beside.safetensors"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["style/beside.safetensors", "inside.safetensors", "listed.safetensors"])
async def test_a_picture_is_reduced(session: Session, name: str):
    assert (await shown(session, f"/thumbnails/loras/{name}")).size == (96, 64)
    assert (await shown(session, f"/thumbnails/loras/{name}?size=256")).size == (256, 171)


async def test_pictures_of_the_input_folder_have_thumbnails(session: Session):
    names = list(await session.get("/thumbnails/input"))
    assert [name for name in names if not name.startswith("examples/")] == ["faces/one.png"]
    assert (await shown(session, "/thumbnails/input/faces/one.png")).size == (4, 96)


async def test_a_version_may_be_kept_for_ever_and_changes_with_the_file(session: Session, files: Path):
    path = "/thumbnails/loras/style/beside.safetensors"
    version = (await session.get("/thumbnails/loras"))["style/beside.safetensors"]
    async with session.http.get(f"{path}?v={version}") as response:
        assert "immutable" in response.headers["Cache-Control"]
        tag = response.headers["ETag"]
    async with session.http.get(path, headers={"If-None-Match": tag}) as response:
        assert (response.status, response.headers["Cache-Control"]) == (304, "no-cache")
    put(files / "style" / "beside.preview.png", picture("PNG", (20, 20)))
    assert (await session.get("/thumbnails/loras"))["style/beside.safetensors"] != version
    assert (await shown(session, f"{path}?v={version}")).size == (20, 20)


@pytest.mark.parametrize(
    "path",
    [
        *("loras/none.pt", "loras/plain.safetensors", "loras/unknown.safetensors", "loras/broken.safetensors"),
        *("unknown/a.png", "input/none.png"),
    ],
)
async def test_without_a_picture_there_is_a_sentence(session: Session, path: str):
    assert (await session.get(f"/thumbnails/{path}", status=404))["error"]["message"].endswith(".")


@pytest.mark.parametrize("path", ["loras/..%2F..%2Fserver.log", "input/..%2F..%2Fserver.log"])
async def test_nothing_outside_of_the_folders_is_read(session: Session, path: str):
    async with session.http.get(f"/thumbnails/{path}") as response:
        assert response.status in (400, 404)


async def test_another_size_is_refused(session: Session):
    await session.get("/thumbnails/loras/inside.safetensors?size=9000", status=400)
