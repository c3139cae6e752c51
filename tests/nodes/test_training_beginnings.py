"""Trainings that go on from a file: they begin as what other nodes load from it, and keep what does not learn."""

import json
from dataclasses import replace

import pytest
import torch

from diffusion.adapters import fit, load_adapter
from diffusion.checkpoint import load_checkpoint
from diffusion.hypernetwork import load_hypernetwork
from diffusion.weights import load_weights, read_header
from graph.declare import InputError
from graph.engine import Engine
from graph.folders import Folders
from graph.testing import Recorder
from nodes.training import train_lora
from nodes.training_dreambooth import train_dreambooth
from nodes.training_embedding import train_textual_inversion
from nodes.training_hypernetwork import train_hypernetwork
from nodes.training_options import adapter_options
from nodes.training_pictures import training_pictures
from nodes.training_preservation import preserve_class
from tests.diffusion.families import small_models
from tools.mascot.ghost import write


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 2, 64, "a ghst cat, {ground}")
    return Recorder(folders)


def options(ctx: Recorder, tiny, **more):
    parts = {"model": tiny.model, "clip": tiny.clip, "vae": tiny.vae, "resolution": 64, "learning_rate": 0.0}
    return {**parts, "dataset": training_pictures(ctx, "ghost"), "steps": 1, **more}


def losses(ctx: Recorder) -> list[float]:
    """At fixed noise: before a training, and after it."""
    return [float(word) for word in ctx.shown["text"][-1].split() if word[:1].isdigit() and "." in word][:2]


def test_a_lora_goes_on_from_any_file(ctx, tiny):
    """Without a step that changes anything the file is what it was, in half precision as it is saved."""
    shape = {"algorithm": "LoHa", "dora": True, "rank": 3, "conv_rank": 2, "conv_alpha": 0.5}
    first = train_lora(
        ctx,
        **options(ctx, tiny, learning_rate=0.02, text_learning_rate=0.02, name="first", steps=2, **shape),
        adapter=adapter_options(norms=True),
    )
    again = train_lora(ctx, **options(ctx, tiny, name="more", text_learning_rate=0.0), begin_with=first.lora_name)
    file, more = (ctx.folders.model_path("loras", each.lora_name) for each in (first, again))
    before, after = load_weights(file), load_weights(more)
    assert before.keys() == after.keys()
    assert any("lora_te_" in name for name in before)
    assert any(name.endswith("w_norm") for name in before)
    assert all(torch.equal(before[name], after[name]) for name in before)
    metadata = read_header(more).metadata
    assert (metadata["ss_network_dim"], metadata["ss_network_module"]) == ("3", "lycoris.kohya")
    assert losses(ctx)[0] == pytest.approx(first.loss, abs=1e-3)
    # then it learns, and what the outputs have is what the file has
    for rate in (0.0, 0.01):
        taught = train_lora(
            ctx,
            **options(ctx, tiny, name="taught", learning_rate=0.02, text_learning_rate=rate),
            begin_with=first.lora_name,
        )
        fitted = fit(load_adapter(ctx.folders.model_path("loras", taught.lora_name)), tiny.model, tiny.clip)
        assert fitted.report.complete
        ours, theirs = taught.CLIP.encode("ghst")[0][0], fitted.on_clip(tiny.clip, 1.0).encode("ghst")[0][0]
        torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-2)
        assert torch.equal(ours, again.CLIP.encode("ghst")[0][0]) is (rate == 0)
        assert not torch.equal(ours, tiny.clip.encode("ghst")[0][0])


def test_what_cannot_be_gone_on_from_is_refused(ctx, tiny, tmp_path):
    train_lora(ctx, **options(ctx, tiny, name="a"))
    for name, more, said in (
        ("a", {}, "the file that this training writes"),
        ("b", {"block_ranks": "mid=4"}, "its own ranks"),
        ("b", {"adapter": adapter_options(tucker=True)}, "its own shape"),
        ("b", {"begin_with": "gone.safetensors"}, "gone"),
    ):
        with pytest.raises(InputError, match=said):
            train_lora(ctx, **options(ctx, tiny, name=name, **{"begin_with": "a.safetensors", **more}))
    small_models.write_sdxl(tmp_path / "model.safetensors")
    other = load_checkpoint(tmp_path / "model.safetensors")
    with pytest.raises(InputError, match="LoRA") as refused:
        train_lora(ctx, **options(ctx, other, name="c", begin_with="a.safetensors"))
    assert refused.value.input_name == "begin_with"
    train_textual_inversion(ctx, **options(ctx, tiny, name="word"))
    with pytest.raises(InputError, match="no word for the text encoders"):
        train_textual_inversion(ctx, **options(ctx, other, name="more", begin_with="word.safetensors"))


def test_a_word_and_a_hypernetwork_go_on_from_their_files(ctx, tiny):
    word = {"vectors": 3, "initial_words": "red"}
    train_textual_inversion(ctx, **options(ctx, tiny, name="first", learning_rate=0.05, **word))
    train_textual_inversion(ctx, **options(ctx, tiny, name="more", begin_with="first.safetensors"))
    vectors = [load_weights(ctx.folders.models / "embeddings" / f"{name}.safetensors") for name in ("first", "more")]
    assert torch.equal(vectors[0]["first"], vectors[1]["more"])
    layers = {"layers": "1, 2, 1", "activation": "relu", "layer_norm": True, "activate_output": True}
    train_hypernetwork(ctx, **options(ctx, tiny, name="first", learning_rate=0.01, **layers))
    train_hypernetwork(ctx, **options(ctx, tiny, name="more", begin_with="first.pt"))
    first, more = (load_hypernetwork(ctx.folders.models / "hypernetworks" / f"{name}.pt") for name in ("first", "more"))
    assert first.keys() == more.keys()
    for width, sides in first.items():
        for old, new in zip(sides, more[width], strict=True):
            assert (old.activation, old.activate_output) == (new.activation, new.activate_output)
            assert all(map(torch.equal, sum(old.layers, ()), sum(new.layers, ())))


def test_a_file_may_be_chosen_or_not_and_another_one_makes_another_run(tmp_path, tiny_path):
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 2, 64, "ghst")
    (folders.models / "checkpoints").mkdir(parents=True)
    (folders.models / "checkpoints" / "tiny.safetensors").write_bytes(tiny_path.read_bytes())
    links = {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "dataset": ["2", 0]}
    usual = {**links, "steps": 1, "resolution": 64, "text_learning_rate": 0.0}
    prompt = {
        "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "2": {"class_type": "TrainingPictures", "inputs": {"folder_name": "ghost"}},
        "3": {"class_type": "TrainLoRA", "inputs": {**usual, "name": "a", "begin_with": ""}},
        "4": {"class_type": "TrainLoRA", "inputs": {**usual, "name": "b", "begin_with": ["3", 1]}},
    }
    with Engine(tmp_path) as engine:
        assert engine.run(prompt, targets=["4"]).outputs["4"][1] == "b.safetensors"
        prompt["3"]["inputs"]["name"] = "c"
        for begin in ("b.safetensors", "a.safetensors"):
            prompt["3"]["inputs"]["begin_with"] = begin
            assert engine.run(prompt, targets=["3"]).outputs["3"][1] == "c.safetensors"
    assert len(list((folders.user / "training").glob("c-*"))) == 2


def test_preserved_pictures_have_captions_of_the_class(ctx, tiny):
    dataset = training_pictures(ctx, "ghost")
    both = preserve_class(dataset, "ghst cat", "cat", "class", 0.5)
    assert both.pictures[:2] == dataset.pictures
    first, kept = both.pictures[0], both.pictures[2]
    assert (kept.caption, kept.concept, kept.weight) == (first.caption.replace("ghst ", ""), "class", 0.5)
    assert [each.preserved for each in both.pictures] == [False, False, True, True]
    assert [each.preserved for each in preserve_class(dataset).pictures] == [True, True]
    with pytest.raises(InputError, match="No caption has 'dog'"):
        preserve_class(dataset, "dog")
    train_lora(ctx, **options(ctx, tiny, dataset=both, name="a", learning_rate=0.01))
    [run] = (ctx.folders.user / "training").iterdir()
    pictures = json.loads((run / "settings.json").read_text())["pictures"]
    assert ["preserved" in each for each in pictures] == [False, False, True, True]


def test_what_cannot_be_saved_is_refused_before_pictures_are_read(ctx, tiny):
    with pytest.raises(InputError, match="nothing is learned") as refused:
        train_dreambooth(ctx, **options(ctx, tiny, name="a", lora_rank=4))
    assert refused.value.input_name == "lora_rank"
    with pytest.raises(InputError, match="no VAE here that can be saved"):
        train_dreambooth(ctx, **options(ctx, tiny, name="a", learning_rate=0.1, vae=replace(tiny.vae, source=None)))
    assert not ctx.steps
