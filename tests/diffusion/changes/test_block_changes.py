"""Changes of a UNet's blocks: FreeU, Deep Shrink, step caching, tiling."""

from dataclasses import replace

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.utils.torch_utils import apply_freeu
from torch import nn

from diffusion.changes.deep_shrink import DeepShrink
from diffusion.changes.freeu import FreeU, scaled_half
from diffusion.changes.step_caching import StepCaching
from diffusion.changes.tiling import Tiling
from diffusion.changes.unet import check_unet, input_blocks, joints
from diffusion.model import LoadedModel
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call

EVERYWHERE = (float("inf"), 0.0)


@pytest.fixture
def call() -> Call:
    torch.manual_seed(3)
    return Call(torch.randn(1, 4, 16, 24), torch.tensor([500]), 1.0, torch.randn(1, 77, 48))


@pytest.fixture(scope="module")
def running(tiny) -> LoadedModel:
    """A UNet of three levels, so that it has hidden states of 4, 2 and 1 times its width."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        block_out_channels=(16, 32, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=2,
        cross_attention_dim=48,
        norm_num_groups=8,
    )
    return LoadedModel(unet.eval().requires_grad_(False), tiny.model.family)


def seen_by(modules: list[nn.Module], running: LoadedModel, call: Call) -> list[torch.Tensor]:
    """The first inputs of modules, after all hooks that were there before."""
    seen: list[torch.Tensor] = []
    handles = [m.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone())) for m in modules]
    running(call)
    for handle in handles:
        handle.remove()
    return seen


def sizes(modules: list[nn.Module], running: LoadedModel, call: Call) -> list[tuple[int, ...]]:
    return [tuple(tensor.shape[2:]) for tensor in seen_by(modules, running, call)]


@pytest.mark.parametrize(("number", "width", "factors"), [(0, 64, (1.3, 0.9)), (3, 32, (1.4, 0.2))])
def test_freeu_does_to_a_joint_what_diffusers_does(running, call, number, width, factors):
    joint = joints(running.network)[number]
    assert joint.hidden == width
    # Only the joint that is looked at acts, so that it is given the same as without.
    scales = {"deep": 1.0, "shallow": 1.0, "deep_skip": 1.0, "shallow_skip": 1.0}
    place = "deep" if width == 64 else "shallow"
    before = seen_by([joint.module], running, call)[0] if number == 0 else None
    with FreeU(**{**scales, place: factors[0], f"{place}_skip": factors[1]}).attached(running):
        raw: list[torch.Tensor] = []
        handle = joint.module.register_forward_pre_hook(lambda _, i: raw.append(i[0].clone()), prepend=True)
        after = seen_by([joint.module], running, call)[0]
        handle.remove()
    assert before is None or torch.equal(raw[0], before)
    hidden, skip = raw[0][:, :width].clone(), raw[0][:, width:].clone()
    expected = apply_freeu(0, hidden, skip, b1=factors[0], s1=factors[1], b2=0, s2=0)
    torch.testing.assert_close(after, torch.cat(expected, 1))


def test_freeu_leaves_the_widest_level_alone(running, call):
    joint = joints(running.network)[-1]
    assert joint.hidden == 16
    with FreeU(1.3, 1.4, 0.9, 0.2).attached(running):
        raw: list[torch.Tensor] = []
        handle = joint.module.register_forward_pre_hook(lambda _, i: raw.append(i[0].clone()), prepend=True)
        after = seen_by([joint.module], running, call)[0]
        handle.remove()
    assert torch.equal(raw[0], after)


def test_the_second_version_scales_by_the_mean():
    hidden = torch.zeros(1, 4, 1, 3)
    hidden[0, :, 0] = torch.tensor([0.0, 1.0, 4.0])
    # by hand: the mean is lowest left, highest right, and a quarter of the way in the middle
    scaled = scaled_half(hidden, 1.4, adaptive=True)
    torch.testing.assert_close(scaled[0, :2, 0], torch.tensor([[0.0, 1.1, 5.6]] * 2))
    assert torch.equal(scaled[0, 2:], hidden[0, 2:])


def test_freeu_of_factors_1_changes_nothing_and_goes_away(running, call):
    before = running(call)
    for adaptive in (False, True):
        with FreeU(1, 1, 1, 1, adaptive).attached(running):
            torch.testing.assert_close(running(call), before)
    with FreeU(1.3, 1.4, 0.9, 0.2).attached(running):
        assert (running(call) - before).abs().max() > 1e-3
    assert torch.equal(running(call), before)


@pytest.mark.parametrize("after_skip", [True, False])
@pytest.mark.parametrize("block", range(1, 6))
def test_deep_shrink_halves_what_follows_its_block(running, call, block, after_skip):
    unet = running.network
    blocks = [*(modules[0] for modules in input_blocks(unet)), unet.mid_block]
    plain = sizes(blocks, running, call)
    assert plain == [(16, 24)] * 3 + [(8, 12)] * 2 + [(4, 6)] * 2
    shrink = DeepShrink(block, 2.0, *EVERYWHERE, after_skip)
    with shrink.attached(running):
        seen = sizes(blocks, running, call)
        inner = [tensor.shape for tensor in seen_by([joint.module for joint in joints(unet)], running, call)]
        assert running(call).shape == call.x.shape
    assert seen[: block + 1] == plain[: block + 1]
    assert seen[block + 1 :] == [(height // 2, width // 2) for height, width in plain[block + 1 :]]
    # each joint has the size of its skip connection, which is halved below the block
    first = block + 1 if after_skip else block
    skips = [(16, 24), (16, 24), (8, 12), (8, 12), (4, 6), (4, 6)]
    halved = [(h // 2, w // 2) if number >= first else (h, w) for number, (h, w) in enumerate(skips)]
    assert [tuple(shape[2:]) for shape in inner] == halved[::-1]


def test_deep_shrink_acts_in_its_range_only(running, call):
    before = running(call)
    with DeepShrink(1, 2.0, 10.0, 2.0).attached(running):
        assert torch.equal(running(call), before)
        assert not torch.equal(running(replace(call, sigma=2.0)), before)
    with pytest.raises(SamplingError, match="one of 1 to 5"), DeepShrink(6, 2.0, *EVERYWHERE).attached(running):
        pass


def test_caching_computes_the_depths_in_every_third_step(running, call):
    computed: list[int] = []
    unet = running.network
    handle = unet.mid_block.resnets[0].register_forward_hook(lambda *_: computed.append(running.call.index))
    steps = [replace(call, index=index, x=call.x * (1 - index / 10)) for index in range(5)]
    exact = [running(step) for step in steps]
    computed.clear()
    with StepCaching(3, *EVERYWHERE).attached(running):
        found = [running(step) for step in steps]
        assert computed == [0, 3]
        other = running(replace(steps[4], x=call.x[..., :16]))  # another shape is asked for the first time
        assert computed == [0, 3, 4]
        assert other.shape[-1] == 16
    handle.remove()
    for index in (0, 3):
        assert torch.equal(found[index], exact[index])
    for index in (1, 2, 4):
        assert not torch.equal(found[index], exact[index])
    # what is kept deep down is exact when the input is the same
    with StepCaching(3, *EVERYWHERE).attached(running):
        running(steps[0])
        assert torch.equal(running(replace(steps[0], index=1)), exact[0])
    assert torch.equal(running(steps[1]), exact[1])


def test_caching_acts_in_its_range_only(running, call):
    later = replace(call, x=call.x / 2, index=1)
    exact = running(later)
    with StepCaching(3, 0.9, 0.0).attached(running):
        running(call)
        assert torch.equal(running(later), exact)


def test_a_tiled_model_does_not_know_where_the_edges_are(running, call):
    rolled = replace(call, x=call.x.roll((4, 8), (2, 3)))  # by multiples of what the UNet halves
    with Tiling().attached(running):
        torch.testing.assert_close(running(rolled), running(call).roll((4, 8), (2, 3)), atol=2e-5, rtol=0)
    assert (running(rolled) - running(call).roll((4, 8), (2, 3))).abs().max() > 1e-3
    across = replace(call, x=call.x.roll(8, 3))
    with Tiling(down=False).attached(running):
        torch.testing.assert_close(running(across), running(call).roll(8, 3), atol=2e-5, rtol=0)
        assert (running(rolled) - running(call).roll((4, 8), (2, 3))).abs().max() > 1e-3


def test_tiling_is_what_torch_pads_around(running, call):
    convolutions = [each for each in running.network.modules() if isinstance(each, nn.Conv2d)]
    with Tiling().attached(running):
        tiled = running(call)
    before = [each.padding for each in convolutions]
    for each in convolutions:
        each.padding_mode = "circular"
    expected = running(call)
    for each in convolutions:
        each.padding_mode = "zeros"
    torch.testing.assert_close(tiled, expected)
    assert [each.padding for each in convolutions] == before


def test_a_vae_can_be_tiled_too(tiny):
    torch.manual_seed(5)
    samples = torch.randn(1, 4, 8, 8)
    tiled = tiny.vae.with_attachments(Tiling())
    moved = tiled.decode(samples.roll(3, 3))
    torch.testing.assert_close(moved, tiled.decode(samples).roll(24, 2), atol=1e-4, rtol=0)
    plain = tiny.vae.decode(samples.roll(3, 3))
    assert (plain - tiny.vae.decode(samples).roll(24, 2)).abs().max() > 1e-2


def test_a_model_without_a_unet_is_refused(tiny):
    assert check_unet(tiny.model, "FreeU") is tiny.model
    with pytest.raises(SamplingError, match="FreeU needs a UNet"):
        check_unet(replace(tiny.model, source=None), "FreeU")
