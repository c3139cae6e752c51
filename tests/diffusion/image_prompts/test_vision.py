"""Vision models against transformers' own module, in both layouts of files."""

import json
from pathlib import Path

import pytest
import torch
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from diffusion.image_prompts.vision import ClipVision, load_clip_vision
from diffusion.weights import WeightsError, save_weights

METADATA = {"vision_config": json.dumps({"num_attention_heads": 2})}


@pytest.fixture(scope="module")
def module() -> CLIPVisionModelWithProjection:
    torch.manual_seed(0)
    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=28,
        patch_size=7,
        projection_dim=16,
        hidden_act="gelu",
    )
    network = CLIPVisionModelWithProjection(config).eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape) / 4)
    return network.half().float()


def open_clip(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same weights as OpenCLIP has them."""
    ends = {"pre_layrnorm": "ln_pre", "post_layernorm": "ln_post"}
    layer = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    layer["self_attn.out_proj"] = "attn.out_proj"
    state = {name.removeprefix("vision_model."): tensor for name, tensor in state.items()}
    found = {
        "class_embedding": state["embeddings.class_embedding"],
        "conv1.weight": state["embeddings.patch_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "proj": state["visual_projection.weight"].T,
    }
    for leaf in ("weight", "bias"):
        found |= {f"{new}.{leaf}": state[f"{old}.{leaf}"] for old, new in ends.items()}
        for number in range(3):
            old, new = f"encoder.layers.{number}.", f"transformer.resblocks.{number}."
            found |= {f"{new}{after}.{leaf}": state[f"{old}{before}.{leaf}"] for before, after in layer.items()}
            found[f"{new}attn.in_proj_{leaf}"] = torch.cat([state[f"{old}self_attn.{p}_proj.{leaf}"] for p in "qkv"])
    return {f"visual.{name}": tensor for name, tensor in found.items()}


@pytest.fixture(scope="module", params=["transformers", "open_clip", "whole"])
def path(request, module, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("vision") / f"{request.param}.safetensors"
    tensors = open_clip(module.state_dict()) if request.param == "open_clip" else module.state_dict()
    if request.param == "whole":
        tensors |= {"text_model.x": torch.zeros(1), "logit_scale": torch.zeros(1)}
    save_weights(path, tensors, METADATA)
    return path


def test_pictures_are_seen_as_transformers_sees_them(path, module):
    torch.manual_seed(1)
    images = torch.rand(2, 28, 28, 3).mul(255).round() / 255
    vision = load_clip_vision(path, device=torch.device("cpu"))
    processor = CLIPImageProcessor(size=28, crop_size=28)
    pixels = processor((images * 255).byte().numpy(), return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(vision.pixels(images, crop=True), pixels, atol=1e-5, rtol=0)
    expected = module(pixel_values=pixels, output_hidden_states=True)
    found = vision.encode(images)
    torch.testing.assert_close(found.image_embeds, expected.image_embeds)
    torch.testing.assert_close(found["last_hidden_state"], expected.last_hidden_state)
    torch.testing.assert_close(found.penultimate_hidden_states, expected.hidden_states[-2])
    blank = module(pixel_values=torch.zeros(1, 3, 28, 28), output_hidden_states=True)
    torch.testing.assert_close(found.blank, blank.hidden_states[-2])


def test_other_shapes_are_cropped_or_squeezed():
    vision = ClipVision(None, 28)
    image = torch.zeros(1, 56, 84, 3)
    image[:, :, 14:70] = 1  # the square in the middle is white
    white = vision.pixels(torch.ones(1, 28, 28, 3), crop=True)
    cropped, squeezed = vision.pixels(image, crop=True), vision.pixels(image, crop=False)
    torch.testing.assert_close(cropped[..., 2:-2], white[..., 2:-2])
    assert cropped.shape == squeezed.shape == (1, 3, 28, 28)
    assert (squeezed[..., 0] < 0).all()
    assert (squeezed[..., 14] > 1).all()


def test_the_activation_is_told_by_the_number_of_layers(tmp_path):
    for layers, act in ((24, "quick_gelu"), (4, "gelu")):
        config = CLIPVisionConfig(
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=layers,
            num_attention_heads=2,
            image_size=14,
            patch_size=7,
            projection_dim=8,
        )
        path = tmp_path / f"{layers}.safetensors"
        save_weights(path, CLIPVisionModelWithProjection(config).state_dict())
        with load_clip_vision(path).part.loaded() as network:
            assert network.config.hidden_act == act


def test_other_files_are_refused(tmp_path):
    save_weights(tmp_path / "other.safetensors", {"a": torch.zeros(2)})
    with pytest.raises(WeightsError, match="holds no CLIP vision model"):
        load_clip_vision(tmp_path / "other.safetensors")
