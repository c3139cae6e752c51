"""Prompts, documents and requests that cannot be what they should be, through the whole program."""

import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.running_server import RunningServer, Session, node
from tests.server.complaints import complaint, failure, painting, readable, still_works

MEGABYTE = 2**20


@pytest.fixture
async def session(studio: RunningServer) -> AsyncIterator[Session]:
    async with studio.session() as session:
        yield session


def changed(id: str, **inputs: Any) -> dict[str, Any]:
    """The painting with other inputs for a node; None takes one away."""
    prompt = painting()
    merged = {**prompt[id]["inputs"], **inputs}
    prompt[id] = {**prompt[id], "inputs": {name: value for name, value in merged.items() if value is not None}}
    return prompt


@pytest.mark.parametrize(
    ("id", "inputs", "type", "words"),
    [
        ("5", {"steps": 0}, "value_smaller_than_min", ["KSampler (node 5)", "'steps'", "at least 1", "is 0", "Raise"]),
        ("5", {"cfg": 1000}, "value_bigger_than_max", ["'cfg'", "at most 100, and is 1000. Lower"]),
        ("5", {"cfg": 1e300}, "value_bigger_than_max", ["'cfg'", "at most 100", "1e+300", "Lower"]),
        ("5", {"seed": 2**64}, "value_bigger_than_max", ["'seed'", str(2**64 - 1)]),
        ("5", {"steps": "many"}, "invalid_input_type", ["'steps'", "whole number", "'many'", "Enter"]),
        ("5", {"steps": {}}, "invalid_input_type", ["'steps'", "whole number", "Enter"]),
        ("5", {"cfg": "NaN"}, "invalid_input_type", ["'cfg'", "a number", "'NaN'", "Enter"]),
        ("5", {"cfg": "-Infinity"}, "invalid_input_type", ["'cfg'", "a number", "'-Infinity'", "Enter"]),
        ("5", {"model": None}, "required_input_missing", ["'model'", "MODEL", "missing", "Connect"]),
        ("5", {"model": "small"}, "invalid_input_type", ["'model'", "MODEL", "'small'", "Connect"]),
        ("5", {"model": ["1", 2]}, "return_type_mismatch", ["'model'", "MODEL", "Load Checkpoint (node 1)", "VAE"]),
        ("5", {"model": ["1", 9]}, "bad_linked_input", ["'model'", "output 9", "Load Checkpoint (node 1)"]),
        ("5", {"model": ["99", 0]}, "bad_linked_input", ["'model'", "node 99", "does not exist", "Connect"]),
        ("5", {"sampler_name": "eular"}, "value_not_in_list", ["'sampler_name'", "'eular'", "Similar: euler"]),
        ("7", {"images": ["4", 0]}, "return_type_mismatch", ["Save Image (node 7)", "IMAGE", "LATENT"]),
    ],
)
async def test_what_an_input_does_not_take_is_refused(session, id: str, inputs: dict, type: str, words: list[str]):
    problem = await complaint(session, changed(id, **inputs), id)
    assert problem["type"] == type
    for word in words:
        assert word in problem["details"]


async def test_a_node_that_is_not_installed_is_named_with_similar_ones(session: Session):
    prompt = {**painting(), "6": node("VAEDecoder", samples=["5", 0], vae=["1", 2])}
    problem = await complaint(session, prompt, "6")
    for word in ("VAEDecoder (node 6)", "is not installed", "Install the pack", "Similar: VAEDecode"):
        assert word in problem["details"]


async def test_a_circle_is_drawn(session: Session):
    prompt = {**changed("5", latent_image=["8", 0]), "8": node("VAEEncode", pixels=["6", 0], vae=["1", 2])}
    answer = await session.post("/prompt", {"prompt": prompt}, status=400)
    assert set(answer["node_errors"]) == {"5", "6", "8"}
    readable(answer["error"]["details"])
    steps = "KSampler (node 5) → VAE Decode (node 6) → VAE Encode (node 8) → KSampler (node 5)"
    circle = re.search(r"circle: (.*)\. Remove one of the links\.", answer["error"]["details"])[1]
    assert circle.split(" → ")[0] == circle.split(" → ")[-1]
    assert circle in f"{steps.removesuffix('KSampler (node 5)')}{steps} → VAE Decode (node 6) → VAE Encode (node 8)"


async def test_a_node_with_two_faults_has_a_sentence_for_each(session: Session):
    answer = await session.post("/prompt", {"prompt": changed("5", steps=-1, cfg="x")}, status=400)
    sentences = [readable(problem["details"]) for problem in answer["node_errors"]["5"]["errors"]]
    assert len(sentences) == 2
    assert answer["error"]["details"] == "\n".join(sentences)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '{"prompt": {"1": {"class_type": "EmptyLatent", "inputs": {"width": NaN}}}}',
            ["not valid JSON", "NaN and Infinity are no numbers"],
        ),
        (
            '{"prompt": {"1": {"class_type": "EmptyLatent", "inputs": {"width": -Infinity}}}}',
            ["not valid JSON", "NaN and Infinity are no numbers"],
        ),
        ('{"prompt": {"1": ', ["not valid JSON", "column"]),
        ("", ["is empty"]),
        ("[]", ["must be a JSON object"]),
        ("\ufeff{}", ["not valid JSON"]),
        ("{}", ["neither 'prompt' nor 'document'"]),
        ('{"prompt": []}', ["object of nodes by id"]),
        ('{"prompt": {}}', ["SaveImage or PreviewImage"]),
        ('{"prompt": {"1": 5}}', ["node 1 has no class_type"]),
        ('{"prompt": {"1": {"class_type": "KSampler", "inputs": 3}}}', ["node 1", "inputs"]),
        ('{"document": {"nodes": 5}}', ["nodes"]),
        ('{"document": 5}', ["no workflow"]),
        ('{"prompt": ' + "[" * 100_000 + "]" * 100_000 + "}", ["nested too deeply"]),
        ('{"prompt": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}", ["nested too deeply"]),
        ('{"prompt": {"1": {"class_type": "EmptyLatent", "inputs": {"width": 1e999}}}}', ["JSON", "number"]),
    ],
)
async def test_a_body_that_is_no_prompt_is_answered_in_a_sentence(session: Session, text: str, words: list[str]):
    async with session.http.post("/prompt", data=text.encode(), headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400
        error = (await answer.json())["error"]
    said = readable(error["details"] or error["message"])
    for word in words:
        assert word in said


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of another process's memory")
@pytest.mark.parametrize("announced", [True, False])
async def test_two_hundred_megabytes_are_refused_without_being_kept(
    studio: RunningServer, session: Session, announced: bool
):
    size = 200 * MEGABYTE

    async def body() -> AsyncIterator[bytes]:
        yield b'{"prompt": "'
        for _ in range(size // MEGABYTE):
            yield b"x" * MEGABYTE
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    if announced:
        headers["Content-Length"] = str(size + 14)
    before = psutil.Process(studio.pid).memory_info().rss
    async with session.http.post("/prompt", data=body(), headers=headers) as answer:
        assert answer.status == 413
        said = readable((await answer.json())["error"]["message"])
    assert "100 MB" in said
    grown = peak_memory(studio.pid) - before
    assert grown < (20 if announced else 150) * MEGABYTE, f"it took {grown // MEGABYTE} MB"
    await still_works(studio)


def peak_memory(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


@pytest.mark.parametrize("id", ["💡", "x" * 10_000, "0", "-1", "1:2", "a b\n", "constructor", "__proto__"])
async def test_any_text_is_a_node_id(session: Session, id: str):
    text = f"shown by {id}"  # so that no other test has put it in the cache
    prompt = {id: node("Text", text=text), "show": node("Show", text=[id, 0])}
    async with session.socket("ids") as frames:
        job = await session.queue(prompt, client_id="ids")
        seen = await frames.until("executing", node=None, prompt_id=job)
    assert id in [data["node"] for kind, data in seen if kind == "executing"]
    assert (await session.finished(job))["outputs"] == {"show": {"text": [text]}}


async def test_a_failing_node_with_a_long_id_is_named_briefly(session: Session):
    id = "long\n" * 2_000
    show = {"1": node("Text"), "3": node("Show", text=[id, 0])}
    error = await failure(session, {**show, id: node("Fail", text=["1", 0])})
    assert error["node_id"] == id
    assert "cannot work with 'hello'" in error["exception_message"]
    problem = await complaint(session, {**show, id: node("Count", steps=0)}, id)
    assert "'steps' must be at least 1" in problem["details"]
    problem = await complaint(session, {"3": node("Show", text=[id, 0])}, "3")
    assert "does not exist" in problem["details"]
    problem = await complaint(session, {**show, id: {"class_type": id, "_meta": {"title": id}}}, id)
    assert "is not installed" in problem["details"]


@pytest.mark.parametrize(
    "prefix", ["../outside", "/etc/outside", "..\\outside", "a/../../outside", "C:\\x", "\x00", "con"]
)
async def test_pictures_stay_in_their_folder(studio: RunningServer, session: Session, prefix: str):
    error = await failure(session, changed("7", filename_prefix=prefix))
    assert (error["node_id"], error["input_name"]) == ("7", "filename_prefix")
    assert not list(studio.base.glob("outside*"))
    assert not list(studio.base.parent.glob("outside*"))


@pytest.fixture
def little_memory(studio: RunningServer) -> Iterator[None]:
    """The worker gets three gigabytes more than it has, so that the machine has enough for everybody else."""
    (worker,) = (child for child in psutil.Process(studio.pid).children() if "graph.workers.process" in child.cmdline())
    before = worker.rlimit(psutil.RLIMIT_AS)
    worker.rlimit(psutil.RLIMIT_AS, (worker.memory_info().vms + 3 * 2**30, before[1]))
    yield
    worker.rlimit(psutil.RLIMIT_AS, before)


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of another process")
@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("batch", [32, 64, 4096])
async def test_a_size_beyond_the_memory_fails_with_advice(studio: RunningServer, session: Session, batch: int):
    prompt = painting()
    prompt["4"] = node("EmptyLatent", width=16384, height=16384, batch_size=batch)
    error = await failure(session, prompt)
    assert error["node_id"] == ("5" if batch == 32 else "4")
    assert "There was not enough memory" in error["exception_message"]
    assert "smaller" in error["advice"]
    await still_works(studio)
