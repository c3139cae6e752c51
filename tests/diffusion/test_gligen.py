"""GLIGEN against diffusers' UNet with gated attention of the same weights."""

from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel

from diffusion.checkpoint import load_checkpoint
from diffusion.families.ldm_keys import UNetLayout, unet_file_name
from diffusion.gligen import SETTING, Box, load_gligen, with_box
from diffusion.sampling import sample
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError, save_weights
from tests.diffusion.families.small_models import WIDTH, write_sd1

BOXES = (Box(torch.full((1, WIDTH), 0.5), 4, 2, 1, 3), Box(torch.linspace(-1, 1, WIDTH)[None], 2, 4, 4, 0))


class Side:
    """A condition of which only its settings matter."""

    def __init__(self, settings) -> None:
        self.settings = settings


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("gligen") / "sd1.safetensors"
    write_sd1(path)
    return load_checkpoint(path)


@pytest.fixture(scope="module")
def gated(model) -> UNet2DConditionModel:
    """The model's UNet with random gated layers."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(**model.model.config, attention_type="gated")
    for name, parameter in unet.named_parameters():
        if ".fuser." in name or "position_net" in name:
            parameter.data = torch.randn(parameter.shape) / 4
    missing = unet.load_state_dict(model.model.source.network().state_dict(), strict=False).missing_keys
    assert all(".fuser." in name or "position_net" in name for name in missing)
    return unet.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def path(gated, tmp_path_factory) -> Path:
    """The file, with the names that released ones have."""
    layout = UNetLayout(1, (False, True))
    names = {name: unet_file_name(name, layout) for name in gated.state_dict() if ".fuser." in name}
    tensors = {ldm: gated.state_dict()[name] for name, ldm in names.items()}
    tensors |= {name: tensor for name, tensor in gated.state_dict().items() if name.startswith("position_net.")}
    path = tmp_path_factory.mktemp("gligen") / "gligen.safetensors"
    save_weights(path, tensors)
    return path


def test_the_prediction_is_that_of_diffusers(model, gated, path):
    torch.manual_seed(3)
    x, context = torch.randn(2, 4, 8, 8), torch.randn(2, 77, WIDTH)
    gligen = load_gligen(path)
    prompts = [[context[1:], {}]]
    for box in BOXES:
        prompts = with_box(prompts, gligen, box)
    assert prompts[0][1]["attachments"] == (gligen,)
    call = Call(x, torch.tensor([300, 300]), 1.0, context, conditions=(Side({}), Side(prompts[0][1])))
    with model.model.loaded() as network:
        plain = network(call)
        with gligen.attached(network):
            found = network(call)
        assert torch.equal(network(call), plain)
    boxes, phrases, masks = torch.zeros(1, 30, 4), torch.zeros(1, 30, WIDTH), torch.zeros(1, 30)
    boxes[0, :2] = torch.tensor([[3 / 8, 1 / 8, 5 / 8, 5 / 8], [0, 4 / 8, 4 / 8, 6 / 8]])  # left, top, right, bottom
    phrases[0, :2] = torch.cat([box.phrase for box in BOXES])
    masks[0, :2] = 1
    told = {"gligen": {"boxes": boxes, "positive_embeddings": phrases, "masks": masks}}
    expected = gated(x[1:], 300, context[1:], cross_attention_kwargs=told)[0]
    torch.testing.assert_close(found[1:], expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found[:1], plain[:1])
    assert (found[1:] - plain[1:]).abs().max() > 1e-2


def test_a_run_attaches_what_its_prompts_bring(model, path):
    gligen = load_gligen(path)
    prompt, negative = model.clip.encode("a cat"), model.clip.encode("")
    settings = {"seed": 1, "steps": 2, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    plain = sample(model.model, latent, prompt, negative, **settings)["samples"]
    boxed = with_box(prompt, gligen, BOXES[0])
    assert len(boxed[0][1][SETTING]) == 1
    found = sample(model.model, latent, boxed, negative, **settings)["samples"]
    assert (found - plain).abs().max() > 1e-2
    assert torch.equal(sample(model.model, latent, prompt, negative, **settings)["samples"], plain)


def test_what_does_not_fit_is_refused(tiny, path, tmp_path):
    gligen = load_gligen(path)
    with tiny.model.loaded() as network, pytest.raises(SamplingError, match="another"), gligen.attached(network):
        pass
    save_weights(tmp_path / "other.safetensors", {"a": torch.zeros(1)})
    with pytest.raises(WeightsError, match="no GLIGEN model"):
        load_gligen(tmp_path / "other.safetensors")
