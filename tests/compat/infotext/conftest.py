"""What the tests of conversions share: the nodes that there are, some model files, and a converter."""

from pathlib import Path

import pytest

from compat.infotext import convert
from diffusion.infotext import parse
from graph.documents.compiler import compile_document
from graph.folders import Folders
from graph.registry import Registry, load
from graph.validation.validate import validate


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load(["nodes"], None)


@pytest.fixture(scope="session")
def schemas(registry):
    return registry.schemas()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders.under(tmp_path)
    for kind, name in (
        ("checkpoints", "sd/Some_Model-v1.safetensors"),
        ("controlnet", "canny.pth"),
        ("loras", "Ann.pt"),
        ("checkpoints", "refiner.safetensors"),
        ("annotators", "hand_yolov8n.onnx"),
    ):
        path = folders.models / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100_000)
    return folders


@pytest.fixture
def made(registry, schemas, folders):
    """Converts entries behind usual ones; gives nodes by class, notices, and inputs that the server refuses."""

    def make(entries: str, prompt: str = "a cat"):
        text = f"{prompt}\nNegative prompt: bad\nSteps: 20, CFG scale: 7, Seed: 5, Model: Some Model v1, {entries}"
        converted = convert(parse(text), registry.specs, folders)
        graph = compile_document(converted.workflow, schemas)
        checked = validate(graph, schemas, folders)
        refused = {
            (each["class_type"], error["extra_info"].get("input_name"))
            for each in checked.node_errors.values()
            for error in each["errors"]
        }
        by_class = {}
        for id, node in graph.items():
            by_class.setdefault(node["class_type"], []).append({"id": id, **node["inputs"]})
        return by_class, converted.notices, refused

    return make
