"""Changes of attention: tiles, merged tokens, scales, and guidance by disturbed attention."""

from dataclasses import replace

import pytest
import torch
from scipy.ndimage import gaussian_filter

from diffusion.attention import AttentionChange, Place, scaled_dot_product
from diffusion.changes.attention_guidance import (
    AttentionMaps,
    PerturbedAttentionGuidance,
    SelfAttentionGuidance,
    blurred,
)
from diffusion.changes.attention_scale import ScaledAttention, ScaledTextAttention
from diffusion.changes.hypertile import HyperTile, tile_counts
from diffusion.changes.token_merging import TokenMerging, match
from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.network import Call
from diffusion.sampling.noise import BatchNoise
from diffusion.sampling.sample import sample_parts
from diffusion.sampling.samplers import SAMPLERS

PLACE = Place("down_blocks.0", "self", "down", 1, 0, heads=2, width=6)


@pytest.fixture
def call() -> Call:
    torch.manual_seed(3)
    return Call(torch.randn(2, 4, 8, 12), torch.tensor([500, 20]), 1.0, torch.randn(2, 77, 48))


def plain(q, k, v):
    return scaled_dot_product(q, k, v, 2)


@pytest.mark.parametrize(
    ("length", "least", "variants", "counts"),
    [(64, 32, 2, [2, 1]), (96, 32, 2, [3, 2]), (60, 64, 3, [1]), (7, 3, 3, [1])],
)
def test_sides_are_cut_into_equal_tiles(length, least, variants, counts):
    assert tile_counts(length, least, variants) == counts


def test_a_tile_attends_to_itself_alone():
    torch.manual_seed(0)
    call = Call(torch.zeros(1, 4, 8, 12), torch.tensor([1]), 1.0, torch.zeros(1, 1, 1))
    q, k, v = (torch.randn(1, 96, 6) for _ in range(3))
    tiled = HyperTile(tile=32, variants=1).attend(q, k, v, PLACE, call, plain)
    expected = torch.zeros(1, 8, 12, 6)
    for top in (0, 4):
        for left in (0, 4, 8):
            cut = [x.reshape(1, 8, 12, 6)[:, top : top + 4, left : left + 4].reshape(1, 16, 6) for x in (q, k, v)]
            expected[:, top : top + 4, left : left + 4] = plain(*cut).reshape(1, 4, 4, 6)
    torch.testing.assert_close(tiled, expected.reshape(1, 96, 6))


def test_tiles_take_turns_and_repeat_in_the_next_run():
    seen = []
    q = torch.randn(1, 64 * 64, 6)

    def watch(q, k, v):
        seen.append(q.shape[0])
        return v

    for index in [*range(12), *range(12)]:
        call = Call(torch.zeros(1, 4, 64, 64), torch.tensor([1]), 1.0, torch.zeros(1, 1, 1), index=index)
        HyperTile(tile=128, variants=2).attend(q, q, q, PLACE, call, watch)
    assert seen[:12] == seen[12:]
    assert set(seen) == {16, 8, 4}


def test_only_layers_at_the_chosen_depth_are_tiled(tiny, call):
    with tiny.model.loaded() as network:
        before = network(call)
    with tiny.model.with_attention(HyperTile(tile=256)).loaded() as network:  # one tile holds all
        torch.testing.assert_close(network(call), before)
    with tiny.model.with_attention(HyperTile(tile=32)).loaded() as network:
        assert not torch.allclose(network(call), before)
    with tiny.model.with_attention(HyperTile(tile=32, depth=0)).loaded() as network:
        shallow = network(call)
    with tiny.model.with_attention(HyperTile(tile=32, depth=1, scaled=True)).loaded() as network:
        torch.testing.assert_close(network(call), shallow)  # the middle is smaller than a scaled tile


def test_tokens_are_matched_as_the_paper_says():
    """Section 3 and 4.1 of the paper token by token: targets on a grid of stride 2, the most similar pairs merged."""
    torch.manual_seed(1)
    height, width, count = 5, 4, 6
    tokens = torch.randn(2, height * width, 3)
    found = match(tokens, height, width, count)
    merged = found.merge(tokens)
    assert merged.shape == (2, height * width - count, 3)
    targets = [y * width + x for y in (0, 2) for x in (0, 2)]
    for row in range(2):
        best = {}
        for token in set(range(height * width)) - set(targets):
            likeness = [float(torch.cosine_similarity(tokens[row, token], tokens[row, t], 0)) for t in targets]
            best[token] = (max(likeness), targets[likeness.index(max(likeness))])
        pairs = dict(sorted(best.items(), key=lambda item: -item[1][0])[:count])
        groups = {t: [t, *(token for token, (_, into) in pairs.items() if into == t)] for t in targets}
        value = {token: tokens[row, token] for token in range(height * width)}
        for group in groups.values():
            for token in group:
                value[token] = tokens[row, group].mean(0)
        back = found.unmerge(merged)[row]
        torch.testing.assert_close(back, torch.stack([value[token] for token in range(height * width)]))


def test_alike_tokens_can_be_merged_without_loss(tiny, call):
    tokens = torch.randn(1, 4, 3).repeat_interleave(4, 1)  # four groups of four equal ones, in the quarters of a square
    picture = tokens.reshape(1, 2, 2, 2, 2, 3).transpose(2, 3).reshape(1, 16, 3)
    found = match(picture, 4, 4, 12)
    assert found.merge(picture).shape[1] == 4
    torch.testing.assert_close(found.unmerge(found.merge(picture)), picture)
    with tiny.model.loaded() as network:
        before = network(call)
    with tiny.model.with_attention(TokenMerging(0.0)).loaded() as network:
        torch.testing.assert_close(network(call), before)
    with tiny.model.with_attention(TokenMerging(0.5)).loaded() as network:
        merged = network(call)
        assert torch.equal(network(call), merged)
    assert (merged - before).abs().max() > 1e-4


def test_scaled_attention_is_scaled_weights(tiny, call):
    class Scaled:
        def changes(self):
            factors = {"to_q.weight": 0.5, "to_k.weight": 3.0, "to_v.weight": 1.5, "to_out.0.weight": 2.0}
            factors["to_out.0.bias"] = 2.0
            return {
                name: (lambda weight, factor=factor: weight * factor)
                for name in tiny.model.source.shapes
                for end, factor in factors.items()
                if name.endswith(f"attn2.{end}")
            }

    with tiny.model.patched(Scaled()).loaded() as network:
        expected = network(call)
    with tiny.model.with_attention(ScaledAttention("cross", 0.5, 3.0, 1.5, 2.0)).loaded() as network:
        torch.testing.assert_close(network(call), expected, atol=1e-4, rtol=1e-4)


def test_scaled_text_attention_scales_each_projection(tiny):
    encoder = tiny.clip.encoders[0]
    patch = ScaledTextAttention(encoder.source, q=2.0, out=0.5)
    with encoder.loaded() as network:
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with encoder.patched(patch).loaded() as network:
        for name, tensor in network.state_dict().items():
            factor = 2.0 if ".q_proj." in name else 0.5 if ".out_proj." in name else 1.0
            torch.testing.assert_close(tensor, before[name] * factor)


def sampled(tiny, model, steps: int = 1, cfg: float = 4.0, size: int = 12):
    torch.manual_seed(4)
    positive, negative = ([[torch.randn(1, 77, 48), {}]] for _ in range(2))
    latent = {"samples": torch.zeros(1, 4, size, size)}
    levels = torch.tensor([5.0, 2.0, 1.0][: steps + 1])
    guider = ClassifierFreeGuidance(positive, negative, cfg)
    return sample_parts(model, latent, BatchNoise(7), guider, SAMPLERS["euler"], levels)[1]["samples"]


class Spy(AttentionChange):
    """Lets a test see each call."""

    def __init__(self, blank: bool) -> None:
        self.blank = blank

    def attend(self, q, k, v, place, call, attend):
        return v if self.blank and place.side == "mid" and place.kind == "self" else attend(q, k, v)


def test_perturbed_attention_is_the_formula_of_the_paper(tiny):
    """With scale w: estimate + w (positive - perturbed), where perturbed is the positive one with A = identity."""
    plain = sampled(tiny, tiny.model)
    positive = sampled(tiny, tiny.model, cfg=1.0)
    perturbed = sampled(tiny, tiny.model.with_attention(Spy(blank=True)), cfg=1.0)
    assert (positive - perturbed).abs().max() > 1e-2
    found = sampled(tiny, tiny.model.with_guidance(PerturbedAttentionGuidance(3.0)))
    torch.testing.assert_close(found, plain + 3 * (positive - perturbed), atol=1e-3, rtol=1e-3)


def scipys_blur(picture: torch.Tensor) -> torch.Tensor:
    """A Gaussian of deviation 2, cut off four cells from its middle."""
    found = gaussian_filter(picture.numpy(), sigma=(0, 0, 2, 2), truncate=2.0, mode="mirror")
    return torch.from_numpy(found)


def test_the_blur_is_scipys():
    torch.manual_seed(0)
    picture = torch.randn(2, 3, 12, 11)
    torch.testing.assert_close(blurred(picture, 2.0), scipys_blur(picture))


def test_attention_maps_add_up_the_rows_of_the_negative_prompt(tiny, call):
    class Side:
        def __init__(self, side):
            self.side, self.restricted = side, False

    maps = AttentionMaps()
    torch.manual_seed(0)
    q, k = torch.randn(2, 96, 6), torch.randn(2, 96, 6)
    place = replace(PLACE, side="mid")
    maps.attend(q, k, k, place, replace(call, conditions=(Side(1), Side(0))), plain)
    heads = [(q[0, :, part] @ k[0, :, part].T / 3**0.5).softmax(-1) for part in (slice(0, 3), slice(3, 6))]
    torch.testing.assert_close(maps.last[0], ((heads[0] + heads[1]) / 2).sum(0).reshape(1, 1, 8, 12))


def test_self_attention_guidance_is_the_formula_of_the_paper(tiny):
    """Estimate + s (degraded - estimate of degraded plus the noise that was in x)."""
    plain, negative = sampled(tiny, tiny.model), None
    maps = AttentionMaps()
    seen = []

    class Watched(SelfAttentionGuidance):
        def after(self, denoised, step):
            seen.append((step.x, step.estimates[1], maps.last[0], denoised))
            return super().after(denoised, step)

    found = sampled(tiny, tiny.model.with_attention(maps).with_guidance(Watched(maps, 0.5, 2.0)))
    x, negative, attention, _ = seen[0]
    mask = (attention > 1).float().repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert 0 < mask.mean() < 1
    degraded = scipys_blur(negative) * mask + negative * (1 - mask)
    torch.manual_seed(4)
    torch.randn(1, 77, 48)
    context = torch.randn(1, 77, 48)
    noisy = degraded + x - negative
    parameterization = tiny.model.parameterization
    with tiny.model.loaded() as network:
        timestep = parameterization.schedule.timestep(torch.tensor([5.0]))
        output = network(Call(parameterization.network_input(noisy, 5.0), timestep, 5.0, context))
    again = parameterization.denoised(noisy, output, 5.0)
    scale = tiny.model.latent_format.scale
    torch.testing.assert_close(found * scale, plain * scale + 0.5 * (degraded - again), atol=1e-4, rtol=1e-4)
