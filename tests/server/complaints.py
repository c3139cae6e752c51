"""What a program says of bad input, checked for being what a person can read and act on."""

import re
from typing import Any

from tests.running_server import RunningServer, Session, node

LONGEST = 600
MACHINE_WORDS = re.compile(r"Traceback|File \"|\bNoneType\b|\bTypeError\b|\bKeyError\b|0x[0-9a-f]{6}|/home/|/tmp/|  ")


def painting(checkpoint: str = "small.safetensors", **sampler: Any) -> dict[str, Any]:
    """A prompt for a picture of 64 x 64 pixels in two steps, saved by the node 7."""
    settings = {"seed": 5, "steps": 2, "cfg": 2.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    links = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
    return {
        "1": node("CheckpointLoader", ckpt_name=checkpoint),
        "2": node("CLIPEncode", text="a red heart", clip=["1", 1]),
        "3": node("CLIPEncode", text="", clip=["1", 1]),
        "4": node("EmptyLatent", width=64, height=64, batch_size=1),
        "5": node("KSampler", **{**settings, **links, **sampler}),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0], filename_prefix="painting"),
    }


def readable(text: str) -> str:
    """The text, if it can be shown to a person as it is."""
    print(text)
    assert text.endswith("."), text
    assert "\n" not in text.strip(), text
    assert len(text) < LONGEST, text
    assert not MACHINE_WORDS.search(text), text
    return text


async def refusal(session: Session, body: Any, status: int = 400) -> dict[str, Any]:
    """The error of a request that is refused."""
    return (await session.post("/prompt", body, status=status))["error"]


async def complaint(session: Session, prompt: dict[str, Any], id: str) -> dict[str, Any]:
    """The one problem of a prompt that is refused because of its node `id`."""
    answer = await session.post("/prompt", {"prompt": prompt}, status=400)
    assert list(answer["node_errors"]) == [id], answer
    (problem,) = answer["node_errors"][id]["errors"]
    assert answer["error"]["details"] == problem["details"]
    readable(problem["details"])
    return problem


async def failure(session: Session, prompt: dict[str, Any]) -> dict[str, Any]:
    """The error of a job that was accepted and fails: the last frame of its history."""
    entry = await session.finished(await session.queue(prompt))
    assert entry["status"]["status_str"] == "error", entry["outputs"]
    kind, error = entry["status"]["messages"][-1]
    assert kind == "execution_error"
    readable(f"{error['exception_message']} {error['advice']}".strip())
    return error


async def still_works(server: RunningServer) -> None:
    """The server makes a picture."""
    async with server.session() as session:
        entry = await session.finished(await session.queue(painting()))
        assert entry["status"]["completed"], entry["status"]
