"""`comfy.sd`, `comfy.model_management`, and what packs call on model handles."""

import pytest
import torch

from compat.host.stubs import MissingAttributeError, NotSupportedError
from diffusion.model import Model


def test_checkpoints_are_opened_as_handles(modules):
    path = modules.folder_paths.get_full_path("checkpoints", "tiny.safetensors")
    model, clip, vae, vision = modules.loading.load_checkpoint_guess_config(path, embedding_directory="somewhere")
    assert isinstance(model, Model)
    assert isinstance(clip, modules.loading.CLIP)
    assert isinstance(vae, modules.loading.VAE)
    assert not isinstance(model, modules.loading.VAE)
    assert vision is None
    assert [str(folder) for folder in clip.embedding_folders] == ["somewhere"]
    assert modules.loading.load_checkpoint_guess_config(path, output_vae=False)[2] is None
    with pytest.raises(NotSupportedError, match=r"Making a comfy.sd.VAE of weights"):
        modules.loading.VAE(sd={})
    with pytest.raises(NotSupportedError):
        modules.loading.load_checkpoint_guess_config(path, output_clipvision=True)


def test_what_packs_call_on_handles(modules, checkpoint):
    model, clip, vae = checkpoint
    assert model.clone() == model
    assert model.clone().is_clone(model)
    assert model.model.model_sampling.sigma_max == model.schedule.sigma_max
    tokens = clip.tokenize("a cat")
    (states, options) = clip.encode_tokens(tokens)[0]
    assert torch.equal(clip.encode_from_tokens(tokens), states)
    assert torch.equal(clip.encode_from_tokens(tokens, return_pooled=True)[1], options["pooled_output"])
    assert set(clip.encode_from_tokens(tokens, return_dict=True)) == {"cond", "pooled_output"}
    assert clip.encode_from_tokens_scheduled(tokens, add_dict={"width": 8})[0][1]["width"] == 8
    with pytest.raises(NotSupportedError, match="unprojected"):
        clip.encode_from_tokens_scheduled(tokens, unprojected=True)
    latent = vae.encode(torch.rand(1, 32, 48, 3))
    assert latent.shape == (1, vae.latent_channels, 4, 6)
    tiled = vae.decode_tiled(latent, tile_x=4, tile_y=4, overlap=1)
    assert torch.equal(tiled, vae.decode_tiled(latent, 32, 8))
    assert vae.spacial_compression_decode() == 8


def test_only_clones_are_changed(checkpoint):
    with pytest.raises(NotSupportedError, match=r"CLIP.clip_layer without CLIP.clone"):
        checkpoint.clip.clip_layer(-2)
    copy = checkpoint.clip.clone()
    copy.clip_layer(-2)
    expected = checkpoint.clip.with_last_layer(-2).encode("x")[0][0]
    assert torch.equal(copy.encode("x")[0][0], expected)
    assert checkpoint.clip.last_layer is None


def test_what_handles_lack_is_named(checkpoint):
    assert not hasattr(checkpoint.model, "set_model_unet_function_wrapper")
    with pytest.raises(MissingAttributeError, match=r"MODEL.set_model_attn1_patch is not supported"):
        checkpoint.model.set_model_attn1_patch(print)
    with pytest.raises(NotSupportedError, match=r"CLIP.cond_stage_model is not"):
        _ = checkpoint.clip.cond_stage_model
    with pytest.raises(NotSupportedError, match=r"MODEL.model.diffusion_model is not"):
        _ = checkpoint.model.model.diffusion_model


def test_networks_are_brought_in_and_dropped(modules, checkpoint):
    devices = modules.devices
    devices.load_models_gpu([checkpoint.model, checkpoint.vae])
    assert {checkpoint.model.part, checkpoint.vae.part} <= set(devices.loaded_models())
    devices.unload_all_models()
    assert devices.loaded_models() == []
    with pytest.raises(NotSupportedError, match="Loading a str"):
        devices.load_model_gpu("model")


def test_the_device_is_that_of_the_worker(modules):
    devices = modules.devices
    assert devices.get_torch_device() == torch.device("cpu") == devices.intermediate_device()
    assert devices.cpu_mode()
    assert devices.is_device_cpu("cpu")
    assert not devices.is_device_mps(torch.device("cpu"))
    assert devices.unet_dtype() == torch.float32
    assert devices.unet_manual_cast(torch.float16, "cpu") == torch.float32
    assert devices.unet_manual_cast(torch.float32, "cpu") is None
    assert devices.vae_dtype(allowed_dtypes=[torch.bfloat16]) == torch.float32
    assert not devices.should_use_fp16()
    assert 0 < devices.get_free_memory() <= devices.get_total_memory()
    assert devices.module_size(torch.nn.Linear(3, 2)) == 4 * 8
    with pytest.raises(KeyError):
        devices.raise_non_oom(KeyError())
    devices.raise_non_oom(torch.OutOfMemoryError())
