"""TAESD files in every published layout, against diffusers' AutoencoderTiny with the same weights."""

import shutil
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny

from diffusion import taesd
from diffusion.families.sd1 import SD1
from diffusion.weights import WeightsError, read_header, save_weights


@pytest.fixture(scope="module")
def oracle() -> AutoencoderTiny:
    torch.manual_seed(0)
    network = AutoencoderTiny().eval().requires_grad_(False)
    network.decoder.layers[-1].weight *= 8  # random ones give next to no contrast
    network.decoder.layers[-1].bias += 0.3
    return network


def numbered(oracle: AutoencoderTiny, half: str) -> dict[str, torch.Tensor]:
    """The layout of the published files of one half: the decoder's first layer is a clamp without weights."""
    tensors = {}
    for name, tensor in getattr(oracle, half).layers.state_dict().items():
        number, _, rest = name.partition(".")
        tensors[f"{int(number) + (half == 'decoder')}.{rest}"] = tensor
    return tensors


@pytest.fixture(scope="module")
def folder(oracle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vae_approx")
    for name in ("taesd", "taesdxl"):
        for half in ("encoder", "decoder"):
            save_weights(folder / f"{name}_{half}.safetensors", numbered(oracle, half))
    save_weights(folder / "diffusers-taesd.safetensors", oracle.state_dict())
    halves = {half: numbered(oracle, half) for half in ("encoder", "decoder")}
    with_marks = {f"taesd_{half}.{name}": tensor for half, part in halves.items() for name, tensor in part.items()}
    save_weights(folder / "whole_taesd.safetensors", {**with_marks, "vae_scale": torch.tensor(0.18215)})
    layers = {f"decoder.layers.{name}": tensor for name, tensor in oracle.decoder.layers.state_dict().items()}
    save_weights(folder / "layers_taesd_decoder.safetensors", layers)
    for half in halves:
        torch.save(halves[half], folder / f"pickled_taesd_{half}.pth")
    return folder


LATENTS = torch.randn(1, 4, 5, 6, generator=torch.Generator().manual_seed(1))
IMAGES = torch.rand(1, 24, 32, 3, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("taesd_decoder.safetensors", 0.18215),
        ("taesd_encoder.safetensors", 0.18215),
        ("taesdxl_decoder.safetensors", 0.13025),
        ("diffusers-taesd.safetensors", 0.18215),
        ("whole_taesd.safetensors", 0.18215),
        ("pickled_taesd_decoder.pth", 0.18215),
    ],
)
@torch.no_grad()
def test_as_a_vae_it_takes_latents_of_vae_space(folder, oracle, name, scale):
    """diffusers' network works in model space, which is VAE space times the scale of the family."""
    assert taesd.is_tiny(read_header(folder / name))
    vae = taesd.load_tiny_vae(folder / name)
    assert (vae.channels, vae.downscale) == (4, 8)
    expected = (oracle.decode(LATENTS).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    torch.testing.assert_close(vae.decode(LATENTS / scale), expected)
    latents = oracle.encode(IMAGES.movedim(-1, 1) * 2 - 1).latents / scale
    torch.testing.assert_close(vae.encode(IMAGES), latents)


@pytest.mark.parametrize("name", ["taesd_decoder", "diffusers-taesd", "layers_taesd_decoder"])
@torch.no_grad()
def test_a_decoder_alone_takes_latents_of_model_space(folder, oracle, name):
    decoder = taesd.load_tiny_decoder(folder / f"{name}.safetensors", torch.device("cpu"))
    torch.testing.assert_close(decoder(LATENTS), oracle.decode(LATENTS).sample)


def test_tiles_give_about_what_the_whole_gives(folder):
    vae = taesd.load_tiny_vae(folder / "taesd_decoder.safetensors")
    latents = torch.randn(1, 4, 24, 8, generator=torch.Generator().manual_seed(3)) * 5
    whole = vae.decode(latents)
    assert (vae.decode_tiled(latents, 128, 32) - whole).std() < whole.std() / 20


def test_sixteen_channels_are_shifted(tmp_path):
    torch.manual_seed(0)
    oracle = AutoencoderTiny(latent_channels=16).eval()
    oracle.decoder.layers[-1].bias.data += 0.5
    save_weights(tmp_path / "taef1.safetensors", oracle.state_dict())
    latents = torch.randn(1, 16, 3, 4)
    with torch.no_grad():
        expected = (oracle.decode((latents - 0.1159) * 0.3611).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    torch.testing.assert_close(taesd.load_tiny_vae(tmp_path / "taef1.safetensors").decode(latents), expected)


def test_the_decoder_for_a_latent_space_is_found_by_its_name(folder, tmp_path):
    latents = SD1.latent_format
    assert taesd.find_decoder(latents, [tmp_path, folder]) == folder / "taesd_decoder.safetensors"
    assert taesd.find_decoder(latents, [tmp_path]) is None


def test_a_half_without_the_other(folder, tmp_path):
    shutil.copy(folder / "taesd_decoder.safetensors", tmp_path)
    with pytest.raises(WeightsError, match=r"is a half of a VAE: put taesd_encoder\.safetensors into the same folder"):
        taesd.load_tiny_vae(tmp_path / "taesd_decoder.safetensors")


def test_a_name_that_does_not_tell_the_latent_space(folder, tmp_path):
    path = tmp_path / "tiny.safetensors"
    shutil.copy(folder / "diffusers-taesd.safetensors", path)
    with pytest.raises(WeightsError, match=r"its name does not say of which models: call it taesd, taesdxl"):
        taesd.load_tiny_vae(path)


def test_what_is_no_tiny_autoencoder(folder, tiny_path, tmp_path):
    assert not taesd.is_tiny(read_header(tiny_path))
    other = tmp_path / "taesd_decoder.safetensors"
    save_weights(other, {"conv_in.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match=r"is no TAESD \(it has a tensor 'conv_in\.weight'\)"):
        taesd.load_tiny_decoder(other, torch.device("cpu"))
    save_weights(other, {"1.weight": torch.zeros(64, 4, 3, 3)})
    with pytest.raises(WeightsError, match=r"taesd_decoder\.safetensors: the TAESD lacks decoder\.layers\.0\.bias"):
        taesd.load_tiny_decoder(other, torch.device("cpu"))
