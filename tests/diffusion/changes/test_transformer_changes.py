"""Layers that are left out, against diffusers' own way to do that; and a network that is left out of steps."""

from dataclasses import replace

import pytest
import torch
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel

from diffusion.changes.output_caching import OutputCaching
from diffusion.changes.skipped_layers import SkipLayerGuidance, SkippedLayers, check_transformer, read_layers
from diffusion.families.flux import FLUX
from diffusion.families.sd3 import SD3
from diffusion.model import LoadedModel
from diffusion.sampling.conditions import Area, Condition
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import ClassifierFreeGuidance, GuidedDenoiser
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import FlowSchedule
from diffusion.sampling.parameterization import Flow
from tests.diffusion.families.small_transformers import POOLED, T5_WIDTH, small_flux

SCHEDULE = FlowSchedule(shift=3.0)
SIGMA = 0.7
EVERYWHERE = (float("inf"), 0.0)


@pytest.fixture(scope="module")
def sd3() -> LoadedModel:
    torch.manual_seed(0)
    network = SD3Transformer2DModel(
        sample_size=8,
        num_layers=4,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=24,
        caption_projection_dim=32,
        pooled_projection_dim=8,
        pos_embed_max_size=16,
    )
    return LoadedModel(network.eval().requires_grad_(False), SD3, Flow(SCHEDULE))


@pytest.fixture(scope="module")
def flux() -> LoadedModel:
    network: FluxTransformer2DModel = small_flux(guidance=False)
    return LoadedModel(network.eval().requires_grad_(False), FLUX, Flow(FlowSchedule(1.0, multiplier=1.0)))


def condition(side: int, width: int = 24, pooled: int = 8) -> Condition:
    generator = torch.Generator().manual_seed(side)
    context = torch.randn(1, 5, width, generator=generator)
    inputs = {"pooled": torch.randn(1, pooled, generator=generator)}
    return Condition(context, Area(8, 8, 0, 0), torch.ones(()), side, inputs=inputs)


def call_of(*conditions: Condition, sigma: float = SIGMA, index: int = 0, multiplier: float = 1000.0) -> Call:
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(9)).expand(len(conditions), -1, -1, -1)
    inputs = {"pooled": torch.cat([each.inputs["pooled"] for each in conditions])}
    context = torch.cat([each.context for each in conditions])
    timestep = torch.full((len(conditions),), sigma * multiplier)
    return Call(x, timestep, sigma, context, inputs, conditions, index)


def diffusers_without(running: LoadedModel, call: Call, layers: list[int]) -> torch.Tensor:
    arguments = call.x, call.context, call.inputs["pooled"], call.timestep
    return running.network(*arguments, skip_layers=layers, return_dict=False)[0]


@pytest.mark.parametrize("layers", [(1,), (0, 2), (3,)])
def test_skipped_layers_are_those_that_diffusers_skips(sd3, layers):
    call = call_of(condition(0))
    skipped = SkippedLayers(layers, single=(7,))  # there are no single ones, so their numbers do not matter
    expected = diffusers_without(sd3, call, list(layers))
    plain = sd3(call)
    assert (plain - expected).abs().max() > 1e-3
    with skipped.attached(sd3):
        torch.testing.assert_close(sd3(replace(call, attention=(skipped,))), expected)
        assert torch.equal(sd3(call), plain)
        assert torch.equal(sd3(replace(call, attention=(SkippedLayers(layers),))), plain)  # of another node
    assert torch.equal(sd3(replace(call, attention=(skipped,))), plain)


def test_only_negative_prompts_go_without_layers_in_the_simple_form(sd3):
    call = call_of(condition(1), condition(0))
    with SkippedLayers((1, 3), negative=True, sigma_start=0.9, sigma_end=0.5).attached(sd3):
        found = sd3(call)
        early = sd3(replace(call, sigma=0.95))
    torch.testing.assert_close(found[:1], diffusers_without(sd3, call_of(condition(1)), [1, 3]), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found[1:], sd3(call)[1:])
    assert torch.equal(early, sd3(call))


def test_layers_of_both_kinds_are_skipped_in_flux(flux):
    """A block that is left out is one whose gates are all shut."""
    call = call_of(condition(0, T5_WIDTH, POOLED), multiplier=1.0)
    skipped = SkippedLayers((1,), (0, 2))
    with skipped.attached(flux):
        found = flux(replace(call, attention=(skipped,)))
    shut = small_flux(guidance=False).eval().requires_grad_(False)
    for block in (shut.transformer_blocks[1], shut.single_transformer_blocks[0], shut.single_transformer_blocks[2]):
        norms = [block.norm] if hasattr(block, "norm") else [block.norm1, block.norm1_context]
        for norm in norms:
            gates = norm.linear.out_features // 3 if hasattr(block, "norm") else norm.linear.out_features // 6
            places = [2] if hasattr(block, "norm") else [2, 5]  # shift, scale, gate (of attention, of feed-forward)
            for place in places:
                norm.linear.weight[place * gates : (place + 1) * gates] = 0
                norm.linear.bias[place * gates : (place + 1) * gates] = 0
    torch.testing.assert_close(found, LoadedModel(shut, FLUX, flux.parameterization)(call), atol=1e-5, rtol=1e-4)
    assert (found - flux(call)).abs().max() > 1e-3


def test_a_layer_that_is_not_there_is_named(sd3, flux):
    with pytest.raises(SamplingError, match="no double layer 4: the model has those from 0 to 3"):
        SkippedLayers((4,)).attached(sd3).__enter__()
    with pytest.raises(SamplingError, match="no single layer 3: the model has those from 0 to 2"):
        SkippedLayers((), (3,)).attached(flux).__enter__()
    assert read_layers("7, 8,9 11") == (7, 8, 9, 11)
    assert read_layers(" ") == ()
    with pytest.raises(SamplingError, match="'x' is no number of a layer"):
        read_layers("7, x")


def test_a_unet_is_refused(tiny):
    with pytest.raises(SamplingError, match="Skip layer guidance needs a transformer"):
        check_transformer(tiny.model, "Skip layer guidance")


@pytest.mark.parametrize(("rescaling", "levels"), [(0.0, EVERYWHERE), (0.5, EVERYWHERE), (0.0, (0.6, 0.5))])
def test_the_guidance_leads_from_the_estimate_without_layers_to_the_positive_one(sd3, rescaling, levels):
    skipped = SkippedLayers((1, 2))
    guidance = SkipLayerGuidance(skipped, 3.0, *levels, rescaling)
    sides = [[condition(0)], [condition(1)]]
    x = call_of(condition(0)).x
    guider = ClassifierFreeGuidance([], [], 4.0)

    def denoiser(*changes):
        return GuidedDenoiser(sd3, Flow(SCHEDULE), sides, guider, changes)

    with skipped.attached(sd3):
        found = denoiser(guidance).guided(x, SIGMA).denoised
    plain = denoiser().guided(x, SIGMA)
    if levels != EVERYWHERE:
        torch.testing.assert_close(found, plain.denoised)
        return
    worse = x - diffusers_without(sd3, call_of(condition(0)), [1, 2]) * SIGMA
    expected = plain.denoised + 3 * (plain.positive - worse)
    if rescaling:
        expected = expected * (0.5 + 0.5 * plain.positive.std() / expected.std())
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


class Straight(torch.nn.Module):
    """A network whose output follows its input at a rate; it counts how often it is asked."""

    rate, asked = 0.5, 0

    def forward(self, x, **named):
        self.asked += 1
        return (x * self.rate,)


class AsIs:
    def evaluate(self, network, call):
        return network(call.x)[0]


def course(threshold: float, levels: tuple[float, float] = EVERYWHERE) -> tuple[list[float], int]:
    """The outputs for inputs that fall by a tenth from step to step."""
    network = Straight()
    running = LoadedModel(network, AsIs())
    found = []
    with OutputCaching(threshold, *levels).attached(running):
        for index in range(6):
            x = torch.full((1, 4, 2, 2), 1.0 - index / 10)
            found.append(float(running(Call(x, torch.zeros(1), 1.0 - index / 10, x, index=index)).mean()))
    assert "forward" not in vars(network)
    return found, network.asked


def test_the_network_is_asked_again_when_enough_has_changed():
    """By hand: the rate, 0.5, is known after two steps. In the third the input has moved by 0.1: that is 0.05 of 0.45.

    What the network adds was -0.45, so it is taken to give 0.8 - 0.45 = 0.35. In the fourth 0.05 of 0.35 come on top,
    0.254 in all, and the network is asked: it gives 0.35 again. So nothing is expected to change after that.
    """
    exact, asked = course(0.0)
    assert asked == 6
    torch.testing.assert_close(exact, [0.5, 0.45, 0.4, 0.35, 0.3, 0.25])
    found, asked = course(0.2)
    torch.testing.assert_close(found, [0.5, 0.45, 0.35, 0.35, 0.25, 0.15])
    assert asked == 3


@pytest.mark.parametrize("dim", [1, 2])  # of a UNet's latents, and of Flux' tokens
def test_channels_beside_those_of_the_latent_are_no_part_of_the_output(dim):
    class Narrow(torch.nn.Module):
        def forward(self, x):
            return (x.narrow(dim, 0, 2) * 0.5,)

    running = LoadedModel(Narrow(), AsIs())
    x = torch.ones(1, 4, 4)
    x.narrow(dim, 2, 2).fill_(100.0)
    with OutputCaching(10.0, *EVERYWHERE).attached(running):
        for index, factor in enumerate((1.0, 0.9, 0.8)):
            found = running(Call(x * factor, torch.zeros(1), 1.0, x, index=index))
    torch.testing.assert_close(found, torch.full_like(x.narrow(dim, 0, 2), 0.8 - 0.45))


def test_it_is_left_out_within_its_range_only():
    found, asked = course(10.0, (0.75, 0.55))  # steps 3 and 4
    assert asked == 4
    torch.testing.assert_close(found, [0.5, 0.45, 0.4, 0.3, 0.2, 0.25])


def test_other_prompts_of_a_step_are_answered_in_the_same_way(sd3):
    counted = []
    handle = sd3.network.transformer_blocks[0].register_forward_hook(lambda *_: counted.append(sd3.call.index))
    one, other = condition(0), condition(1)
    with OutputCaching(10.0, *EVERYWHERE).attached(sd3):
        for index in range(3):
            for each in (one, other):
                call = call_of(each, index=index)
                sd3(replace(call, x=call.x * (1 - index / 10)))
        assert counted == [0, 0, 1, 1]
        call = call_of(one, other, index=2)
        sd3(call)  # a batch of which nothing is known
    handle.remove()
    assert counted == [0, 0, 1, 1, 2]
