"""What a training takes, found by small steps, against large ones that are really taken."""

import re

import pytest
import torch

from diffusion.training import memory
from diffusion.training.lora import AdapterPlan, new_adapters, states_of
from diffusion.training.new_kinds import Shape
from diffusion.training.optimizer_arguments import OPTIMIZERS
from diffusion.training.optimizers import new_optimizer
from diffusion.training.samples import Sample
from diffusion.training.trainer import Plan, Trainer, TrainingError

SIDE = 16  # of the larger latents


def trainer(tiny, algorithm: str = "LoRA"):
    adapters = new_adapters(tiny.model, tiny.clip, AdapterPlan(Shape(algorithm)), 1)
    draw, sizes = torch.Generator().manual_seed(2), {"target_width": 8 * SIDE, "target_height": 8 * SIDE}
    small = Sample("small", torch.randn(4, 8, 8, generator=draw), "a cat", "cat", repeats=5)
    latents = torch.randn(2, 4, SIDE, SIDE, generator=draw)
    data = [small, *(Sample(*each, "a dog", "dog", settings=sizes) for each in zip("ab", latents, strict=True))]
    return adapters, adapters.trainer(tiny.model, data, states_of(tiny.clip), Plan(batch=3), {})


def test_bytes_are_counted_while_they_are_held():
    """The closed form: 4,000 and 4,000 at once, of which the first is dropped before 8,000 more; views are nothing."""

    def work() -> None:
        x = torch.zeros(1000)
        y = x.view(10, 100).t() + 1
        del x
        torch.cat([y, y])

    assert memory._peak(work) == 12_000


@pytest.mark.parametrize(("algorithm", "checkpointed"), [("LoRA", False), ("LoRA", True), ("LoKr", False)])
def test_the_largest_step_takes_what_small_ones_foretell(tiny, algorithm, checkpointed):
    adapters, made = trainer(tiny, algorithm=algorithm)
    batch, _ = memory.largest_batch(made)
    assert [sample.name for sample in batch] == ["a", "b"]
    with tiny.model.loaded() as network, adapters.attached(network.network):
        if checkpointed:
            network.network.enable_gradient_checkpointing()
        try:
            foretold = memory.estimated(made, network)
            for parameter in made.parameters.values():
                parameter.grad = torch.zeros_like(parameter)
            taken = memory._peak(lambda: made.learn_from(network, batch, 0, 0, 1.0))
        finally:
            network.network.disable_gradient_checkpointing()
    assert foretold.step == pytest.approx(taken, rel=0.1 if checkpointed else 0.01)
    assert foretold.gradients == foretold.parameters == 4 * sum(each.numel() for each in made.parameters.values())


@pytest.mark.parametrize("name", [each for each in OPTIMIZERS if "8-bit" not in each])
def test_what_optimizers_keep(name):
    """The oracle is what they keep after a step."""
    shapes = [torch.Size((40, 30)), torch.Size((20,)), torch.Size((8, 4, 3, 3))]
    parameters = [torch.nn.Parameter(torch.ones(shape)) for shape in shapes]
    optimizer = new_optimizer(name, [{"params": parameters, "lr": 0.1}])
    for _ in range(2):
        sum(each.sin().sum() for each in parameters).backward()
        optimizer.step()
    kept = sum(
        value.numel() * value.element_size()
        for state in optimizer.state.values()
        for value in state.values()
        if isinstance(value, torch.Tensor) and value.numel() > 1
    )
    plan = Plan(optimizer=name)
    assert sum(memory.state_bytes(plan, shape) for shape in shapes) == pytest.approx(kept, rel=0.02)


def test_a_training_that_does_not_fit_is_refused_with_cures_and_nothing_is_changed(tiny, monkeypatch):
    adapters, other = trainer(tiny)
    with tiny.model.loaded() as network, adapters.attached(network.network):
        expected = other.step(network, 0)
    adapters, made = trainer(tiny)
    monkeypatch.setattr(memory, "available", lambda trainer: 7_500_000)
    with tiny.model.loaded() as network, adapters.attached(network.network):
        with pytest.raises(TrainingError) as refused:
            memory.check_memory(made, network, checkpointed=False)
        assert not network.network.is_gradient_checkpointing
        assert made.step(network, 0) == expected
    cures = re.findall(r"([A-Z][^.:]*)[:.] then it takes ([\d.]+) MB\.", str(refused.value))
    assert [what for what, _ in cures] == [
        "Turn gradient_checkpointing on",
        "Lower batch_size to 1 and raise accumulation",
        "Lower resolution to 64",
        "Choose the precision bfloat16 in Learning Options",
        "Choose the optimizer Adafactor in Learning Options",
    ]
    assert [float(takes) < 7_500_000 / 2**20 for _, takes in cures] == [True, True, True, False, False]


def test_a_device_that_is_full_is_noticed_by_the_largest_step(tiny, monkeypatch):
    adapters, made = trainer(tiny)
    learn = Trainer.learn_from

    def full(self, network, samples, *rest):
        if len(samples) == 2 and samples[0].latent.shape[-1] == SIDE:
            raise torch.OutOfMemoryError("out of memory")
        return learn(self, network, samples, *rest)

    monkeypatch.setattr(memory, "_says_when_full", lambda device: True)
    painted = []
    with tiny.model.loaded() as network, adapters.attached(network.network):
        memory.check_memory(made, network, checkpointed=True, paint=lambda: painted.append(1))
        assert painted == [1]
        monkeypatch.setattr(Trainer, "learn_from", full)
        with pytest.raises(TrainingError, match=r"not enough memory for this training.* Lower batch_size to 1"):
            memory.check_memory(made, network, checkpointed=True)
    assert all(parameter.grad is None for parameter in made.parameters.values())
