from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL

from diffusion.checkpoint import load_checkpoint, load_vae
from diffusion.families.ldm_keys import VAE_OLD_ATTENTION, vae_file_name
from diffusion.residency import residency
from diffusion.sampling.network import Call
from diffusion.sampling.parameterization import Epsilon
from diffusion.weights import WeightsError, load_weights, save_weights
from tests.parity.random_checkpoint import VAE


def without(path: Path, prefix: str, target: Path) -> Path:
    kept = {name: tensor for name, tensor in load_weights(path).items() if not name.startswith(prefix)}
    save_weights(target, kept)
    return target


def test_handles_say_what_samplers_need(tiny):
    assert tiny.model.family.id == "stable-diffusion-v1"
    assert tiny.model.latent_format.channels == 4
    assert isinstance(tiny.model.parameterization, Epsilon)
    assert tiny.model.device.type == "cpu"
    assert len(tiny.model.schedule.sigmas) == 1000
    assert [(each.name, each.width, each.layers) for each in tiny.clip.encoders] == [("l", 48, 3)]
    assert (tiny.vae.channels, tiny.vae.downscale) == (4, 8)


def test_the_network_takes_a_batch_and_gives_float32(tiny):
    with tiny.model.loaded() as network:
        out = network(Call(torch.randn(2, 4, 8, 8), torch.tensor([999, 3]), 1.0, torch.randn(2, 77, 48)))
    assert out.shape == (2, 4, 8, 8)
    assert out.dtype == torch.float32
    assert not out.requires_grad


def test_a_pickled_checkpoint_gives_the_same_network(tiny, tiny_path, tmp_path):
    torch.save({"state_dict": load_weights(tiny_path)}, tmp_path / "tiny.ckpt")
    other = load_checkpoint(tmp_path / "tiny.ckpt")
    call = Call(torch.randn(1, 4, 8, 8), torch.tensor([500]), 1.0, torch.randn(1, 77, 48))
    with tiny.model.loaded() as first, other.model.loaded() as second:
        assert torch.equal(first(call), second(call))


def test_networks_dropped_from_memory_come_back(tiny):
    before = tiny.clip.encode("a cat")[0][0]
    residency.free()
    assert not tiny.clip.encoders[0].part.resident
    assert torch.equal(tiny.clip.encode("a cat")[0][0], before)


def test_a_missing_part_is_named_when_it_is_used(tiny_path, tmp_path):
    loaded = load_checkpoint(without(tiny_path, VAE, tmp_path / "no_vae.safetensors"))
    assert loaded.clip.encode("a cat")[0][0].shape == (1, 77, 48)
    with pytest.raises(WeightsError, match=r"no_vae\.safetensors holds no VAE: use VAELoader"):
        loaded.vae.decode(torch.zeros(1, 4, 8, 8))


def test_a_damaged_part_is_named_when_the_file_is_loaded(tiny_path, tmp_path):
    path = without(tiny_path, f"{VAE}encoder.mid", tmp_path / "damaged.safetensors")
    with pytest.raises(WeightsError, match=r"damaged\.safetensors: the VAE lacks"):
        load_checkpoint(path)


@pytest.mark.parametrize("layout", ["checkpoint", "bare", "diffusers", "old diffusers"])
def test_a_vae_loads_from_files_of_every_layout(tiny, tiny_path, tmp_path, layout):
    path = tmp_path / "vae.safetensors"
    weights = load_weights(tiny_path)
    with tiny.vae.part.loaded() as network:
        modules = {name: vae_file_name(name, 4) for name in network.state_dict()}
        shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    match layout:
        case "checkpoint":
            path = tiny_path
        case "bare":
            save_weights(path, {name: weights[VAE + name] for name in modules.values()})
        case "diffusers":
            save_weights(path, {name: weights[VAE + file].reshape(shapes[name]) for name, file in modules.items()})
        case "old diffusers":
            renamed = {name: _old_name(name) for name in modules}
            save_weights(path, {renamed[n]: weights[VAE + file].reshape(shapes[n]) for n, file in modules.items()})
    latents = torch.randn(1, 4, 4, 4)
    assert torch.equal(load_vae(path).decode(latents), tiny.vae.decode(latents))


def _old_name(name: str) -> str:
    for new, old in VAE_OLD_ATTENTION.items():
        name = name.replace(f"mid_block.attentions.0.{new}.", f"mid_block.attentions.0.{old}.")
    return name


def test_a_vae_file_as_diffusers_writes_it(tmp_path):
    network = AutoencoderKL(
        block_out_channels=(32, 32, 32, 64),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    network.save_pretrained(tmp_path)
    vae = load_vae(tmp_path / "diffusion_pytorch_model.safetensors")
    latents = torch.randn(1, 4, 4, 4)
    with torch.no_grad():
        expected = (network.decode(latents).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    torch.testing.assert_close(vae.decode(latents), expected)


def test_a_file_that_is_no_vae(tmp_path):
    save_weights(tmp_path / "lora.safetensors", {"x.lora_up.weight": torch.zeros(2, 2)})
    with pytest.raises(WeightsError, match=r"lora\.safetensors cannot be loaded as a VAE: it is a LoRA"):
        load_vae(tmp_path / "lora.safetensors")
