"""Results that outlast a restart, and how they are cleared."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import ROOT, RunningServer, Session, node, shown

DEFAULT = ROOT / "workflows" / "default.json"


@pytest.fixture
def server(tmp_path: Path):
    running = RunningServer(tmp_path).start()
    yield running
    running.stop()


async def executed(session: Session, prompt: dict[str, Any]) -> set[str]:
    """Run a prompt; the nodes that had to run."""
    async with session.socket("watch") as frames:
        id = await session.queue(prompt, client_id="watch")
        seen = await frames.until("executing", node=None, prompt_id=id)
        assert (await session.finished(id))["status"]["status_str"] == "success"
    return {data["node"] for kind, data in seen if kind == "executing" and data["node"] is not None}


async def stored(session: Session) -> None:
    """Wait until what has run is on disk."""
    end = time.monotonic() + 20
    while (await session.get("/cache"))["disk"]["entries"] == 0:
        assert time.monotonic() < end


def slow(text: str) -> dict[str, Any]:
    """Two nodes that take long enough to be worth storing, and one that shows what they give."""
    return {
        "1": node("Sleep", seconds=0.01, text=text),
        "2": node("Sleep", seconds=0.01, text="b"),
        "3": node("Join", first=["1", 0], second=["2", 0]),
        "4": node("Show", text=["3", 0]),
    }


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_an_unchanged_graph_executes_nothing_after_a_restart(server: RunningServer, end: str):
    async with server.session() as session:
        assert await executed(session, slow("a")) == {"1", "2", "3", "4"}
        assert await executed(session, shown("quick")) == {"1", "2"}
        await stored(session)
    getattr(server, end)()
    server.start()
    async with server.session() as session:
        assert await executed(session, slow("a")) == set()
        assert await executed(session, shown("quick")) == set()
        assert await executed(session, slow("other")) == {"1", "3", "4"}
        figures = await session.get("/cache")
        assert figures["disk"]["hits"] >= 3


async def test_without_a_cache_on_disk_everything_runs_again(tmp_path: Path):
    server = RunningServer(tmp_path, "--disable-disk-cache").start()
    async with server.session() as session:
        await executed(session, slow("a"))
        assert (await session.get("/cache"))["disk"] is None
    server.stop()
    server.start()
    async with server.session() as session:
        assert await executed(session, slow("a")) == {"1", "2", "3", "4"}
    server.stop()
    assert not (tmp_path / "user" / "cache" / "results").exists()


async def test_the_budgets_are_those_that_were_asked_for(tmp_path: Path):
    server = RunningServer(tmp_path, "--cache-size", "0", "--disk-cache-size", "3").start()
    async with server.session() as session:
        await executed(session, slow("a"))
        await stored(session)
        figures = await session.get("/cache")
        assert (figures["memory"]["budget"], figures["memory"]["entries"]) == (0, 0)
        assert figures["disk"]["budget"] == 3 << 20
        assert await executed(session, slow("a")) == set()  # from disk
    server.stop()


async def test_each_tier_is_cleared_alone(server: RunningServer):
    async with server.session() as session:
        await executed(session, slow("a"))
        await stored(session)
        left = await session.post("/cache", {"clear": "memory"})
        assert (left["memory"]["entries"], left["disk"]["entries"] > 0) == (0, True)
        assert await executed(session, slow("a")) == set()
        left = await session.post("/cache", {"clear": "disk"})
        assert (left["memory"]["entries"] > 0, left["disk"]["entries"]) == (True, 0)
        assert await executed(session, slow("a")) == set()
        left = await session.post("/cache", {"clear": "all"})
        assert (left["memory"]["entries"], left["disk"]["entries"]) == (0, 0)
        assert await executed(session, slow("a")) == {"1", "2", "3", "4"}
        for wrong in ({}, {"clear": "everything"}, {"clear": ["disk"]}):
            error = await session.post("/cache", wrong, status=400)
            assert "memory, disk, all" in error["error"]["message"]


async def test_free_forgets_the_results_of_both_tiers(server: RunningServer):
    async with server.session() as session:
        await executed(session, slow("a"))
        await stored(session)
        await session.post("/free", {"free_memory": True})
        assert await executed(session, slow("a")) == {"1", "2", "3", "4"}


async def test_without_a_worker_nothing_can_be_said(tmp_path: Path):
    server = RunningServer(tmp_path, "--nodes", "there_is_no_such_package").start()
    async with server.session() as session:
        error = await session.get("/cache", status=503)
        assert "Try again" in error["error"]["message"]
    server.stop()


@pytest.mark.slow
async def test_a_picture_is_there_again_after_a_restart(tmp_path: Path):
    server = RunningServer(tmp_path, "--nodes", "nodes", "--models", str(ROOT / "models"), "--cpu")
    server.start()
    document = json.loads(DEFAULT.read_text("utf-8"))
    async with server.session() as session:
        prompt = (await session.post("/api/compile", {"document": document}))["prompt"]
        of = {entry["class_type"]: id for id, entry in prompt.items()}
        sampler, saver, loader = of["KSampler"], of["SaveImage"], of["CheckpointLoader"]
        prompt[sampler]["inputs"]["steps"] = 2
        prompt["preview"] = node("PreviewImage", images=prompt[saver]["inputs"]["images"])
        first = await executed(session, prompt)
        assert {sampler, saver, "preview"} <= first
        await stored(session)
    server.stop()
    server.start()
    async with server.session() as session:
        assert await executed(session, prompt) == set()
        prompt[sampler]["inputs"]["seed"] += 1
        again = await executed(session, prompt)
        # The model is no data: it is opened again. The prompts are not encoded again, as their states are on disk.
        encoders = {id for id, entry in prompt.items() if entry["class_type"] == "CLIPEncode"}
        assert {loader, sampler, saver, "preview"} <= again
        assert not encoders & again
    server.stop()
