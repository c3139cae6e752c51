"""Text encoders that learn with the denoiser: their gradients, their learning rate, and the layer that they stop at."""

from dataclasses import replace

import pytest
import torch

from diffusion.training.lora import AdapterPlan, new_adapters, rates, states_of
from diffusion.training.new_kinds import Shape
from diffusion.training.samples import Sample
from diffusion.training.trained_model import TrainedModel
from diffusion.training.trainer import Plan, Trainer, TrainingError
from diffusion.training.whole_weights import all_weights

SGD = Plan(batch=2, learning_rate=0.5, optimizer="SGD", weight_decay=0.0, clip=0.0)


def samples() -> list[Sample]:
    draw = torch.Generator().manual_seed(4)
    captions = ("a (red:1.3) cat", "a very small dog")
    return [Sample(text, torch.randn(4, 8, 8, generator=draw), text, "pet") for text in captions]


def adapters(tiny, clip=None, **options) -> tuple[TrainedModel, Trainer]:
    plan = AdapterPlan(Shape(rank=2, alpha=2.0), **{"text_rate": 0.25, **options})
    trained = new_adapters(tiny.model, clip or tiny.clip, plan, seed=1)
    with torch.no_grad():
        for parameter in trained.parameters.values():
            parameter += 0.02  # where one factor is zero, the other has no gradient
    return trained, trained.trainer(
        tiny.model, samples(), states_of(tiny.clip), SGD, rates(trained, tiny.model, plan, 0.5)
    )


@pytest.mark.parametrize("whole", [False, True])
def test_gradients_of_text_encoders_are_the_slope_of_the_loss(tiny, whole):
    """By central differences along the gradient, of adapters and of all weights."""
    trained, trainer = adapters(tiny)
    if whole:
        trained = all_weights(tiny.model, tiny.clip, texts=True)
        trainer = trained.trainer(tiny.model, samples(), states_of(tiny.clip), SGD, {})
    texts = [trained.parameters[name] for name in trained.of_texts]

    with tiny.model.loaded() as network, trained.attached(network.network):

        def loss() -> float:
            return float(trainer.learn_from(network, samples(), 0, 0, 1.0).double().sum())

        loss()
        gradients = [torch.zeros_like(each) if each.grad is None else each.grad.clone() for each in texts]
        squared = sum(float(each.double().square().sum()) for each in gradients)
        length = 1e-3 / squared**0.5  # how far to go, in units of the gradient
        found = []
        for step in (length, -2 * length):
            with torch.no_grad():
                for each, gradient in zip(texts, gradients, strict=True):
                    each += step * gradient
            found.append(loss())
    assert (found[0] - found[1]) / (2 * length) == pytest.approx(squared, rel=0.05)


def test_each_parameter_moves_by_its_own_rate(tiny):
    """Gradient descent: the rate times the gradient; twice as fast in the second matrix."""
    trained, trainer = adapters(tiny, loraplus_ratio=2.0)
    before = {name: parameter.detach().clone() for name, parameter in trained.parameters.items()}
    with tiny.model.loaded() as network, trained.attached(network.network):
        trainer.step(network, 0)
    moved = set()
    for name, parameter in trained.parameters.items():
        rate = (0.25 if name in trained.of_texts else 0.5) * (2 if name.endswith("up.weight") else 1)
        if parameter.grad is not None and parameter.grad.any():
            torch.testing.assert_close(parameter.detach(), before[name] - rate * parameter.grad)
            moved.add(rate)
    assert moved == {0.25, 0.5, 1.0}
    with tiny.clip.encoders[0].loaded() as network:
        assert not any("forward" in vars(module) for module in network.modules())


def test_after_a_step_nothing_is_longer_than_it_may_be(tiny):
    """The lengths are those of the products, of the denoiser and of the text encoder."""
    trained, trainer = adapters(tiny, longest=0.03)
    with tiny.model.loaded() as network, trained.attached(network.network):
        trainer.step(network, 0)
    lengths = {
        name: max(float((kind.up.flatten(1) @ kind.down.flatten(1)).norm() * kind.scale) for kind in kinds.values())
        for name, kinds in trained.kinds().items()
    }
    assert lengths == pytest.approx({"unet": 0.03, "l": 0.03}, rel=1e-4)


@pytest.mark.parametrize("whole", [False, True])
def test_text_encoders_may_learn_at_first_alone(tiny, whole):
    """The steps before are those of a training without an end, and the ones after it those of one without texts."""

    def values(steps: int, text_steps: int = 0) -> dict[str, torch.Tensor]:
        if whole:
            trained = all_weights(tiny.model, tiny.clip, texts=True)
        else:
            trained, _ = adapters(tiny)
        plan = replace(SGD, learning_rate=0.01, text_steps=text_steps)
        trainer = trained.trainer(tiny.model, samples(), states_of(tiny.clip), plan, {})
        with tiny.model.loaded() as network, trained.attached(network.network):
            for number in range(steps):
                trainer.step(network, number)
            texts = {name: trained.parameters[name].grad for name in trained.of_texts}
        assert (steps > text_steps > 0) is all(gradient is None for gradient in texts.values())
        return {name: each.detach().clone() for name, each in trained.parameters.items()}

    one, first, second = values(1), values(1, text_steps=1), values(2, text_steps=1)
    assert all(torch.equal(one[name], first[name]) for name in one)
    moved = {name for name in one if not torch.equal(first[name], second[name])}
    assert moved
    assert not any(name.startswith("text encoder") for name in moved)


def test_steps_of_text_encoders_that_do_not_learn_are_refused(tiny):
    with pytest.raises(TrainingError, match="No text encoder learns") as refused:
        Trainer(tiny.model, {}, samples(), states_of(tiny.clip), replace(SGD, text_steps=5))
    assert refused.value.option == "learning"


def test_layers_behind_the_chosen_one_do_not_learn(tiny):
    trained, trainer = adapters(tiny, tiny.clip.with_last_layer(-2))
    with tiny.model.loaded() as network, trained.attached(network.network):
        trainer.step(network, 0)
    last = tiny.clip.encoders[0].layers - 1
    learned = {
        int(name.partition("layers.")[2].partition(".")[0])
        for name in trained.of_texts
        if trained.parameters[name].grad is not None
    }
    assert learned == set(range(last))


def test_text_encoders_that_cannot_be_trained_are_refused(tiny):
    [encoder] = tiny.clip.encoders
    clip = replace(tiny.clip, encoders=(replace(encoder, source=None),))
    with pytest.raises(TrainingError, match="text_learning_rate to 0"):
        adapters(tiny, clip)
    assert not adapters(tiny, clip, text_rate=0.0)[0].of_texts


def test_on_a_model_with_a_lora_training_begins_as_that_is(tiny):
    """DoRA, which keeps the lengths of the weights, keeps those that they have under the LoRA."""
    first, _ = adapters(tiny)
    with torch.no_grad():
        for parameter in first.parameters.values():
            parameter *= 5
    taught, clip = first.on_model(tiny.model), first.on_clip()
    plan = AdapterPlan(Shape(rank=2, alpha=2.0, magnitude=True), text_rate=0.1)
    trained = new_adapters(taught, clip, plan, seed=1)
    trainer = trained.trainer(taught, samples(), states_of(clip), SGD, {})
    with taught.loaded() as network:
        before = trainer.fixed_loss(network)
        with trained.attached(network.network):
            assert trainer.fixed_loss(network) == pytest.approx(before, rel=1e-4)
    with tiny.model.loaded() as network:
        assert trainer.fixed_loss(network) != pytest.approx(before, rel=1e-2)
