import logging

import pytest
import torch

from diffusion import autoencoder, devices


@pytest.fixture
def network(tiny):
    with tiny.vae.part.loaded() as loaded:
        yield loaded


@pytest.fixture
def latents() -> torch.Tensor:
    return torch.randn(2, 4, 6, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 48, 32, 3, generator=torch.Generator().manual_seed(0))


def test_pictures_are_those_of_the_network_in_0_to_1(tiny, network, latents):
    with torch.no_grad():
        expected = (network.decode(latents * 3).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    result = tiny.vae.decode(latents * 3)
    torch.testing.assert_close(result, expected)
    assert result.shape == (2, 48, 32, 3)
    assert result.min() == 0
    assert result.max() == 1


def test_latents_are_the_mean_of_the_distribution(tiny, network, images):
    with torch.no_grad():
        expected = network.encode(images.movedim(-1, 1) * 2 - 1).latent_dist.mean
    torch.testing.assert_close(tiny.vae.encode(images), expected)


def test_sides_are_cropped_about_the_centre_and_alpha_is_left_out(tiny, images):
    padded = torch.zeros(2, 51, 37, 4)
    padded[:, 1:49, 2:34, :3] = images
    assert torch.equal(tiny.vae.encode(padded), tiny.vae.encode(images))


def test_a_picture_smaller_than_a_latent_pixel(tiny):
    with pytest.raises(ValueError, match="An image of 5x64 is too small for the VAE: give it at least 8 pixels a side"):
        tiny.vae.encode(torch.zeros(1, 64, 5, 3))


def test_latents_of_another_model_are_refused(tiny):
    for decode in (tiny.vae.decode, tiny.vae.decode_tiled):
        with pytest.raises(ValueError, match="The latents have 16 channels, but this VAE takes 4"):
            decode(torch.zeros(1, 16, 4, 4))


def test_tiles_as_large_as_the_picture_change_nothing(network, latents, images):
    # the narrowest tiling has tiles of half the width and twice the height
    torch.testing.assert_close(autoencoder.decode_tiled(network, latents, 512), autoencoder.decode(network, latents))
    torch.testing.assert_close(autoencoder.encode_tiled(network, images, 512), autoencoder.encode(network, images))


def correlation(first: torch.Tensor, second: torch.Tensor) -> float:
    assert first.shape == second.shape
    return torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1].item()


def test_small_tiles_give_about_the_same(tiny):
    """Not more: the norms of a network see the whole picture, and those of a random one lean on it heavily."""
    coarse = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    images = torch.nn.functional.interpolate(coarse, size=(128, 96), mode="bilinear").movedim(1, -1)
    latents = tiny.vae.encode(images)
    assert correlation(tiny.vae.encode_tiled(images, 64, 16), latents) > 0.8
    assert correlation(tiny.vae.decode_tiled(latents, 64, 16), tiny.vae.decode(latents)) > 0.8


def test_progress_counts_the_tiles_of_the_whole_batch(tiny, latents, images):
    reports: list[tuple[int, int]] = []
    tiny.vae.decode_tiled(latents, on_tile=lambda done, total: reports.append((done, total)))
    tiny.vae.encode_tiled(images, on_tile=lambda done, total: reports.append((done, total)))
    assert reports == [(done, 6) for done in range(1, 7)] * 2


@pytest.mark.parametrize("overlap", [0, 16, 4096])
def test_any_overlap_can_be_asked_for(network, latents, overlap):
    assert autoencoder.decode_tiled(network, latents, 64, overlap).shape == (2, 48, 32, 3)


def test_tiles_are_used_when_the_memory_for_a_whole_picture_is_not_there(network, latents, monkeypatch, caplog):
    monkeypatch.setattr(devices, "free_bytes", lambda device: 1000)
    with caplog.at_level(logging.WARNING):
        pictures = autoencoder.decode(network, latents)
    assert "works in tiles" in caplog.text
    assert torch.equal(pictures, autoencoder.decode_tiled(network, latents))


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: …")]
)
def test_tiles_are_used_when_the_memory_runs_out(network, images, monkeypatch, caplog, error):
    expected = autoencoder.encode_tiled(network, images)
    whole = autoencoder._encode

    def fail_once(*arguments):
        monkeypatch.setattr(autoencoder, "_encode", whole)
        raise error

    monkeypatch.setattr(autoencoder, "_encode", fail_once)
    with caplog.at_level(logging.WARNING):
        assert torch.equal(autoencoder.encode(network, images), expected)
    assert "not enough memory" in caplog.text


def test_other_errors_pass(network, latents, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(autoencoder, "_decode", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        autoencoder.decode(network, latents)
