"""Reference-only control; the oracle is diffusers' UNet with attention processors that are written here."""

import math
from dataclasses import replace

import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor2_0

from diffusion.changes.output_caching import OutputCaching
from diffusion.checkpoint import load_checkpoint
from diffusion.control.reference import with_reference
from diffusion.sampling import model_sampling as kinds
from diffusion.sampling.conditions import Area, Condition
from diffusion.sampling.network import Call
from tests.diffusion.families.small_models import write_sd1

SIDE, SIGMA, TIMESTEP = 8, 2.0, 600.0


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "sd1.safetensors"
    return write_sd1(path).unet, load_checkpoint(path).model


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


REFERENCE = random(1, 4, SIDE, SIDE, seed=5)
X, CONTEXT = random(2, 4, SIDE, SIDE, seed=6), random(2, 7, 32, seed=7)


def call() -> Call:
    """A negative prompt and a positive one."""
    sides = tuple(Condition(CONTEXT[:1], Area(SIDE, SIDE, 0, 0), torch.ones(()), side) for side in (1, 0))
    return Call(X, torch.full((2,), TIMESTEP), SIGMA, CONTEXT, conditions=sides)


def answer(model, **options) -> torch.Tensor:
    latent = model.latent_format.from_model(REFERENCE)
    with with_reference(model, latent, **options).loaded() as network, torch.no_grad():
        return network(call())


def plain(model) -> torch.Tensor:
    with model.loaded() as network, torch.no_grad():
        return network(call())


class Writing(AttnProcessor2_0):
    def __init__(self, bank):
        super().__init__()
        self.bank = bank

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, **more):
        self.bank[attn] = hidden_states
        return super().__call__(attn, hidden_states, encoder_hidden_states, **more)


class Reading(Writing):
    def __call__(self, attn, hidden_states, encoder_hidden_states=None, **more):
        both = torch.cat([hidden_states, self.bank[attn]], 1)
        return AttnProcessor2_0.__call__(self, attn, hidden_states, both, **more)


def expected(unet, seed: int) -> torch.Tensor:
    noise = random(1, 4, SIDE, SIDE, seed=seed)
    noisy = (REFERENCE + SIGMA * noise) / (SIGMA**2 + 1) ** 0.5
    bank: dict[object, torch.Tensor] = {}
    layers = [module for name, module in unet.named_modules() if name.endswith("attn1")]
    before = unet.attn_processors
    with torch.no_grad():
        for layer in layers:
            layer.set_processor(Writing(bank))
        unet(noisy.expand(2, -1, -1, -1), torch.full((2,), TIMESTEP), CONTEXT)
        for layer in layers:
            layer.set_processor(Reading(bank))
        found = unet(X, torch.full((2,), TIMESTEP), CONTEXT).sample
    unet.set_attn_processor(before)
    return found


def test_self_attention_sees_the_tokens_of_the_noisy_reference(model):
    unet, ours = model
    found = answer(ours, fidelity=0.0, seed=3)
    torch.testing.assert_close(found, expected(unet, 3), rtol=1e-4, atol=1e-4)
    assert (found - plain(ours)).abs().max() > 0.01
    assert torch.equal(found, answer(ours, fidelity=0.0, seed=3))
    assert not torch.equal(found, answer(ours, fidelity=0.0, seed=4))


@pytest.mark.parametrize("way", ["attention", "adain", "attention+adain"])
def test_full_fidelity_leaves_the_negative_prompt_alone(model, way):
    found, without = answer(model[1], fidelity=1.0, way=way), plain(model[1])
    torch.testing.assert_close(found[0], without[0], rtol=1e-5, atol=1e-5)
    assert (found[1] - without[1]).abs().max() > 0.01


def test_the_positive_prompt_does_not_depend_on_fidelity(model):
    low, high = answer(model[1], fidelity=0.0), answer(model[1], fidelity=1.0)
    torch.testing.assert_close(low[1], high[1], rtol=1e-5, atol=1e-5)


def test_it_acts_in_its_range_and_leaves_nothing_behind(model):
    without = plain(model[1])
    assert torch.equal(answer(model[1], start_percent=0.9), without)
    assert torch.equal(answer(model[1], strength=0.0), without)
    answer(model[1], way="attention+adain")
    assert torch.equal(plain(model[1]), without)


def test_adain_gives_feature_maps_the_statistics_of_the_reference(model):
    """What leaves the middle block at a call has the mean and deviation that it has in the reference."""
    _, ours = model
    latent = ours.latent_format.from_model(REFERENCE)
    seen = []
    with with_reference(ours, latent, way="adain", fidelity=0.0).loaded() as network, torch.no_grad():
        hook = network.network.mid_block.register_forward_hook(lambda module, inputs, output: seen.append(output))
        network(call())
        hook.remove()
    reference, own = seen
    for statistic in (torch.mean, torch.std):
        torch.testing.assert_close(statistic(own, (2, 3)), statistic(reference, (2, 3)), rtol=1e-3, atol=1e-3)


def test_what_a_model_predicts_may_be_said_before_or_after(model):
    """The reference is as noisy as what the model is asked, on the levels that it has when it runs."""
    _, ours = model
    latent = ours.latent_format.from_model(REFERENCE)

    def flow(model):
        return replace(model, parameterization=kinds.flow(3.0))

    def asked(model) -> torch.Tensor:
        with model.loaded() as network, torch.no_grad():
            return network(replace(call(), sigma=0.5))

    options = {"fidelity": 0.0, "end_percent": 0.8}
    before = asked(with_reference(flow(ours), latent, **options))
    assert torch.equal(before, asked(flow(with_reference(ours, latent, **options))))
    assert not torch.equal(before, asked(flow(ours)))
    late = asked(flow(with_reference(ours, latent, fidelity=0.0, end_percent=0.1)))
    assert torch.equal(late, asked(flow(ours)))


def test_answers_that_are_kept_are_not_those_about_the_reference(model):
    """Each side of a step that is left out gets what the network added to it in the step before."""
    latent, caching = model[1].latent_format.from_model(REFERENCE), OutputCaching(10.0, math.inf, 0.0)
    with_it = with_reference(model[1], latent, fidelity=0.0)
    calls = [replace(call(), x=X * (1 - index / 10), index=index, sigma=SIGMA - index / 10) for index in range(3)]
    calls = [replace(each, conditions=calls[0].conditions) for each in calls]
    with with_it.loaded() as network, torch.no_grad():
        plain_answer = network(calls[1])
    last = with_reference(model[1].with_attachments(caching), latent, fidelity=0.0)
    for both in (with_it.with_attachments(caching), last):
        with both.loaded() as network, torch.no_grad():
            answers = [network(each) for each in calls]
        torch.testing.assert_close(answers[1], plain_answer)
        torch.testing.assert_close(answers[2], calls[2].x + plain_answer - calls[1].x)
