"""What is trained on small models of further families is what their files say, as our loaders read them.

LoRAs, words and ControlNets of all families are tested in the library, against diffusers.
"""

import pytest
import torch

from diffusion.checkpoint import load_checkpoint
from diffusion.hypernetwork import load_hypernetwork, with_hypernetwork
from diffusion.sampling.sample import sample
from graph.folders import Folders
from graph.testing import Recorder
from nodes.training_dreambooth import train_dreambooth
from nodes.training_hypernetwork import train_hypernetwork
from nodes.training_pictures import training_pictures
from tests.diffusion.families import small_models
from tools.mascot.ghost import write

FAMILIES = {
    "sd2": lambda path: small_models.write_sd2(path, v_pred=torch.zeros(1)),
    "sdxl": small_models.write_sdxl,
}


def painted(model, clip) -> torch.Tensor:
    options = {"seed": 1, "steps": 2, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
    return sample(model, {"samples": torch.zeros(1, 4, 8, 8)}, clip.encode("a ghst"), clip.encode(""), **options)[
        "samples"
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_files_are_read_as_what_was_learned(family, tmp_path):
    FAMILIES[family](tmp_path / "model.safetensors")
    found = load_checkpoint(tmp_path / "model.safetensors")
    ctx = Recorder(Folders.under(tmp_path))
    write(ctx.folders.input / "ghost", 1, 64, "a ghst, {ground}")
    parts = {"model": found.model, "clip": found.clip, "vae": found.vae, "dataset": training_pictures(ctx, "ghost")}
    options = {**parts, "name": "a", "steps": 1, "resolution": 64, "learning_rate": 1e-2}
    plain = painted(found.model, found.clip)

    taught = train_hypernetwork(ctx, **options)
    pairs = load_hypernetwork(ctx.folders.model_path("hypernetworks", taught.hypernetwork_name))
    ours, theirs = painted(taught.MODEL, found.clip), painted(with_hypernetwork(found.model, pairs, 1.0), found.clip)
    torch.testing.assert_close(ours, theirs)
    assert not torch.allclose(ours, plain, rtol=1e-3)

    whole = train_dreambooth(ctx, **options, text_learning_rate=1e-2, saved_as="float32")
    read = load_checkpoint(ctx.folders.model_path("checkpoints", whole.ckpt_name))
    assert type(read.model.parameterization) is type(found.model.parameterization)
    ours = painted(whole.MODEL, whole.CLIP)
    torch.testing.assert_close(ours, painted(read.model, read.clip), rtol=1e-3, atol=1e-2)
    assert not torch.allclose(ours, plain, rtol=1e-3)
