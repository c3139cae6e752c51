"""Runs of a small model with control networks; the oracle is diffusers' UNet given what its ControlNet gives."""

import pytest
import torch

from diffusion.checkpoint import load_checkpoint
from diffusion.control.conditioning import controlled
from diffusion.control.load import load_control_net
from diffusion.control.unit import ControlUnit
from diffusion.sampling.sample import sample
from tests.diffusion.control import small_controls as small
from tests.diffusion.families.small_models import write_sd1

SIDE = 8


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "sd1.safetensors"
    small_model = write_sd1(path)
    return small_model, load_checkpoint(path)


@pytest.fixture(scope="module")
def network(model):
    return small.control_net(model[0].unet)


@pytest.fixture(scope="module")
def net(network, tmp_path_factory):
    return load_control_net(small.write(tmp_path_factory.mktemp("net") / "net.safetensors", network.state_dict()))


@pytest.fixture(scope="module")
def picture():
    return torch.rand(1, 8 * SIDE, 8 * SIDE, 3, generator=torch.Generator().manual_seed(9))


@pytest.fixture(scope="module")
def prompts(model):
    clip = model[1].clip
    return clip.encode("a cat"), clip.encode("")


def run(checkpoint, positive, negative, steps: int = 2):
    latent = {"samples": torch.zeros(1, 4, SIDE, SIDE)}
    settings = {"seed": 1, "steps": steps, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
    return sample(checkpoint.model, latent, positive, negative, **settings)["samples"]


def under(prompts, *units):
    positive, negative = prompts
    for unit in units:
        positive, negative = controlled(positive, unit), controlled(negative, unit)
    return positive, negative


def step_of_diffusers(model, prompts, added):
    """One step of Euler's method from the first level to 0: the estimate of the clean latent at the first level.

    added: what the UNet is given beside x `[1, 4, h, w]`, the timestep and a prompt.
    """
    small_model, checkpoint = model
    sigma = float(checkpoint.model.schedule.sigma_max)
    noise = torch.randn(1, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    x = checkpoint.model.parameterization.start(torch.zeros_like(noise), noise, sigma)
    seen, timestep = x / (sigma**2 + 1) ** 0.5, torch.tensor([999.0])
    estimates = []
    with torch.no_grad():
        for prompt in prompts:
            context = prompt[0][0]
            epsilon = small_model.unet(seen, timestep, context, **added(seen, timestep, context)).sample
            estimates.append(x - sigma * epsilon)
    return checkpoint.model.latent_format.from_model(estimates[1] + 3.0 * (estimates[0] - estimates[1]))


def assert_acts_as(found, expected, without):
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-2)
    assert (without - expected).abs().max() > 0.5


def test_a_step_with_a_control_net_is_that_of_diffusers(model, network, net, picture, prompts):
    def added(*asked):
        down, mid = network(*asked, picture.movedim(-1, 1), 0.7, return_dict=False)
        return {"down_block_additional_residuals": down, "mid_block_additional_residual": mid}

    found = run(model[1], *under(prompts, ControlUnit(net, picture, 0.7)), steps=1)
    assert_acts_as(found, step_of_diffusers(model, prompts, added), run(model[1], *prompts, steps=1))


def test_a_step_with_an_adapter_is_that_of_diffusers(model, picture, prompts, tmp_path):
    adapter = small.adapter("full_adapter_xl", 3, (32, 64), 16)
    net = load_control_net(small.write(tmp_path / "adapter.safetensors", adapter.state_dict(), {}))

    def added(*asked):
        return {"down_intrablock_additional_residuals": [0.7 * each for each in adapter(picture.movedim(-1, 1))]}

    found = run(model[1], *under(prompts, ControlUnit(net, picture, 0.7)), steps=1)
    assert_acts_as(found, step_of_diffusers(model, prompts, added), run(model[1], *prompts, steps=1))


def test_strength_0_is_bit_for_bit_no_unit(model, net, picture, prompts):
    assert torch.equal(run(model[1], *under(prompts, ControlUnit(net, picture, 0.0))), run(model[1], *prompts))


def test_a_network_that_is_not_joined_yet_changes_nothing(model, picture, prompts, tmp_path):
    unjoined = small.control_net(model[0].unet, joined=False)
    net = load_control_net(small.write(tmp_path / "net.safetensors", unjoined.state_dict()))
    assert torch.equal(run(model[1], *under(prompts, ControlUnit(net, picture))), run(model[1], *prompts))


def test_two_halves_are_a_whole(model, net, picture, prompts):
    half = ControlUnit(net, picture, 0.5)
    halves = under(prompts, half, ControlUnit(net, picture, 0.5))
    assert torch.equal(run(model[1], *halves), run(model[1], *under(prompts, ControlUnit(net, picture))))


def test_one_prompt_is_enough_where_its_control_is_shared(model, net, picture, prompts):
    unit = ControlUnit(net, picture)
    shared = controlled(prompts[0], unit, negative_too=True)
    assert torch.equal(run(model[1], shared, prompts[1]), run(model[1], *under(prompts, unit)))
    assert not torch.equal(run(model[1], controlled(prompts[0], unit), prompts[1]), run(model[1], shared, prompts[1]))
