"""What becomes of a training that is interrupted, crashes or is asked for again, and of what others need meanwhile."""

import shutil
from dataclasses import replace

import pytest
import torch

from diffusion.training.run import Run
from diffusion.weights import load_weights, read_header
from graph.context import Interrupted
from graph.declare import InputError
from graph.engine import Engine
from graph.folders import Folders
from graph.testing import Recorder
from nodes import training, training_follow
from nodes.training_embedding import train_textual_inversion
from nodes.training_options import caption_options, learning_options
from nodes.training_pictures import check_training_pictures, training_pictures
from tools.mascot.ghost import write

DONE = 5


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 2, 64, "ghst, flat")
    return Recorder(folders)


def train(ctx, tiny, steps: int = DONE, **options):
    options = {"model": tiny.model, "clip": tiny.clip, "vae": tiny.vae, **options}
    dataset = options.pop("dataset", None) or training_pictures(ctx, "ghost")
    return training.train_lora(
        ctx,
        dataset=dataset,
        name="ghost",
        steps=steps,
        resolution=64,
        **{"learning_rate": 1e-2, "rank": 1, "alpha": 1.0, **options},
    )


def trained_steps(ctx: Recorder) -> list[float]:
    return [done for done, whole in ctx.steps if whole == DONE]


class Power(Recorder):
    """A machine that fails at a step."""

    at = 0.0

    def progress(self, value, total, preview=None):
        super().progress(value, total, preview)
        if total == DONE and value == self.at:
            raise SystemError("the power failed")


def test_a_crash_costs_what_came_after_the_last_snapshot(ctx, tiny, monkeypatch):
    monkeypatch.setattr(training_follow, "KEPT_EVERY", 0.0)
    crashing = Power(ctx.folders)
    crashing.at = 3
    with pytest.raises(SystemError):
        train(crashing, tiny)
    with tiny.model.loaded() as network:  # the network that all share is as it was
        assert not any("forward" in vars(module) for module in network.network.modules())
        assert not network.network.is_gradient_checkpointing
        assert not any(parameter.requires_grad for parameter in network.network.parameters())
    train(ctx, tiny)
    assert trained_steps(ctx) == [4, 5]


@pytest.mark.parametrize(("after", "first"), [(1, 1), (4, 4)])
def test_it_can_be_interrupted_at_any_time(ctx, tiny, after, first):
    """While pictures are encoded, and between two steps."""
    ctx.interrupt_after = after
    with pytest.raises(Interrupted):
        train(ctx, tiny, gradient_checkpointing=True)
    with tiny.model.loaded() as network:
        assert not any("forward" in vars(module) for module in network.network.modules())
        assert not network.network.is_gradient_checkpointing
    again = Recorder(ctx.folders)
    train(again, tiny)
    assert trained_steps(again) == list(range(first, DONE + 1))


@pytest.mark.parametrize(("ruined", "kept"), [(False, 3), (True, 2)])
def test_of_what_was_learned_before_a_loss_that_is_no_number_what_is_good_is_kept(ctx, tiny, monkeypatch, ruined, kept):
    step = training_follow.Trainer.step

    def failing(trainer, network, number):
        if number == 3:
            if ruined:  # finite, and of no use
                for parameter in trainer.parameters.values():
                    parameter.data.fill_(1e30)
            raise training_follow.TrainingError("no number")
        return step(trainer, network, number)

    monkeypatch.setattr(training_follow.Trainer, "step", failing)
    with pytest.raises(
        InputError, match=f"no number What was learned in the first {kept} steps is kept, in ghost-step"
    ):
        train(ctx, tiny, save_every=2)
    monkeypatch.undo()
    loras = ctx.folders.models / "loras"
    rescued = load_weights(loras / f"ghost-step{kept:08}.safetensors")
    train(straight := Recorder(ctx.folders), tiny, kept)
    assert trained_steps(straight) == []
    assert {name: tensor.tolist() for name, tensor in rescued.items()} == {
        name: tensor.tolist() for name, tensor in load_weights(loras / "ghost.safetensors").items()
    }
    train(again := Recorder(ctx.folders), tiny)
    assert trained_steps(again) == list(range(kept + 1, DONE + 1))


@pytest.mark.parametrize(
    ("last", "value", "told", "kept"),
    [(5, 1e30, r"After step 5 .* no number any more", 4), (4, float("inf"), "values that are no numbers", 2)],
)
def test_what_makes_the_model_say_no_number_is_no_result(ctx, tiny, monkeypatch, last, value, told, kept):
    """The last step may be the one that ruins it, and what is learned be finite all the same."""
    step = training_follow.Trainer.step

    def ruining(trainer, network, number):
        taken = step(trainer, network, number)
        if number == last - 1:
            for parameter in trainer.parameters.values():
                parameter.data.fill_(value)
        return taken

    monkeypatch.setattr(training_follow.Trainer, "step", ruining)
    with pytest.raises(InputError, match=rf"{told}.* first {kept} steps is kept") as refused:
        train(ctx, tiny, save_every=2)
    assert refused.value.input_name == "learning_rate"
    assert not (ctx.folders.models / "loras" / "ghost.safetensors").exists()
    monkeypatch.undo()
    train(again := Recorder(ctx.folders), tiny)
    assert trained_steps(again) == list(range(kept + 1, DONE + 1))


def test_a_folder_that_is_removed_meanwhile_is_made_again(ctx, tiny):
    class Tidy(Recorder):
        """Somebody who removes what they do not know."""

        def progress(self, value, total, preview=None):
            super().progress(value, total, preview)
            if total == DONE and value == 2:
                shutil.rmtree(self.folders.user / "training")

    train(tidy := Tidy(ctx.folders), tiny)
    assert trained_steps(tidy) == [1, 2, 3, 4, 5]
    [folder] = (ctx.folders.user / "training").iterdir()
    assert Run(folder, {}).snapshots() == [5]
    assert [each.number for each in Run(folder, {}).steps()] == [2, 3, 4]
    assert (folder / "settings.json").is_file()


def test_a_warm_up_that_is_longer_than_the_training_is_told(ctx, tiny):
    train(ctx, tiny, 1, learning=learning_options(warmup_steps=500))
    assert "warm-up has 500 steps and the training 1: set warmup_steps lower" in ctx.warnings[0]


def test_another_layer_of_the_text_encoder_or_another_vae_make_another_run(ctx, tiny):
    train(ctx, tiny, 1)
    train(ctx, tiny, 1, clip=tiny.clip.with_last_layer(-2))
    train(ctx, tiny, 1, vae=replace(tiny.vae, source=None))
    measured = replace(tiny.model.latent_format, rgb_bias=(0.1, 0.2, 0.3))  # anew in each process, for previews
    train(ctx, tiny, 1, model=replace(tiny.model, latent_format=measured))
    assert len(list((ctx.folders.user / "training").iterdir())) == 3


def test_a_file_that_was_deleted_or_replaced_is_made_again_without_training(tmp_path, tiny_path):
    """What samplers have made meanwhile of the first training's model is still good, and hides nothing."""
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 1, 64, "ghst")
    (folders.models / "checkpoints").mkdir(parents=True)
    (folders.models / "checkpoints" / "tiny.safetensors").write_bytes(tiny_path.read_bytes())
    links = {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "dataset": ["2", 0]}
    prompt = {
        "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "2": {"class_type": "TrainingPictures", "inputs": {"folder_name": "ghost"}},
        "3": {"class_type": "TrainLoRA", "inputs": {**links, "name": "g", "steps": 1, "resolution": 64}},
        "4": {"class_type": "LoraLoaderModelOnly", "inputs": {"model": ["1", 0], "lora_name": ["3", 1]}},
    }
    other = {**prompt, "3": {"class_type": "TrainLoRA", "inputs": {**prompt["3"]["inputs"], "seed": 1}}}
    file = folders.models / "loras" / "g.safetensors"
    with Engine(tmp_path) as engine:
        engine.run(prompt, targets=["3", "4"])
        first = load_weights(file)
        file.unlink()
        loaded = engine.run(prompt, targets=["3", "4"]).outputs["4"]
        assert engine.run(other, targets=["3", "4"]).outputs["4"] is not loaded
        assert not all(torch.equal(first[name], tensor) for name, tensor in load_weights(file).items())
        again = engine.run(prompt, targets=["3", "4"])
        assert again.outputs["4"] is loaded
        assert all(torch.equal(first[name], tensor) for name, tensor in load_weights(file).items())
        assert engine.run(prompt, targets=["3"]).outputs["3"][0] is again.outputs["3"][0]
    logs = [log.read_text("utf-8").split() for log in (folders.user / "training").glob("*/log.jsonl")]
    assert len(logs) == 2
    assert all(log.count('{"number":') == 1 for log in logs)


def test_a_list_of_rates_trains_a_file_for_each(tmp_path, tiny_path):
    """A list of names keeps its names."""
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 1, 64, "ghst")
    (folders.models / "checkpoints").mkdir(parents=True)
    (folders.models / "checkpoints" / "tiny.safetensors").write_bytes(tiny_path.read_bytes())
    links = {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "dataset": ["2", 0], "learning_rate": ["4", 0]}
    options = {"name": "g", "steps": 1, "resolution": 64, "rank": 1}
    prompt = {
        "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "2": {"class_type": "TrainingPictures", "inputs": {"folder_name": "ghost"}},
        "3": {"class_type": "TrainLoRA", "inputs": {**links, **options}},
        "4": {"class_type": "FloatRange", "inputs": {"start": 0.01, "end": 0.02, "count": 2}},
        "5": {"class_type": "MakeList", "inputs": {"value_1": "a", "value_2": "b"}},
    }
    with Engine(tmp_path) as engine:
        names = engine.run(prompt, targets=["3"]).outputs["3"][1]
        prompt["3"]["inputs"]["name"] = ["5", 0]
        others = engine.run(prompt, targets=["3"]).outputs["3"][1]
    assert list(names) == ["g.safetensors", "g-2.safetensors"]
    assert list(others) == ["a.safetensors", "b.safetensors"]
    rates = [read_header(folders.models / "loras" / name).metadata["ss_learning_rate"] for name in names]
    assert rates == ["0.01", "0.02"]


def test_who_replaces_what_another_training_had_learned_is_told_once(ctx, tiny):
    train(ctx, tiny, 1)
    train(ctx, tiny, 2)
    assert not ctx.warnings
    train(ctx, tiny, 1, seed=1)
    assert "ghost.safetensors held what another training had learned" in ctx.warnings.pop()
    train(ctx, tiny, 1, seed=1)
    assert not ctx.warnings


def test_a_full_disk_is_told_and_nothing_that_was_learned_is_lost(ctx, tiny, monkeypatch):
    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diffusion.weights.save_file", full)
    with pytest.raises(InputError, match=r"ghost\.safetensors cannot be written .*No space left.*make room") as refused:
        train(ctx, tiny)
    assert refused.value.input_name == "name"
    assert not list((ctx.folders.models / "loras").iterdir())
    monkeypatch.undo()
    train(again := Recorder(ctx.folders), tiny)
    assert trained_steps(again) == []
    assert (ctx.folders.models / "loras" / "ghost.safetensors").is_file()


def test_pictures_that_come_no_time_are_shown_and_refused_at_their_input(ctx, tiny):
    write(ctx.folders.input / "none" / "0_ghost", 1, 64, "ghst")
    dataset = training_pictures(ctx, "none")
    check_training_pictures(ctx, dataset, resolution=64)
    assert "1 pictures, 0 with repeats, 0% of an epoch" in ctx.shown["text"][0]
    with pytest.raises(InputError, match="no picture to train with") as refused:
        train(ctx, tiny, dataset=dataset)
    assert refused.value.input_name == "dataset"


def test_a_broken_file_of_that_name_is_not_overwritten(ctx, tiny):
    file = ctx.folders.models / "loras" / "ghost.safetensors"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(InputError, match="another ghost"):
        train(ctx, tiny)
    assert file.read_text() == "mine"


def invert(ctx, tiny, **options):
    return train_textual_inversion(
        ctx,
        model=tiny.model,
        clip=tiny.clip,
        vae=tiny.vae,
        dataset=training_pictures(ctx, "ghost"),
        steps=2,
        resolution=64,
        **{"name": "ghst", "texts": "own", **options},
    )


def test_a_step_without_the_word_learns_nothing(ctx, tiny):
    invert(ctx, tiny, captions=caption_options(dropout=1.0))
    logged = next((ctx.folders.user / "training").glob("*/log.jsonl")).read_text()
    assert logged.count('"gradient": 0.0') == 2


def test_texts_for_a_word_may_have_choices(ctx, tiny):
    """The loss at fixed noise asks with one of the texts, as the steps do."""
    asked = []
    states = training_follow.Trainer._encoded

    def encoded(trainer, text):
        asked.append(text)
        return states(trainer, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_follow.Trainer, "_encoded", encoded)
        invert(ctx, tiny, own_texts="a {red|blue} {}\nsome {}")
    assert set(asked) <= {f"{text} embedding:ghst" for text in ("a red", "a blue", "some")}


def test_a_word_has_no_spaces(ctx, tiny):
    with pytest.raises(InputError, match="no spaces"):
        invert(ctx, tiny, name="my ghost")


def test_a_name_may_be_in_any_script(ctx, tiny):
    found = invert(ctx, tiny, name="小鬼")
    assert (ctx.folders.models / "embeddings" / "小鬼.safetensors").is_file()
    assert not torch.equal(found.CLIP.encode(found.word)[0][0], tiny.clip.encode("object object")[0][0])
