"""The files that the editor keeps for the user."""

import pytest

from tests.running_server import RunningServer, Session


async def write(session: Session, name: str, content: bytes, status: int = 200, query: str = ""):
    async with session.http.post(f"/userdata/{name}{query}", data=content) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def read(session: Session, name: str, status: int = 200) -> bytes:
    async with session.http.get(f"/api/userdata/{name}") as response:
        assert response.status == status
        return await response.read()


async def test_a_file_is_kept_as_it_is(session: Session, server: RunningServer):
    assert await write(session, "workflows%2Fa%20%E2%9C%93.json", b'{"a": 1}') == "workflows/a ✓.json"
    assert await read(session, "workflows%2Fa%20%E2%9C%93.json") == b'{"a": 1}'
    assert (server.base / "user" / "default" / "workflows" / "a ✓.json").read_bytes() == b'{"a": 1}'
    info = await write(session, "workflows%2Fb.json", b"{}", query="?full_info=true")
    assert set(info) == {"path", "size", "modified", "created", "etag"}
    assert (info["path"], info["size"]) == ("workflows/b.json", 2)


async def test_it_is_replaced_unless_that_is_unwanted(session: Session):
    await write(session, "once.txt", b"1")
    await write(session, "once.txt", b"2", 409, "?overwrite=false")
    assert await read(session, "once.txt") == b"1"
    await write(session, "once.txt", b"3")
    assert await read(session, "once.txt") == b"3"


async def test_listings(session: Session):
    await write(session, "list%2Fx.json", b"{}")
    await write(session, "list%2Fdeep%2Fy.json", b"{}")
    assert await session.get("/userdata?dir=list") == ["x.json"]
    assert await session.get("/userdata?dir=list&recurse=true") == ["deep/y.json", "x.json"]
    split = await session.get("/userdata?dir=list&recurse=true&split=true")
    assert split == [["deep/y.json", "deep", "y.json"], ["x.json", "x.json"]]
    (info,) = await session.get("/userdata?dir=list&full_info=true")
    assert info["path"] == "x.json"
    tree = await session.get("/v2/userdata?path=list")
    assert [(entry["name"], entry["path"], entry["type"]) for entry in tree] == [
        ("deep", "list/deep", "directory"),
        ("y.json", "list/deep/y.json", "file"),
        ("x.json", "list/x.json", "file"),
    ]
    await session.get("/userdata", status=400)
    await session.get("/userdata?dir=nowhere", status=404)
    assert await session.get("/userdata?dir=nowhere&optional=true") == []


async def test_moving_and_deleting(session: Session):
    await write(session, "from.txt", b"content")
    await write(session, "taken.txt", b"other")
    async with session.http.post("/userdata/from.txt/move/taken.txt?overwrite=false") as response:
        assert response.status == 409
    async with session.http.post("/userdata/from.txt/move/new%2Fto.txt") as response:
        assert await response.json() == "new/to.txt"
    await read(session, "from.txt", 404)
    assert await read(session, "new%2Fto.txt") == b"content"
    async with session.http.delete("/userdata/new%2Fto.txt") as response:
        assert response.status == 204
    await read(session, "new%2Fto.txt", 404)
    for query, status in (("", 404), ("?optional=true", 204)):
        async with session.http.delete(f"/userdata/new%2Fto.txt{query}") as response:
            assert response.status == status


@pytest.mark.parametrize(
    "name",
    ["..%2Fescaped", "%2Fetc%2Fescaped", "a%2F..%2F..%2Fescaped", "..%5Cescaped", "C:%5Cx", "a%00b", "nul", "%2E"],
)
async def test_no_file_lies_outside_the_users_folder(session: Session, name: str, server: RunningServer):
    mine = server.base / "user" / "default"
    before = sorted(mine.rglob("*"))
    for method in ("GET", "POST", "DELETE"):
        async with session.http.request(method, f"/userdata/{name}", data=b"x") as response:
            assert response.status in (400, 404, 405), await response.text()
    async with session.http.post(f"/userdata/once.txt/move/{name}") as response:
        assert response.status in (400, 404, 405)
    assert sorted(mine.rglob("*")) == before
    assert not list(server.base.parent.rglob("escaped*"))


@pytest.mark.parametrize("folder", ["..", "../..", "/etc", "C:\\", "a/../../.."])
async def test_no_listing_is_of_another_folder(session: Session, folder: str):
    for path, name in (("/userdata", "dir"), ("/v2/userdata", "path")):
        async with session.http.get(path, params={name: folder}) as response:
            assert response.status == 400


async def test_a_page_that_a_user_keeps_is_not_served_as_one(session: Session):
    await write(session, "page.html", b"<script>alert(1)</script>")
    async with session.http.get("/userdata/page.html") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
