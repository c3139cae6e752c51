"""What is interrupted while a checkpoint is loaded, a prompt encoded or a picture sampled leaves no trace."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.running_server import ROOT, RunningServer, Session

DEFAULT = json.loads((ROOT / "workflows" / "default.json").read_text("utf-8"))


@pytest.fixture
def server(tmp_path: Path):
    models = ("--models", str(ROOT / "models"))
    running = RunningServer(tmp_path, "--nodes", "nodes", "--cpu", "--disable-disk-cache", *models).start()
    yield running
    assert running.stop() == 0


def document(seed: int, steps: int) -> dict[str, Any]:
    """The default workflow."""
    drawn = json.loads(json.dumps(DEFAULT))
    (sampler,) = (node for node in drawn["nodes"] if node["type"] == "KSampler")
    _, _, _, *rest = sampler["widgets_values"]
    sampler["widgets_values"] = [seed, "fixed", steps, *rest]
    return drawn


async def picture(session: Session) -> bytes:
    """The pixels of a picture that is made from the checkpoint on."""
    await session.post("/free", {"unload_models": True, "free_memory": True})
    said = await session.post("/prompt", {"document": document(5, 4)})
    entry = await session.finished(said["prompt_id"])
    assert entry["status"]["completed"], entry["status"]
    (saved,) = (image for shown in entry["outputs"].values() for image in shown.get("images", []))
    async with session.http.get("/view", params=saved) as response:
        return Image.open(io.BytesIO(await response.read())).tobytes()


async def test_pictures_are_the_same_after_interruptions_at_any_moment(server: RunningServer):
    async with server.session() as session:
        before = await picture(session)
        for index, seconds in enumerate((0.0, 0.3, 0.8)):
            await session.post("/free", {"unload_models": True, "free_memory": True})
            async with session.socket("watch") as frames:
                body = {"document": document(100 + index, 2000), "client_id": "watch"}
                id = (await session.post("/prompt", body))["prompt_id"]
                await frames.until("execution_start", prompt_id=id)
                await asyncio.sleep(seconds)
                await session.post("/interrupt", {"prompt_id": id})
                await frames.until("execution_interrupted", prompt_id=id)
        assert await picture(session) == before
