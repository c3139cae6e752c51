"""The nodes for pictures and faces as prompts: what they pass on, and which input an error is of."""

from pathlib import Path

import pytest
import torch

from diffusion.checkpoint import load_checkpoint
from diffusion.image_prompts.ip_adapter import FaceLora, ImagePrompt, IPAdapterFile
from diffusion.image_prompts.vision import EncodedPicture
from diffusion.model import Model
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes import image_prompts

NUMBERS = 8


@pytest.fixture(scope="module")
def model() -> Model:
    return load_checkpoint(Path(__file__).parents[2] / "models/checkpoints/pocket.safetensors").model


def adapter(model: Model, **projection: torch.Tensor) -> IPAdapterFile:
    """One that fits the model, with a projection of a face if it is not given."""
    width = model.config["cross_attention_dim"]
    face = {
        "proj.0.weight": torch.randn(NUMBERS, NUMBERS),
        "proj.0.bias": torch.randn(NUMBERS),
        "proj.2.weight": torch.randn(width, NUMBERS),
        "proj.2.bias": torch.randn(width),
        "norm.weight": torch.randn(width),
        "norm.bias": torch.randn(width),
    }
    layers = [name for name in model.source.shapes if name.endswith("attn2.to_k.weight")]
    matrices = {
        f"{2 * number + 1}.to_{part}_ip.weight": torch.zeros(model.source.shapes[name])
        for number, name in enumerate(layers)
        for part in "kv"
    }
    return IPAdapterFile("face.bin", projection or face, matrices)


def test_a_face_changes_attention_and_weights(model):
    face = torch.randn(1, NUMBERS)
    changed = image_prompts.face_id_apply(
        model=model, ipadapter=adapter(model), face=face, weight=0.5, block_weights="middle: 0, rest: 3"
    )
    [prompt], [lora] = changed.attention, changed.patches
    assert isinstance(prompt, ImagePrompt)
    assert isinstance(lora, FaceLora)
    assert set(prompt.weights.values()) == {0.0, 1.5}
    assert {name.startswith("mid_block.") for name, weight in prompt.weights.items() if not weight} == {True}


def test_errors_are_of_the_inputs_that_they_are_about(model):
    def refused(name: str, match: str, **inputs):
        given = {"model": model, "ipadapter": adapter(model), "face": torch.zeros(1, NUMBERS), **inputs}
        with pytest.raises(InputError, match=match) as raised:
            image_prompts.face_id_apply(**given)
        assert raised.value.input_name == name

    refused("ipadapter", "reads 8 numbers of a face, and the recogniser gives 9", face=torch.zeros(1, 9))
    refused("block_weights", "is no weight of a block", block_weights="8")
    seen = EncodedPicture(*(torch.zeros(1, NUMBERS) for _ in range(4)))
    with pytest.raises(InputError, match="apply it with FaceIDApply") as raised:
        image_prompts.ip_adapter_apply(model, adapter(model), seen)
    assert raised.value.input_name == "ipadapter"


def test_faces_need_their_networks(tmp_path):
    context = Recorder(Folders.under(tmp_path))
    with pytest.raises(InputError, match=r"Missing from models/annotators: det_10g\.onnx and w600k_r50\.onnx"):
        image_prompts.face_encode(context, torch.zeros(1, 8, 8, 3))
