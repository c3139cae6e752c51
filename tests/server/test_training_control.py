"""A training in a real server: what it is told while it runs, and a picture that is made in between."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from diffusion.weights import read_header
from tests.running_server import PATIENCE, RunningServer, Session
from tools.mascot.ghost import write

LOADED = {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2]}


def picture(seed: int, steps: int = 2, model: str = "1") -> dict[str, Any]:
    """A picture by the checkpoint, or by the model that another node gives."""
    size = {"width": 64, "height": 64, "batch_size": 1}
    prompts = {"positive": ["11", 0], "negative": ["11", 0], "model": [model, 0], "latent_image": ["12", 0]}
    return {
        "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "small.safetensors"}},
        "11": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a cat"}},
        "12": {"class_type": "EmptyLatentImage", "inputs": size},
        "13": {"class_type": "KSampler", "inputs": {**prompts, "seed": seed, "steps": steps, "cfg": 2.0}},
        "14": {"class_type": "VAEDecode", "inputs": {"samples": ["13", 0], "vae": ["1", 2]}},
        "15": {"class_type": "PreviewImage", "inputs": {"images": ["14", 0]}},
    }


def training(steps: int) -> dict[str, Any]:
    """A LoRA, and a picture with it."""
    inputs = {**LOADED, "dataset": ["2", 0], "monitor": ["4", 0], "name": "controlled", "steps": steps}
    options = {"resolution": 64, "rank": 1, "learning_rate": 0.01, "batch_size": 1}
    return {
        **picture(0, model="3"),
        "2": {"class_type": "TrainingPictures", "inputs": {"folder_name": "ghost"}},
        "3": {"class_type": "TrainLoRA", "inputs": {**inputs, **options}},
        "4": {"class_type": "TrainingMonitor", "inputs": {"prompts": "a ghost", "steps": 2, "sample_every": 0}},
    }


async def offered(session: Session, job: str, order: str) -> dict[str, Any]:
    """What the training shows, once it takes an order."""
    async with asyncio.timeout(PATIENCE):
        while True:
            showing = (await session.get(f"/jobs/{job}")).get("showing", [])
            if showing and order in showing[0]["orders"]:
                return showing[0]
            await asyncio.sleep(0.02)


async def order(session: Session, job: str, wanted: str, status: int = 202) -> None:
    await session.post(f"/jobs/{job}/orders", {"order": wanted}, status)


async def test_a_training_gives_way_to_a_picture_and_stops_when_it_is_told_to(studio: RunningServer):
    """The file is compared with that of a training of as many steps which nobody disturbs."""
    write(studio.base / "input" / "ghost", 2, 64, "ghst")
    async with studio.session() as session:
        job = await session.queue(training(100_000))
        await offered(session, job, "pause")
        await order(session, job, "pause")
        await offered(session, job, "go_on")
        await order(session, job, "pause", 409)  # it does not take that now
        await order(session, job, "sample")
        made = await session.finished(await session.queue(picture(1)))
        assert made["status"]["completed"]
        long = await session.queue(picture(2, steps=5000))
        await session.running(long)
        await session.post("/interrupt", {})  # of all that runs, what has its turn
        assert (await session.finished(long))["status"]["messages"][-1][0] == "execution_interrupted"
        assert (await offered(session, job, "go_on"))["output"]["images"][0]["label"].isdigit()

        await order(session, job, "go_on")
        await session.finished(await session.queue(picture(3)))
        await order(session, job, "stop")
        ended = await session.finished(job)
        assert ended["status"]["completed"]
        assert "more steps are left" in ended["outputs"]["3"]["text"][0]
        assert ended["outputs"]["15"]["images"]  # what comes after it has run
        await order(session, job, "stop", 404)

        file = studio.base / "models" / "loras" / "controlled.safetensors"
        steps = int(read_header(file).metadata["ss_steps"])
        assert 0 < steps < 100_000
        found = tensors(file)
        shutil.rmtree(studio.base / "user" / "training")
        file.unlink()
        await session.finished(await session.queue(training(steps)))
    assert tensors(file) == found


def tensors(file: Path) -> bytes:
    """What comes after a file's header, in which the order of the metadata is left to chance."""
    content = file.read_bytes()
    return content[8 + int.from_bytes(content[:8], "little") :]
