"""Flux.1 on a tiny random file, against diffusers' pipeline and its converter of key names."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
from diffusers.loaders.single_file_utils import convert_flux_transformer_checkpoint_to_diffusers
from torch import Tensor

from diffusion.checkpoint import Checkpoint, load_checkpoint, load_diffusion_model, load_text_encoders, load_vae
from diffusion.diffusers_folder import load_folder
from diffusion.families import detect
from diffusion.families.flux import FLUX, TRANSFORMER, packed, places, unpacked
from diffusion.sampling import sample
from diffusion.sampling.conditions import Frame
from diffusion.sampling.model_sampling import flow, flux_shift
from diffusion.sampling.network import Call
from diffusion.saving import save_checkpoint
from diffusion.storage import is_storable
from diffusion.weights import Header, TensorInfo, WeightsError, load_weights, save_weights
from tests.diffusion.families.small_transformers import (
    FLUX_METADATA,
    POOLED,
    T5_WIDTH,
    flux_checkpoint,
    flux_in_file,
    flux_networks,
    small_flux,
    write_pieces,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("flux")
    write_pieces(found / "tokenizers" / "spiece.model")
    return found


@pytest.fixture(scope="module")
def networks() -> dict[str, torch.nn.Module]:
    return flux_networks()


@pytest.fixture(scope="module")
def tensors(networks) -> dict[str, Tensor]:
    return flux_checkpoint(networks)


@pytest.fixture(scope="module")
def path(folder, tensors) -> Path:
    save_weights(folder / "flux.safetensors", tensors, FLUX_METADATA)
    return folder / "flux.safetensors"


@pytest.fixture(scope="module")
def loaded(folder, path) -> Checkpoint:
    return load_checkpoint(path, tokenizer_folders=[folder / "tokenizers"])


def released(**config: object) -> FluxTransformer2DModel:
    with torch.device("meta"):
        return FluxTransformer2DModel(**config)


def test_weights_come_to_their_places_and_back(path, networks, loaded):
    ours, theirs = loaded.model.source.tensors(), networks["transformer"].state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    file = load_weights(path)
    written = loaded.model.source.component.to_file(ours)
    assert written.keys() == {name for name in file if name.startswith(TRANSFORMER)}
    assert all(torch.equal(tensor.half(), file[name]) for name, tensor in written.items())


@pytest.mark.parametrize("guidance", [True, False])
def test_released_sizes_are_read_from_shapes_and_named_as_by_diffusers_converter(guidance, tmp_path):
    network = released(guidance_embeds=guidance)
    file = {TRANSFORMER + name: tensor for name, tensor in flux_in_file(network).items()}
    header = Header(
        tmp_path / "flux.safetensors", {n: TensorInfo(tuple(t.shape), torch.bfloat16) for n, t in file.items()}
    )
    assert detect(header) is FLUX
    component = FLUX.denoiser(header)
    assert component.check(header) == sum(parameter.numel() for parameter in network.parameters()) > 11_800_000_000
    assert {name: network.config[name] for name in component.config} == component.config
    converted = convert_flux_transformer_checkpoint_to_diffusers(dict(file))
    shapes = {name: tensor.shape for name, tensor in component.build().state_dict().items()}
    assert {name: tensor.shape for name, tensor in converted.items()} == shapes
    schedule = FLUX.parameterization(header, {}).schedule
    assert (schedule.shift, schedule.multiplier) == (pytest.approx(3.1581929) if guidance else 1.0, 1.0)


@pytest.mark.parametrize("size", [(8, 12), (7, 9)])
def test_the_transformer_is_asked_as_diffusers_asks_it(networks, loaded, size):
    torch.manual_seed(1)
    x, context, pooled = torch.randn(2, 16, *size), torch.randn(2, 9, T5_WIDTH), torch.randn(2, POOLED)
    time, guidance = torch.tensor([0.9, 0.9]), torch.tensor([3.5, 1.0])
    with loaded.model.loaded() as network:
        ours = network(Call(x, time, 0.9, context, {"pooled": pooled, "guidance": guidance}))
    assert ours.shape == x.shape
    if size == (8, 12):
        ids = FluxPipeline._prepare_latent_image_ids(2, 4, 6, "cpu", torch.float32)
        assert torch.equal(places(4, 6), ids)
        row = FluxPipeline._pack_latents(x, 2, 16, 8, 12)
        assert torch.equal(packed(x), row)
        with torch.no_grad():
            theirs = networks["transformer"](row, context, pooled, time, ids, torch.zeros(9, 3), guidance).sample
        torch.testing.assert_close(ours, FluxPipeline._unpack_latents(theirs, 64, 96, 8))
        assert torch.equal(unpacked(row, 4, 6), x)


def test_a_model_that_is_told_no_guidance_is_one_without_its_layer(networks, loaded, folder):
    """What ComfyUI does where guidance is disabled: the embedding of the scale is left out."""
    bare = small_flux(guidance=False)
    kept = networks["transformer"].state_dict()
    bare.load_state_dict({name: kept[name] for name in bare.state_dict()})
    x, context, pooled, time = torch.randn(1, 16, 4, 4), torch.randn(1, 9, T5_WIDTH), torch.randn(1, POOLED), 0.5
    frame = Frame(x, loaded.model.schedule)
    inputs = loaded.model.inputs({"pooled_output": pooled, "guidance": None}, frame, 0)
    assert loaded.model.inputs({"pooled_output": pooled}, frame, 0)["guidance"].tolist() == [3.5]
    with loaded.model.loaded() as network, torch.no_grad():
        ours = network(Call(x, torch.tensor([time]), time, context, inputs))
        row = packed(x)
        theirs = bare(row, context, pooled, torch.tensor([time]), places(2, 2), torch.zeros(9, 3)).sample
    torch.testing.assert_close(packed(ours), theirs)


def test_a_run_equals_diffusers_pipeline(networks, loaded):
    """Four steps of Euler on evenly spaced times, moved as Flux moves them for a picture of 64 x 96 pixels."""
    shift = flux_shift(96, 64)
    clip, t5 = networks["l"], networks["t5"]
    ((states, options),) = loaded.clip.encode("a red cat")
    ids = torch.tensor([[4, 6, 5, 1, *[0] * 252]])
    with torch.no_grad():
        torch.testing.assert_close(states, t5(ids).last_hidden_state)
        words = torch.tensor([[49406, 320, 736, 2368, *[49407] * 73]])
        torch.testing.assert_close(options["pooled_output"], clip(words).pooler_output)
    pipeline = FluxPipeline(
        FlowMatchEulerDiscreteScheduler(shift=shift), networks["vae"], None, None, None, None, networks["transformer"]
    )
    pipeline.set_progress_bar_config(disable=True)
    noise = torch.randn((1, 16, 8, 12), generator=torch.manual_seed(3))
    theirs = pipeline(
        prompt_embeds=states,
        pooled_prompt_embeds=options["pooled_output"],
        latents=packed(noise),
        height=64,
        width=96,
        num_inference_steps=4,
        guidance_scale=2.0,
        output_type="latent",
    ).images
    model = replace(loaded.model, parameterization=flow(shift, multiplier=1.0))
    prompt = [[states, {**options, "guidance": 2.0}]]
    settings = {"seed": 3, "steps": 4, "cfg": 1.0, "sampler": "euler", "scheduler": "simple"}
    ours = sample(model, {"samples": torch.zeros(1, 16, 8, 12)}, prompt, prompt, **settings)["samples"]
    torch.testing.assert_close(packed(FLUX.latent_format.to_model(ours)), theirs, rtol=1e-4, atol=1e-4)
    picture = loaded.vae.decode(ours)
    with torch.no_grad():
        scaled = FluxPipeline._unpack_latents(theirs, 64, 96, 8) / 0.3611 + 0.1159
        decoded = networks["vae"].decode(scaled).sample.movedim(1, -1) / 2 + 0.5
    torch.testing.assert_close(picture, decoded.clamp(0, 1), rtol=1e-3, atol=1e-3)


def test_parts_are_read_from_files_of_their_own(folder, tensors, loaded):
    save_weights(folder / "bare.safetensors", part(tensors, TRANSFORMER))
    assert torch.equal(answer(load_diffusion_model(folder / "bare.safetensors")), answer(loaded.model))
    for name, prefix in (("l", "text_encoders.clip_l.transformer."), ("t5", "text_encoders.t5xxl.transformer.")):
        save_weights(folder / f"{name}.safetensors", part(tensors, prefix), {**FLUX_METADATA, "text_encoder": name})
    files = [folder / "t5.safetensors", folder / "l.safetensors"]
    clip = load_text_encoders(files, tokenizer_folders=[folder / "tokenizers"])
    assert torch.equal(clip.encode("a cat")[0][0], loaded.clip.encode("a cat")[0][0])
    latent = torch.randn(1, 16, 4, 4)
    assert torch.equal(load_vae(folder / "flux.safetensors").decode(latent), loaded.vae.decode(latent))
    with pytest.raises(WeightsError, match=r"T5's tokenizer is missing: put its file spiece\.model"):
        load_text_encoders(files).encode("a cat")


def test_a_folder_of_diffusers_gives_the_same_and_is_saved_as_a_checkpoint(folder, networks, loaded, path):
    pipeline = FluxPipeline(
        FlowMatchEulerDiscreteScheduler(), networks["vae"], None, None, None, None, networks["transformer"]
    )
    pipeline.save_pretrained(folder / "folder")
    networks["l"].save_pretrained(folder / "folder" / "text_encoder")
    networks["t5"].save_pretrained(folder / "folder" / "text_encoder_2")
    write_pieces(folder / "folder" / "tokenizer_2" / "spiece.model")
    ours = load_folder(folder / "folder")
    assert ours.model.config == loaded.model.config
    assert torch.equal(answer(ours.model), answer(loaded.model))
    assert torch.equal(ours.clip.encode("a cat")[0][0], loaded.clip.encode("a cat")[0][0])
    save_checkpoint(folder / "saved.safetensors", *ours, dtype=torch.float16)
    saved, original = load_weights(folder / "saved.safetensors"), load_weights(path)
    assert saved.keys() == original.keys() - {"text_encoders.t5xxl.transformer.encoder.embed_tokens.weight"}
    assert all(torch.equal(tensor, original[name]) for name, tensor in saved.items())


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def answer(model) -> Tensor:
    torch.manual_seed(2)
    inputs = {"pooled": torch.randn(1, POOLED), "guidance": torch.tensor([3.0])}
    with model.loaded() as network:
        return network(Call(torch.randn(1, 16, 4, 4), torch.tensor([0.4]), 0.4, torch.randn(1, 5, T5_WIDTH), inputs))


def test_eight_bit_weights_are_kept_for_all_large_layers():
    names = released(num_layers=1, num_single_layers=1).state_dict()
    small = {name for name, tensor in names.items() if tensor.ndim < 2}
    ends = {name for name in names if "transformer_blocks." not in name}
    assert {name for name in names if not is_storable(name)} == small | ends
