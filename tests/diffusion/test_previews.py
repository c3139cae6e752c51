"""Previews against diffusers' AutoencoderTiny, and against the linear map where there is none."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image

from diffusion.families.sd1 import SD1
from diffusion.model import Model
from diffusion.previews import _decoded, preview_of
from diffusion.sampling.preview import preview_jpeg
from diffusion.weights import save_weights

LATENTS = torch.randn(2, 4, 8, 12, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def network() -> AutoencoderTiny:
    torch.manual_seed(0)
    network = AutoencoderTiny().eval().requires_grad_(False)
    network.decoder.layers[-1].weight *= 20
    network.decoder.layers[-1].bias += 0.5
    return network


@pytest.fixture
def folder(network, tmp_path) -> Path:
    save_weights(tmp_path / "taesd_decoder.safetensors", network.state_dict())
    return tmp_path


@pytest.fixture
def model(tiny) -> Model:
    """A model whose latents are those of its family."""
    return replace(tiny.model, latent_format=SD1.latent_format)


def linear(model: Model) -> bytes:
    return preview_jpeg(LATENTS, model.latent_format.rgb_factors, model.latent_format.rgb_bias)


def test_a_decoder_for_the_latents_of_the_family_is_used(network, folder, model):
    preview = preview_of(model, [folder], pytest.fail)
    picture = (network.decode(LATENTS[:1]).sample[0] / 2 + 0.5).clamp(0, 1).movedim(0, -1)
    expected = Image.fromarray((picture * 255).to(torch.uint8).numpy()).resize((512, 341), Image.Resampling.BILINEAR)
    for _ in range(2):
        with Image.open(io.BytesIO(preview(LATENTS))) as shown:
            difference = np.asarray(shown, dtype=float) - np.asarray(expected)
        assert np.abs(difference).mean() < 4  # of 255, for JPEG
    assert np.asarray(expected).std() > 20


def test_a_checkpoint_with_latents_of_its_own_is_shown_by_its_own_map(tiny, folder):
    assert preview_of(tiny.model, [folder], pytest.fail)(LATENTS) == linear(tiny.model)


def test_without_a_decoder_the_map_is_used(model, tmp_path):
    assert preview_of(model, [tmp_path], pytest.fail)(LATENTS) == linear(model)


def test_the_user_chooses_how_latents_are_shown(folder, model, tmp_path):
    assert preview_of(model, [folder], pytest.fail, "latent2rgb")(LATENTS) == linear(model)
    assert preview_of(model, [folder], pytest.fail, "taesd")(LATENTS) != linear(model)
    told: list[str] = []
    assert preview_of(model, [tmp_path / "empty"], told.append, "taesd")(LATENTS) == linear(model)
    assert told == ["There is no TAESD decoder for this model in models/vae_approx: its colours are estimated instead."]


def test_a_damaged_decoder_is_told_once(model, tmp_path):
    (tmp_path / "taesd_decoder.safetensors").write_bytes(b"")
    told: list[str] = []
    preview = preview_of(model, [tmp_path], told.append)
    assert preview(LATENTS) == preview(LATENTS) == linear(model)
    assert told == ["taesd_decoder.safetensors is empty: get the file again."]


def test_large_latents_are_scaled_down_before_they_are_decoded():
    seen: list[torch.Size] = []

    class Recorder(torch.nn.Conv2d):
        def forward(self, latents: torch.Tensor) -> torch.Tensor:
            seen.append(latents.shape)
            return super().forward(latents)

    picture = _decoded(Recorder(4, 3, 1), torch.zeros(1, 4, 24, 96))
    assert seen == [(1, 4, 8, 32)]
    assert picture.shape == (8, 32, 3)
