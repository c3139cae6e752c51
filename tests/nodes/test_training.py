"""Training as nodes, on a small checkpoint and real pictures: what comes of it, what stays, what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from diffusion.adapters import fit, load_adapter
from diffusion.training.pictures import Dataset
from diffusion.weights import load_weights, read_header
from graph.context import Interrupted
from graph.declare import InputError
from graph.engine import Engine
from graph.folders import Folders
from graph.testing import Recorder
from nodes import training
from nodes.training_embedding import train_textual_inversion
from nodes.training_options import caption_options, learning_options, training_objective
from nodes.training_pictures import check_training_pictures, join_training_pictures, training_pictures
from tools.mascot.ghost import write


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders.under(tmp_path)
    (folders.models / "loras").mkdir(parents=True)
    write(folders.input / "ghost", 3, 64, "ghst, {ground} background, flat")
    return folders


@pytest.fixture
def ctx(folders: Folders) -> Recorder:
    return Recorder(folders)


def train(ctx: Recorder, tiny, dataset: Dataset, steps: int = 3, **options):
    options = {"name": "ghost", "learning_rate": 1e-2, "rank": 2, "alpha": 2.0, "batch_size": 2, **options}
    return training.train_lora(
        ctx, model=tiny.model, clip=tiny.clip, vae=tiny.vae, dataset=dataset, steps=steps, resolution=64, **options
    )


def weights(model) -> dict[str, torch.Tensor]:
    return model.source.tensors(model.patches)


def test_a_trained_lora_is_a_value_and_a_file_that_do_the_same(ctx, tiny):
    trained = train(ctx, tiny, training_pictures(ctx, "ghost"), algorithm="LoHa", conv_rank=1, text_learning_rate=2e-2)
    file = ctx.folders.model_path("loras", trained.lora_name)
    loaded = fit(load_adapter(file), tiny.model).on_model(tiny.model, 1.0)
    ours, theirs, plain = weights(trained.MODEL), weights(loaded), weights(tiny.model)
    changed = [name for name in plain if not torch.equal(plain[name], ours[name])]
    assert len(changed) > 20
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-2, atol=2e-3)  # the file is of half precision
    [learned], [read] = trained.CLIP.encoders, fit(load_adapter(file), clip=tiny.clip).on_clip(tiny.clip, 1.0).encoders
    [before] = tiny.clip.encoders
    changed = [name for name, old in weights(before).items() if not torch.equal(old, weights(learned)[name])]
    assert len(changed) == 6 * before.layers
    torch.testing.assert_close(weights(learned), weights(read), rtol=1e-2, atol=2e-3)
    metadata = read_header(file).metadata
    assert metadata["ss_network_module"] == "lycoris.kohya"
    assert metadata["ss_steps"] == "3"
    assert "ghst" in metadata["ss_tag_frequency"]
    assert [plot["title"] for plot in ctx.shown["plots"]] == [
        "loss",
        "loss at fixed noise",
        "learning rate",
        "steps per second",
    ]
    assert len(ctx.shown["plots"][0]["series"][0]["y"]) == 3


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(ctx, tiny, tmp_path):
    dataset = training_pictures(ctx, "ghost")
    options = {
        "captions": caption_options(),
        "objective": training_objective("huber", "min-SNR", noise_offset=0.05),
        "learning": learning_options("Lion", "cosine", accumulation=2),
        "save_every": 2,
        "text_learning_rate": 1e-3,
        "dropout": 0.1,
        "rank_dropout": 0.2,
        "module_dropout": 0.2,
        "block_rates": "down=linear mid=0.5",
    }
    straight = Recorder(Folders.under(tmp_path / "straight"))
    expected = train(straight, tiny, dataset, 5, **options)
    ctx.interrupt_after = 3 + 2  # after three pictures and two steps, so at the third
    with pytest.raises(Interrupted):
        train(ctx, tiny, dataset, 5, **options)
    again = Recorder(ctx.folders)
    found = train(again, tiny, dataset, 5, **options)
    assert [done for done, whole in again.steps if whole == 5] == [4, 5]
    for name, tensor in weights(expected.MODEL).items():
        assert torch.equal(tensor, weights(found.MODEL)[name])
    assert found.CLIP.encode("ghst")[0][0].equal(expected.CLIP.encode("ghst")[0][0])
    assert not found.CLIP.encode("ghst")[0][0].equal(tiny.clip.encode("ghst")[0][0])
    assert found.loss == expected.loss
    names = {file.name for file in (ctx.folders.models / "loras").iterdir()}
    assert names == {"ghost.safetensors", "ghost-step00000002.safetensors", "ghost-step00000004.safetensors"}
    metadata = read_header(ctx.folders.models / "loras" / "ghost.safetensors").metadata
    told = {key: metadata[f"ss_{key}"] for key in ("unet_lr", "text_encoder_lr", "network_dropout", "clip_skip")}
    assert told == {"unet_lr": "0.01", "text_encoder_lr": "0.001", "network_dropout": "0.1", "clip_skip": "None"}
    arguments = {"rank_dropout": 0.2, "module_dropout": 0.2, "block_lr": "down=linear mid=0.5"}
    assert json.loads(metadata["ss_network_args"]) == arguments


def test_more_steps_train_only_these(ctx, tiny):
    dataset = training_pictures(ctx, "ghost")
    train(ctx, tiny, dataset, 2)
    more = Recorder(ctx.folders)
    train(more, tiny, dataset, 4)
    assert [done for done, whole in more.steps if whole == 4] == [3, 4]
    same = Recorder(ctx.folders)
    train(same, tiny, dataset, 4)
    assert [done for done, whole in same.steps if whole == 4] == []
    assert read_header(ctx.folders.model_path("loras", "ghost.safetensors")).metadata["ss_steps"] == "4"


@pytest.mark.parametrize("algorithm", ["LoRA", "LoKr", "IA3", "OFT", "full"])
def test_every_algorithm_lowers_the_loss(ctx, tiny, algorithm):
    rate = {"IA3": 0.1, "OFT": 0.03}.get(algorithm, 0.02)
    train(
        ctx,
        tiny,
        training_pictures(ctx, "ghost"),
        8,
        algorithm=algorithm,
        learning_rate=rate,
        gradient_checkpointing=True,
    )
    before, after = (float(word) for word in ctx.shown["text"][0].split() if word[:1].isdigit() and "." in word)
    assert after < before


def test_a_lora_of_another_origin_is_not_overwritten(ctx, tiny):
    file = ctx.folders.models / "loras" / "ghost.safetensors"
    other = train(ctx, tiny, training_pictures(ctx, "ghost"), 1, name="other")
    file.write_bytes(ctx.folders.model_path("loras", other.lora_name).read_bytes())
    content = file.read_bytes()
    with pytest.raises(InputError, match=r"another ghost\.safetensors") as refused:
        train(ctx, tiny, training_pictures(ctx, "ghost"))
    assert refused.value.input_name == "name"
    assert file.read_bytes() == content


@pytest.mark.parametrize("file", ["ghost.safetensors", "ghost-step00000500.safetensors"])
def test_what_kohyas_scripts_have_made_under_the_name_is_not_overwritten(ctx, tiny, file):
    """They call their files the same, and say so in them with the same key."""
    path = ctx.folders.models / "loras" / file
    save_file({"x": torch.zeros(1)}, path, {"ss_output_name": "ghost", "ss_training_started_at": "1700000000.5"})
    with pytest.raises(InputError, match="There is another ghost"):
        train(ctx, tiny, training_pictures(ctx, "ghost"), save_every=500)
    path.unlink()
    train(ctx, tiny, training_pictures(ctx, "ghost"), 2, save_every=1)
    train(ctx, tiny, training_pictures(ctx, "ghost"), 2, save_every=1, seed=1)


@pytest.mark.parametrize(
    ("option", "value"),
    [("block_rates", "1,2"), ("dropout", 0.1), ("rank_dropout", 0.1), ("loraplus_ratio", 4.0)],
)
def test_options_that_do_not_fit_are_told_at_their_input(ctx, tiny, option, value):
    with pytest.raises(InputError) as refused:
        train(ctx, tiny, training_pictures(ctx, "ghost"), algorithm="LoKr", **{option: value})
    assert refused.value.input_name == option


@pytest.mark.parametrize("name", ["", "../x", "a/b", "c:d", ".hidden", "字" * 100])
def test_names_stay_in_their_folder(ctx, tiny, name):
    with pytest.raises(InputError) as refused:
        train(ctx, tiny, training_pictures(ctx, "ghost"), name=name)
    assert refused.value.input_name == "name"


@pytest.mark.parametrize("folder", ["nowhere", "../ghost", "/etc", "empty"])
def test_folders_that_cannot_be_trained_with(ctx, folder):
    (ctx.folders.input / "empty").mkdir()
    with pytest.raises(InputError) as refused:
        training_pictures(ctx, folder)
    assert refused.value.input_name == "folder_name"


def test_the_check_says_what_is_wrong_and_how_many_steps_an_epoch_has(ctx):
    write(ctx.folders.input / "house", 2, 32, "a house")
    (ctx.folders.input / "house" / "bad.png").write_text("no picture")
    both = join_training_pictures(
        a=training_pictures(ctx, "ghost", repeats=10), b=training_pictures(ctx, "house", weight=0.5)
    )
    check_training_pictures(ctx, both, resolution=64, batch_size=4, bucket_step=8)
    [table] = ctx.shown["tables"]
    assert "5 pictures, 32 with repeats, in batches of 4. An epoch has 8 steps." in table["title"]
    thumbnail, *rest = table["rows"][0]
    assert rest[:4] == ["ghost_00.png", "ghost", 10, "64 x 64"]
    with Image.open(ctx.folders.temp / thumbnail["subfolder"] / thumbnail["filename"]) as small:
        assert small.size == (64, 64)
    assert ctx.shown["text"][0].splitlines() == [
        "ghost: 3 pictures, 30 with repeats, 94% of an epoch, weight 1",
        "house: 2 pictures, 2 with repeats, 6% of an epoch, weight 0.5",
        "64 x 64: 32 in 8 batches",
    ]
    said = " ".join(ctx.warnings)
    assert "bad.png cannot be read" in said
    assert "is small (32 x 32): it is enlarged 2.0 times" in said


def test_it_runs_in_a_graph_and_a_new_picture_trains_anew(tmp_path, tiny_path):
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 2, 64, "ghst")
    for kind in ("checkpoints", "loras"):
        (folders.models / kind).mkdir(parents=True)
    (folders.models / "checkpoints" / "tiny.safetensors").write_bytes(tiny_path.read_bytes())
    links = {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "dataset": ["2", 0]}
    prompt = {
        "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "2": {"class_type": "TrainingPictures", "inputs": {"folder_name": "ghost"}},
        "3": {"class_type": "TrainLoRA", "inputs": {**links, "steps": 2, "resolution": 64, "learning_rate": 0.01}},
        "4": {"class_type": "LoraLoaderModelOnly", "inputs": {"model": ["1", 0], "lora_name": ["3", 1]}},
    }
    losses = []
    for _ in range(2):
        with Engine(tmp_path) as engine:
            outputs = engine.run(prompt, targets=["3", "4"]).outputs
        losses.append(outputs["3"][2])
        assert len(outputs["4"].patches) == 1
        write(folders.input / "ghost", 3, 64, "ghst")
    assert losses[0] != losses[1]
    assert len(list((folders.user / "training").iterdir())) == 2


def invert(ctx: Recorder, tiny, steps: int = 4, **options):
    options = {
        "name": "ghst",
        "learning_rate": 0.05,
        "vectors": 2,
        "batch_size": 2,
        "initial_words": "red cat",
        **options,
    }
    return train_textual_inversion(
        ctx,
        model=tiny.model,
        clip=tiny.clip,
        vae=tiny.vae,
        dataset=training_pictures(ctx, "ghost"),
        steps=steps,
        resolution=64,
        **options,
    )


def test_a_new_word_is_learned_and_nothing_else(ctx, tiny):
    table = tiny.clip.encoders[0].source.tensor("embeddings.token_embedding.weight").clone()
    found = invert(ctx, tiny, texts="captions")
    assert found.word == "embedding:ghst"
    [file] = (ctx.folders.models / "embeddings").iterdir()
    vectors = load_weights(file)["ghst"]
    assert read_header(file).metadata["modelspec.architecture"] == "stable-diffusion-v1/textual-inversion"
    first = torch.stack([table[736], table[2368]])  # red, cat
    assert vectors.shape == first.shape
    assert not torch.allclose(vectors, first)
    assert (vectors - first).abs().max() < 0.5
    in_graph = found.CLIP.encode("a embedding:ghst")[0][0]
    from_file = replace(tiny.clip, embedding_folders=(file.parent,)).encode("a embedding:ghst")[0][0]
    torch.testing.assert_close(in_graph, from_file)
    assert not torch.allclose(in_graph, tiny.clip.encode("a red cat")[0][0])
    with tiny.clip.encoders[0].loaded() as network:
        held = getattr(network, "text_model", network).embeddings.token_embedding.weight
        assert torch.equal(held, table)


def test_a_word_begins_as_the_words_that_it_is_given(ctx, tiny):
    invert(ctx, tiny, steps=1, learning_rate=0.0)
    begun = replace(tiny.clip, embedding_folders=(ctx.folders.models / "embeddings",)).encode("embedding:ghst")[0][0]
    torch.testing.assert_close(begun, tiny.clip.encode("red cat")[0][0])


@pytest.mark.parametrize("texts", ["object", "style", "own"])
def test_a_word_lowers_the_loss_and_its_run_goes_on(ctx, tiny, texts):
    found = invert(ctx, tiny, 6, texts=texts, own_texts="{}, flat\n\nsome {}")
    assert invert(Recorder(ctx.folders), tiny, 6, texts=texts, own_texts="{}, flat\n\nsome {}").loss == found.loss
    assert "6 steps" in ctx.shown["text"][0]


def test_a_word_needs_something_to_begin_with(ctx, tiny):
    with pytest.raises(InputError, match="no word to begin with") as refused:
        invert(ctx, tiny, initial_words=" ")
    assert refused.value.input_name == "initial_words"
