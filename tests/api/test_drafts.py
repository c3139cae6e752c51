"""Drafts of the editor's tabs, and the list of templates."""

import os
from typing import Any

from tests.running_server import RunningServer, Session


def draft(**more: Any) -> dict[str, Any]:
    document = {"nodes": [{"id": 1}, {"id": 2}]}
    return {"name": "cat", "dirty": True, "time": 5, "window": "w", "storedAs": None, "document": document, **more}


async def keep(session: Session, id: str, content: dict[str, Any]) -> None:
    async with session.http.post(f"/userdata/drafts%2F{id}.json", json=content) as response:
        assert response.status == 200


async def test_drafts_are_listed_without_their_documents(session: Session):
    await keep(session, "a", draft())
    await keep(session, "b", draft(time=9, window="here", closed=True, name="dog"))
    await keep(session, "broken", {"name": "x"})
    async with session.http.ws_connect("/ws?clientId=here") as socket:
        await socket.receive()
        found = await session.get("/api/drafts")
    assert found == [
        {
            "id": "b", "name": "dog", "storedAs": None, "dirty": True, "closed": True, "time": 9.0, "window": "here",
            "nodes": 2, "open": True,
        },
        {
            "id": "a", "name": "cat", "storedAs": None, "dirty": True, "closed": False, "time": 5.0, "window": "w",
            "nodes": 2, "open": False,
        },
    ]  # fmt: skip


async def test_old_drafts_go(session: Session, server: RunningServer):
    await keep(session, "old", draft())
    path = server.base / "user" / "default" / "drafts" / "old.json"
    os.utime(path, (1, 1))
    assert "old" not in [entry["id"] for entry in await session.get("/drafts")]
    assert not path.exists()


async def test_templates_say_what_they_are(session: Session):
    default = next(entry for entry in await session.get("/api/templates") if entry["name"] == "default")
    assert default["pack"] == "safelight"
    assert default["picture"] == "default.webp"
    assert set(default["about"]) >= {"title", "description", "category"}
    async with session.http.get("/workflow_templates/safelight/default.webp") as response:
        assert (response.status, response.content_type) == (200, "image/webp")
        assert len(await response.read()) < 30_000
