"""ControlNet-LLLite on a small UNet; the oracle is diffusers' UNet with hooks on its projections."""

import pytest
import torch
from torch import nn

from diffusion.checkpoint import load_checkpoint
from diffusion.control.lllite import load_lllite, with_lllite
from diffusion.sampling.conditions import Area, Condition
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError
from tests.diffusion.control import small_controls as small
from tests.diffusion.families.small_models import write_sd1

SIDE = 8
BLOCK = "down_blocks.1.attentions.0.transformer_blocks.0"
FILE_BLOCK = "lllite_unet_input_blocks_3_1_transformer_blocks_0"
WIDTH = 64


class Published(nn.Module):
    """A layer as it was published: two convolutions that read the hint, and three layers beside the projection."""

    def __init__(self):
        super().__init__()
        self.conditioning1 = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.ReLU(), nn.Conv2d(4, 8, 4, stride=4))
        self.down = nn.Sequential(nn.Linear(WIDTH, 6), nn.ReLU())
        self.mid = nn.Sequential(nn.Linear(6 + 8, 6), nn.ReLU())
        self.up = nn.Sequential(nn.Linear(6, WIDTH))

    def forward(self, tokens, hint):
        read = self.conditioning1(hint).flatten(2).permute(0, 2, 1)
        return self.up(self.mid(torch.cat([read, self.down(tokens)], 2)))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "sd1.safetensors"
    return write_sd1(path).unet, load_checkpoint(path).model


@pytest.fixture(scope="module")
def published():
    torch.manual_seed(2)
    return {name: Published().half().float() for name in ("attn1_to_q", "attn1_to_v", "attn2_to_q")}


@pytest.fixture(scope="module")
def path(published, tmp_path_factory):
    tensors = {f"{FILE_BLOCK}_{n}.{key}": t for n, layer in published.items() for key, t in layer.state_dict().items()}
    return small.write(tmp_path_factory.mktemp("lllite") / "lllite.safetensors", tensors, {})


IMAGE = torch.rand(1, 8 * SIDE, 8 * SIDE, 3, generator=torch.Generator().manual_seed(1))
X, CONTEXT = torch.randn(2, 4, SIDE, SIDE), torch.randn(2, 7, 32)
WHOLE = Area(SIDE, SIDE, 0, 0)


def call(area: Area = WHOLE) -> Call:
    sides = [Condition(CONTEXT[:1], area, torch.ones(()), side, whole=(SIDE, SIDE)) for side in (1, 0)]
    return Call(area.crop(X), torch.full((2,), 500.0), 1.5, CONTEXT, conditions=sides)


def expected(unet, published, area: Area, strength: float) -> torch.Tensor:
    hint = Area(*(8 * value for value in area)).crop(IMAGE.movedim(-1, 1) * 2 - 1).expand(2, -1, -1, -1)
    hooks = []
    for name, layer in published.items():
        projection = unet.get_submodule(f"{BLOCK}.{name.replace('_to', '.to')}")

        def added(module, inputs, layer=layer):
            return (inputs[0] + strength * layer(inputs[0], hint),)

        hooks.append(projection.register_forward_pre_hook(added))
    with torch.no_grad():
        found = unet(area.crop(X), torch.full((2,), 500.0), CONTEXT).sample
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("area", [WHOLE, Area(4, 8, 2, 0)])
def test_it_adds_to_what_projections_are_computed_from(model, published, path, area):
    unet, ours = model
    changed = with_lllite(ours, load_lllite(path), IMAGE, strength=0.8)
    with changed.loaded() as network, torch.no_grad():
        network(call())  # what was read for the whole picture is not taken for a part
        found = network(call(area))
    torch.testing.assert_close(found, expected(unet, published, area, 0.8), rtol=1e-4, atol=1e-4)
    assert (found - expected(unet, {}, area, 0.0)).abs().max() > 1e-3


def test_outside_of_its_range_it_changes_nothing(model, path):
    _, ours = model
    changed = with_lllite(ours, load_lllite(path), IMAGE, start_percent=0.9)
    with torch.no_grad():
        with changed.loaded() as network:
            found = network(call())
        with ours.loaded() as network:
            plain = network(call())
    torch.testing.assert_close(found, plain, rtol=1e-5, atol=1e-5)


def test_other_networks_are_opened_elsewhere(model, tmp_path):
    net = small.write(tmp_path / "net.safetensors", small.control_net(model[0]).state_dict())
    with pytest.raises(WeightsError, match="is a ControlNet, not a ControlNet-LLLite: use ControlNetLoader"):
        load_lllite(net)
