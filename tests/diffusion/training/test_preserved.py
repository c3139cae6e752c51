"""Pictures for which a model is to say what it said before: their loss is the distance to the model without training.

The oracle is that model itself, which nothing is attached to, and the model that has what was learned in its weights.
"""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch import nn

from diffusion.training.dropout import Dropout
from diffusion.training.hypernetwork import Structure, TrainedHypernetwork
from diffusion.training.lora import AdapterPlan, new_adapters, states_of
from diffusion.training.memory import recomputed
from diffusion.training.new_kinds import Shape
from diffusion.training.samples import Sample
from diffusion.training.trainer import Plan, Trainer, TrainingError
from diffusion.training.whole_weights import all_weights

PLAN = Plan(batch=3, clip=0.0, optimizer="SGD", learning_rate=0.5, weight_decay=0.0)


def samples(preserved: bool = True) -> list[Sample]:
    draw = torch.Generator().manual_seed(4)
    made = [Sample(str(at), torch.randn(4, 8, 8, generator=draw), "a cat", "cat", weight=2.0) for at in range(2)]
    subject = Sample("s", torch.randn(4, 8, 8, generator=draw), "a ghst cat", "ghost")
    return [*(replace(each, preserved=preserved) for each in made), subject]


def lora(tiny):
    plan = AdapterPlan(Shape(rank=2, alpha=2.0), text_rate=0.1, dropout=Dropout(modules=0.2))
    trained = new_adapters(tiny.model, tiny.clip, plan, seed=1)
    return trained, trained.trainer(tiny.model, samples(), states_of(tiny.clip), PLAN, {})


def whole(tiny):
    trained = all_weights(tiny.model, tiny.clip, texts=True)
    return trained, trained.trainer(tiny.model, samples(), states_of(tiny.clip), PLAN, {})


def hypernetwork(tiny):
    trained = TrainedHypernetwork(tiny.model, Structure(), seed=1)
    model, states = trained.on(tiny.model), states_of(tiny.clip)
    return trained, Trainer(model, trained.parameters, samples(), states, PLAN, off=trained.off)


@pytest.mark.parametrize("kind", [lora, whole, hypernetwork])
def test_the_loss_is_the_distance_to_what_the_model_said_before(kind, tiny):
    trained, trainer = kind(tiny)
    shown = samples()[:2]
    with trainer.model.loaded() as network, trained.attached(network.network):
        # nothing is learned yet, but for what dropout leaves out, which adds nothing either
        assert trainer.learn_from(network, shown, 0, 0, 1.0).max() < 1e-10
        with torch.no_grad():
            for number, parameter in enumerate(trained.parameters.values()):
                parameter += 0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number))
        found = trainer.learn_from(network, shown, 0, 0, 1.0)
        question, _, texts = trainer._asked(shown, trainer._draw(0, 0), 0)
        with torch.no_grad(), trainer._chance.of(trainer._named(0, 0)):
            trainer._forget_texts()
            after = network(trainer._call(question, shown, texts))
    encoded = {text: states_of(tiny.clip)(text) for text in texts}
    plain = Trainer(tiny.model, {}, samples(preserved=False), encoded.__getitem__, PLAN)
    with tiny.model.loaded() as network, torch.no_grad():
        before = network(plain._call(question, shown, texts))
    assert (after - before).abs().max() > 1e-3
    torch.testing.assert_close(found, 2.0 * (after - before).square().mean((1, 2, 3)), rtol=1e-3, atol=1e-6)


def test_a_step_is_the_same_with_checkpointing_and_the_subject_learns_as_without(tiny):
    """The gradient of a batch is the sum of its parts: preserved pictures change nothing for the subject's."""

    def gradients(data: list[Sample], checkpointing: bool = False) -> torch.Tensor:
        trained = new_adapters(tiny.model, tiny.clip, AdapterPlan(Shape(rank=2), text_rate=0.1), seed=1)
        for parameter in trained.parameters.values():
            nn.init.constant_(parameter, 0.01)
        trainer = trained.trainer(tiny.model, data, states_of(tiny.clip), PLAN, {})
        with (
            tiny.model.loaded() as network,
            recomputed(network.network, checkpointing),
            trained.attached(network.network),
        ):
            trainer.learn_from(network, data, 3, 0, 1.0)
        return torch.cat([each.grad.flatten() for each in trained.parameters.values() if each.grad is not None])

    whole = gradients(samples())
    torch.testing.assert_close(gradients(samples(), checkpointing=True), whole)
    nothing = [replace(each, weight=0.0) for each in samples()[:2]]
    kept = [*samples()[:2], replace(samples()[2], weight=0.0)]
    subject = [*nothing, samples()[2]]
    torch.testing.assert_close(gradients(kept) + gradients(subject), whole, rtol=1e-3, atol=1e-5)
    assert gradients(kept).norm() > 0.01 * whole.norm()


def test_the_fixed_loss_is_that_of_pictures_that_are_learned(tiny):
    data = samples()
    trainer = Trainer(tiny.model, {}, data, states_of(tiny.clip), PLAN, off=nullcontext)
    with tiny.model.loaded() as network:
        assert trainer.fixed_loss(network) == trainer.fixed_loss(network, samples=data[2:])


def test_what_cannot_be_left_out_preserves_nothing(tiny):
    with pytest.raises(TrainingError, match="cannot be left out") as refused:
        Trainer(tiny.model, {}, samples(), states_of(tiny.clip), PLAN)
    assert refused.value.option == "dataset"
