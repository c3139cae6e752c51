"""Models that are sent from the editor."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.running_server import RunningServer, Session


def weights(size: int = 16) -> bytes:
    header = json.dumps({"a": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


async def put(session: Session, place: str, body: bytes | AsyncIterator[bytes], status: int) -> None:
    async with session.http.put(f"/api/models/{place}", data=body) as response:
        assert response.status == status, await response.text()


async def test_a_model_is_kept_and_can_be_chosen_at_once(session: Session, server: RunningServer):
    body = weights(3 << 20)  # more than other uploads may have
    await put(session, "loras/styles%2Fink.safetensors", body, 201)
    assert (server.base / "models" / "loras" / "styles" / "ink.safetensors").read_bytes() == body
    assert await session.get("/models/loras") == ["styles/ink.safetensors"]


async def test_a_model_is_never_written_over(session: Session, server: RunningServer):
    await put(session, "vae/one.safetensors", weights(), 201)
    await put(session, "vae/one.safetensors", weights(32), 409)
    assert (server.base / "models" / "vae" / "one.safetensors").read_bytes() == weights()


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("loras/..%2F..%2Fescaped.safetensors", 400),
        ("loras/%2Fetc%2Fescaped.safetensors", 400),
        ("loras/..%5Cescaped.safetensors", 400),
        ("loras/escaped.ckpt", 400),
        ("loras/escaped.py", 400),
        ("loras/.safetensors", 400),
        ("nothing/escaped.safetensors", 404),
        ("..%2Fuser/escaped.safetensors", 404),
        ("configs/escaped.safetensors", 404),
    ],
)
async def test_what_may_not_lie_there_is_refused(session: Session, server: RunningServer, place: str, status: int):
    await put(session, place, weights(), status)
    assert not list(server.base.parent.rglob("*escaped*"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"short",
        b"\xff" * 64,
        weights()[:-1],
        weights() + b"x",
        (2).to_bytes(8, "little") + b"{}",
        b"PK\x03\x04" * 9,
    ],
)
async def test_what_is_no_safetensors_file_leaves_nothing(session: Session, server: RunningServer, body: bytes):
    await put(session, "loras/bad.safetensors", body, 400)
    folder = server.base / "models" / "loras"
    assert not folder.exists() or not [path for path in folder.iterdir() if path.is_file()]


async def test_an_upload_says_how_long_it_is(session: Session):
    async def pieces() -> AsyncIterator[bytes]:
        yield weights()

    await put(session, "loras/endless.safetensors", pieces(), 411)
