"""Training on a tiny UNet: that steps are pure, that runs go on byte for byte, and that something is learned."""

import random
from dataclasses import replace

import pytest
import torch

from diffusion.sampling.model_sampling import Consistency
from diffusion.training.average import Averaging
from diffusion.training.captions import CaptionRules
from diffusion.training.learning_rate import LearningRate
from diffusion.training.new_kinds import Shape
from diffusion.training.objective import Objective
from diffusion.training.run import Run
from diffusion.training.samples import Order, Sample
from diffusion.training.targets import target_layers
from diffusion.training.trained_adapter import TrainedAdapter
from diffusion.training.trainer import Plan, Step, Trainer, TrainingError


def samples(count: int = 3, side: int = 8) -> list[Sample]:
    draw = torch.Generator().manual_seed(5)
    return [
        Sample(f"{at}.png", torch.randn(4, side, side, generator=draw), f"a cat, red, nr {at}", "cat" if at else "dog")
        for at in range(count)
    ]


def new_trainer(tiny, plan: Plan, data: list[Sample] | None = None) -> tuple[Trainer, TrainedAdapter]:
    source = tiny.model.source
    layers = target_layers(source.component.build())
    adapter = TrainedAdapter.new(
        source, layers, lambda layer: Shape(rank=2, alpha=2.0), torch.Generator().manual_seed(1)
    )

    def states(text):
        [[encoded, settings]] = tiny.clip.encode_tokens(tiny.clip.tokenize(text))
        return encoded, settings

    return Trainer(tiny.model, adapter.parameters, data or samples(), states, plan), adapter


def train(tiny, trainer: Trainer, adapter: TrainedAdapter, first: int, last: int) -> list[Step]:
    with tiny.model.loaded() as network, adapter.attached(network.network):
        return [trainer.step(network, number) for number in range(first, last)]


def values(trainer: Trainer) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in trainer.parameters.values()]


@pytest.mark.parametrize("optimizer", ["AdamW", "Prodigy", "Lion", "Adafactor"])
def test_a_run_that_was_stopped_goes_on_byte_for_byte(tiny, tmp_path, optimizer):
    plan = Plan(
        seed=3,
        batch=2,
        accumulation=2,
        learning_rate=1.0 if optimizer == "Prodigy" else 1e-3,
        schedule=LearningRate("cosine", total=6, warmup=1),
        optimizer=optimizer,
        objective=Objective(noise_offset=0.1),
        captions=CaptionRules(shuffle=True, keep_tokens=1, dropout=0.2),
        average=Averaging(0.9, after=1),
    )
    straight, adapter = new_trainer(tiny, plan)
    expected = train(tiny, straight, adapter, 0, 4)
    first, adapter = new_trainer(tiny, plan)
    before = train(tiny, first, adapter, 0, 2)
    run = Run.open(tmp_path / "run", {"name": "x"})
    run.save(first, 2)
    for step in before:
        run.log(step)
    second, adapter = new_trainer(tiny, plan)
    assert Run.open(tmp_path / "run", {"name": "x"}).resume(second, 4) == 2
    after = train(tiny, second, adapter, 2, 4)
    assert before + after == expected
    assert all(map(torch.equal, values(second), values(straight)))
    # and its snapshot has the very bytes
    run.save(second, 4)
    other = Run.open(tmp_path / "straight", {"name": "x"})
    other.save(straight, 4)
    assert run.path(4).read_bytes() == other.path(4).read_bytes()
    assert run.steps() == before


def test_without_the_optimizers_state_it_would_be_another_run(tiny):
    plan = Plan(seed=3, learning_rate=1e-3)
    straight, adapter = new_trainer(tiny, plan)
    train(tiny, straight, adapter, 0, 4)
    first, adapter = new_trainer(tiny, plan)
    train(tiny, first, adapter, 0, 2)
    second, other = new_trainer(tiny, plan)
    with torch.no_grad():
        for mine, theirs in zip(second.parameters.values(), first.parameters.values(), strict=True):
            mine.copy_(theirs)
    train(tiny, second, other, 2, 4)
    assert not all(map(torch.equal, values(second), values(straight)))


def test_the_latest_whole_snapshot_is_taken(tiny, tmp_path):
    trainer, adapter = new_trainer(tiny, Plan(learning_rate=1e-3))
    run = Run.open(tmp_path, {})
    for steps in (1, 2):
        train(tiny, trainer, adapter, steps - 1, steps)
        run.save(trainer, steps)
    kept = values(trainer)
    run.path(3).write_bytes(run.path(2).read_bytes()[:-100])
    fresh, _ = new_trainer(tiny, Plan(learning_rate=1e-3))
    assert run.resume(fresh, 10) == 2
    assert all(map(torch.equal, values(fresh), kept))
    assert run.resume(fresh, 1) == 1


def test_accumulated_batches_are_one_large_one(tiny):
    """Four samples in one batch and in four: the same gradient, if they are asked the same."""
    gradients = []
    for batch, accumulation in ((1, 4), (4, 1)):
        trainer, adapter = new_trainer(tiny, Plan(batch=batch, accumulation=accumulation, clip=0.0), samples(4))
        with tiny.model.loaded() as network, adapter.attached(network.network):
            latents = torch.stack([sample.latent for sample in trainer.samples])
            draw = torch.Generator().manual_seed(2)
            noise, timestep = torch.randn(latents.shape, generator=draw), torch.tensor([10, 200, 500, 900])
            for rows in torch.arange(4).split(batch):
                objective, model = trainer.plan.objective, tiny.model.parameterization
                question = objective.question(model, latents[rows], noise[rows], timestep[rows])
                chosen = [trainer.samples[row] for row in rows]
                answer = network(trainer._call(question, chosen, [sample.caption for sample in chosen]))
                weights = torch.tensor([1.0, 0.5, 2.0, 0.25])[rows]
                (objective.losses(model, question, answer, weight=weights).sum() / 4).backward()
        gradients.append([p.grad for p in trainer.parameters.values() if p.grad is not None])
    assert len(gradients[0]) > 10
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-7)


def test_the_fixed_loss_falls(tiny):
    trainer, adapter = new_trainer(tiny, Plan(batch=3, learning_rate=3e-2))
    with tiny.model.loaded() as network, adapter.attached(network.network):
        before = trainer.fixed_loss(network)
        assert trainer.fixed_loss(network) == before
        for number in range(10):
            trainer.step(network, number)
        assert trainer.fixed_loss(network) < 0.9 * before


def test_a_loss_that_is_no_number_names_the_pictures_and_changes_nothing(tiny):
    data = samples(1)
    data[0].latent.fill_(float("nan"))
    trainer, adapter = new_trainer(tiny, Plan(), data)
    before = values(trainer)
    with pytest.raises(TrainingError, match=r"step 1 .*0\.png"):
        train(tiny, trainer, adapter, 0, 1)
    assert all(map(torch.equal, values(trainer), before))


def test_a_model_whose_sampling_was_changed_is_refused(tiny):
    changed = tiny.model.__class__(**{**vars(tiny.model), "parameterization": Consistency(tiny.model.schedule)})
    with pytest.raises(TrainingError, match="sampling"):
        Trainer(changed, {}, samples(), lambda text: (torch.zeros(1, 77, 8), {}), Plan())


def test_every_sample_comes_as_often_as_it_is_repeated_and_sizes_do_not_mix():
    chance = random.Random(4)
    data = [
        Sample(str(at), torch.zeros(4, 8, chance.choice((8, 16))), "", "", repeats=chance.randint(1, 4))
        for at in range(9)
    ]
    order = Order(data, 3, seed=7)
    for epoch in range(3):
        batches = [order[epoch * order.per_epoch + place] for place in range(order.per_epoch)]
        seen = [number for batch in batches for number in batch]
        assert sorted(seen) == sorted(number for number, sample in enumerate(data) for _ in range(sample.repeats))
        assert all(len({data[number].latent.shape for number in batch}) == 1 for batch in batches)
    assert [order[at] for at in range(order.per_epoch)] != [
        order[order.per_epoch + at] for at in range(order.per_epoch)
    ]
    assert Order(data, 3, seed=8)[0] != order[0] or Order(data, 3, seed=8)[1] != order[1]


def test_longer_captions_are_trained_beside_short_ones(tiny):
    data = samples(2)
    long = Sample("long.png", data[0].latent, "cat " * 100, "cat")
    trainer, adapter = new_trainer(tiny, Plan(batch=2), [data[1], long])
    [step] = train(tiny, trainer, adapter, 0, 1)
    assert 0 < step.loss < 100
    assert step.gradient > 0


def test_pictures_that_come_no_time_are_no_pictures(tiny):
    data = [Sample("0.png", torch.zeros(4, 8, 8), "", "", repeats=0)]
    with pytest.raises(TrainingError, match="no picture"):
        Trainer(tiny.model, {}, data, lambda text: (torch.zeros(1, 77, 8), {}), Plan())


def test_the_fixed_loss_of_many_samples_is_measured_on_a_few(tiny):
    trainer, _ = new_trainer(tiny, Plan(), samples(1) * 1000)
    checked = []
    with tiny.model.loaded() as network:
        trainer.fixed_loss(network, lambda: checked.append(1))
    assert len(checked) == 16


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_what_is_computed_in_half_is_learned_in_full(tiny, precision):
    """The step in float32 is the oracle; losses of a hundred thousandth show whether float16 rounds gradients away."""

    def gradient(precision: str, weight: float) -> torch.Tensor:
        data = [replace(each, weight=weight, caption="") for each in samples(2)]
        trainer, adapter = new_trainer(tiny, Plan(batch=2, clip=0.0, precision=precision), data)
        train(tiny, trainer, adapter, 0, 1)
        assert all(parameter.dtype == torch.float32 for parameter in trainer.parameters.values())
        return torch.cat([each.grad.flatten() for name, each in trainer.parameters.items() if "up" in name]) / weight

    expected, found = gradient("of the model", 1.0), gradient(precision, 1e-5)
    assert torch.nn.functional.cosine_similarity(found, expected, dim=0) > 0.995
    assert not torch.equal(found, expected)
