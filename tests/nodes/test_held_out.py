"""Pictures that a training is not shown: their loss is measured beside that of the others, and ends it in time."""

import math

import pytest
import torch
from PIL import Image

from diffusion.training.lora import states_of
from diffusion.training.run import Check, Run
from diffusion.training.samples import encoded
from diffusion.training.trainer import Plan, Trainer
from diffusion.weights import load_weights
from graph.context import Interrupted
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes import training, training_follow
from nodes.training_controlnet import train_control_net, training_pictures_as_images
from nodes.training_dreambooth import train_dreambooth
from nodes.training_embedding import train_textual_inversion
from nodes.training_hypernetwork import train_hypernetwork
from nodes.training_lesson import Lesson
from nodes.training_monitor import training_monitor
from nodes.training_pictures import buckets_of, join_training_pictures, training_pictures
from nodes.training_split import split_training_pictures
from tools.mascot.ghost import write

STEPS = 4


def prepared(folders: Folders) -> Recorder:
    """Two pictures to train with; two others, of which one is wide, and one has a mask."""
    write(folders.input / "ghost", 2, 64, "ghst, flat")
    write(folders.input / "others", 2, 72, "a cat")
    for file in (folders.input / "others").iterdir():
        file.rename(file.with_name(file.name.replace("ghost", "cat")))
    first, second = sorted((folders.input / "others").glob("*.png"))
    Image.open(first).resize((128, 64)).save(first)
    mask = Image.new("L", (72, 72))
    mask.paste(255, (0, 0, 36, 72))
    mask.save(second.with_stem(f"{second.stem}-mask"))
    return Recorder(folders)


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    return prepared(Folders.under(tmp_path / "here"))


def train(ctx: Recorder, tiny, steps: int = STEPS, **options):
    return training.train_lora(
        ctx,
        **{"model": tiny.model, "dataset": training_pictures(ctx, "ghost"), **options},
        clip=tiny.clip,
        vae=tiny.vae,
        name="ghost",
        steps=steps,
        resolution=64,
        learning_rate=options.get("learning_rate", 1e-2),
        text_learning_rate=0.0,
        rank=1,
        alpha=1.0,
    )


def learned(ctx: Recorder) -> dict[str, torch.Tensor]:
    return load_weights(ctx.folders.models / "loras" / "ghost.safetensors")


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def runs(ctx: Recorder) -> list[Run]:
    return [Run(folder, {}) for folder in sorted((ctx.folders.user / "training").iterdir())]


@pytest.fixture(scope="module")
def straight(tiny, tmp_path_factory):
    """What is learned in 2, 3 and 4 steps by a training that nobody looks at."""
    plain = prepared(Folders.under(tmp_path_factory.mktemp("plain")))
    train(plain, tiny, save_every=1)
    file = plain.folders.models / "loras" / "ghost.safetensors"
    return {4: load_weights(file)} | {each: load_weights(file.with_stem(f"ghost-step{each:08}")) for each in (2, 3)}


def loss(tiny, model, dataset) -> float:
    """Of pictures that are trained with, as it has always been measured."""
    samples = encoded(dataset, buckets_of(64, 64), tiny.vae, tiny.model.latent_format)
    trainer = Trainer(model, {"none": torch.nn.Parameter(torch.zeros(1))}, samples, states_of(tiny.clip), Plan())
    with model.loaded() as network:
        return trainer.fixed_loss(network)


def test_the_loss_of_held_out_pictures_is_that_of_the_model_and_changes_nothing(ctx, tiny, straight):
    """The oracle is the loss of a trainer that has them, of the model before and after."""
    held_out = training_pictures(ctx, "others", cache="disk")
    found = train(ctx, tiny, monitor=training_monitor("", 0, 2, held_out=held_out), save_every=3)
    assert same(learned(ctx), straight[4])
    [run] = runs(ctx)
    checks = run.checks()
    assert [check.steps for check in checks] == [0, 2, 3, 4]  # also where a file was written
    for check, model in ((checks[0], tiny.model), (checks[-1], found.MODEL)):
        assert check.held_out == pytest.approx(loss(tiny, model, held_out), rel=1e-4)
        assert check.held_out != pytest.approx(check.loss, rel=1e-2)
    [plot] = [plot for plot in ctx.shown["plots"] if plot["title"] == "loss at fixed noise"]
    assert [each["label"] for each in plot["series"]] == ["training pictures", "held-out pictures"]
    assert plot["series"][1]["x"] == [0, 2, 3, 4]
    first, last = (f"{check.held_out:.4f}" for check in (checks[0], checks[-1]))
    assert f"Of held-out pictures: {first} before, {last} after." in ctx.shown["text"][0]
    events = b"".join(file.read_bytes() for file in run.folder.glob("events.out.*"))
    assert events.count(b"loss/held-out") == 4
    train(again := Recorder(ctx.folders), tiny)  # the same run, of which nothing is forgotten
    assert runs(again)[0].checks() == checks
    assert not ctx.warnings


def test_a_picture_that_is_trained_with_too_is_named(ctx, tiny):
    """Under another name, as its content is what counts."""
    ghost = ctx.folders.input / "ghost" / "ghost_01.png"
    (ctx.folders.input / "others" / "z.png").write_bytes(ghost.read_bytes())
    monitor = training_monitor(held_out=training_pictures(ctx, "others"))
    plan, target = Plan(), ctx.folders.models / "loras" / "x.safetensors"
    options = {"resolution": 64, "bucket_step": 64, "flip": False, "gradient_checkpointing": False}
    lesson = Lesson(ctx, *tiny[:3], training_pictures(ctx, "ghost"), plan, target, **options, monitor=monitor)
    assert len(lesson.held_out()) == 3
    assert ctx.warnings[0].endswith("of other pictures: z.png.")


def test_all_trainers_measure_what_is_held_out(ctx, tiny):
    """All of them begin with what the model is, and so with the same loss, but for a word, which asks otherwise."""
    dataset, others = training_pictures(ctx, "ghost"), training_pictures(ctx, "others")
    monitor = training_monitor("", 0, 0, held_out=others)
    parts = {"model": tiny.model, "clip": tiny.clip, "vae": tiny.vae, "dataset": dataset, "steps": 1}
    options = {**parts, "resolution": 64, "learning_rate": 1e-2, "monitor": monitor}
    train_hypernetwork(ctx, **options, name="style")
    train_dreambooth(ctx, **options, name="whole", text_learning_rate=1e-3)
    train_textual_inversion(ctx, **options, name="word")
    hints, more = (training_pictures_as_images(ctx, each) for each in (dataset, others))
    train_control_net(ctx, **options, name="control", conditions=hints, held_out_conditions=more)
    both = join_training_pictures(a=dataset, b=others)
    train_control_net(ctx, **options, name="control2", condition_pictures=both)
    checks = {run.folder.name.partition("-")[0]: run.checks() for run in runs(ctx)}
    assert checks.keys() == {"style", "whole", "word", "control", "control2"}
    before = loss(tiny, tiny.model, others)
    for name, (first, last) in checks.items():
        assert name == "word" or first.held_out == pytest.approx(before, rel=1e-4)
        assert math.isfinite(last.held_out)
        assert last.held_out != first.held_out
    assert checks["control"] == checks["control2"]
    for given, message in (({}, "take conditions too"), ({"held_out_conditions": more[:1]}, "1 conditions for 2")):
        with pytest.raises(InputError, match=message) as refused:
            train_control_net(ctx, **options, conditions=hints, **given)
        assert refused.value.input_name == "held_out_conditions"


LOSSES = {0: 0.9, 1: 0.5, 2: 0.3, 3: 0.4, 4: 0.6, 5: 0.7, 6: 0.8}


@pytest.fixture
def losses(monkeypatch) -> None:
    """Losses that are as they are, whatever is learned."""

    def measured(following, network, steps):
        return Check(steps, 1.0, LOSSES[steps])

    monkeypatch.setattr(training_follow._Following, "_measured", measured)


def impatient(ctx: Recorder, patience: int, every: int = 1):
    others = training_pictures(ctx, "others")
    return training_monitor("", 0, every, held_out=others, stop_after=patience)


def trained_steps(ctx: Recorder, whole: int) -> list[float]:
    return [done for done, of in ctx.steps if of == whole]


def test_a_training_ends_when_the_loss_falls_no_more_and_keeps_the_best(ctx, tiny, straight, losses):
    """The oracle is a training of as many steps as the best has; whatever stops the run on its way."""
    options = {"monitor": impatient(ctx, 2), "dataset": training_pictures(ctx, "ghost")}
    ctx.interrupt_after = 2 + 2 + 2  # pictures, and steps
    with pytest.raises(Interrupted):
        train(ctx, tiny, 6, **options)
    ctx.interrupt_after = None
    train(again := Recorder(ctx.folders), tiny, 6, **options)
    assert trained_steps(again, 6) == [4]
    assert same(learned(ctx), straight[2])
    assert not again.unfinished
    said = again.shown["text"][0]
    assert (
        "Training ended after 4 steps, as it has not fallen in 2 measurements. It was the lowest after 2 steps" in said
    )
    assert runs(ctx)[0].snapshots() == [2, 3, 4]

    train(same_again := Recorder(ctx.folders), tiny, 6, monitor=impatient(ctx, 2))
    assert trained_steps(same_again, 6) == []
    train(more := Recorder(ctx.folders), tiny, 6, monitor=impatient(ctx, 4))
    assert trained_steps(more, 6) == [5, 6]
    assert same(learned(ctx), straight[2])
    train(fewer := Recorder(ctx.folders), tiny, 4)  # who does not ask for it gets the last step
    assert same(learned(ctx), straight[4])
    assert trained_steps(fewer, 4) == []


def test_the_best_is_found_of_a_run_that_nobody_had_looked_at_so(ctx, tiny, straight, losses):
    """It is trained again from the snapshot before it; without one the end is kept, and that is said."""
    train(ctx, tiny, 4, monitor=impatient(ctx, 0))
    [run] = runs(ctx)
    kept = run.path(1)
    train(again := Recorder(ctx.folders), tiny, 6, monitor=impatient(ctx, 2))
    assert "It was the lowest after 2 steps, of which there is no snapshot." in again.shown["text"][0]
    assert same(learned(ctx), straight[4])
    assert not kept.exists()


def test_other_pictures_that_are_held_out_begin_another_line(ctx, tiny):
    held_out = training_pictures(ctx, "others")
    train(ctx, tiny, 2, monitor=training_monitor("", 0, 1, held_out=held_out))
    trained, rest = split_training_pictures(held_out, count=1)
    assert len(trained.pictures) == len(rest.pictures) == 1
    train(again := Recorder(ctx.folders), tiny, 3, monitor=training_monitor("", 0, 1, held_out=rest))
    [run] = runs(ctx)
    assert [check.held_out is None for check in run.checks()] == [False, True, False, False]
    [plot] = [plot for plot in again.shown["plots"] if plot["title"] == "loss at fixed noise"]
    assert [each["x"] for each in plot["series"]] == [[0, 1, 2, 3], [0, 2, 3]]


def test_fewer_steps_than_there_were(ctx, tiny, straight):
    monitor = training_monitor("", 0, 0, keep_snapshots_every=2)
    train(ctx, tiny, 6, monitor=monitor)
    train(again := Recorder(ctx.folders), tiny, 3)
    assert trained_steps(again, 3) == [3]
    assert same(learned(ctx), straight[3])
    [warning] = again.warnings
    assert warning.startswith(
        "This training has 6 steps already, and there is no snapshot of step 3: it is trained again from step 2."
    )
    train(nearer := Recorder(ctx.folders), tiny, 4)
    assert trained_steps(nearer, 4) == nearer.warnings == []
    assert same(learned(ctx), straight[4])
    assert runs(ctx)[0].snapshots() == [2, 3, 4, 6]


def test_patience_wants_something_to_count():
    with pytest.raises(InputError, match="set validate_every above 0"):
        training_monitor("", 0, 0, stop_after=1)
