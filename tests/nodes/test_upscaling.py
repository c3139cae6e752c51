"""The nodes that enlarge pictures, and TAESD chosen in the nodes that load VAEs and sample."""

import shutil
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image
from spandrel.architectures.Compact import Compact

from diffusion.upscaling import UpscaleModel
from diffusion.weights import load_weights, save_weights
from graph.context import Interrupted
from graph.declare import InputError, spec_of
from graph.engine import Engine
from graph.folders import Folders
from graph.registry import load
from graph.schema import fill_choices
from graph.testing import Recorder
from nodes import upscaling
from nodes.latents import latent_crop, latent_upscale
from nodes.loaders import vae_loader
from nodes.vae import vae_decode, vae_encode

IMAGE = torch.rand(1, 12, 20, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    folders = Folders.under(tmp_path_factory.mktemp("base"))
    (folders.models / "upscale_models").mkdir(parents=True)
    (folders.models / "vae_approx").mkdir()
    torch.manual_seed(0)
    network = Compact(num_feat=4, num_conv=1, upscale=2)
    save_weights(folders.models / "upscale_models" / "small.safetensors", network.state_dict())
    tiny = AutoencoderTiny()
    for half in ("encoder", "decoder"):
        state = getattr(tiny, half).state_dict()
        named = {f"{half}.{name}": tensor for name, tensor in state.items()}
        save_weights(folders.models / "vae_approx" / f"taesd_{half}.safetensors", named)
    return folders


@pytest.fixture
def context(folders) -> Recorder:
    return Recorder(folders)


@pytest.fixture(scope="module")
def model(folders) -> UpscaleModel:
    return upscaling.upscale_model_loader(Recorder(folders), "small.safetensors")


def test_ids_and_inputs_are_those_that_shared_workflows_use():
    for function, id, inputs in (
        (upscaling.upscale_model_loader, "UpscaleModelLoader", ["model_name"]),
        (upscaling.image_upscale_with_model, "ImageUpscaleWithModel", ["upscale_model", "image"]),
    ):
        assert spec_of(function).id == id
        assert [item.name for item in spec_of(function).inputs] == inputs
    assert [output.type for output in spec_of(upscaling.upscale_model_loader).outputs] == ["UPSCALE_MODEL"]


def test_a_picture_is_enlarged_with_progress(context, model):
    assert upscaling.image_upscale_with_model(context, model, IMAGE).shape == (1, 24, 40, 3)
    assert context.steps == [(1, 1)]


def test_an_interruption_stops_after_a_tile(folders, model):
    context = Recorder(folders, interrupt_after=1)
    with pytest.raises(Interrupted):
        upscaling.image_upscale_with_model(context, model, IMAGE.repeat(3, 1, 1, 1))
    assert context.steps == [(1, 3)]


def test_a_file_that_is_no_upscale_model(context, folders: Folders):
    (folders.models / "upscale_models" / "text.pth").write_text("hello")
    with pytest.raises(InputError, match=r"text\.pth is (not a readable torch file|corrupt)"):
        upscaling.upscale_model_loader(context, "text.pth")
    with pytest.raises(InputError, match=r"no 'smal\.safetensors' in models/upscale_models.*Similar: small"):
        upscaling.upscale_model_loader(context, "smal.safetensors")


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({}, (40, 24)),
        ({"scale_by": 1.9}, (32, 16)),
        ({"width": 50}, (50, 30)),
        ({"height": 30}, (50, 30)),
        ({"width": 90, "height": 24}, (90, 24)),
    ],
)
def test_sizes_are_exact_with_a_model_and_without(context, model, settings, size):
    for upscale_model in (model, None):
        image = upscaling.upscale_image_to(context, IMAGE, upscale_model=upscale_model, **settings)
        assert image.shape == (1, size[1], size[0], 3)


def test_without_a_model_the_method_resizes(context):
    """PIL's Lanczos, on 8 bits."""
    levels = (IMAGE[0] * 255).to(torch.uint8)
    expected = Image.fromarray(levels.numpy()).resize((40, 24), Image.Resampling.LANCZOS)
    result = (upscaling.upscale_image_to(context, IMAGE)[0] * 255).round().to(torch.uint8)
    assert Image.fromarray(result.numpy()).tobytes() == expected.tobytes()
    nearest = upscaling.upscale_image_to(context, IMAGE, "nearest-exact")
    assert torch.equal(nearest, IMAGE.repeat_interleave(2, 1).repeat_interleave(2, 2))


def test_the_size_of_hires_fix_fits_the_nodes_for_latents():
    size = upscaling.hires_fix_size(512, 512, resize_width=1024, resize_height=768)
    latent = {"samples": torch.arange(64.0).reshape(1, 1, 64, 1).expand(1, 4, 64, 64)}
    enlarged = latent_upscale(latent, "nearest-exact", size.upscale_width, size.upscale_height)
    kept = latent_crop(enlarged, size.width, size.height, size.x, size.y)["samples"]
    assert kept.shape == (1, 4, 96, 128)
    assert kept[0, 0, [0, -1], 0].tolist() == [8, 55]  # 16 of 128 rows are cut off on either side


def test_a_taesd_is_offered_as_a_vae_and_works(context, folders: Folders):
    schemas = fill_choices(load(["nodes"], None).schemas(), folders)
    assert schemas["VAELoader"]["input"]["required"]["vae_name"][0] == ["taesd"]
    vae = vae_loader(context, "taesd")
    image = torch.rand(1, 32, 40, 3)
    latent = vae_encode(image, vae)
    assert latent["samples"].shape == (1, 4, 4, 5)
    assert vae_decode(latent, vae).shape == image.shape


def test_a_half_of_a_taesd_is_no_vae(context, folders: Folders, tmp_path):
    alone = Folders.under(tmp_path)
    (alone.models / "vae").mkdir(parents=True)
    decoder = folders.model_path("vae", "taesd")
    Path(alone.models / "vae" / decoder.name).write_bytes(decoder.read_bytes())
    with pytest.raises(InputError, match=r"is a half of a VAE: put taesd_encoder\.safetensors into the same folder"):
        vae_loader(Recorder(alone), decoder.name)


def test_another_encoder_of_the_same_name_gives_another_latent(folders: Folders, tmp_path):
    shutil.copytree(folders.models / "vae_approx", tmp_path / "models" / "vae_approx")
    (tmp_path / "input").mkdir()
    Image.new("RGB", (16, 16), "red").save(tmp_path / "input" / "red.png")
    prompt = {
        "1": {"class_type": "VAELoader", "inputs": {"vae_name": "taesd"}},
        "2": {"class_type": "LoadImage", "inputs": {"image": "red.png"}},
        "3": {"class_type": "VAEEncode", "inputs": {"vae": ["1", 0], "pixels": ["2", 0]}},
    }
    with Engine(tmp_path) as engine:
        before = engine.run(prompt, targets=["3"])
        assert engine.run(prompt, targets=["3"]).executed == []
        encoder = tmp_path / "models" / "vae_approx" / "taesd_encoder.safetensors"
        last = "encoder.layers.14.bias"
        save_weights(encoder, {**load_weights(encoder), last: load_weights(encoder)[last] + 1})
        after = engine.run(prompt, targets=["3"])
    moved = after.outputs["3"]["samples"] - before.outputs["3"]["samples"]
    torch.testing.assert_close(moved, torch.full_like(moved, 1 / 0.18215))
