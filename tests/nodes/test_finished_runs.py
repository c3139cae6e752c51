"""What comes of a training for the nodes behind it: its files by their steps, its curves, its pictures."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

from diffusion.content_hashes import content_hashes
from diffusion.hypernetwork import load_hypernetwork
from diffusion.training.finished_run import FinishedRun
from diffusion.training.run import Check, Run
from diffusion.training.trainer import Step
from diffusion.weights import load_pickle, load_weights, read_header
from graph.declare import InputError
from graph.engine import Engine
from graph.folders import Folders
from graph.testing import Recorder
from nodes.training import train_lora
from nodes.training_hypernetwork import train_hypernetwork
from nodes.training_monitor import training_monitor
from nodes.training_pictures import training_pictures
from nodes.training_runs import compare_trainings, pick_snapshot, training_samples
from tools.mascot.ghost import write


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 1, 64, "ghst")
    return Recorder(folders)


def train(ctx, tiny, how=train_lora, **options):
    parts = {"model": tiny.model, "clip": tiny.clip, "vae": tiny.vae, "dataset": training_pictures(ctx, "ghost")}
    options = {"name": "ghost", "steps": 4, "save_every": 2, "resolution": 64, "learning_rate": 0.01, **options}
    return how(Recorder(ctx.folders), **parts, **options).run


def lora(ctx, tiny, **options):
    return train(ctx, tiny, rank=1, text_learning_rate=0.0, **options)


def test_files_are_picked_by_their_steps_and_kept_under_other_names(ctx, tiny):
    run = lora(ctx, tiny)
    loras = ctx.folders.models / "loras"
    assert pick_snapshot(ctx, run) == ("ghost.safetensors", 4, "ghost")
    assert pick_snapshot(ctx, run, steps=4).file_name == "ghost.safetensors"
    early = pick_snapshot(ctx, run, steps=2, save_as="early")
    assert early == ("ghost-step00000002.safetensors", 2, "ghost-step00000002")
    with pytest.raises(InputError, match=r"holds 3 steps.* hold: 2, 4\.") as refused:
        pick_snapshot(ctx, run, steps=3)
    assert refused.value.input_name == "steps"

    kept, original = loras / "early.safetensors", loras / early.file_name
    assert load_weights(kept).keys() == load_weights(original).keys()
    assert all(torch.equal(tensor, load_weights(kept)[name]) for name, tensor in load_weights(original).items())
    metadata, before = read_header(kept).metadata, read_header(original).metadata
    changed = {key for key in metadata if metadata[key] != before.get(key)}
    assert changed - {"sshs_legacy_hash"} == {"ss_output_name", "modelspec.title", "copy_of"}
    assert metadata["ss_output_name"] == metadata["modelspec.title"] == "early"
    hashes = content_hashes(kept)
    assert {name: metadata[name] for name in hashes} == hashes
    with pytest.raises(InputError, match=r"another early\.safetensors"):
        lora(ctx, tiny, name="early")
    for taken in ("ghost", "../ghost"):
        with pytest.raises(InputError) as refused:
            pick_snapshot(ctx, run, steps=2, save_as=taken)
        assert refused.value.input_name == "save_as"
    pick_snapshot(ctx, run, save_as="early")
    assert read_header(kept).metadata["ss_steps"] == "4"


def test_hypernetworks_are_picked_and_kept_too(ctx, tiny):
    run = train(ctx, tiny, train_hypernetwork, steps=2, save_every=1)
    assert pick_snapshot(ctx, run, steps=1, save_as="kept").file_name == "ghost-step00000001.pt"
    kept, original = (load_pickle(run.target.with_stem(name)) for name in ("kept", "ghost-step00000001"))
    assert (kept.pop("name"), kept.pop("copy_of")) == ("kept", "ghost-step00000001.pt")
    del original["name"]
    numbers = [{key: held.pop(key) for key in list(held) if isinstance(key, int)} for held in (kept, original)]
    assert kept == original
    torch.testing.assert_close(*numbers, rtol=0, atol=0)
    load_hypernetwork(run.target.with_stem("kept"))
    pick_snapshot(ctx, run, save_as="kept")
    assert load_pickle(run.target.with_stem("kept"))["step"] == 2


def test_what_others_did_to_a_run_since_is_told(ctx, tiny):
    run = lora(ctx, tiny, steps=2, save_every=1)
    lora(ctx, tiny, steps=1, save_every=0, seed=1)  # of the same name
    assert pick_snapshot(ctx, run, steps=1).steps == 1
    with pytest.raises(InputError, match="holds what another training has learned") as refused:
        pick_snapshot(ctx, run)
    assert refused.value.input_name == "run"
    shutil.rmtree(run.folder)
    for node in (pick_snapshot, training_samples):
        with pytest.raises(InputError, match=f"{run.folder.name} in user/training was deleted") as refused:
            node(ctx, run)
        assert refused.value.input_name == "run"
    with pytest.raises(InputError) as refused:
        compare_trainings(ctx, run7=run)
    assert refused.value.input_name == "run7"


def recorded(folder, name="ghost", steps=6, checks=(), losses=()) -> FinishedRun:
    """A run of which only what it wrote down is there, and a file after every second step."""
    run = Run.open(folder / "training" / f"{name}-1", {})
    target = folder / "loras" / f"{name}.safetensors"
    target.parent.mkdir(exist_ok=True)
    for check in checks:
        run.log_check(check)
    for number, loss in enumerate(losses):
        run.log(Step(number, loss, {}, 0.1, 1.0, seconds=2.0 + number))
    for done in range(2, steps + 1, 2):
        file = target if done == steps else target.with_stem(f"{name}-step{done:08}")
        file.write_bytes(bytes(1_000_000))
        run.wrote(file, done)
    return FinishedRun("LoRA", run.folder, target, steps, steps)


@pytest.mark.parametrize(
    ("held_out", "best"),
    [
        ((0.0, 0.0, 0.5, 0.0, 0.4, 0.6), 4),  # others have no file
        ((None, None, None, None, None, None), 6),  # nothing was held out: that at fixed noise
        ((0.0, 0.0, 0.7, 0.0, float("nan"), 0.9), 2),
    ],
)
def test_the_best_file_is_that_of_the_lowest_loss(tmp_path, held_out, best):
    steps = (0, 1, 2, 3, 4, 6)
    run = recorded(
        tmp_path, checks=[Check(at, 1 - at / 10, unseen) for at, unseen in zip(steps, held_out, strict=True)]
    )
    assert pick_snapshot(Recorder(Folders.under(tmp_path)), run, which="best").steps == best
    before = replace(run, steps=3, ended=3)  # the run has gone on since
    assert before.best() == 2
    with pytest.raises(InputError, match="No loss was measured"):
        pick_snapshot(Recorder(Folders.under(tmp_path)), recorded(tmp_path, "other"), which="best")


def test_a_run_that_went_back_to_its_best_step_has_its_later_files_too(tmp_path):
    run = recorded(tmp_path)
    run.run.wrote(run.target, 4)
    back = replace(run, steps=4)
    assert {steps: file.name for steps, file in back.files().items()} == {
        2: "ghost-step00000002.safetensors",
        4: "ghost.safetensors",
    }
    assert back.file() == run.target
    run.run.wrote(run.target.with_stem("ghost-step00000005"), 5)
    run.target.with_stem("ghost-step00000005").touch()
    assert list(back.files()) == [2, 4, 5]


def test_trainings_are_compared_in_one_chart_each_and_a_table(tmp_path):
    ctx = Recorder(Folders.under(tmp_path))
    one = recorded(tmp_path, checks=[Check(0, 0.5, 0.6), Check(2, 0.3, 0.35), Check(4, 0.2, 0.45)], losses=[3, 1, 2, 4])
    other = replace(recorded(tmp_path, "other", checks=[Check(0, 0.5)], losses=[1.0]), method="LoKr")
    compare_trainings(ctx, run0=replace(one, steps=4, ended=4), run1=other)
    plots = {(plot["title"], plot["x_label"]): plot["series"] for plot in ctx.shown["plots"]}
    assert [[line["label"] for line in lines] for lines in plots.values()] == [["ghost", "other"]] * 4
    assert plots["loss on held-out pictures", "step"][0] == {"label": "ghost", "x": [0, 2, 4], "y": [0.6, 0.35, 0.45]}
    assert plots["loss on held-out pictures", "step"][1]["y"] == []
    assert plots["loss on held-out pictures", "seconds"][0]["x"] == [0, 2 + 3, 2 + 3 + 4 + 5]
    assert plots["loss at fixed noise", "step"][1] == {"label": "other", "x": [0], "y": [0.5]}
    assert plots["loss of the steps, mean of 20", "step"][0]["y"] == [3, 2, 2, 2.5]
    [table] = ctx.shown["tables"]
    assert table["rows"] == [
        ["ghost", "LoRA", 4, 0.5, 0.2, "0.2 (4)", 0.6, 0.45, "0.35 (2)", 3.5, 1.0],
        ["other", "LoKr", 6, 0.5, None, "0.5 (0)", None, None, None, 2.0, 1.0],
    ]


def test_trainings_of_one_name_are_told_apart(tmp_path):
    ctx = Recorder(Folders.under(tmp_path))
    one, other = recorded(tmp_path / "a"), recorded(tmp_path / "b")
    other = replace(other, folder=other.folder.rename(other.folder.with_name("ghost-2")))
    compare_trainings(ctx, run0=one, run1=replace(one, steps=2, ended=2), run2=other)
    assert [row[0] for row in ctx.shown["tables"][0]["rows"]] == ["ghost-1, 6 steps", "ghost-1, 2 steps", "ghost-2"]


def test_pictures_painted_meanwhile_come_by_their_prompts(ctx, tiny):
    monitor = training_monitor("a ghost\na cat", 1, 0, steps=1)
    run = lora(ctx, tiny, steps=2, save_every=0, monitor=monitor)
    images, steps = training_samples(ctx, run)
    assert steps == ["1", "1", "2", "2"]
    cats, steps = training_samples(ctx, run, prompt=2)
    assert steps == ["1", "2"]
    assert all(torch.equal(cat, image) for cat, image in zip(cats, images[1::2], strict=True))
    assert cats[0].shape == (1, 64, 64, 3)
    with pytest.raises(InputError, match="2 prompts, and none of prompt 3") as refused:
        training_samples(ctx, run, prompt=3)
    assert refused.value.input_name == "prompt"
    with pytest.raises(InputError, match="link a Training Monitor"):
        training_samples(ctx, replace(run, ended=0))


def prompt(**picked) -> dict:
    parts = {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "dataset": ["2", 0]}
    trained = {**parts, "name": "ghost", "steps": 3, "save_every": 1, "resolution": 64, "learning_rate": 0.05}
    start = {"positive": ["11", 0], "negative": ["11", 0], "model": ["5", 0], "latent_image": ["12", 0]}
    return {
        "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "2": {"class_type": "TrainingPictures", "inputs": {"folder_name": "ghost"}},
        "3": {"class_type": "TrainLoRA", "inputs": {**trained, "text_learning_rate": 0.0}},
        "4": {"class_type": "PickSnapshot", "inputs": {"run": ["3", 4], **picked}},
        "5": {"class_type": "LoraLoaderModelOnly", "inputs": {"model": ["1", 0], "lora_name": ["4", 0]}},
        "11": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a ghst"}},
        "12": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "13": {"class_type": "KSampler", "inputs": {**start, "seed": 1, "steps": 2, "cfg": 2.0}},
        "14": {"class_type": "VAEDecode", "inputs": {"samples": ["13", 0], "vae": ["1", 2]}},
        "15": {
            "class_type": "XYZPlot",
            "inputs": {"images": ["14", 0], "x_target": "Pick Snapshot.steps", "x_values": "1-3"},
        },
    }


def test_a_plot_has_the_steps_of_a_training_on_an_axis_and_copies_are_made_again(ctx, tiny_path):
    (ctx.folders.models / "checkpoints").mkdir(parents=True)
    shutil.copy(tiny_path, ctx.folders.models / "checkpoints" / "tiny.safetensors")
    with Engine(ctx.folders.base) as engine:
        pictures = engine.run(prompt(), targets=["15"]).outputs["15"][2]
        for steps, picture in enumerate(pictures, start=1):
            outputs = engine.run(prompt(steps=steps), targets=["4", "14"]).outputs
            assert outputs["4"][0] == ("ghost.safetensors" if steps == 3 else f"ghost-step{steps:08}.safetensors")
            assert torch.equal(outputs["14"], picture)
        assert len({picture.sum().item() for picture in pictures}) == 3
        copy = ctx.folders.models / "loras" / "kept.safetensors"
        for steps in (1, 2, 1, 1):
            found = engine.run(prompt(steps=steps, save_as="kept"), targets=["4", "14"])
            assert torch.equal(found.outputs["14"], pictures[steps - 1])
            assert read_header(copy).metadata["ss_steps"] == str(steps)
        copy.unlink()
        engine.run(prompt(steps=1, save_as="kept"), targets=["4"])
        assert copy.is_file()
        [log] = (ctx.folders.user / "training").glob("*/log.jsonl")
        entries = [json.loads(line)["number"] for line in log.read_text().splitlines() if line]
        assert entries == [0, 1, 2]  # nothing was trained again
