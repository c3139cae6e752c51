"""The nodes for parts of models, SDXL's prompts, models for inpainting, and saving."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from diffusion.checkpoint import load_checkpoint
from diffusion.inpainting import for_model
from diffusion.weights import load_weights, read_header, save_weights
from graph.declare import InputError, spec_of
from graph.folders import Folders
from graph.testing import Recorder
from nodes import inpainting, loaders, saving, sdxl
from tests.diffusion.families.small_models import METADATA_TEXTS, WIDTH, write_sd1, write_sdxl
from tests.diffusion.families.test_files import write_folder

COMFY_INPUTS = {
    loaders.unet_loader: ("UNETLoader", ["unet_name", "weight_dtype"]),
    loaders.clip_loader: ("CLIPLoader", ["clip_name", "type", "device"]),
    loaders.dual_clip_loader: ("DualCLIPLoader", ["clip_name1", "clip_name2", "type", "device"]),
    loaders.diffusers_loader: ("DiffusersLoader", ["model_path", "weight_dtype"]),
    sdxl.clip_text_encode_sdxl: (
        "CLIPTextEncodeSDXL",
        ["clip", "width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l"],
    ),
    sdxl.clip_text_encode_sdxl_refiner: (
        "CLIPTextEncodeSDXLRefiner",
        ["ascore", "width", "height", "text", "clip"],
    ),
    inpainting.inpaint_model_conditioning: (
        "InpaintModelConditioning",
        ["positive", "negative", "vae", "pixels", "mask", "noise_mask"],
    ),
    inpainting.instruct_pix_to_pix_conditioning: (
        "InstructPixToPixConditioning",
        ["positive", "negative", "vae", "pixels"],
    ),
    saving.checkpoint_save: ("CheckpointSave", ["model", "clip", "vae", "filename_prefix"]),
    saving.clip_save: ("CLIPSave", ["clip", "filename_prefix"]),
    saving.vae_save: ("VAESave", ["vae", "filename_prefix"]),
    saving.model_save: ("ModelSave", ["model", "filename_prefix"]),
}
UNET, VAE = "model.diffusion_model.", "first_stage_model."


@pytest.mark.parametrize("function", COMFY_INPUTS)
def test_ids_and_inputs_are_those_that_shared_workflows_use(function):
    id, inputs = COMFY_INPUTS[function]
    spec = spec_of(function)
    assert spec is not None
    assert spec.id == id
    assert [each.name for each in spec.inputs][: len(inputs)] == inputs


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Iterator[Folders]:
    folders = Folders.under(tmp_path_factory.mktemp("base"))
    for kind in ("checkpoints", "diffusion_models", "text_encoders", "vae", "diffusers"):
        (folders.models / kind).mkdir(parents=True)
    checkpoint = folders.models / "checkpoints" / "xl.safetensors"
    modules = write_sdxl(checkpoint)
    named = {**METADATA_TEXTS, "modelspec.architecture": "stable-diffusion-xl-v1-base"}
    alone = {name: tensor for name, tensor in load_weights(checkpoint).items() if name.startswith(UNET)}
    save_weights(folders.models / "diffusion_models" / "unet.safetensors", alone, named)
    for name, network in modules.text.items():
        tensors = {key: tensor.half() for key, tensor in network.state_dict().items()}
        metadata = {"text_config": METADATA_TEXTS["text_config"], "text_config_2": METADATA_TEXTS["text_config_2"]}
        path = folders.models / "text_encoders" / f"clip_{name}.safetensors"
        save_weights(path, tensors, {**metadata, "text_encoder": name})
    write_folder(folders.models / "diffusers" / "xl", modules)
    return folders


@pytest.fixture
def context(folders) -> Recorder:
    return Recorder(folders)


@pytest.fixture(scope="module")
def xl(folders) -> loaders.LoadedCheckpoint:
    return loaders.checkpoint_loader(Recorder(folders), "xl.safetensors")


def test_parts_loaded_alone_are_those_of_the_checkpoint(context, xl):
    model = loaders.unet_loader(context, "unet.safetensors", "bf16")
    assert model.family is xl.MODEL.family
    assert model.source.dtype == torch.bfloat16
    clip = loaders.dual_clip_loader(context, "clip_g.safetensors", "clip_l.safetensors")
    assert torch.equal(clip.encode("a cat")[0][0], xl.CLIP.encode("a cat")[0][0])
    parts = loaders.diffusers_loader(context, "xl")
    assert loaders.diffusers_loader(context, "xl", "fp8_e5m2").MODEL.part.size < parts.MODEL.part.size / 3
    assert torch.equal(parts.CLIP.encode("a cat")[0][0], xl.CLIP.encode("a cat")[0][0])
    one = loaders.clip_loader(context, "clip_l.safetensors", device="cpu")
    assert one.encode("a cat")[0][0].shape == (1, 77, WIDTH)
    assert one.encoders[0].part.device == torch.device("cpu")


def test_what_cannot_be_opened_is_said_at_the_input(context):
    with pytest.raises(InputError, match="There is no 'x' in models/diffusion_models"):
        loaders.unet_loader(context, "x")
    with pytest.raises(InputError, match="No supported model has the text encoders"):
        loaders.dual_clip_loader(context, "clip_g.safetensors", "clip_g.safetensors")
    with pytest.raises(InputError, match="There is no 'nothing' in models/diffusers"):
        loaders.diffusers_loader(context, "nothing")


def test_folders_of_diffusers_can_be_chosen(folders):
    assert folders.model_choices("diffusers") == ["xl"]
    files = loaders._files_of(folders, "xl")
    assert "unet/diffusion_pytorch_model.safetensors" in [name for name, _, _ in files]


def test_a_prompt_of_sdxl_carries_its_sizes(context, xl):
    [[states, options]] = sdxl.clip_text_encode_sdxl(
        context,
        clip=xl.CLIP,
        width=800,
        height=600,
        crop_w=1,
        crop_h=2,
        target_width=3,
        target_height=4,
        text_g="a cat",
        text_l="word " * 80,
    )
    sizes = {"width": 800, "height": 600, "crop_w": 1, "crop_h": 2, "target_width": 3, "target_height": 4}
    assert {name: options[name] for name in sizes} == sizes
    assert states.shape == (1, 154, 2 * WIDTH)
    assert torch.equal(states[:, :77, WIDTH:], xl.CLIP.encode("a cat")[0][0][..., WIDTH:])
    assert torch.equal(states[..., :WIDTH], xl.CLIP.encode("word " * 80)[0][0][..., :WIDTH])


def test_a_prompt_of_the_refiner_carries_a_score(context, xl):
    [[_, options]] = sdxl.clip_text_encode_sdxl_refiner(
        context, ascore=3.5, width=640, height=480, text="", clip=xl.CLIP
    )
    assert (options["aesthetic_score"], options["width"], options["height"]) == (3.5, 640, 480)


PROMPTS = ([[torch.zeros(1, 77, WIDTH), {"strength": 0.5}]], [[torch.ones(1, 77, WIDTH), {}]])


def test_a_picture_for_an_inpainting_model(xl):
    """The picture is greyed with the mask rounded, and cropped about its centre to whole cells."""
    torch.manual_seed(0)
    pixels, mask = torch.rand(1, 67, 64, 3), torch.zeros(1, 67, 64)
    mask[:, :, 32:] = 1.0
    positive, negative, latent = inpainting.inpaint_model_conditioning(*PROMPTS, xl.VAE, pixels, mask)
    cropped = pixels[:, 1:65]
    assert torch.equal(latent["samples"], xl.VAE.encode(cropped))
    assert latent["noise_mask"].shape == (1, 1, 64, 64)
    grey = cropped.clone()
    grey[:, :, 32:] = 0.5
    for prompts, given in zip((positive, negative), PROMPTS, strict=True):
        options = prompts[0][1]
        assert torch.equal(options["concat_latent_image"], xl.VAE.encode(grey))
        assert torch.equal(options["concat_mask"], latent["noise_mask"])
        assert given[0][1].items() <= options.items()
    free = inpainting.inpaint_model_conditioning(*PROMPTS, xl.VAE, pixels, mask, noise_mask=False)
    assert set(free.latent) == {"samples"}


def test_a_picture_with_transparency_is_taken_without_it(xl):
    pixels = torch.rand(1, 64, 64, 4)
    assert torch.equal(for_model(xl.VAE, pixels, torch.zeros(64, 64)).latent, xl.VAE.encode(pixels[..., :3]))


def test_a_picture_for_an_instruction(xl):
    pixels = torch.rand(1, 70, 64, 3)
    positive, negative, latent = inpainting.instruct_pix_to_pix_conditioning(*PROMPTS, xl.VAE, pixels)
    assert not latent["samples"].any()
    for prompts in (positive, negative):
        assert torch.equal(prompts[0][1]["concat_latent_image"], xl.VAE.encode(pixels[:, 3:67]))


def saved(folders: Folders, name: str) -> Path:
    return folders.output / name


def test_parts_are_saved_into_the_output_folder(context, folders, xl):
    saving.checkpoint_save(context, *xl, filename_prefix="made/all")
    again = load_checkpoint(saved(folders, "made/all_00001_.safetensors"))
    assert torch.equal(again.clip.encode("a cat")[0][0], xl.CLIP.encode("a cat")[0][0])
    assert "prompt" in read_header(saved(folders, "made/all_00001_.safetensors")).metadata
    saving.model_save(context, xl.MODEL, "made/model", "bf16")
    weights = load_weights(saved(folders, "made/model_00001_.safetensors"))
    assert {tensor.dtype for tensor in weights.values()} == {torch.bfloat16}
    saving.clip_save(context, xl.CLIP, "made/text")
    saving.vae_save(context, xl.VAE, "made/vae")
    names = sorted(path.name for path in (folders.output / "made").iterdir())
    assert names == [
        "all_00001_.safetensors",
        "model_00001_.safetensors",
        "text_clip_g_00001_.safetensors",
        "text_clip_l_00001_.safetensors",
        "vae_00001_.safetensors",
    ]


def test_a_prefix_out_of_the_folder_is_refused(context, xl):
    with pytest.raises(InputError):
        saving.vae_save(context, xl.VAE, "../vae")


def test_saving_without_a_text_encoder_says_so(context, folders, xl):
    path = folders.models / "checkpoints" / "bare.safetensors"
    write_sd1(path)
    kept = {name: tensor for name, tensor in load_weights(path).items() if not name.startswith("cond_stage_model.")}
    named = {**read_header(path).metadata, "modelspec.architecture": "stable-diffusion-v1"}
    save_weights(folders.models / "checkpoints" / "bare2.safetensors", kept, named)
    bare = loaders.checkpoint_loader(context, "bare2.safetensors")
    with pytest.raises(ValueError, match="There is no text encoder here that can be saved"):
        saving.checkpoint_save(context, *bare, filename_prefix="made/bare")
    assert not list((folders.output / "made").glob("*bare*"))
