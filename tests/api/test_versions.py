"""Earlier contents of workflows, and files that change under whoever writes them."""

import json
from pathlib import Path

import pytest

from graph.files.versions import SLOT_MS, Versions
from tests.running_server import RunningServer, Session

A, B = b'{"nodes": [], "a": 1}', b'{"nodes": [], "b": 2}'


async def save(session: Session, name: str, content: bytes, status: int = 200, query: str = "", match: str = ""):
    headers = {"If-Match": match} if match else {}
    address = f"/api/userdata/{name}?full_info=true{query}"
    async with session.http.post(address, data=content, headers=headers) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def versions(session: Session, name: str) -> list[dict[str, object]]:
    return await session.get(f"/api/versions/{name}")


async def test_each_save_is_a_version_and_equal_ones_are_one(session: Session):
    name = "workflows%2Fdeep%2Fsaved.json"
    for content in (A, A, B, A):
        await save(session, name, content)
    found = await versions(session, name)
    assert [version["digest"] for version in found] == [found[0]["digest"], found[1]["digest"], found[0]["digest"]]
    async with session.http.get(f"/versions/{name}/{found[1]['id']}") as response:
        assert await response.read() == B
    await session.get(f"/versions/{name}/nothing", status=404)
    assert await versions(session, "workflows%2Fnever.json") == []


async def test_what_was_there_before_is_kept_as_well(session: Session, server: RunningServer):
    path = server.base / "user" / "default" / "workflows" / "old.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(A)
    await save(session, "workflows%2Fold.json", B)
    assert len(await versions(session, "workflows%2Fold.json")) == 2


async def test_versions_have_names_and_follow_their_file(session: Session):
    name = "workflows%2Fnamed.json"
    await save(session, name, A)
    async with session.http.post(f"/versions/{name}", json={"document": json.loads(B), "name": "good"}) as response:
        assert response.status == 201
        kept = await response.json()
    async with session.http.patch(f"/versions/{name}/{kept['id']}", json={"name": "better"}) as response:
        assert (await response.json())["name"] == "better"
    async with session.http.post(f"/userdata/{name}/move/workflows%2Fmoved.json") as response:
        assert response.status == 200
    assert await versions(session, name) == []
    assert [version["name"] for version in await versions(session, "workflows%2Fmoved.json")] == ["better", None]
    async with session.http.delete("/userdata/workflows%2Fmoved.json?trash=true") as response:
        place = (await response.json()).replace("/", "%2F")
    await session.get("/userdata/workflows%2Fmoved.json", status=404)
    async with session.http.post(f"/userdata/{place}/move/workflows%2Fmoved.json?overwrite=false") as response:
        assert response.status == 200
    assert len(await versions(session, "workflows%2Fmoved.json")) == 2
    async with session.http.delete(f"/versions/workflows%2Fmoved.json/{kept['id']}") as response:
        assert response.status == 204
    assert [version["name"] for version in await versions(session, "workflows%2Fmoved.json")] == [None]


async def test_a_file_that_has_changed_is_not_written_over(session: Session):
    name = "workflows%2Fshared.json"
    first = await save(session, name, A)
    second = await save(session, name, B, match=f'"{first["etag"]}"')
    refused = await save(session, name, A, 412, match=f'"{first["etag"]}"')
    assert (refused["error"]["type"], refused["etag"]) == ("changed", second["etag"])
    async with session.http.get(f"/userdata/{name}") as response:
        assert await response.read() == B
        assert response.headers["ETag"] == f'"{second["etag"]}"'
    async with session.http.delete(f"/userdata/{name}") as response:
        assert response.status == 204
    assert (await save(session, name, A, 412, match=f'"{second["etag"]}"'))["etag"] is None
    await session.get(f"/userdata/{name}", status=404)


@pytest.mark.parametrize(
    "name", ["..%2Fworkflows%2Fa.json", "%2Fetc%2Fa.json", "C:%5Ca.json", "workflows%2F..%2F..%2Fa.json", "a%00b"]
)
async def test_versions_are_of_the_users_files_alone(session: Session, name: str, server: RunningServer):
    for method, more in (("GET", ""), ("POST", ""), ("GET", "/x"), ("PATCH", "/x"), ("DELETE", "/x")):
        body = {"document": {}, "name": "x"}
        async with session.http.request(method, f"/versions/{name}{more}", json=body) as response:
            assert response.status in (400, 404, 405)
    assert not list(server.base.parent.glob("a.json"))


@pytest.mark.parametrize("body", [{}, {"document": [], "name": "x"}, {"document": {}, "name": " "}, {"document": {}}])
async def test_a_version_without_document_or_name_is_refused(session: Session, body: dict[str, object]):
    async with session.http.post("/versions/workflows%2Fx.json", json=body) as response:
        assert response.status == 400
    async with session.http.post("/versions/notes.txt", json={"document": {}, "name": "x"}) as response:
        assert response.status == 404


def test_only_the_last_are_kept_and_those_with_names(tmp_path: Path):
    kept = Versions(tmp_path, kept=3)
    kept.keep("workflows/a.json", b"0", name="first", at=1)
    for number in range(1, 6):
        kept.keep("workflows/a.json", str(number).encode(), at=1 + number)
    assert [(version.time, version.name) for version in kept.of("workflows/a.json")] == [
        (6, None), (5, None), (4, None), (1, "first"),
    ]  # fmt: skip
    assert len(list((tmp_path / "workflows" / "a.json").glob("*.gz"))) == 4


def test_of_what_was_saved_by_itself_the_last_in_ten_minutes_stays(tmp_path: Path):
    kept = Versions(tmp_path)
    for number, moment in enumerate([SLOT_MS, SLOT_MS + 5, SLOT_MS + 9, 2 * SLOT_MS]):
        kept.keep("a.json", str(number).encode(), automatic=True, at=moment)
    kept.keep("a.json", b"by hand", at=2 * SLOT_MS + 1)
    assert [version.time for version in kept.of("a.json")] == [2 * SLOT_MS + 1, 2 * SLOT_MS, SLOT_MS + 9]


def test_a_lost_list_is_made_anew_from_what_lies_there(tmp_path: Path):
    kept = Versions(tmp_path)
    kept.keep("a.json", b"one", at=1)
    kept.keep("a.json", b"two", at=2)
    for damaged in (b"", b"[{}]"):
        (tmp_path / "a.json" / "index.json").write_bytes(damaged)
        again = Versions(tmp_path)
        assert {again.content("a.json", version.id) for version in again.of("a.json")} == {b"one", b"two"}
