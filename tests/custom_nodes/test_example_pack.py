"""The example pack: its own tests, and all that it adds to a server."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running_server import RunningServer

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "custom_nodes" / "example_pack"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    base = tmp_path_factory.mktemp("server")
    shutil.copytree(PACK, base / "custom_nodes" / "example_pack", ignore=shutil.ignore_patterns("__pycache__"))
    running = RunningServer(base, "--nodes", "nodes", "--cpu").start()
    yield running
    running.stop()


def test_its_own_tests_pass():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PACK)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


async def test_everything_that_it_brings_is_there(server: RunningServer):
    async with server.session() as session:
        nodes = await session.get("/object_info")
        (pack,) = await session.get("/packs")
        assert (pack["name"], pack["title"], pack["state"], pack["problem"]) == (
            "example_pack", "Example pack", "loaded", None,
        )  # fmt: skip
        assert set(pack["nodes"]) <= set(nodes)
        assert {name for name, entry in nodes.items() if entry["category"] == "example"} == set(pack["nodes"])
        scripts = ("dial.js", "quote.js", "stopwatch.js")
        assert pack["scripts"] == [f"/extensions/example_pack/{name}" for name in scripts]
        assert (pack["workflows"], pack["locales"], pack["routes"]) == (["Pictures and lists"], ["en", "zh-CN"], True)
        assert nodes["ExampleGradient"]["input"]["required"]["angle"][1]["widgetType"] == "example_pack.dial"
        texts = await session.get("/i18n")
        assert texts["zh-CN"]["nodeDefs"]["Vignette"]["display_name"] == "暗角"
        assert await session.get("/problems") == []


async def test_all_its_nodes_have_a_chinese_name(server: RunningServer):
    async with server.session() as session:
        (pack,) = await session.get("/packs")
        assert set((await session.get("/i18n"))["zh-CN"]["nodeDefs"]) == set(pack["nodes"])


async def test_its_route_answers(server: RunningServer):
    async with server.session() as session:
        await session.get("/object_info")
        for prefix in ("", "/api"):
            first, fourth = [await session.get(f"{prefix}/example_pack/quotes/{number}") for number in (0, 3)]
            assert first == fourth
        async with session.http.get("/example_pack/quotes/many") as response:
            assert (response.status, await response.text()) == (400, "The number of a quote has digits only.")


async def test_its_workflow_runs_as_a_template(server: RunningServer):
    async with server.session() as session:
        await session.get("/object_info")
        document = await session.get("/api/workflow_templates/example_pack/Pictures%20and%20lists.json")
        assert document == json.loads((PACK / "workflows" / "Pictures and lists.json").read_text())
        entry = await session.finished((await session.post("/prompt", {"document": document}))["prompt_id"])
        assert entry["status"]["status_str"] == "success"
        assert entry["outputs"]["7"]["text"] == ["1. a red heart\n2. a green heart\n3. a blue heart"]
        (picture,) = entry["outputs"]["4"]["images"]
        assert (server.base / "output" / picture["filename"]).is_file()
