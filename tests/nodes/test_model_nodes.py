"""The nodes for loading, prompts and the VAE, on a small checkpoint."""

from pathlib import Path

import pytest
import torch

from diffusion.weights import load_weights, save_weights
from graph.declare import InputError, spec_of
from graph.folders import Folders
from graph.testing import Recorder
from nodes import conditioning, loaders, vae
from tests.parity.random_checkpoint import TINY, VAE, write

CORE_INPUTS = {
    loaders.checkpoint_loader: ("CheckpointLoaderSimple", ["ckpt_name", "weight_dtype"]),
    loaders.vae_loader: ("VAELoader", ["vae_name"]),
    conditioning.clip_encode: ("CLIPTextEncode", ["text", "clip", "dialect"]),
    conditioning.clip_set_last_layer: ("CLIPSetLastLayer", ["clip", "stop_at_clip_layer"]),
    conditioning.conditioning_average: (
        "ConditioningAverage",
        ["conditioning_to", "conditioning_from", "conditioning_to_strength"],
    ),
    conditioning.conditioning_set_area: (
        "ConditioningSetArea",
        ["conditioning", "width", "height", "x", "y", "strength"],
    ),
    conditioning.conditioning_set_mask: ("ConditioningSetMask", ["conditioning", "mask", "strength", "set_cond_area"]),
    vae.vae_decode: ("VAEDecode", ["samples", "vae"]),
    vae.vae_encode: ("VAEEncode", ["pixels", "vae"]),
    vae.vae_encode_for_inpaint: ("VAEEncodeForInpaint", ["pixels", "vae", "mask", "grow_mask_by"]),
    vae.vae_decode_tiled: ("VAEDecodeTiled", ["samples", "vae", "tile_size", "overlap"]),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    folders = Folders.under(tmp_path_factory.mktemp("base"))
    checkpoint = folders.models / "checkpoints" / "tiny.safetensors"
    for kind in ("checkpoints", "vae", "embeddings"):
        (folders.models / kind).mkdir(parents=True)
    write(checkpoint, TINY)
    alone = {n.removeprefix(VAE): t for n, t in load_weights(checkpoint).items() if n.startswith(VAE)}
    save_weights(folders.models / "vae" / "alone.safetensors", alone)
    save_weights(folders.models / "embeddings" / "style.safetensors", {"style": torch.randn(2, 48)})
    return folders


@pytest.fixture
def context(folders: Folders) -> Recorder:
    return Recorder(folders)


@pytest.fixture(scope="module")
def loaded(folders: Folders) -> loaders.LoadedCheckpoint:
    return loaders.checkpoint_loader(Recorder(folders), "tiny.safetensors")


@pytest.mark.parametrize("function", CORE_INPUTS)
def test_ids_and_inputs_are_those_that_shared_workflows_use(function):
    id, inputs = CORE_INPUTS[function]
    spec = spec_of(function)
    assert id == spec.id or id in spec.aliases
    assert [item.name for item in spec.inputs] == inputs


def test_a_checkpoint_gives_its_parts_in_order(loaded):
    spec = spec_of(loaders.checkpoint_loader)
    assert [output.type for output in spec.outputs] == ["MODEL", "CLIP", "VAE"]
    assert loaded.MODEL.latent_format.channels == 4
    assert loaded.CLIP.encoders[0].width == 48
    assert loaded.VAE.downscale == 8


def test_a_checkpoint_may_be_kept_in_half_the_memory(context, loaded):
    """What such weights compute is checked where the library is tested; the text encoders and the VAE stay exact."""
    small = loaders.checkpoint_loader(context, "tiny.safetensors", "fp8_e4m3fn")
    with small.MODEL.loaded() as running:
        kept = [each.numel() for each in running.network.parameters() if each.dtype == torch.float8_e4m3fn]
        assert sum(kept) > sum(each.numel() for each in running.network.parameters()) / 2
    assert small.MODEL.part.size < loaded.MODEL.part.size / 3
    assert torch.equal(small.CLIP.encode("a cat")[0][0], loaded.CLIP.encode("a cat")[0][0])
    assert small.VAE.part.size == loaded.VAE.part.size


def test_a_checkpoint_that_is_not_there(context):
    with pytest.raises(InputError, match=r"There is no 'tny\.safetensors' in models/checkpoints"):
        loaders.checkpoint_loader(context, "tny.safetensors")


def test_a_file_that_is_no_checkpoint(context, folders: Folders):
    Path(folders.models / "checkpoints" / "text.safetensors").write_text("hello, I am a text file")
    with pytest.raises(InputError, match=r"text\.safetensors is not a safetensors file"):
        loaders.checkpoint_loader(context, "text.safetensors")


def test_a_vae_of_its_own_decodes_as_that_of_the_checkpoint(context, loaded):
    latent = {"samples": torch.randn(1, 4, 4, 4)}
    alone = loaders.vae_loader(context, "alone.safetensors")
    assert torch.equal(vae.vae_decode(latent, alone), vae.vae_decode(latent, loaded.VAE))


def test_prompts_use_embeddings_and_warn_of_missing_ones(context, loaded):
    [(states, options)] = conditioning.clip_encode(context, "a cat, embedding:style", loaded.CLIP)
    assert states.shape == (1, 77, 48)
    assert options["pooled_output"].shape == (1, 48)
    assert not context.warnings
    conditioning.clip_encode(context, "a cat, embedding:lost", loaded.CLIP)
    assert context.warnings == ["The embedding 'lost' was left out: there is no such file in models/embeddings."]


def test_clip_skip_changes_the_states_and_not_the_handle(context, loaded):
    earlier = conditioning.clip_set_last_layer(loaded.CLIP, -2)
    [(states, _)], [(skipped, _)] = (conditioning.clip_encode(context, "cat", c) for c in (loaded.CLIP, earlier))
    assert not torch.allclose(states, skipped)
    assert loaded.CLIP.last_layer is None


def test_conditioning_is_restricted_in_latent_units():
    cond = [[torch.zeros(1, 77, 4), {}]]
    [(_, options)] = conditioning.conditioning_set_area(cond, 128, 64, 8, 16, 0.5)
    assert options == {"area": (8, 16, 2, 1), "strength": 0.5, "set_area_to_bounds": False}
    [(_, options)] = conditioning.conditioning_set_area_percentage(cond, 0.5, 0.25, 0.1, 0.2, 0.7)
    assert options["area"] == ("percentage", 0.25, 0.5, 0.2, 0.1)
    [(_, options)] = conditioning.conditioning_set_area_strength(cond, 0.3)
    assert options == {"strength": 0.3}
    [(_, options)] = conditioning.conditioning_set_timestep_range(cond, 0.2, 0.8)
    assert options == {"start_percent": 0.2, "end_percent": 0.8}
    [(_, options)] = conditioning.conditioning_set_mask(cond, torch.ones(8, 8), 0.9, "mask bounds")
    assert options["mask"].shape == (1, 8, 8)
    assert (options["mask_strength"], options["set_area_to_bounds"]) == (0.9, True)


def test_conditioning_is_combined():
    a, b = [[torch.zeros(1, 77, 4), {}]], [[torch.ones(1, 77, 4), {}]]
    assert conditioning.conditioning_combine(a, b) == [*a, *b]
    assert conditioning.conditioning_concat(a, b)[0][0].shape == (1, 154, 4)
    assert conditioning.conditioning_average(a, b, 0.25)[0][0].eq(0.75).all()
    assert not conditioning.conditioning_zero_out(b)[0][0].any()


def test_pictures_to_latents_and_back(context, loaded):
    image = torch.rand(1, 70, 64, 3)
    latent = vae.vae_encode(image, loaded.VAE)
    assert latent["samples"].shape == (1, 4, 8, 8)
    assert vae.vae_decode(latent, loaded.VAE).shape == (1, 64, 64, 3)
    assert vae.vae_encode_tiled(context, image, loaded.VAE, 64, 0)["samples"].shape == (1, 4, 8, 8)
    assert vae.vae_decode_tiled(context, latent, loaded.VAE, 64, 32).shape == (1, 64, 64, 3)
    assert context.steps[-1][0] == context.steps[-1][1] > 1


def test_inpainting_greys_the_mask_out_and_marks_it(loaded):
    image, mask = torch.rand(1, 70, 64, 3), torch.zeros(1, 35, 32)
    mask[:, 10:20, 10:20] = 1
    latent = vae.vae_encode_for_inpaint(image, loaded.VAE, mask, 6)
    assert latent["samples"].shape == (1, 4, 8, 8)
    assert latent["noise_mask"].shape == (1, 1, 64, 64)
    assert latent["noise_mask"].unique().tolist() == [0.0, 1.0]
    everything = vae.vae_encode_for_inpaint(image, loaded.VAE, torch.ones(1, 70, 64), 0)
    grey = vae.vae_encode(torch.full((1, 64, 64, 3), 0.5), loaded.VAE)
    torch.testing.assert_close(everything["samples"], grey["samples"])


def test_a_prompt_that_names_an_embedding_is_encoded_again_when_the_embeddings_change(folders: Folders):
    fingerprint = spec_of(conditioning.clip_encode).fingerprint
    plain, named, linked = (fingerprint(folders, text=text) for text in ("a cat", "embedding:style", None))
    other = folders.models / "embeddings" / "other.safetensors"
    save_weights(other, {"style": torch.randn(3, 48)})
    try:
        assert fingerprint(folders, text="a cat") == plain
        assert fingerprint(folders, text="embedding:style") != named
        assert fingerprint(folders, text=None) != linked
    finally:
        other.unlink()
