"""Hypernetworks that were trained, as values and as files of the WebUI."""

import pytest
import torch

from diffusion.hypernetwork import load_hypernetwork, with_hypernetwork
from diffusion.sampling.conditions import Frame
from diffusion.sampling.network import Call
from diffusion.weights import load_pickle
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes.training_hypernetwork import train_hypernetwork
from nodes.training_pictures import training_pictures
from tools.mascot.ghost import write


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 2, 64, "ghst")
    return Recorder(folders)


def train(ctx: Recorder, tiny, steps: int = 3, **options):
    return train_hypernetwork(
        ctx,
        model=tiny.model,
        clip=tiny.clip,
        vae=tiny.vae,
        dataset=training_pictures(ctx, "ghost"),
        name="ghosts",
        steps=steps,
        resolution=64,
        **{"learning_rate": 1e-2, **options},
    )


def answer(tiny, model) -> torch.Tensor:
    [[states, _]] = tiny.clip.encode("ghst")
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    with model.loaded() as network, torch.no_grad():
        inputs = model.inputs({}, Frame(latent, model.schedule), 0)
        return network(Call(latent, torch.tensor([500]), 1.0, states, inputs))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"layers": "1, 2, 2, 1", "activation": "relu", "layer_norm": True},
        {"layers": "1,1", "activation": "swish", "activate_output": True, "initialization": "normal"},
    ],
)
def test_what_was_learned_is_a_value_and_the_webuis_file(ctx, tiny, options):
    found = train(ctx, tiny, **options)
    file = ctx.folders.model_path("hypernetworks", found.hypernetwork_name)
    loaded = with_hypernetwork(tiny.model, load_hypernetwork(file), 1.0)
    plain = answer(tiny, tiny.model)
    torch.testing.assert_close(answer(tiny, found.MODEL), answer(tiny, loaded))
    assert not torch.allclose(answer(tiny, found.MODEL), plain, atol=1e-4)
    content = load_pickle(file)
    assert content["name"] == "ghosts"
    assert content["step"] == 3
    assert {len(content[width]) for width in content if isinstance(width, int)} == {2}


def test_without_steps_that_change_something_it_changes_nothing(ctx, tiny):
    found = train(ctx, tiny, 1, learning_rate=0.0)
    assert torch.equal(answer(tiny, found.MODEL), answer(tiny, tiny.model))


def test_it_lowers_the_loss(ctx, tiny):
    train(ctx, tiny, 8, batch_size=2, gradient_checkpointing=True)
    before, after = (float(word) for word in ctx.shown["text"][0].split() if word[:1].isdigit() and "." in word)
    assert after < before


@pytest.mark.parametrize("layers", ["", "2, 1", "1", "1, x, 1", "1, -2, 1"])
def test_sizes_that_make_no_network_are_refused(ctx, tiny, layers):
    with pytest.raises(InputError, match="sizes of layers") as refused:
        train(ctx, tiny, layers=layers)
    assert refused.value.input_name == "layers"
