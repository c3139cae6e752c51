"""What a training shows while it runs, and what it does when it is told something."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.sampling.sample import sample
from diffusion.weights import load_weights
from graph.context import Interrupted
from graph.folders import Folders
from graph.testing import Recorder
from nodes import training, training_board, training_follow
from nodes.training_dreambooth import train_dreambooth
from nodes.training_embedding import train_textual_inversion
from nodes.training_hypernetwork import train_hypernetwork
from nodes.training_monitor import training_monitor
from nodes.training_pictures import training_pictures
from tools.mascot.ghost import write

STEPS = 4


@pytest.fixture
def folders(tmp_path) -> Folders:
    folders = Folders.under(tmp_path / "watched")
    write(folders.input / "ghost", 2, 64, "ghst, flat")
    return folders


class Told(Recorder):
    """A user who says something after steps of the training, by their number; 0 is before the first."""

    says: dict[int, list[str]]

    def orders(self) -> list[str]:
        done = [int(value) for value, whole in self.steps if whole == STEPS]
        return self.says.pop(done[-1] if done else 0, [])


def told(folders: Folders, says: dict[int, list[str]]) -> Told:
    recorder = Told(folders)
    recorder.says = says
    return recorder


def train(ctx: Recorder, tiny, **options: Any):
    found = training.train_lora(
        ctx,
        model=tiny.model,
        clip=tiny.clip,
        vae=tiny.vae,
        dataset=training_pictures(ctx, "ghost"),
        name="ghost",
        steps=STEPS,
        **{"resolution": 64, "learning_rate": 1e-2, "rank": 1, "alpha": 1.0, **options},
    )
    return load_weights(ctx.folders.models / "loras" / "ghost.safetensors"), found


@pytest.fixture(scope="module")
def plain(tiny, tmp_path_factory):
    """What the same training learns that nobody looks at."""
    folders = Folders.under(tmp_path_factory.mktemp("plain"))
    write(folders.input / "ghost", 2, 64, "ghst, flat")
    return train(Recorder(folders), tiny)[0]


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_looking_at_a_training_does_not_change_it(folders, tiny, plain, monkeypatch):
    monkeypatch.setattr(training_board, "SHOWN_EVERY", 0.0)
    monkeypatch.setattr(training_board, "SHARE", 1e9)
    ctx = told(folders, {3: ["sample", "save"]})
    monitor = training_monitor("a ghost\n\na cat", 2, 1, steps=2)
    found, _ = train(ctx, tiny, monitor=monitor)
    assert same(found, plain)

    [run] = (folders.user / "training").iterdir()
    painted = sorted(file.name for file in (run / "samples").iterdir())
    assert painted == [f"000000{steps}-0{number}.png" for steps in (2, 3, 4) for number in (0, 1)]
    first, again = (Image.open(run / "samples" / name).tobytes() for name in ("0000002-00.png", "0000004-00.png"))
    assert first != again  # the same noise, another model
    assert [picture["label"] for picture in ctx.shown["images"]] == ["2", "2", "3", "3", "4", "4"]
    assert (folders.models / "loras" / "ghost-step00000003.safetensors").is_file()

    plots = {plot["title"]: plot["series"][0] for plot in ctx.shown["plots"]}
    assert plots["loss at fixed noise"]["x"] == [0, 1, 2, 3, 4]
    assert plots["loss"]["x"] == plots["learning rate"]["x"] == plots["steps per second"]["x"] == [1, 2, 3, 4]
    grown = [len(shown["plots"][0]["series"][0]["y"]) for shown in ctx.shown_now]
    assert grown == sorted(grown)
    assert set(grown) >= {0, 1, 2, 3, 4}


def test_stop_and_keep_writes_what_was_learned_and_the_rest_is_trained_later(folders, tiny, plain):
    stopped = told(folders, {2: ["stop"]})
    part, found = train(stopped, tiny)
    assert stopped.unfinished
    assert "2 more steps are left" in stopped.shown["text"][0]
    assert not same(part, plain)
    assert found.lora_name == "ghost.safetensors"
    more = Recorder(folders)
    whole, _ = train(more, tiny)
    assert [value for value, of in more.steps if of == STEPS] == [3, 4]
    assert not more.unfinished
    assert same(whole, plain)


def test_a_pause_waits_for_the_word(folders, tiny, plain, monkeypatch):
    ctx = told(folders, {1: ["pause"]})
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            ctx.says[1] = ["go_on"]

    monkeypatch.setattr(training_follow.time, "sleep", wait)
    assert same(train(ctx, tiny)[0], plain)
    assert len(waited) == 3
    offered = [orders[0] for orders in ctx.offered]
    assert offered[offered.index("go_on") :].count("pause") > 0
    assert offered[0] == "pause"


def test_who_interrupts_a_pause_loses_nothing(folders, tiny, monkeypatch):
    ctx = told(folders, {2: ["pause"]})

    def interrupt(seconds: float) -> None:
        ctx.interrupt_after = 0

    monkeypatch.setattr(training_follow.time, "sleep", interrupt)
    with pytest.raises(Interrupted):
        train(ctx, tiny)
    monkeypatch.undo()
    again = Recorder(folders)
    train(again, tiny)
    assert [value for value, of in again.steps if of == STEPS] == [3, 4]


def test_others_run_while_the_network_is_as_they_know_it(folders, tiny, plain):
    """A picture in the middle is that of the model itself, and the training goes on as if nothing had been."""

    class Polite(Recorder):
        def others_wait(self) -> bool:
            return self.steps[-1:] == [(2, STEPS)] and not gave_way

        def give_way(self) -> None:
            gave_way.append(len(trained_layers(tiny.model)))

    gave_way: list[int] = []
    assert same(train(Polite(folders), tiny)[0], plain)
    assert gave_way == [0]


def lora(ctx, tiny, **options):
    found = training.train_lora(ctx, **options, rank=1)
    return found.MODEL, found.CLIP, "a ghst"


def hypernetwork(ctx, tiny, **options):
    return train_hypernetwork(ctx, **options).MODEL, tiny.clip, "a ghst"


def dreambooth(ctx, tiny, **options):
    found = train_dreambooth(ctx, **options)
    return found.MODEL, found.CLIP, "a ghst"


def inversion(ctx, tiny, **options):
    found = train_textual_inversion(ctx, **options)
    return tiny.model, found.CLIP, f"a {found.word}"


@pytest.mark.parametrize("kind", [lora, hypernetwork, dreambooth, inversion])
def test_sample_pictures_are_those_that_a_sampler_makes_of_what_was_learned(folders, tiny, kind):
    """They are painted through what is trained; what comes of it is painted by the sampler that everybody uses.

    Of the LoRA with options that the line of the prompt has.
    """
    ctx = Recorder(folders)
    text = "a embedding:ghost" if kind is inversion else "a ghst"
    if kind is lora:
        monitor, width = training_monitor(f"{text} --n red --d 5 --s 3 --l 3 --w 131", 2, 0), 16
    else:
        monitor, width = training_monitor(text, 2, 0, negative="red", seed=5, steps=3, cfg=3.0), 8
    parts = {"model": tiny.model, "clip": tiny.clip, "vae": tiny.vae, "dataset": training_pictures(ctx, "ghost")}
    options = {"name": "ghost", "steps": 2, "resolution": 64, "learning_rate": 0.01, "monitor": monitor}
    model, clip, prompt = kind(ctx, tiny, **parts, **options)
    made = sample(
        model,
        {"samples": torch.zeros(1, 4, 8, width)},
        clip.encode(prompt),
        clip.encode("red"),
        seed=5,
        steps=3,
        cfg=3.0,
        sampler="euler",
        scheduler="normal",
    )
    expected = (tiny.vae.decode(made["samples"])[0] * 255).round()
    [file] = (folders.user / "training").glob("*/samples/0000002-00.png")
    found = torch.from_numpy(np.array(Image.open(file))).float()
    assert (found - expected).abs().max() <= 1
    assert expected.std() > 1


def trained_layers(model) -> list[str]:
    """The layers of its network that go through something else now."""
    with model.loaded() as network:
        return [name for name, module in network.network.named_modules() if "forward" in vars(module)]
