"""Dropouts: their shares by kohya's formulas, and that a step's chance is always the same."""

import pytest
import torch
from torch import nn

from diffusion.component import Component, Source
from diffusion.training.dropout import Chance, Dropout
from diffusion.training.lora import AdapterPlan, new_adapters
from diffusion.training.new_kinds import Shape
from diffusion.training.samples import Sample
from diffusion.training.trained_adapter import TrainedAdapter
from diffusion.training.trainer import Plan, TrainingError

ALL = Dropout(neurons=0.2, ranks=0.2, modules=0.2)


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("dropout", [Dropout(neurons=0.25), Dropout(ranks=0.25)])
def test_the_mean_stays_as_it_was(dropout):
    """Each number is left out or multiplied by 1 / (1 - p), so that the mean of many is what it was."""
    ones = dropout.thinned(torch.ones(500, 2, 40), draw(), ranks_last=True)
    assert {round(float(value), 4) for value in ones.unique()} == {0.0, round(1 / 0.75, 4)}
    assert ones.mean() == pytest.approx(1, abs=0.02)


def test_ranks_are_left_out_for_each_picture_at_all_places():
    tokens = Dropout(ranks=0.5).thinned(torch.ones(6, 9, 16), draw(), ranks_last=True)
    assert torch.equal(tokens, tokens[:, :1].expand_as(tokens))
    assert not torch.equal(tokens[0], tokens[1])
    pixels = Dropout(ranks=0.5).thinned(torch.ones(6, 16, 3, 4), draw(), ranks_last=False)
    assert torch.equal(pixels, pixels[:, :, :1, :1].expand_as(pixels))
    assert 0 < (pixels[:, :, 0, 0] == 0).float().mean() < 1


def test_layers_are_left_out_in_steps_alone():
    """The chance of a layer's being left out is the binomial one; without a step none is."""

    def build() -> nn.Module:
        with torch.device("meta"):
            return nn.ModuleDict({f"l{number}": nn.Linear(3, 3) for number in range(300)})

    weights = nn.ModuleDict({f"l{number}": nn.Linear(3, 3) for number in range(300)}).state_dict()
    source = Source(Component("net", "", build, lambda name: name), weights, torch.float32, torch.device("cpu"))
    chance, layers = Chance(), [f"l{number}" for number in range(300)]
    adapter = TrainedAdapter.new(source, layers, lambda layer: Shape("full"), draw(), Dropout(modules=0.3), chance)
    for parameter in adapter.parameters.values():
        nn.init.ones_(parameter)
    network, x = source.network(), torch.ones(1, 3)

    def changed() -> list[bool]:
        with adapter.attached(network):
            during = [network[layer](x) for layer in layers]
        return [not torch.equal(each, network[layer](x)) for each, layer in zip(during, layers, strict=True)]

    assert all(changed())
    with chance.of("7 step 1"):
        first = changed()
        assert first == changed()
    with chance.of("7 step 2"):
        assert changed() != first
    assert sum(first) == pytest.approx(210, abs=40)  # five standard deviations


def test_a_step_has_the_same_gradients_with_checkpointing_and_when_it_is_taken_again(tiny):
    """Checkpointing runs layers a second time, and has to leave out the same again."""
    samples = [Sample("a", torch.randn(4, 8, 8, generator=draw(at)), "a cat", "cat") for at in range(2)]

    def gradients(dropout: Dropout, checkpointing: bool = False) -> list[torch.Tensor]:
        plan = AdapterPlan(Shape(rank=4, alpha=4.0), text_rate=1e-3, dropout=dropout)
        trained = new_adapters(tiny.model, tiny.clip, plan, seed=1)
        for parameter in trained.parameters.values():
            nn.init.constant_(parameter, 0.01)
        trainer = trained.trainer(tiny.model, samples, lambda text: (torch.zeros(1, 77, 8), {}), Plan(batch=2), {})
        with tiny.model.loaded() as network, trained.attached(network.network):
            if checkpointing:
                network.network.enable_gradient_checkpointing()
            try:
                trainer.step(network, 3)
            finally:
                network.network.disable_gradient_checkpointing()
        return [torch.zeros_like(each) if each.grad is None else each.grad for each in trained.parameters.values()]

    once = gradients(ALL)
    torch.testing.assert_close(gradients(ALL, checkpointing=True), once)
    assert all(map(torch.equal, gradients(ALL), once))
    assert sum(not each.any() for each in once) > sum(not each.any() for each in gradients(Dropout()))


def test_what_has_no_ranks_is_refused(tiny):
    for shape in (Shape("LoHa"), Shape("LoRA", magnitude=True)):
        for dropout, option in ((Dropout(neurons=0.1), "dropout"), (Dropout(ranks=0.1), "rank_dropout")):
            with pytest.raises(TrainingError, match="Only LoRA") as refused:
                new_adapters(tiny.model, tiny.clip, AdapterPlan(shape, dropout=dropout), seed=1)
            assert refused.value.option == option
        new_adapters(tiny.model, tiny.clip, AdapterPlan(shape, dropout=Dropout(modules=0.1)), seed=1)
