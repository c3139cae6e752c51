"""Noise sources: what each picture of a batch gets, against generators and formulas written out here."""

import math

import pytest
import torch
from torchsde import BrownianTree

from diffusion.sampling.guiders import Unguided
from diffusion.sampling.noise import BatchNoise, GivenNoise, NoNoise, PictureNoise, slerp, source_of
from diffusion.sampling.philox import philox_normal
from diffusion.sampling.sample import sample_parts
from diffusion.sampling.samplers import SAMPLERS
from tests.diffusion.sampling.gaussian import PromptedModel, prompt

SHAPE = (3, 4, 8, 6)
BATCH = {"samples": torch.zeros(SHAPE)}
ONE = {"samples": torch.zeros(1, *SHAPE[1:])}


def drawn(seed: int, *shapes) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in shapes]


def test_a_batch_is_one_draw():
    assert torch.equal(BatchNoise(5).make(BATCH), drawn(5, SHAPE)[0])
    chosen = {"samples": torch.zeros(2, *SHAPE[1:]), "batch_index": [2, 0]}
    assert torch.equal(BatchNoise(5).make(chosen), drawn(5, SHAPE)[0][[2, 0]])


def test_no_noise_and_given_noise():
    assert not NoNoise(3).make(BATCH).any()
    noise = torch.rand(SHAPE)
    assert GivenNoise(noise, 3).make(BATCH) is noise
    for source in (NoNoise(3), GivenNoise(noise, 3), BatchNoise(3)):
        assert torch.equal(source.within(BATCH, noise, [3.0, 1.0], "generator")(3.0, 1.0), drawn(3, SHAPE)[0])


def test_noise_goes_to_and_comes_from_nodes_of_packs():
    class Foreign:
        seed = 5

        def generate_noise(self, input_latent):
            return torch.full_like(input_latent["samples"], 0.5)

    assert torch.equal(BatchNoise(5).generate_noise(BATCH), BatchNoise(5).make(BATCH))
    source = source_of(Foreign(), BATCH)
    assert (source.make(BATCH) == 0.5).all()
    assert source.seed == 5
    assert source_of(BatchNoise(5), BATCH) == BatchNoise(5)


@pytest.mark.parametrize("origin", ["cpu", "nv", "gpu"])
def test_a_picture_is_the_same_alone(origin):
    batch, x = PictureNoise(7, origin), torch.zeros(SHAPE)
    start, within = batch.make(BATCH), batch.within(BATCH, x, [9.0, 2.0, 1.0], "generator")
    steps = [within(9.0, 2.0), within(2.0, 1.0)]
    for picture in range(3):
        alone = PictureNoise(7 + picture, origin)
        assert torch.equal(start[picture], alone.make(ONE)[0])
        within = alone.within(ONE, x[:1], [9.0, 2.0, 1.0], "generator")
        assert [torch.equal(step[picture], within(0, 0)[0]) for step in steps] == [True, True]
    picked = {"samples": torch.zeros(1, *SHAPE[1:]), "batch_index": [2]}
    assert torch.equal(batch.make(picked)[0], start[2])


def test_the_generator_of_a_picture_goes_on_after_the_start():
    size = SHAPE[1:]
    first, second, third = drawn(7, size, size, size)
    source = PictureNoise(7)
    within = source.within(ONE, torch.zeros(1, *size), [1.0], "generator")
    assert torch.equal(source.make(ONE)[0], first)
    assert torch.equal(within(2.0, 1.0)[0], second)
    assert torch.equal(within(1.0, 0.5)[0], third)


def test_software_philox_counts_its_calls():
    source = PictureNoise(7, "nv")
    assert torch.equal(source.make(ONE)[0], philox_normal(SHAPE[1:], 7, 0))
    within = source.within(ONE, torch.zeros(1, *SHAPE[1:]), [1.0], "generator")
    assert torch.equal(within(2.0, 1.0)[0], philox_normal(SHAPE[1:], 7, 1))


def test_eta_seed_delta_changes_the_noise_within_alone():
    source, size = PictureNoise(7, eta_seed_delta=31337), SHAPE[1:]
    assert torch.equal(source.make(ONE), PictureNoise(7).make(ONE))
    within = source.within(ONE, torch.zeros(1, *size), [1.0], "generator")
    assert torch.equal(within(2.0, 1.0)[0], drawn(7 + 31337, size)[0])


def test_a_path_for_each_picture():
    levels, x = [10.0, 4.0, 0.5, 0.0], torch.zeros(2, 4, 8, 6)
    within = PictureNoise(3).within({"samples": x}, x, levels, "brownian")
    for picture, seed in enumerate((3, 4)):
        tree = BrownianTree(0.5, torch.zeros(1, 4, 8, 6), 10.0, entropy=seed)
        expected = (tree(0.5, 4.0) - tree(0.5, 10.0)) / 6**0.5
        assert torch.allclose(within(10.0, 4.0)[picture], expected[0], atol=1e-5)


def test_variation_turns_columns_and_keeps_the_seed():
    size = SHAPE[1:]
    found = PictureNoise(7, variation_seed=100, strength=0.3).make(BATCH)
    one = drawn(7, size)[0]
    for picture in range(3):
        other = drawn(100 + picture, size)[0]
        channel, column = 2, 4
        a, b = one[channel, :, column].double(), other[channel, :, column].double()
        angle = math.acos(float(a @ b / a.norm() / b.norm()))
        expected = (math.sin(0.7 * angle) * a + math.sin(0.3 * angle) * b) / math.sin(angle)
        assert torch.allclose(found[picture, channel, :, column].double(), expected, atol=1e-5)


def test_variation_at_its_ends():
    assert torch.equal(PictureNoise(7, variation_seed=9, strength=0.0).make(BATCH), PictureNoise(7).make(BATCH))
    assert torch.allclose(
        PictureNoise(7, variation_seed=9, strength=1.0).make(BATCH), PictureNoise(9).make(BATCH), atol=1e-5
    )


def test_noise_that_is_nearly_the_same_is_mixed_the_wrong_way_round():
    one = drawn(1, (4, 8, 8))[0]
    other = one + 1e-4
    assert torch.allclose(slerp(0.25, one, other), one * 0.25 + other * 0.75)


def sampled(sampler: str, noise: PictureNoise, batch: int = 1) -> torch.Tensor:
    latent, sigmas = {"samples": torch.zeros(batch, 4, 8, 8)}, torch.tensor([10.0, 4.0, 1.0, 0.3, 0.0])
    guider = Unguided(prompt(0.5))
    return sample_parts(PromptedModel(), latent, noise, guider, SAMPLERS[sampler], sigmas)[0]["samples"]


@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "dpmpp_sde", "dpmpp_2m_sde_gpu", "restart"])
@pytest.mark.parametrize("origin", ["cpu", "nv"])
def test_a_batch_of_a_run_is_its_pictures(sampler, origin):
    batch = sampled(sampler, PictureNoise(7, origin), 3)
    for picture in range(3):
        assert torch.equal(batch[picture], sampled(sampler, PictureNoise(7 + picture, origin))[0])


def test_eta_seed_delta_changes_samplers_that_add_noise():
    for sampler, same in (("euler", True), ("euler_ancestral", False)):
        with_delta = sampled(sampler, PictureNoise(7, eta_seed_delta=31337))
        assert torch.equal(with_delta, sampled(sampler, PictureNoise(7))) == same


@pytest.mark.parametrize(
    ("resize_from", "place", "source"),
    [
        ((4, 2), (slice(2, 6), slice(2, 4)), (slice(0, 4), slice(0, 2))),
        ((4, 10), (slice(2, 6), slice(0, 6)), (slice(0, 4), slice(2, 8))),
        ((12, 6), (slice(0, 8), slice(0, 6)), (slice(2, 10), slice(0, 6))),
    ],
)
def test_seed_resize_puts_the_small_noise_in_the_middle(resize_from, place, source):
    found = PictureNoise(7, resize_from=resize_from).make(ONE)[0]
    expected, small = drawn(7, SHAPE[1:])[0], drawn(7, (4, *resize_from))[0]
    expected[:, place[0], place[1]] = small[:, source[0], source[1]]
    assert torch.equal(found, expected)
