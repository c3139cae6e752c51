"""The model library over HTTP: what files say of themselves, notes, digests, covers."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from graph.files.model_facts import family_of, model_facts
from tests.running_server import RunningServer


def put_model(path: Path, shapes: Mapping[str, tuple[int, ...]], metadata: dict[str, str] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.zeros(shape, np.float16) for name, shape in shapes.items()}, path, metadata=metadata)


LORA = {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 768)}
KOHYA = {
    "ss_output_name": "Red hats",
    "ss_network_dim": "4",
    "ss_network_alpha": "2.0",
    "ss_optimizer": "None",
    "ss_tag_frequency": json.dumps({"10_hat": {"red hat": 12, "person": 3}, "5_more": {"person": 20}}),
}


@pytest.mark.parametrize(
    ("metadata", "shapes", "family"),
    [
        ({"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"}, {"a": [1]}, "SDXL"),
        ({"modelspec.architecture": "flux-1-dev/lora"}, {}, "Flux"),
        ({"ss_base_model_version": "sd_v1"}, {}, "SD 1.x"),
        ({"ss_base_model_version": "sd_v2"}, {}, "SD 2.x"),
        ({}, {"conditioner.embedders.1.model.ln_final.weight": [1280]}, "SDXL"),
        ({}, {"conditioner.embedders.0.model.ln_final.weight": [1280]}, "SDXL refiner"),
        ({}, {"cond_stage_model.model.ln_final.weight": [1024]}, "SD 2.x"),
        ({}, {"cond_stage_model.transformer.text_model.x": [1]}, "SD 1.x"),
        ({}, {"model.diffusion_model.joint_blocks.0.x": [1]}, "SD 3"),
        ({}, {"double_blocks.0.img_attn.qkv.weight": [1]}, "Flux"),
        ({}, {"lora_unet_x_attn2_to_k.lora_down.weight": [8, 2048]}, "SDXL"),
        ({}, {"emb_params": [3, 768]}, "SD 1.x"),
        ({}, {"clip_l": [3, 768], "clip_g": [3, 1280]}, "SDXL"),
        ({}, {"weight": [3, 77]}, ""),
    ],
)
def test_the_family_is_told_by_the_header(metadata: dict[str, str], shapes: dict[str, list[int]], family: str):
    assert family_of(metadata, {name: {"shape": shape} for name, shape in shapes.items()}) == family


def test_what_trainers_and_downloaders_write_is_read(tmp_path: Path):
    path = tmp_path / "hats.safetensors"
    put_model(path, LORA, KOHYA)
    facts = model_facts(path)
    assert (facts.title, facts.family, facts.tensors) == ("Red hats", "SD 1.x", 1)
    assert facts.trigger_words == ["person", "red hat"]
    assert facts.training == {"rank": "4", "alpha": "2.0"}
    beside = {
        "activation text": "hatman",
        "trainedWords": ["hatman, cap"],
        "description": "Hats.",
        "sd version": "SDXL",
    }
    path.with_suffix(".json").write_text(json.dumps(beside))
    facts = model_facts(path)
    assert facts.trigger_words == ["hatman", "cap", "person", "red hat"]
    assert (facts.description, facts.family) == ("Hats.", "SD 1.x")


def test_a_workflow_is_told_and_not_shown_and_class_pictures_have_no_trigger_words(tmp_path: Path):
    said = {
        "workflow": "{}",
        "modelspec.trigger_phrase": "ghst",
        "ss_tag_frequency": json.dumps({"ghost": {"flat": 9}, "class": {"somebody": 99}}),
        "ss_reg_dataset_dirs": json.dumps({"class": {"n_repeats": 1, "img_count": 99}}),
    }
    put_model(tmp_path / "ghost.safetensors", LORA, said)
    facts = model_facts(tmp_path / "ghost.safetensors")
    assert facts.trigger_words == ["ghst", "flat"]
    assert facts.workflow
    assert "workflow" not in facts.metadata


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0{}", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0[]"])
def test_a_damaged_file_has_no_facts(tmp_path: Path, content: bytes):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    path.with_suffix(".json").write_text("[1, 2")
    facts = model_facts(path)
    assert (facts.family, facts.trigger_words, facts.tensors) == ("", [], 0)


async def test_models_are_listed_noted_and_given_covers(tmp_path: Path):
    models = tmp_path / "models"
    put_model(models / "loras" / "deep" / "hats.safetensors", LORA, KOHYA)
    (tmp_path / "output").mkdir()
    Image.new("RGB", (900, 600), "red").save(tmp_path / "output" / "made.png")
    server = RunningServer(tmp_path).start()
    async with server.session() as session:
        place = "/library/loras/deep/hats.safetensors"
        assert (await session.get("/library"))["loras"] == 1
        [listed] = await session.get("/library/loras")
        assert (listed["name"], listed["family"], listed["cover"]) == ("deep/hats.safetensors", "SD 1.x", None)
        assert listed["words"] == ["person", "red hat"]
        known = await session.get(place)
        assert known["metadata"]["ss_network_dim"] == "4"
        assert known["sha256"] is None
        async with session.http.put(place, json={"text": "Good at 0.8.", "trigger_words": "hat, cap"}) as response:
            assert response.status == 204
        async with session.http.put(place, json={"favorite": True}) as response:
            assert response.status == 204
        [listed] = await session.get("/library/loras")
        assert (listed["words"], listed["favorite"], listed["note"]) == (["hat", "cap"], True, "Good at 0.8.")
        digest = hashlib.sha256((models / "loras/deep/hats.safetensors").read_bytes()).hexdigest()
        assert (await session.post("/library_hash/loras/deep/hats.safetensors", {}))["sha256"] == digest
        assert (await session.get(place))["sha256"] == digest
        picture = {"type": "output", "subfolder": "", "filename": "made.png"}
        cover = await session.post("/library_cover/loras/deep/hats.safetensors", picture)
        assert (await session.get("/library/loras"))[0]["cover"] == cover["cover"]
        with Image.open(models / "loras/deep/hats.preview.webp") as small:
            assert small.size == (512, 341)
        (models / "loras/deep/hats.safetensors").write_bytes(b"other")
        assert (await session.get(place))["sha256"] is None
    server.stop()


async def test_what_is_not_there_or_not_allowed_is_refused(tmp_path: Path):
    put_model(tmp_path / "models" / "loras" / "hats.safetensors", LORA)
    (tmp_path / "secret.png").write_bytes(b"x")
    server = RunningServer(tmp_path).start()
    async with server.session() as session:
        await session.get("/library/nothing", 404)
        await session.get("/library/loras/other.safetensors", 404)
        await session.get("/library/loras/..%2F..%2Fsecret.png", 400)
        async with session.http.put("/library/loras/hats.safetensors", json={"text": 3}) as response:
            assert response.status == 400
        outside = {"type": "output", "subfolder": "..", "filename": "secret.png"}
        await session.post("/library_cover/loras/hats.safetensors", outside, 400)
        absent = {"type": "output", "subfolder": "", "filename": "none.png"}
        await session.post("/library_cover/loras/hats.safetensors", absent, 404)
    server.stop()
    assert not list((tmp_path / "models").rglob("*.webp"))
