"""DreamBooth on a small checkpoint: what it writes, that the prior counts, and that nothing else is changed by it."""

import shutil

import pytest
import torch

from diffusion.adapters import fit, load_adapter
from diffusion.checkpoint import load_checkpoint
from diffusion.training.lora import AdapterPlan, new_adapters, states_of
from diffusion.training.samples import Sample
from diffusion.training.trainer import Plan, Trainer
from diffusion.training.whole_weights import all_weights
from diffusion.weights import read_header
from graph.declare import InputError
from graph.engine import Engine
from graph.folders import Folders
from graph.testing import Recorder
from nodes.training_dreambooth import train_dreambooth, training_images
from nodes.training_pictures import join_training_pictures, training_pictures
from tools.mascot.ghost import write


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 2, 64, "ghst")
    return Recorder(folders)


def train(ctx: Recorder, tiny, dataset, steps: int = 2, **options):
    return train_dreambooth(
        ctx,
        model=tiny.model,
        clip=tiny.clip,
        vae=tiny.vae,
        dataset=dataset,
        name="ghosts",
        steps=steps,
        resolution=64,
        **{"learning_rate": 1e-3, "batch_size": 2, **options},
    )


def test_what_was_learned_is_a_value_and_a_checkpoint(ctx, tiny):
    before = tiny.model.source.tensors()
    found = train(ctx, tiny, training_pictures(ctx, "ghost"), saved_as="float32")
    after = found.MODEL.source.tensors(found.MODEL.patches)
    loaded = load_checkpoint(ctx.folders.model_path("checkpoints", found.ckpt_name))
    stored = loaded.model.source.tensors()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert {"conv_in.bias", "conv_norm_out.weight", "mid_block.resnets.0.conv1.weight"} <= set(changed)
    for name in before:
        torch.testing.assert_close(after[name].float(), stored[name].float(), rtol=1e-5, atol=1e-6)
    assert loaded.clip.encode("ghst")[0][0].equal(tiny.clip.encode("ghst")[0][0])
    assert found.CLIP.encode("ghst")[0][0].equal(tiny.clip.encode("ghst")[0][0])
    with tiny.model.loaded() as network:  # what others sample with is as it was
        state = network.network.state_dict()
    assert all(torch.equal(state[name].float(), before[name].float()) for name in before)


def test_text_encoders_learn_too_and_all_of_it_is_also_a_lora(ctx, tiny):
    """At full rank a LoRA holds the whole difference of a matrix (Eckart, Young), but for the file's half precision."""
    dataset = training_pictures(ctx, "ghost")
    found = train(ctx, tiny, dataset, text_learning_rate=1e-3, lora_rank=4096, saved_as="float32")
    loaded = load_checkpoint(ctx.folders.model_path("checkpoints", found.ckpt_name))
    file = ctx.folders.model_path("loras", found.lora_name)
    fitted = fit(load_adapter(file), tiny.model, tiny.clip)
    assert fitted.report.complete
    said = load_adapter(file).metadata
    assert said["ss_network_dim"] == said["ss_network_alpha"] != "4096"  # no matrix has as much
    assert said["modelspec.architecture"] == "stable-diffusion-v1/lora"
    whole = read_header(ctx.folders.model_path("checkpoints", found.ckpt_name)).metadata
    assert (whole["modelspec.architecture"], whole["ss_text_encoder_lr"]) == ("stable-diffusion-v1", "0.001")
    added = [fitted.on_model(tiny.model, 1.0), *fitted.on_clip(tiny.clip, 1.0).encoders]
    for taught, stored, lora, plain in zip(
        [found.MODEL, *found.CLIP.encoders],
        [loaded.model, *loaded.clip.encoders],
        added,
        [tiny.model, *tiny.clip.encoders],
        strict=True,
    ):
        before, after, again, read = (each.source.tensors(each.patches) for each in (plain, taught, lora, stored))
        torch.testing.assert_close(read, after, rtol=1e-5, atol=1e-6)
        matrices = [name for name in before if before[name].ndim > 1 and "_embedding.weight" not in name]
        assert sum(bool((before[name] - after[name]).abs().max() > 5e-4) for name in matrices) > 0.7 * len(matrices)
        for name in matrices:
            torch.testing.assert_close(again[name], after[name], rtol=0, atol=3e-4)
    checkpoint = ctx.folders.model_path("checkpoints", found.ckpt_name)
    assert ctx.stood_for == [checkpoint, file]  # both are made again when one is gone


def test_pictures_of_the_graph_are_kept_once(ctx):
    images = [torch.rand(2, 64, 64, 3), torch.rand(1, 64, 80, 3)]
    found = training_images(ctx, images, "a cat", repeats=2, weight=0.5)
    again = training_images(ctx, images, "a cat", repeats=2, weight=0.5)
    assert found == again
    assert [(each.caption, each.concept, each.weight, each.size) for each in found.pictures] == [
        *[("a cat", "class", 0.5, (64, 64))] * 2,
        ("a cat", "class", 0.5, (80, 64)),
    ]
    assert len(list((ctx.folders.user / "training_pictures").iterdir())) == 3
    with pytest.raises(InputError, match="no picture"):
        training_images(ctx, [])


def test_pictures_of_the_graph_that_were_deleted_are_made_again(tmp_path):
    """Whatever is between them and the training; where nothing was, they are made once."""
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64}},
        "2": {"class_type": "TrainingImages", "inputs": {"images": ["1", 0], "caption": "a cat"}},
        "3": {"class_type": "JoinTrainingPictures", "inputs": {"datasets0": ["2", 0]}},
    }
    with Engine(tmp_path) as engine:
        found = engine.run(prompt, targets=["3"]).outputs["3"]
        assert engine.run(prompt, targets=["3"]).outputs["3"] is found
        for _ in range(2):
            [picture] = found.pictures
            shutil.rmtree(picture.path.parent)
            again = engine.run(prompt, targets=["3"]).outputs["3"]
            assert again == found
            assert picture.path.is_file()
        assert engine.run(prompt, targets=["3"]).outputs["3"] is again


def test_subject_and_class_are_trained_together_and_told_apart(ctx, tiny):
    prior = training_images(ctx, [torch.rand(1, 64, 64, 3)], "a cat", concept="cat", weight=0.5)
    both = join_training_pictures(a=training_pictures(ctx, "ghost"), b=prior)
    train(ctx, tiny, both, 3, batch_size=3)
    [folder] = (ctx.folders.user / "training").iterdir()
    assert all(name in (folder / "log.jsonl").read_text() for name in ('"ghost": ', '"cat": '))


@pytest.mark.parametrize(
    "made",
    [
        lambda model, clip: all_weights(model, clip, texts=False),
        lambda model, clip: new_adapters(model, clip, AdapterPlan(), seed=1),
    ],
)
def test_the_weight_of_the_prior_changes_the_gradient_through_class_pictures_alone(tiny, made):
    """The gradient is linear in the weight, and its slope is the gradient of the class pictures."""
    draw = torch.Generator().manual_seed(1)
    latents = torch.randn(2, 4, 8, 8, generator=draw)

    def gradient(weight: float, subject: float = 1.0) -> torch.Tensor:
        data = [
            Sample("subject", latents[0], "ghst", "ghost", weight=subject),
            Sample("class", latents[1], "a cat", "cat", weight=weight),
        ]
        weights = made(tiny.model, tiny.clip)
        trainer = Trainer(tiny.model, weights.parameters, data, states_of(tiny.clip), Plan(batch=2, clip=0.0))
        with tiny.model.loaded() as network, weights.attached(network.network):
            trainer.step(network, 0)
        return torch.cat([each.grad.flatten() for each in weights.parameters.values() if each.grad is not None])

    none, half, whole, only = gradient(0.0), gradient(0.5), gradient(1.0), gradient(1.0, subject=0.0)
    torch.testing.assert_close(whole - none, only, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(half - none, only / 2, rtol=1e-3, atol=1e-6)
    assert only.norm() > 0
