"""The packs over HTTP, and loading them anew, with a real worker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer, Session, node

NODE = """
from graph.declare import Context, node

@node("{id}", category="test", output_node=True)
def show(ctx: Context, text: str = "{text}") -> None:
    ctx.show("text", ["{text} " + text])
"""


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    return tmp_path / "custom_nodes"


@pytest.fixture
def server(tmp_path: Path, packs: Path) -> Iterator[RunningServer]:
    packs.mkdir()
    put(packs / "mine/__init__.py", NODE.format(id="Mine", text="first"))
    running = RunningServer(tmp_path).start()
    yield running
    running.stop()


async def listed(session: Session) -> dict[str, dict[str, Any]]:
    """The packs by name, once the worker has reported."""
    await session.get("/object_info")
    return {pack["name"]: pack for pack in await session.get("/packs")}


async def shown(session: Session, class_type: str, text: str) -> str:
    entry = await session.finished(await session.queue({"1": node(class_type, text=text)}))
    return entry["outputs"]["1"]["text"][0]


async def test_all_packs_are_listed_with_their_state(tmp_path: Path):
    folder = tmp_path / "custom_nodes"
    put(folder / "good pack/__init__.py", NODE.format(id="Good", text=""))
    put(
        folder / "good pack/pyproject.toml",
        '[project]\nname = "good"\nversion = "1.0"\ndescription = "Does good."\n[tool.safelight]\ntitle = "Good"\n',
    )
    put(folder / "good pack/web/ours.js", "/** Mine. */\nimport { definePack } from 'safelight';\n")
    put(folder / "good pack/web/theirs.js", "import { app } from '../../scripts/app.js';\n")
    put(folder / "good pack/workflows/try.json", "{}")
    put(folder / "good pack/locales/de/main.json", "{}")
    put(folder / "bad/__init__.py", "import no_such_module")
    put(folder / "off.disabled/__init__.py", NODE.format(id="Off", text=""))
    server = RunningServer(tmp_path).start()
    async with server.session() as session:
        found = await listed(session)
        scripts = await session.get("/extensions")
        for script in scripts:
            async with session.http.get(script) as response:
                assert response.status == 200
    server.stop()
    assert list(found) == ["bad", "good pack", "off"]
    assert 0 < found["good pack"].pop("seconds") < 60
    assert found["good pack"] == {
        "name": "good pack", "title": "Good", "version": "1.0", "description": "Does good.", "state": "loaded",
        "nodes": ["Good"], "problem": None, "cure": None, "web": True, "workflows": ["try"], "routes": False,
        "locales": ["de"], "scripts": ["/extensions/good%20pack/ours.js"],
        "comfy_scripts": ["/extensions/good%20pack/theirs.js"],
    }  # fmt: skip
    assert found["bad"]["state"] == "failed"
    assert "'no_such_module' is not installed" in found["bad"]["problem"]
    assert "pack install bad no_such_module" in found["bad"]["cure"]
    assert (found["off"]["state"], found["off"]["nodes"]) == ("disabled", [])
    assert "bad: The Python module 'no_such_module'" in server.log.read_text()
    assert "good pack: 1 nodes in" in server.log.read_text()


async def test_a_changed_pack_is_loaded_anew_and_its_old_results_are_not_used(server: RunningServer, packs: Path):
    async with server.session() as session:
        assert await shown(session, "Mine", "x") == "first x"
        worker = (await listed(session))["mine"]
        put(packs / "mine/__init__.py", NODE.format(id="Mine", text="second"))
        put(packs / "other/__init__.py", NODE.format(id="Other", text="other"))
        async with session.socket("listener") as frames:
            answer = await session.post("/packs/reload", {"pack": "mine"})
            assert answer["done"]
            await frames.until("nodes_changed")
        assert worker["nodes"] == ["Mine"]
        assert await shown(session, "Mine", "x") == "second x"
        assert await session.get("/object_info/Other") == {}, "only the one pack was loaded anew"
        await session.post("/packs/reload", {})
        assert await shown(session, "Other", "y") == "other y"


async def test_a_pack_that_breaks_is_named_and_mended_without_a_restart(server: RunningServer, packs: Path):
    async with server.session() as session:
        await session.get("/object_info")
        put(packs / "mine/__init__.py", "1/0")
        answer = await session.post("/packs/reload", {"pack": "mine"})
        assert [(pack["state"], pack["nodes"]) for pack in answer["packs"]] == [("failed", [])]
        assert [problem["subject"] for problem in await session.get("/problems")] == ["mine"]
        refused = await session.post("/prompt", {"prompt": {"1": node("Mine", text="x")}}, 400)
        assert refused["node_errors"]["1"]["class_type"] == "Mine"
        put(packs / "mine/__init__.py", NODE.format(id="Mine", text="mended"))
        await session.post("/packs/reload", {"pack": None})
        assert await session.get("/problems") == []
        assert await shown(session, "Mine", "x") == "mended x"


async def test_the_worker_can_be_started_anew_with_its_packs(server: RunningServer, packs: Path):
    async with server.session() as session:
        assert await shown(session, "Mine", "x") == "first x"
        put(packs / "mine/__init__.py", NODE.format(id="Mine", text="again"))
        running = await session.queue({"1": node("Sleep", seconds=0.5), "2": node("Show", text=["1", 0])})
        await session.running(running)
        waiting = await session.queue({"1": node("Mine", text="y")})
        assert (await session.post("/packs/reload", {"restart": True}))["done"]
        assert (await session.finished(running))["status"]["status_str"] == "success"
        assert (await session.finished(waiting))["outputs"]["1"]["text"] == ["again y"]
        assert "it was asked to start anew" in server.log.read_text()


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"pack": "absent"}, 404, "unknown_pack"),
        ({"pack": 3}, 400, "invalid_request"),
        ({"restart": "yes"}, 400, "invalid_request"),
    ],
)
async def test_what_cannot_be_reloaded_is_refused(server: RunningServer, body, status, kind):
    async with server.session() as session:
        assert (await session.post("/packs/reload", body, status))["error"]["type"] == kind
