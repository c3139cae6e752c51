import json
from pathlib import Path

import pytest

from graph.documents.compiler import compile_document
from graph.files.example_inputs import lay_examples
from graph.folders import Folders
from graph.registry import load
from graph.validation.validate import validate
from tests.graph.drawing import Drawing

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def registry():
    return load(["nodes"], None)


@pytest.fixture
def folders(tmp_path):
    folders = Folders.under(tmp_path)
    nets = ("controlnet/pocket_canny", "controlnet/pocket_pose")
    loras = ("loras/pocket_ghost", "loras/pocket_ghost_poses")
    for name in ("checkpoints/pocket", *nets, "taggers/pocket_tagger", *loras):
        path = folders.models / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    lay_examples(folders.input)
    return folders


def test_every_module_of_nodes_loads(registry):
    assert registry.problems == ()


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.json")), ids=lambda path: path.stem)
def test_every_shipped_workflow_is_valid(registry, folders, path):
    schemas = registry.schemas()
    document = json.loads(path.read_text(encoding="utf-8"))
    result = validate(compile_document(document, schemas), schemas, folders)
    assert (result.error, result.node_errors) == (None, {})
    assert all(len(link) == 6 for link in document["links"])


def comfyui_default():
    """The graph that ComfyUI opens with, as its front end saves it."""
    drawing = Drawing()
    drawing.node(4, "CheckpointLoaderSimple", [], ["MODEL", "CLIP", "VAE"], ["v1-5-pruned-emaonly-fp16.safetensors"])
    drawing.node(6, "CLIPTextEncode", [("clip", "CLIP", (4, 1))], ["CONDITIONING"], ["beautiful scenery"])
    drawing.node(7, "CLIPTextEncode", [("clip", "CLIP", (4, 1))], ["CONDITIONING"], ["text, watermark"])
    drawing.node(5, "EmptyLatentImage", [], ["LATENT"], [512, 512, 1])
    sockets = [("model", "MODEL", (4, 0)), ("positive", "CONDITIONING", (6, 0)), ("negative", "CONDITIONING", (7, 0))]
    widgets = [156680208700286, "randomize", 20, 8, "euler", "normal", 1]
    drawing.node(3, "KSampler", [*sockets, ("latent_image", "LATENT", (5, 0))], ["LATENT"], widgets)
    drawing.node(8, "VAEDecode", [("samples", "LATENT", (3, 0)), ("vae", "VAE", (4, 2))], ["IMAGE"])
    return drawing.node(9, "SaveImage", [("images", "IMAGE", (8, 0))], [], ["ComfyUI"]).document()


def test_a_workflow_of_comfyui_lacks_nothing_but_its_checkpoint(registry, folders):
    schemas = registry.schemas()
    prompt = compile_document(comfyui_default(), schemas)
    assert prompt["3"]["inputs"] == {
        "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        "seed": 156680208700286, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "denoise": 1,
    }  # fmt: skip
    result = validate(prompt, schemas, folders)
    assert list(result.node_errors) == ["4"]
    assert "no 'v1-5-pruned-emaonly-fp16.safetensors' in models/checkpoints" in result.error.details
    prompt["4"]["inputs"]["ckpt_name"] = "pocket.safetensors"
    assert validate(prompt, schemas, folders).targets == ["9"]
