"""The main job, over HTTP and WebSocket, with the real nodes and the embedded checkpoint."""

import io
import json
from pathlib import Path

import aiohttp
import pytest
from PIL import Image

from tests.running_server import Session

DEFAULT = Path(__file__).resolve().parents[2] / "workflows" / "default.json"
STEPS = 4


@pytest.fixture
def document() -> dict:
    """The default workflow, with fewer steps."""
    document = json.loads(DEFAULT.read_text("utf-8"))
    (sampler,) = (node for node in document["nodes"] if node["type"] == "KSampler")
    seed, control, _, *rest = sampler["widgets_values"]
    sampler["widgets_values"] = [seed, control, STEPS, *rest]
    return document


def node_id(document: dict, kind: str) -> str:
    return next(str(node["id"]) for node in document["nodes"] if node["type"] == kind)


async def test_the_default_workflow_gives_a_picture(server, document: dict):
    async with aiohttp.ClientSession(server.url) as http:
        session = Session(http)
        sampler, saver = node_id(document, "KSampler"), node_id(document, "SaveImage")
        async with session.socket("painter", supports_preview_metadata=True, progress_delta=True) as frames:
            said = await session.post("/api/prompt", {"document": document, "client_id": "painter"})
            assert said["node_errors"] == {}
            seen = await frames.until("executing", node=None)
        assert "execution_success" in [kind for kind, _ in seen]
        progress = [data["value"] for kind, data in seen if kind == "progress" and data["node"] == sampler]
        assert progress == sorted(set(progress))  # fast steps may be left out, the last one never
        assert progress[-1] == STEPS
        preview = next(data for kind, data in seen if kind == "binary")
        length = int.from_bytes(preview[4:8])
        assert json.loads(preview[8 : 8 + length])["node_id"] == sampler
        assert Image.open(io.BytesIO(preview[8 + length :])).format == "JPEG"

        (saved,) = (await session.finished(said["prompt_id"]))["outputs"][saver]["images"]
        async with http.get("/api/view", params=saved) as response:
            picture = Image.open(io.BytesIO(await response.read()))
        assert picture.format == "PNG"
        assert json.loads(picture.info["workflow"]) == document
        prompt = json.loads(picture.info["prompt"])
        assert prompt[sampler]["inputs"]["steps"] == STEPS
        low, high = picture.convert("L").getextrema()
        assert high - low > 30


async def test_only_what_changed_runs_again(server, document: dict):
    async with aiohttp.ClientSession(server.url) as http:
        session = Session(http)
        prompt = (await session.post("/api/compile", {"document": document}))["prompt"]
        sampler, encoder = node_id(document, "KSampler"), node_id(document, "CLIPEncode")
        async with session.socket("again") as frames:
            await session.queue(prompt, client_id="again")
            await frames.until("executing", node=None)
            prompt[sampler]["inputs"]["seed"] += 1
            await session.queue(prompt, client_id="again")
            seen = await frames.until("executing", node=None)
        ran = [data["node"] for kind, data in seen if kind == "executing" and data["node"] is not None]
        assert sampler in ran
        assert encoder not in ran
        assert len(ran) == 3


async def test_sampling_is_interrupted_between_steps(server, document: dict):
    async with aiohttp.ClientSession(server.url) as http:
        session = Session(http)
        prompt = (await session.post("/api/compile", {"document": document}))["prompt"]
        sampler = node_id(document, "KSampler")
        prompt[sampler]["inputs"] |= {"steps": 1000, "seed": 77}
        async with session.socket("hasty") as frames:
            id = await session.queue(prompt, client_id="hasty")
            await frames.until("progress", node=sampler)
            await session.post("/interrupt", {"prompt_id": id})
            seen = await frames.until("execution_interrupted")
        assert seen[-1][1]["node_id"] == sampler
        assert len([kind for kind, _ in seen if kind == "progress"]) < 100


async def test_a_missing_checkpoint_is_named(server, document: dict):
    async with aiohttp.ClientSession(server.url) as http:
        session = Session(http)
        prompt = (await session.post("/api/compile", {"document": document}))["prompt"]
        loader = node_id(document, "CheckpointLoader")
        prompt[loader]["inputs"]["ckpt_name"] = "pockets.safetensors"
        said = await session.post("/prompt", {"prompt": prompt}, status=400)
        (error,) = said["node_errors"][loader]["errors"]
        assert error["type"] == "value_not_in_list"
        assert "pockets.safetensors" in error["details"]
        assert "pocket.safetensors" in error["details"]
