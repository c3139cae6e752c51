"""Training pictures with masks, encodings on disk, and the mean of what was learned, as nodes."""

import pytest
import torch
from PIL import Image

from diffusion.interrogation.captioner import Description
from diffusion.model import Vae
from diffusion.training import memory
from diffusion.training.lora import states_of
from diffusion.training.samples import encoded
from diffusion.training.trainer import Plan
from diffusion.training.whole_weights import all_weights
from diffusion.weights import load_weights
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes import training
from nodes.training_memory import estimate_training_memory
from nodes.training_options import learning_options, training_objective
from nodes.training_pictures import buckets_of, check_training_pictures, training_pictures
from tools.mascot.ghost import write


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 2, 64, "ghst, flat")
    (folders.input / "masks").mkdir()
    Image.new("L", (64, 64), 255).save(folders.input / "masks" / "ghost_00.png")
    return Recorder(folders)


def test_masks_are_shown_and_make_another_run_and_encodings_serve_both(ctx, tiny, monkeypatch):
    encoded, encode = [], Vae.encode
    monkeypatch.setattr(Vae, "encode", lambda vae, pixels: encoded.append(1) or encode(vae, pixels))
    losses = []
    for folder, unmasked in (("masks", 0.0), ("masks", 0.5), ("", 0.5)):
        Image.new("L", (64, 64), 0).save(ctx.folders.input / "masks" / "ghost_01.png")
        data = training_pictures(ctx, "ghost", mask_folder=folder, cache="disk")
        trained = training.train_lora(
            ctx,
            model=tiny.model,
            clip=tiny.clip,
            vae=tiny.vae,
            dataset=data,
            name="ghost",
            steps=1,
            rank=1,
            resolution=64,
            objective=training_objective(unmasked_weight=unmasked),
        )
        losses.append(trained.loss)
        check_training_pictures(ctx, data, 64)
    assert [[row[6] for row in table["rows"]] for table in ctx.shown["tables"]] == [
        ["ghost_00.png", "ghost_01.png"],
        ["ghost_00.png", "ghost_01.png"],
        [None, None],
    ]
    assert "ghost_01.png has a mask in which no place counts (ghost_01.png)" in ctx.warnings
    assert len(encoded) == 2
    # of two pictures one counts not at all, by half, and whole: with so few steps the losses are near these shares
    assert losses[0] < losses[1] < losses[2]
    assert len(list((ctx.folders.user / "training").iterdir())) == 3
    with pytest.raises(InputError, match="no folder 'nowhere'") as refused:
        training_pictures(ctx, "ghost", mask_folder="nowhere")
    assert refused.value.input_name == "mask_folder"


def test_the_file_and_the_model_have_the_mean_of_the_steps(ctx, tiny):
    """The oracle is the mean that is in the snapshot; that it is diffusers' is tested apart."""
    trained = training.train_lora(
        ctx,
        model=tiny.model,
        clip=tiny.clip,
        vae=tiny.vae,
        dataset=training_pictures(ctx, "ghost"),
        name="ghost",
        steps=4,
        learning_rate=0.05,
        rank=1,
        alpha=1.0,
        resolution=64,
        save_every=3,
        learning=learning_options(average_decay=0.9, precision="bfloat16"),
    )
    [run] = (ctx.folders.user / "training").iterdir()
    for steps, name in ((3, "ghost-step00000003.safetensors"), (4, "ghost.safetensors")):
        snapshot = load_weights(run / f"{steps:07}.safetensors")
        file = load_weights(ctx.folders.model_path("loras", name))
        means = sorted(float(each.sum()) for key, each in snapshot.items() if key.startswith("average."))
        last = sorted(float(each.sum()) for key, each in snapshot.items() if key.startswith("parameter."))
        kept = sorted(float(each.float().sum()) for key, each in file.items() if "lora_" in key and "alpha" not in key)
        torch.testing.assert_close(torch.tensor(kept), torch.tensor(means), rtol=1e-2, atol=2e-3)
        assert not torch.allclose(torch.tensor(kept), torch.tensor(last), rtol=1e-2, atol=2e-3)
    changed = trained.MODEL.source.tensors(trained.MODEL.patches)
    assert any(not torch.equal(tensor, changed[name]) for name, tensor in tiny.model.source.tensors().items())


@pytest.mark.parametrize("method", ["LoRA", "whole model"])
def test_an_estimate_says_what_is_trained_and_what_would_help(ctx, tiny, monkeypatch, method):
    options = {"model": tiny.model, "clip": tiny.clip, "dataset": training_pictures(ctx, "ghost"), "method": method}
    numbers = sum(shape.numel() for shape in tiny.model.source.shapes.values())
    estimate_training_memory(ctx, **options, rank=4, resolution=64)
    [table] = ctx.shown["tables"]
    found = {what: float(size.split()[0]) for what, size in table["rows"]}
    if method == "whole model":
        assert found["what is trained"] == round(4 * numbers / 2**20, 1)
    assert 0 < found["what is trained"] == found["its gradients"]
    assert found["the optimizer"] == pytest.approx(2 * found["its gradients"], abs=0.11)
    assert found["mean of what is learned"] == 0
    assert found["the largest step (1 pictures)"] > 0
    assert "are left" in table["title"]
    assert ctx.warnings == []
    assert not (ctx.folders.user / "training").exists()
    if method == "whole model":
        return
    monkeypatch.setattr(memory, "available", lambda trainer: 1 << 20)
    estimate_training_memory(ctx, **options, rank=4, resolution=64)
    assert "not enough memory" in ctx.warnings[0]
    assert "are missing" in ctx.shown["tables"][1]["title"]


@pytest.mark.parametrize("texts", [False, True])
def test_the_estimate_of_a_whole_model_is_what_its_training_takes(ctx, tiny, texts):
    """The oracle is the largest step of such a training, of which every tensor is counted."""
    dataset = training_pictures(ctx, "ghost")
    options = {"model": tiny.model, "clip": tiny.clip, "dataset": dataset, "method": "whole model"}
    estimate_training_memory(ctx, **options, text_encoders=texts, batch_size=2, resolution=128)
    found = {str(what): float(size.split()[0]) for what, size in ctx.shown["tables"][0]["rows"]}
    trained = all_weights(tiny.model, tiny.clip, texts=texts)
    samples = encoded(dataset, buckets_of(128, 64), tiny.vae, tiny.model.latent_format)
    trainer = trained.trainer(tiny.model, samples, states_of(tiny.clip), Plan(batch=2), {})
    parts = [tiny.model.part, *(encoder.part for encoder in tiny.clip.encoders if texts)]
    with tiny.model.loaded() as network, trained.attached(network.network):
        for parameter in trainer.parameters.values():
            parameter.grad = torch.zeros_like(parameter)
        taken = memory._peak(lambda: trainer.learn_from(network, samples, 0, 0, 1.0))
        assert memory.estimated(trainer, network).step == pytest.approx(taken, rel=0.05)
        assert all(parameter.requires_grad for parameter in trainer.parameters.values())
    held = sum(parameter.numel() * 4 for parameter in trainer.parameters.values())
    assert found["weights of the model"] == pytest.approx(sum(part.size for part in parts) / 2**20, abs=0.06)
    assert found["what is trained"] == pytest.approx(held / 2**20, abs=0.06)
    assert found["the largest step (2 pictures)"] == pytest.approx(taken / 2**20, rel=0.05)


def test_a_captioner_describes_what_has_no_text_file(ctx):
    class Captioner:
        def describe(self, image: torch.Tensor) -> Description:
            return Description(f"{image.shape[1]} wide")

    (ctx.folders.input / "ghost" / "ghost_01.txt").unlink()
    found = training_pictures(ctx, "ghost", caption="a thing", file_names=True, captioner=Captioner())
    assert [(each.caption, each.captioned) for each in found.pictures] == [("ghst, flat", True), ("64 wide", True)]
