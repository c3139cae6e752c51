"""Checkpoints that are damaged, dangerous, or something else, through the whole program."""

import io
import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load, load_file, save

from tests.running_server import RunningServer, Session, node
from tests.server.complaints import complaint, failure, painting, readable, still_works

UNET = "model.diffusion_model."
SMALL = "checkpoints/small.safetensors"
Maker = Callable[[bytes], bytes]


@pytest.fixture
async def session(studio: RunningServer) -> Iterator[Session]:
    async with studio.session() as session:
        yield session


def tensors(**names: tuple[int, ...]) -> bytes:
    return save({name.replace("__", "."): torch.zeros(shape) for name, shape in names.items()})


def header(entries: Mapping[str, object], data: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


def without(small: bytes, part: str) -> bytes:
    return save({name: value for name, value in load(small).items() if part not in name})


FLUX = {f"{UNET}double_blocks.0.img_attn.qkv.weight": (24, 8), f"{UNET}img_in.weight": (8, 4)}

BAD: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "empty": (lambda small: b"", ("is empty", "again")),
    "truncated": (lambda small: small[: len(small) // 2], ("is cut off", "bytes are missing", "again")),
    "header_only": (lambda small: small[:500], ("cut off", "header")),
    "corrupt_header": (lambda small: small[:40] + b"\xff\xfe}{" + small[44:], ("corrupt header", "again")),
    "corrupt_length": (lambda small: b"\xff" * 8 + small[8:], ("not a safetensors file, or is corrupt",)),
    "noise": (lambda small: os.urandom(4096), ("not a safetensors file, or is corrupt",)),
    "pointer": (
        lambda small: b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4265146304\n",
        ("Git LFS pointer", "git lfs pull"),
    ),
    "page": (lambda small: b"<!DOCTYPE html>\n<html><body>Please log in.</body></html>", ("web page", "download")),
    "lora": (
        lambda small: tensors(lora_unet_mid__lora_up__weight=(8, 4), lora_unet_mid__lora_down__weight=(4, 8)),
        ("it is a LoRA", "models/loras"),
    ),
    "vae": (
        lambda small: save({k[18:]: v for k, v in load(small).items() if k.startswith("first_stage_model.")}),
        ("it is a VAE alone", "models/vae", "VAELoader"),
    ),
    "flux": (lambda small: save({k: torch.zeros(s) for k, s in FLUX.items()}), ("it is a model of Flux",)),
    "strange": (
        lambda small: tensors(weird__weight=(2, 3), other=(4,)),
        ("no known kind (tensors: 2", "Choose a checkpoint of Stable Diffusion 1.x"),
    ),
    "no_tensors": (lambda small: header({}), ("holds no tensors",)),
    "odd_dtype": (
        lambda small: header({"a": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)), ("C64",),
    ),
    "misshapen": (
        lambda small: save({**load(small), f"{UNET}out.2.weight": torch.zeros(4, 32, 1, 1)}),
        ("out.2.weight", "[4, 32, 1, 1]"),
    ),
    "incomplete": (
        lambda small: without(small, ".middle_block."), ("incomplete", "Choose a checkpoint"),
    ),
    "no_vae": (lambda small: without(small, "first_stage_model."), ("holds no VAE", "use VAELoader")),
    "half_vae": (lambda small: without(small, "decoder.norm_out."), ("the VAE lacks", "Get the file again")),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
async def test_a_checkpoint_that_is_none_is_named_with_what_to_do(studio: RunningServer, session: Session, kind: str):
    make, words = BAD[kind]
    models = studio.base / "models"
    (models / "checkpoints" / f"{kind}.safetensors").write_bytes(make((models / SMALL).read_bytes()))
    error = await failure(session, painting(f"{kind}.safetensors"))
    if kind == "no_vae":  # which is no fault until something wants it
        assert (error["node_id"], error["node_type"]) == ("6", "VAEDecode")
    else:
        assert (error["node_id"], error["node_type"], error["input_name"]) == ("1", "CheckpointLoader", "ckpt_name")
    for word in (f"{kind}.safetensors", *words):
        assert word in error["exception_message"]


class Code:
    """What writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["pickled.ckpt", "pickled.safetensors"])
async def test_pickled_code_is_named_and_never_run(
    studio: RunningServer, session: Session, tmp_path: Path, name: str, zipped: bool
):
    marker = tmp_path / "ran"
    models = studio.base / "models"
    content = {"state_dict": load_file(models / SMALL), "callbacks": Code(marker)}
    torch.save(content, models / "checkpoints" / name, _use_new_zipfile_serialization=zipped)
    error = await failure(session, painting(name))
    assert not marker.exists()
    assert error["input_name"] == "ckpt_name"
    assert name in error["exception_message"]
    if name.endswith(".ckpt") or zipped:  # the older format has no mark by which its content could be told
        assert "pickled code (posix.system)" in error["exception_message"]
        assert "get the model as .safetensors" in error["exception_message"]


@pytest.mark.parametrize("zipped", [True, False])
async def test_a_good_pickle_gives_the_same_picture(studio: RunningServer, session: Session, zipped: bool):
    models = studio.base / "models"
    weights = load_file(models / SMALL)
    name = f"converted_{zipped}.ckpt"
    content = {"state_dict": weights, "global_step": 1000, "epoch": 3}
    torch.save(content, models / "checkpoints" / name, _use_new_zipfile_serialization=zipped)
    pictures = []
    for checkpoint in ("small.safetensors", name):
        entry = await session.finished(await session.queue(painting(checkpoint)))
        assert entry["status"]["completed"], entry["status"]
        (saved,) = entry["outputs"]["7"]["images"]
        async with session.http.get("/view", params=saved) as response:
            pictures.append(Image.open(io.BytesIO(await response.read())).tobytes())
    assert pictures[0] == pictures[1]
    assert len(set(pictures[0])) > 10, "a picture, not one colour"


async def test_a_model_that_is_not_there_is_refused_with_similar_names(session: Session):
    problem = await complaint(session, painting("smal.safetensors"), "1")
    assert problem["extra_info"]["input_name"] == "ckpt_name"
    for word in ("'ckpt_name'", "smal.safetensors", "models/checkpoints", "Similar: small.safetensors"):
        assert word in problem["details"]


async def test_a_checkpoint_that_disappears_while_its_job_waits_is_named(studio: RunningServer, session: Session):
    path = studio.base / "models" / "checkpoints" / "fleeting.safetensors"
    path.write_bytes((studio.base / "models" / SMALL).read_bytes())
    first = await session.queue({"1": node("Sleep", seconds=2), "2": node("Show", text=["1", 0])})
    second = await session.queue(painting(path.name))
    await session.running(first)
    path.unlink()
    status = (await session.finished(second))["status"]
    kind, error = status["messages"][-1]
    assert kind == "execution_error"
    assert readable(error["exception_message"]).startswith("Load Checkpoint (node 1), input 'ckpt_name': There is no")


async def test_a_checkpoint_is_no_vae_loaders_vae(studio: RunningServer, session: Session):
    (studio.base / "models" / "vae" / "half.safetensors").write_bytes(tensors(weird=(2,)))
    prompt = {**painting(), "8": node("VAELoader", vae_name="half.safetensors")}
    prompt["6"]["inputs"]["vae"] = ["8", 0]
    error = await failure(session, prompt)
    assert (error["node_id"], error["input_name"]) == ("8", "vae_name")
    assert "half.safetensors cannot be loaded as a VAE" in error["exception_message"]


async def test_after_all_that_a_picture_is_made(studio: RunningServer):
    await still_works(studio)
