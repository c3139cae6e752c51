"""The sampler nodes on the embedded checkpoint."""

import io
from pathlib import Path

import pytest
import torch
from PIL import Image

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.schedules import sigmas_for
from graph.context import Interrupted
from graph.declare import spec_of
from graph.folders import Folders
from graph.testing import Recorder
from nodes.sampling import k_sampler, k_sampler_advanced

POCKET = Path(__file__).parents[2] / "models" / "checkpoints" / "pocket.safetensors"
SETTINGS = {"steps": 4, "cfg": 3.0, "sampler_name": "euler", "scheduler": "karras"}


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return load_checkpoint(POCKET)


@pytest.fixture(scope="module")
def prompts(checkpoint):
    return {"positive": checkpoint.clip.encode("a red fish"), "negative": checkpoint.clip.encode("")}


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    return Recorder(Folders.under(tmp_path))


def empty(batch: int = 1) -> dict:
    return {"samples": torch.zeros(batch, 4, 8, 8)}


def test_inputs_are_in_the_order_of_shared_workflows():
    ends = {"model", "positive", "negative", "latent_image"}
    plain, advanced = ([item.name for item in spec_of(node).inputs] for node in (k_sampler, k_sampler_advanced))
    assert [name for name in plain if name not in ends] == [
        *("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    ]
    assert [name for name in advanced if name not in ends] == [
        *("add_noise", "noise_seed", "steps", "cfg", "sampler_name", "scheduler"),
        *("start_at_step", "end_at_step", "return_with_leftover_noise"),
    ]
    assert ends < set(plain)
    assert ends < set(advanced)


def test_how_pictures_are_shown_is_the_wish_of_the_user(checkpoint, prompts, ctx):
    ctx.preview_method = "taesd"  # of which the embedded checkpoint has none
    k_sampler(ctx, model=checkpoint.model, latent_image=empty(), **prompts, **{**SETTINGS, "steps": 1})
    assert len(ctx.previews) == 1
    assert ctx.warnings == [
        "There is no TAESD decoder for this model in models/vae_approx: its colours are estimated instead."
    ]


def test_a_latent_is_denoised_with_progress_and_previews(checkpoint, prompts, ctx):
    result = k_sampler(ctx, model=checkpoint.model, seed=3, latent_image=empty(2), **prompts, **SETTINGS)
    assert result["samples"].shape == (2, 4, 8, 8)
    assert torch.isfinite(result["samples"]).all()
    assert ctx.steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(ctx.previews) == 4
    with Image.open(io.BytesIO(ctx.previews[-1])) as picture:
        assert picture.format == "JPEG"


def test_the_advanced_node_in_two_parts_is_the_plain_node(checkpoint, prompts, ctx):
    settings = {"model": checkpoint.model, **prompts, **SETTINGS}
    whole = k_sampler(ctx, seed=3, latent_image=empty(), **settings)
    first = k_sampler_advanced(
        ctx, noise_seed=3, latent_image=empty(), end_at_step=2, return_with_leftover_noise="enable", **settings
    )
    second = k_sampler_advanced(ctx, noise_seed=9, add_noise="disable", latent_image=first, start_at_step=2, **settings)
    assert not torch.allclose(first["samples"], whole["samples"], atol=0.1)
    assert torch.allclose(second["samples"], whole["samples"], atol=1e-4)


def test_leftover_noise_is_removed_unless_asked_for(checkpoint, prompts, ctx):
    settings = {"model": checkpoint.model, "noise_seed": 3, "latent_image": empty(), "end_at_step": 1, **prompts}
    left = k_sampler_advanced(ctx, return_with_leftover_noise="enable", **settings, **SETTINGS)["samples"]
    removed = k_sampler_advanced(ctx, return_with_leftover_noise="disable", **settings, **SETTINGS)["samples"]
    model = checkpoint.model
    sampler = SAMPLERS[SETTINGS["sampler_name"]]
    level = sigmas_for(model.schedule, SETTINGS["scheduler"], SETTINGS["steps"], 1.0, sampler)[1]
    noise = model.latent_format.to_model(left) - model.latent_format.to_model(removed)
    assert float(noise.std()) == pytest.approx(float(level), rel=0.15)


def test_an_interruption_stops_at_the_next_step(checkpoint, prompts, tmp_path):
    ctx = Recorder(Folders.under(tmp_path), interrupt_after=2)
    with pytest.raises(Interrupted):
        k_sampler(ctx, model=checkpoint.model, latent_image=empty(), **prompts, **SETTINGS)
    assert len(ctx.steps) == 2


def test_nothing_is_drawn_that_nobody_sees(checkpoint, prompts, tmp_path):
    class Unwatched(Recorder):
        def wants_preview(self) -> bool:
            return False

    ctx = Unwatched(Folders.under(tmp_path))
    k_sampler(ctx, model=checkpoint.model, latent_image=empty(), **prompts, **SETTINGS)
    assert len(ctx.steps) == 4
    assert ctx.previews == []
