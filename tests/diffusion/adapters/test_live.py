"""Adapters that act while a network runs, against the same adapters in the weights."""

import math
from dataclasses import replace

import pytest
import torch

from diffusion.adapters import UNET, LiveAdapter, Window, fit, kohya_tensors, with_live_adapter
from diffusion.adapters.adapter import AdapterFile
from diffusion.adapters.kinds import Difference, Rescaling, read_weight
from diffusion.adapters.patches import AdapterPatch
from diffusion.adapters.windows import percent_of
from diffusion.attention import AttentionChange
from diffusion.changes.hypertile import HyperTile
from diffusion.changes.token_merging import TokenMerging, match
from diffusion.compiling import CompiledBlocks
from diffusion.sampling import sample
from diffusion.sampling.conditions import Area, Condition
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import FlowSchedule, NoiseSchedule
from diffusion.sampling.parameterization import Epsilon
from tests.diffusion.adapters.random_adapters import ATTENTION, CONVOLUTIONS, lora_of, low_rank

FULL = (*ATTENTION, *CONVOLUTIONS)
LEFT = torch.cat([torch.ones(16, 8), torch.zeros(16, 8)], 1)
CONV, TOKENS, TIME = "down_blocks.0.resnets.0.conv1", "down_blocks.1.attentions.0.transformer_blocks.0", "time_emb_proj"


def merged(model, kinds, strength):
    return model.patched(AdapterPatch(kinds, strength))


def live(model, kinds, strength, **more):
    return with_live_adapter(model, LiveAdapter(kinds, strength, **more))


def output(model, call):
    with model.loaded() as network:
        return network(call)


def seen(model, call, name):
    """What a module of the network gives."""
    outputs = []
    with model.loaded() as running:
        # hooks run in the order in which they came, so this one sees what adapters have made of the output
        handle = running.network.get_submodule(name).register_forward_hook(lambda *args: outputs.append(args[2]))
        try:
            running(call)
        finally:
            handle.remove()
    return outputs[0]


@pytest.fixture
def kinds(sd1):
    torch.manual_seed(0)
    return lora_of(sd1.networks.unet, FULL)


def test_everywhere_it_is_the_same_as_in_the_weights(sd1, kinds, call):
    model = sd1.checkpoint.model
    expected = output(merged(model, kinds, 0.7), call)
    torch.testing.assert_close(output(live(model, kinds, 0.7), call), expected, rtol=1e-3, atol=1e-3)
    white = live(model, kinds, 0.7, mask=torch.ones(3, 5))
    torch.testing.assert_close(output(white, call), expected, rtol=1e-3, atol=1e-3)
    assert (expected - output(model, call)).abs().max() > 0.1


def test_nowhere_it_changes_nothing_at_all(sd1, kinds, call):
    model = sd1.checkpoint.model
    before = output(model, call)
    assert torch.equal(output(live(model, kinds, 0.7, mask=torch.zeros(8, 8)), call), before)
    assert torch.equal(output(live(model, kinds, 0.0, mask=torch.ones(8, 8)), call), before)
    output(live(model, kinds, 0.7, mask=LEFT), call)
    assert torch.equal(output(model, call), before)


# Of layers of every sort, what the first layer gives that they change in the picture.
SORTS = {
    "a convolution": (f"{CONV}.weight", CONV),
    "a projection of tokens": (f"{TOKENS}.attn1.to_q.weight", f"{TOKENS}.attn1.to_q"),
    "keys of the prompt": (f"{TOKENS}.attn2.to_k.weight", f"{TOKENS}.attn2"),
    "values of the prompt": (f"{TOKENS}.attn2.to_v.weight", f"{TOKENS}.attn2"),
    "the time of a block": (f"down_blocks.0.resnets.0.{TIME}.weight", "down_blocks.0.resnets.0.norm2"),
    "feed-forward": (f"{TOKENS}.ff.net.0.proj.weight", f"{TOKENS}.ff.net.0.proj"),
}


@pytest.mark.parametrize("sort", SORTS)
def test_the_left_half_is_adapted_and_the_right_half_is_as_it_was(sort, sd1, call):
    torch.manual_seed(2)
    name, where = SORTS[sort]
    model = sd1.checkpoint.model
    kinds = {name: low_rank(sd1.networks.unet.get_submodule(name.removesuffix(".weight")), 2, alpha=8.0)}
    base, whole = seen(model, call, where), seen(merged(model, kinds, 1.0), call, where)
    half = seen(live(model, kinds, 1.0, mask=LEFT), call, where)
    if base.ndim == 3:  # tokens are the places of a square
        side = math.isqrt(base.shape[1])
        base, whole, half = (each.transpose(1, 2).unflatten(2, (side, side)) for each in (base, whole, half))
    middle = base.shape[-1] // 2
    if where.endswith("norm2"):  # which looks at both halves: what is compared is what it was given
        given = given_to_norm(model, kinds, call)
        base, whole, half = given
    assert torch.equal(half[..., middle:], base[..., middle:])
    torch.testing.assert_close(half[..., :middle], whole[..., :middle], rtol=1e-4, atol=1e-4)
    assert (whole[..., :middle] - base[..., :middle]).abs().max() > 0.01


def given_to_norm(model, kinds, call):
    """The input of a block's second normalisation, without the adapter, with it, and with it at the left."""
    inputs = []
    for each in (model, merged(model, kinds, 1.0), live(model, kinds, 1.0, mask=LEFT)):
        with each.loaded() as running:
            norm = running.network.get_submodule("down_blocks.0.resnets.0.norm2")
            handle = norm.register_forward_pre_hook(lambda _, arguments: inputs.append(arguments[0]))
            running(call)
            handle.remove()
    return inputs


def test_two_adapters_side_by_side(sd1, call):
    """Each half of a layer's output is that of the network with one of the two, for the keys of the prompt as well."""
    torch.manual_seed(2)
    model = sd1.checkpoint.model
    name = f"{TOKENS}.attn2.to_k"
    one, other = ({f"{name}.weight": low_rank(sd1.networks.unet.get_submodule(name), 2, alpha=8.0)} for _ in range(2))
    both = live(live(model, one, 1.0, mask=LEFT), other, 1.0, mask=1 - LEFT)
    where = f"{TOKENS}.attn2"
    found, left, right = (
        seen(each, call, where) for each in (both, merged(model, one, 1.0), merged(model, other, 1.0))
    )
    side = math.isqrt(found.shape[1])
    found, left, right = (each.unflatten(1, (side, side)) for each in (found, left, right))
    torch.testing.assert_close(found[:, :, : side // 2], left[:, :, : side // 2], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found[:, :, side // 2 :], right[:, :, side // 2 :], rtol=1e-4, atol=1e-4)


KINDS = {
    "dora": lambda w: read_weight(
        {
            "lora_up.weight": torch.randn(len(w), 2) * 0.1,
            "lora_down.weight": torch.randn(2, w[0].numel()) * 0.1,
            "dora_scale": torch.rand(len(w), *[1] * (w.ndim - 1)) + 0.5,
        }
    ),
    "full": lambda w: Difference(torch.randn_like(w) * 0.1),
    "rows": lambda w: Rescaling(torch.randn(len(w)), on_input=False),
    "oft": lambda w: read_weight({"oft_blocks": torch.randn(len(w) // 8, 8, 8) * 0.1}),
    "boft": lambda w: read_weight({"oft_blocks": torch.randn(2, len(w) // 8, 8, 8) * 0.1}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_that_have_to_be_rebuilt(kind, sd1, call):
    torch.manual_seed(4)
    model, network = sd1.checkpoint.model, sd1.networks.unet
    kinds = {
        f"{name}.weight": KINDS[kind](network.get_submodule(name).weight) for name in (CONV, f"{TOKENS}.attn1.to_q")
    }
    adapted = live(model, kinds, 0.6)
    expected = output(merged(model, kinds, 0.6), call)
    torch.testing.assert_close(output(adapted, call), expected, rtol=1e-3, atol=1e-3)
    assert (expected - output(model, call)).abs().max() > 0.01


def test_biases_and_norms(sd1, call):
    torch.manual_seed(4)
    model, network = sd1.checkpoint.model, sd1.networks.unet
    names = (f"{CONV}.bias", "down_blocks.0.resnets.0.norm1.weight", f"{TOKENS}.norm1.weight", f"{TOKENS}.norm1.bias")
    state = network.state_dict()
    kinds = {name: Difference(torch.randn_like(state[name])) for name in names}
    expected = output(merged(model, kinds, 0.6), call)
    torch.testing.assert_close(output(live(model, kinds, 0.6), call), expected, rtol=1e-3, atol=1e-3)


def test_tucker_convolutions_go_through_their_factors(sd1, call):
    torch.manual_seed(4)
    model = sd1.checkpoint.model
    name = "down_blocks.0.downsamplers.0.conv"
    out, inner = sd1.networks.unet.get_submodule(name).weight.shape[:2]
    parts = {"up": torch.randn(out, 4, 1, 1), "mid": torch.randn(4, 4, 3, 3) * 0.3, "down": torch.randn(4, inner, 1, 1)}
    kinds = {f"{name}.weight": read_weight({f"lora_{part}.weight": tensor for part, tensor in parts.items()})}
    expected = output(merged(model, kinds, 0.6), call)
    torch.testing.assert_close(output(live(model, kinds, 0.6), call), expected, rtol=1e-3, atol=1e-3)


def test_layers_of_the_whole_picture_are_left_alone_under_a_mask(sd1, call):
    model = sd1.checkpoint.model
    kinds = {"time_embedding.linear_1.bias": Difference(torch.ones(128))}
    before = output(model, call)
    assert torch.equal(output(live(model, kinds, 1.0, mask=torch.ones(4, 4)), call), before)
    assert not torch.equal(output(live(model, kinds, 1.0), call), before)


def test_a_prompts_area_sees_its_part_of_the_mask(sd1, call):
    """A crop of the left half, under a mask of the left half of the picture, is adapted as a whole."""
    torch.manual_seed(2)
    model = sd1.checkpoint.model
    kinds = {f"{CONV}.weight": low_rank(sd1.networks.unet.get_submodule(CONV), 2, alpha=8.0)}
    areas = [Area(8, 8, 0, left) for left in (0, 8)]
    conditions = [Condition(call.context[:1], area, torch.ones(()), whole=(8, 16)) for area in areas]
    halves = replace(call, conditions=conditions)
    found = seen(live(model, kinds, 1.0, mask=LEFT), halves, CONV)
    assert torch.equal(found[1], seen(model, halves, CONV)[1])
    torch.testing.assert_close(found[0], seen(merged(model, kinds, 1.0), halves, CONV)[0], rtol=1e-4, atol=1e-4)


FULL_SIZE = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"  # whose tokens are merged and tiled


@pytest.fixture
def merging(tiny):
    """A model with attention at full resolution, changes of that, and a call."""
    torch.manual_seed(4)
    with tiny.model.loaded() as running:
        layers = [f"{FULL_SIZE}.{part}" for part in ("to_q", "to_k", "to_v", "to_out.0")]
        kinds = {f"{name}.weight": low_rank(running.network.get_submodule(name), 2, alpha=8.0) for name in layers}
    return tiny.model, kinds, Call(torch.randn(2, 4, 8, 8), torch.tensor([500, 500]), 2.0, torch.randn(2, 77, 48))


@pytest.mark.parametrize("change", [TokenMerging(0.4), TokenMerging(0.75), HyperTile(tile=32)])
def test_everywhere_it_is_the_same_as_in_the_weights_where_tokens_are_merged_or_in_tiles(change, merging):
    plain, kinds, call = merging
    model = plain.with_attention(change)
    white = live(model, kinds, 0.7, mask=torch.ones(8, 8))
    torch.testing.assert_close(output(white, call), output(merged(model, kinds, 0.7), call), rtol=1e-3, atol=1e-3)
    assert not torch.allclose(output(white, call), output(model, call), atol=1e-3)
    assert not torch.allclose(output(model, call), output(plain, call), atol=1e-3)


@pytest.mark.parametrize("ratio", [0.4, 0.75])  # of 64 tokens 39 are left, or 16, which are no grid of 4 x 4 cells
def test_a_merged_token_counts_as_much_as_the_cells_that_it_is_made_of(ratio, merging):
    plain, kinds, call = merging
    model, to_q = plain.with_attention(TokenMerging(ratio)), f"{FULL_SIZE}.to_q"
    kinds = {f"{to_q}.weight": kinds[f"{to_q}.weight"]}
    mask = LEFT[::2, ::2].flatten()
    found = match(given(model, call, FULL_SIZE), 8, 8, int(64 * ratio))
    shares = []
    for kept, gone, into in zip(found.kept, found.merged, found.into, strict=True):
        groups = [[token] for token in (*kept.tolist(), *found.targets.tolist())]
        for token, target in zip(gone.tolist(), into.tolist(), strict=True):
            groups[len(kept) + target].append(token)
        shares.append([float(mask[group].mean()) for group in groups])
    models = model, live(model, kinds, 1.0), live(model, kinds, 1.0, mask=LEFT)
    without, everywhere, left = (seen(each, call, to_q) for each in models)
    expected = (everywhere - without) * torch.tensor(shares)[..., None]
    torch.testing.assert_close(left - without, expected, rtol=1e-3, atol=1e-4)
    assert any(0 < share < 1 for share in shares[0])


def given(model, call, name):
    """What a module of the network is given first."""
    inputs = []
    with model.loaded() as running:
        handle = running.network.get_submodule(name).register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
        try:
            running(call)
        finally:
            handle.remove()
    return inputs[0]


def test_tokens_that_are_no_grid_are_refused(sd1, kinds, call):
    class Merged(AttentionChange):
        def inputs(self, hidden, keys, values, place, call):
            return hidden[:, :-3], keys, values

        def output(self, output, place, call):
            return torch.nn.functional.pad(output, (0, 0, 0, 3))

    model = live(sd1.checkpoint.model, kinds, 1.0, mask=LEFT).with_attention(Merged())
    with pytest.raises(SamplingError, match="which another change of the model's attention hides"):
        output(model, call)


def test_a_window_opens_and_closes_with_the_noise(sd1, kinds, call):
    model = sd1.checkpoint.model
    levels = model.schedule
    adapted = live(model, kinds, 0.7, window=Window(0.25, 0.75))
    for percent, inside in ((0.1, False), (0.25, True), (0.5, True), (0.75, False), (0.9, False)):
        at = replace(call, sigma=levels.percent_to_sigma(percent))
        expected = merged(model, kinds, 0.7) if inside else model
        if inside:
            torch.testing.assert_close(output(adapted, at), output(expected, at), rtol=1e-3, atol=1e-3)
        else:
            assert torch.equal(output(adapted, at), output(expected, at))


def test_a_window_goes_by_the_levels_that_the_run_has(sd1, kinds, call):
    """Whether they are changed before the adapter is put on, or afterwards."""
    model = sd1.checkpoint.model
    other = Epsilon(NoiseSchedule.scaled_linear(0.00085, 0.05))
    sigma = other.schedule.percent_to_sigma(0.5)
    assert percent_of(sigma, model.schedule) < 0.45
    at, window = replace(call, sigma=sigma), Window(0.48, 0.52)
    adapted = replace(live(model, kinds, 0.7, window=window), parameterization=other)
    torch.testing.assert_close(output(adapted, at), output(merged(model, kinds, 0.7), at), rtol=1e-3, atol=1e-3)


def test_a_curve_is_followed(sd1, kinds, call):
    model = sd1.checkpoint.model
    adapted = live(model, kinds, 2.0, window=Window(0.5, 1.0, lambda share: share))
    at = replace(call, sigma=model.schedule.percent_to_sigma(0.75))
    torch.testing.assert_close(output(adapted, at), output(merged(model, kinds, 1.0), at), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("compiled_last", [False, True])
def test_compiled_blocks_do_not_hide_it(compiled_last, sd1, kinds, call):
    model = sd1.checkpoint.model
    expected = output(live(model, kinds, 0.7, mask=LEFT), call)
    compiled = CompiledBlocks("eager")
    plain = model.with_attachments(compiled)
    before = output(plain, call)
    if compiled_last:
        adapted = live(model, kinds, 0.7, mask=LEFT).with_attachments(compiled)
    else:
        adapted = live(plain, kinds, 0.7, mask=LEFT)
    torch.testing.assert_close(output(adapted, call), expected)
    assert torch.equal(output(plain, call), before)


def test_windows():
    whole = Window()
    assert [whole.factor(percent) for percent in (0.0, 0.5, 1.0)] == [1, 1, 1]
    first, second = Window(0, 0.4), Window(0.4, 1)
    assert [first.factor(percent) + second.factor(percent) for percent in (0.0, 0.3999, 0.4, 0.4001, 1.0)] == [1] * 5
    ramp = Window(0.2, 0.6, lambda share: share)
    assert [round(ramp.factor(percent), 3) for percent in (0.1, 0.2, 0.4, 0.5, 0.7)] == [0, 0, 0.5, 0.75, 0]


@pytest.mark.parametrize("levels", [NoiseSchedule.scaled_linear(), FlowSchedule(3.0)], ids=["discrete", "flow"])
def test_percent_is_the_inverse(levels):
    for percent in (0.01, 0.25, 0.5, 0.9, 0.99):
        assert percent_of(levels.percent_to_sigma(percent), levels) == pytest.approx(percent, abs=2e-3)
    assert percent_of(1e6, levels) == pytest.approx(0)
    assert percent_of(0.0, levels) == pytest.approx(1)


def test_a_sampled_picture_follows_the_mask(sd1, kinds):
    """Under a whole mask a run gives what it gives with merged weights; the last steps alone change it less."""
    model = sd1.checkpoint.model
    prompt = sd1.checkpoint.clip.encode("a cat")
    settings = {"seed": 1, "steps": 3, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}

    def picture(each):
        return sample(each, {"samples": torch.zeros(1, 4, 8, 8)}, prompt, prompt, **settings)["samples"]

    base, all_of_it = picture(model), picture(merged(model, kinds, 0.3))
    torch.testing.assert_close(picture(live(model, kinds, 0.3, mask=torch.ones(8, 8))), all_of_it, rtol=1e-3, atol=1e-2)
    late = picture(live(model, kinds, 0.3, window=Window(0.5, 1.0)))
    assert 0 < (late - base).norm() < (all_of_it - base).norm()
    assert fit(AdapterFile("a", kohya_tensors({UNET: kinds}, model)), model).report.complete
