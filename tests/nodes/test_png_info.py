"""Reading and writing how pictures were made. Oracles: infotexts made into graphs and read off them again."""

import csv
import hashlib
import json

import pytest
import torch
from PIL import Image

from compat.infotext import convert
from diffusion.infotext import Parameters, parse, write
from graph.declare import InputError
from graph.documents.compiler import compile_document
from graph.folders import Folders
from graph.registry import load
from graph.testing import Recorder
from nodes.graph_parameters import parameters_of
from nodes.png_info import compare_png_info, png_info, save_image_with_parameters

PLAIN = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sub/foo.safetensors"}},
    "2": {"class_type": "LoraLoader", "inputs": {"model": ["1", 0], "clip": ["1", 1], "lora_name": "ann.safetensors",
                                                 "strength_model": 0.8, "strength_clip": 0.5}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 1], "text": "a cat"}},
    "4": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 1], "text": "grass"}},
    "5": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["3", 0], "conditioning_2": ["4", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 1], "text": ["9", 0]}},
    "7": {"class_type": "EmptyLatentImage", "inputs": {"width": 16, "height": 24, "batch_size": 1}},
    "8": {"class_type": "KSampler", "inputs": {
        "model": ["2", 0], "positive": ["5", 0], "negative": ["6", 0], "latent_image": ["7", 0], "seed": 2**60 + 1,
        "steps": 20, "cfg": 7.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}},
    "9": {"class_type": "PrimitiveString", "inputs": {"value": "bad"}},
    "10": {"class_type": "VAEDecode", "inputs": {"samples": ["8", 0], "vae": ["1", 2]}},
    "11": {"class_type": "SaveImageWithParameters", "inputs": {"images": ["10", 0]}},
}  # fmt: skip


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    for folder in (folders.input, folders.output, folders.models / "checkpoints" / "sub"):
        folder.mkdir(parents=True)
    (folders.models / "checkpoints" / "sub" / "foo.safetensors").write_bytes(b"weights")
    return Recorder(folders, node_id="11", prompt=PLAIN)


def test_a_graph_is_told_in_the_webui_s_words(ctx):
    save_image_with_parameters(ctx, torch.rand(1, 24, 16, 3))
    path = ctx.folders.output / ctx.shown["images"][0]["filename"]
    digest = hashlib.sha256(b"weights").hexdigest()[:10]
    assert Image.open(path).text["parameters"] == (
        "a cat AND grass <lora:ann:0.5:0.8>\nNegative prompt: bad\n"
        f"Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: {2**60 + 1}, Size: 16x24, "
        f"Model hash: {digest}, Model: foo, RNG: CPU, Version: Safelight"
    )
    assert json.loads(Image.open(path).text["prompt"]) == PLAIN
    assert not ctx.warnings


TEXTS = (
    "Sampler: DPM++ 2M, Schedule type: Karras, RNG: CPU",
    "Sampler: Euler a, Schedule type: Uniform, Denoising strength: 0.55, Eta: 0.5, Clip skip: 2",
    """Sampler: DPM2, Schedule type: Karras, Variation seed: 9, Variation seed strength: 0.25, \
Seed resize from: 64x128, ENSD: 31337""",
    """Sampler: DPM++ SDE, Schedule type: Polyexponential, Denoising strength: 0.3, Hires resize: 96x96, \
Hires steps: 7, Hires upscaler: Latent (nearest), Hires sampler: Euler, Hires schedule type: Uniform, \
Hires CFG Scale: 3""",
    """Sampler: Euler, Schedule type: Beta, Denoising strength: 0.7, Hires resize: 96x96, Hires steps: 20, \
Hires upscaler: Lanczos, RNG: CPU""",
    "Sampler: LMS, Schedule type: Exponential, VAE: some, RNG: CPU, Denoising strength: 0.4",
)


@pytest.fixture(scope="module")
def registry():
    return load(["nodes"], None)


@pytest.mark.parametrize("text", TEXTS)
def test_what_becomes_a_graph_is_read_off_it_again(registry, tmp_path, text):
    entries = f"Steps: 20, CFG scale: 7.5, Seed: 5, Size: 64x64, Model: foo, {text}"
    wanted = parse(f"a [cat|dog]\nNegative prompt: bad\n{entries}")
    document = convert(wanted, registry.specs, Folders.under(tmp_path)).workflow
    graph = compile_document(document, registry.schemas())
    [saver] = [id for id, node in graph.items() if node["class_type"] == "SaveImage"]
    size = (96, 96) if "Hires" in text else (64, 64)
    found = parameters_of(graph, saver, size, lambda kind, name: None)
    assert found is not None
    assert (found.prompt, found.negative) == (wanted.prompt, wanted.negative)
    more = {"Version": "Safelight"} | ({} if "RNG" in wanted.fields else {"RNG": "NV"})
    assert dict(found.fields) == {**wanted.fields, **more}


def test_files_of_all_programs_are_read(ctx):
    text = "a\nNegative prompt: b\nSteps: 3, Seed: 1"
    save_image_with_parameters(ctx, torch.rand(1, 8, 8, 3), "webui", "webp", 90, text)
    found = png_info(ctx, "webui_00001_.webp [output]")
    assert found[:3] == (text, "a", "b")
    assert ctx.shown["text"] == [text]
    stored = {**PLAIN, "11": {"class_type": "SaveImage", "inputs": {"images": ["10", 0]}}}
    picture = Image.new("RGB", (16, 24))
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{json.dumps(stored)}"
    picture.save(ctx.folders.input / "comfy.webp", exif=exif)
    assert "Seed: 1152921504606846977, Size: 16x24, Model: foo" in png_info(ctx, "comfy.webp").parameters
    picture.save(ctx.folders.input / "plain.png")
    assert png_info(ctx, "plain.png") == ("", "", "", "")


def test_the_settings_of_two_pictures_are_compared(ctx):
    common = {"Steps": "3", "Sampler": "Euler"}
    for name, more in (("one", {"Seed": "1"}), ("two", {"Seed": "2", "Size": "8x8"})):
        text = write(Parameters("a, b", "", {**common, **more}))
        save_image_with_parameters(ctx, torch.rand(1, 8, 8, 3), name, parameters=text)
    pair = ("one_00001_.png [output]", "two_00001_.png [output]")
    rows = list(csv.reader(compare_png_info(ctx, *pair).table.splitlines()))
    assert rows == [["setting", *pair], ["Seed", "1", "2"], ["Size", "", "8x8"]]
    assert ctx.shown["tables"][0]["rows"] == [["Seed", "1", "2"], ["Size", None, "8x8"]]
    everything = compare_png_info(ctx, *pair, only_differences=False).table
    assert '\nPrompt,"a, b","a, b"\n' in everything
    with pytest.raises(InputError, match="There is no file"):
        compare_png_info(ctx, pair[0], "three.png")


def test_pictures_of_a_batch_are_told_apart(ctx):
    noise = {
        "12": {"class_type": "VariationNoise", "inputs": {"noise_seed": 5, "variation_strength": 0.0, "source": "nv"}}
    }
    run = {"8": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["12", 0], "latent_image": ["7", 0]}}}
    for graph, wanted in ((PLAIN, "Batch size: 2, Batch pos: 1"), ({**PLAIN, **noise, **run}, "Seed: 6,")):
        recorder = Recorder(ctx.folders, node_id="11", prompt=graph)
        save_image_with_parameters(recorder, torch.rand(2, 8, 8, 3), "batch")
        first, second = (ctx.folders.output / each["filename"] for each in recorder.shown["images"])
        assert wanted in Image.open(second).text["parameters"]
        assert wanted not in Image.open(first).text["parameters"]


def test_what_cannot_be_told_is_said(ctx):
    recorder = Recorder(ctx.folders, node_id="1", prompt={"1": {"class_type": "SaveImageWithParameters", "inputs": {}}})
    save_image_with_parameters(recorder, torch.rand(1, 8, 8, 3))
    assert "without parameters" in recorder.warnings[0]
    private = Recorder(ctx.folders, node_id="11", prompt=PLAIN, metadata=False)
    save_image_with_parameters(private, torch.rand(1, 8, 8, 3), "private")
    assert not Image.open(ctx.folders.output / "private_00001_.png").text
