"""The editor's files over HTTP, and what packs add to it."""

import json
import re
from pathlib import Path

import pytest

from tests.running_server import RunningServer, Session

PACK = {
    "__init__.py": "",
    "web/main.js": "export {};",
    "web/sub/more.js": "export {};",
    "web/style.css": "",
    "example_workflows/first.json": "{}",
    "workflows/second.json": '{"nodes": []}',
    "locales/en/main.json": '{"greeting": {"hello": "Hello"}}',
    "locales/en/nodeDefs.json": '{"Node": {"display_name": "A node"}}',
    "locales/zh/main.json": "not json",
    "secret.txt": "secret",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    base = tmp_path_factory.mktemp("server")
    for pack in ("mine", "other.disabled"):
        for name, content in PACK.items():
            path = base / "custom_nodes" / pack / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    running = RunningServer(base).start()
    yield running
    running.stop()


async def fetch(session: Session, path: str, status: int = 200):
    async with session.http.get(path) as response:
        body = await response.text()
        assert response.status == status, body
        return body, response


async def test_the_start_page_names_files_that_may_be_kept(session: Session):
    page, response = await fetch(session, "/")
    assert response.content_type == "text/html"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "{{" not in page
    links = re.findall(r'(?:href|src)="(/w/[^"]+)"', page)
    assert any("modulepreload" in line for line in page.splitlines())
    for link in links:
        _, response = await fetch(session, link)
        assert "immutable" in response.headers["Cache-Control"]
        if link.endswith(".js"):
            assert response.content_type == "text/javascript"


async def test_the_path_of_an_old_page_still_works_but_is_not_kept(session: Session):
    _, response = await fetch(session, "/w/0123456789abcdef/index.html")
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["..%2Fserver.py", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "style%2F..%2F..%2Fserver.py"]
)
async def test_the_editors_files_are_all_there_is(session: Session, path: str):
    async with session.http.get(f"/w/0/{path}") as response:
        assert response.status in (400, 404)
    for folder in ("extensions/mine", "api/workflow_templates/mine"):
        async with session.http.get(f"/{folder}/{path}") as response:
            assert response.status in (400, 404)


async def test_the_scripts_of_packs(session: Session):
    scripts = await session.get("/extensions")
    assert scripts == ["/extensions/mine/main.js", "/extensions/mine/sub/more.js"]
    for script in scripts:
        _, response = await fetch(session, script)
        assert response.content_type == "text/javascript"
        assert response.headers["Cache-Control"] == "no-cache"
    await fetch(session, "/extensions/mine/style.css")
    await fetch(session, "/extensions/mine/..%2Fsecret.txt", 400)
    await fetch(session, "/extensions/other.disabled/main.js", 404)


async def test_the_templates_of_packs_and_ours(session: Session):
    found = await session.get("/api/workflow_templates")
    assert found["mine"] == ["first", "second"]
    assert "other.disabled" not in found
    body, _ = await fetch(session, "/api/workflow_templates/mine/second.json")
    assert json.loads(body) == {"nodes": []}
    workflows = Path(__file__).resolve().parents[2] / "workflows"
    assert found["safelight"] == sorted(path.stem for path in workflows.glob("*.json"))


async def test_the_translations_of_packs(session: Session):
    expected = {"greeting": {"hello": "Hello"}, "nodeDefs": {"Node": {"display_name": "A node"}}}
    assert await session.get("/i18n") == {"en": expected}


async def test_without_packs_there_is_nothing_of_theirs(tmp_path: Path):
    (tmp_path / "custom_nodes" / "mine" / "web").mkdir(parents=True)
    (tmp_path / "custom_nodes" / "mine" / "__init__.py").touch()
    (tmp_path / "custom_nodes" / "mine" / "web" / "main.js").touch()
    server = RunningServer(tmp_path, "--disable-all-custom-nodes").start()
    async with server.session() as session:
        assert await session.get("/extensions") == []
    server.stop()
