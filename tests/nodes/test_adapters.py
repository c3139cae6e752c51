"""The nodes that load LoRAs, on a small checkpoint; and a LoRA for the checkpoint that Safelight comes with."""

from pathlib import Path

import pytest
import torch

from diffusion.adapters import UNET, save_adapter
from diffusion.checkpoint import load_checkpoint
from diffusion.sampling.network import Call
from diffusion.weights import load_weights, save_weights
from graph.declare import InputError, spec_of
from graph.engine import Engine
from graph.folders import Folders
from graph.testing import Recorder
from nodes import adapters
from tests.diffusion.adapters.random_adapters import lora_for

ROOT = Path(__file__).resolve().parents[2]
POCKET = ROOT / "models" / "checkpoints" / "pocket.safetensors"
CORE_INPUTS = {
    adapters.lora_loader: ("LoraLoader", ["model", "clip", "lora_name", "strength_model", "strength_clip"]),
    adapters.lora_loader_model_only: ("LoraLoaderModelOnly", ["model", "lora_name", "strength_model"]),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory, tiny) -> Folders:
    folders = Folders.under(tmp_path_factory.mktemp("base"))
    loras = folders.models / "loras"
    loras.mkdir(parents=True)
    torch.manual_seed(0)
    save_adapter(loras / "cat.safetensors", lora_for(tiny), tiny.model, tiny.clip)
    tensors = load_weights(loras / "cat.safetensors")
    save_weights(loras / "more.safetensors", {**tensors, "lora_unet_nowhere.alpha": torch.tensor(1.0)})
    wide = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    other = {f"{wide}.lora_up.weight": torch.ones(320, 2), f"{wide}.lora_down.weight": torch.ones(2, 768)}
    save_weights(loras / "large.safetensors", other)
    return folders


@pytest.fixture
def context(folders) -> Recorder:
    return Recorder(folders)


def picture(model, sigma=2.0):
    torch.manual_seed(3)
    call = Call(torch.randn(1, 4, 8, 8), torch.tensor([500]), sigma, torch.randn(1, 77, 48))
    with model.loaded() as network:
        return network(call)


def test_ids_and_inputs_are_those_that_shared_workflows_use():
    for function, (id, inputs) in CORE_INPUTS.items():
        assert spec_of(function).id == id
        assert [item.name for item in spec_of(function).inputs] == inputs
    assert [output.type for output in spec_of(adapters.lora_loader).outputs] == ["MODEL", "CLIP"]


def test_a_lora_is_put_on_both_and_says_what_it_changes(context, tiny):
    model, clip = adapters.lora_loader(context, tiny.model, tiny.clip, "cat.safetensors", 0.5, 0.0)
    assert not torch.equal(picture(model), picture(tiny.model))
    assert clip.encoders == tiny.clip.encoders
    alone = adapters.lora_loader_model_only(context, tiny.model, "cat.safetensors", 0.5)
    assert torch.equal(picture(alone), picture(model))
    texts = adapters.lora_loader(context, tiny.model, tiny.clip, "cat.safetensors", 0.0, 0.5).CLIP
    assert not torch.equal(texts.encode("cat")[0][0], tiny.clip.encode("cat")[0][0])
    # twelve layers in each of the four transformers, six in each of the three layers of text
    assert context.shown["text"][0] == "Changes 48 layers of the UNet. Changes 18 layers of CLIP-L."
    assert context.warnings == []


def test_loras_that_follow_each_other_add_up(context, tiny):
    twice = tiny.model
    for _ in range(2):
        twice = adapters.lora_loader_model_only(context, twice, "cat.safetensors", 0.25)
    once = adapters.lora_loader_model_only(context, tiny.model, "cat.safetensors", 0.5)
    torch.testing.assert_close(picture(twice), picture(once), rtol=1e-4, atol=1e-4)


def test_block_weights(context, tiny):
    def loaded(text):
        return adapters.lora_loader_blocks(context, tiny.model, tiny.clip, "cat.safetensors", 0.5, 0.5, text)

    plain = adapters.lora_loader(context, tiny.model, tiny.clip, "cat.safetensors", 0.5, 0.5)
    assert torch.equal(picture(loaded("ALL").MODEL), picture(plain.MODEL))
    assert torch.equal(picture(loaded("1,0,0,0,0").MODEL), picture(tiny.model))
    assert not torch.equal(picture(loaded("OUTALL").MODEL), picture(plain.MODEL))
    assert torch.equal(loaded("1,0,0,0,0").CLIP.encode("cat")[0][0], plain.CLIP.encode("cat")[0][0])
    assert torch.equal(loaded("0,1,1,1,1").CLIP.encode("cat")[0][0], tiny.clip.encode("cat")[0][0])
    with pytest.raises(InputError, match="There are 2 block weights"):
        loaded("1,1")


def test_regions_and_schedules(context, tiny):
    plain = picture(adapters.lora_loader_model_only(context, tiny.model, "cat.safetensors", 0.5))

    def regional(mask):
        return picture(
            adapters.lora_loader_regional(context, tiny.model, tiny.clip, "cat.safetensors", mask, 0.5).MODEL
        )

    def scheduled(*when, **more):
        return adapters.lora_loader_scheduled(context, tiny.model, "cat.safetensors", 0.5, *when, **more)

    torch.testing.assert_close(regional(torch.ones(1, 64, 64)), plain, rtol=1e-3, atol=1e-3)
    assert torch.equal(regional(torch.zeros(1, 64, 64)), picture(tiny.model))
    middle = tiny.model.schedule.percent_to_sigma(0.5)
    torch.testing.assert_close(picture(scheduled(), middle), plain, rtol=1e-3, atol=1e-3)
    assert torch.equal(picture(scheduled(0.6, 1.0), middle), picture(tiny.model))
    falling = {"points": [[0.0, 1.0], [1.0, 0.0]], "interpolation": "linear"}
    half = picture(adapters.lora_loader_model_only(context, tiny.model, "cat.safetensors", 0.25))
    torch.testing.assert_close(picture(scheduled(curve=falling), middle), half, rtol=1e-2, atol=1e-2)
    with pytest.raises(InputError, match="The end must lie behind the start"):
        scheduled(0.5, 0.5)


def test_regions_and_schedules_heed_block_weights_and_each_other(context, tiny):
    """Everywhere and always they do what the same weights do in the model's own weights, which others check."""
    blocks, everywhere, middle = "0,0,1,0,0", torch.ones(1, 8, 8), tiny.model.schedule.percent_to_sigma(0.5)
    given = context, tiny.model, tiny.clip, "cat.safetensors"
    expected = picture(adapters.lora_loader_blocks(*given, 0.5, 0.5, blocks).MODEL, middle)
    assert not torch.equal(expected, picture(tiny.model, middle))
    scheduled = adapters.lora_loader_scheduled(context, tiny.model, given[-1], 0.5, block_weights=blocks)
    torch.testing.assert_close(picture(scheduled, middle), expected, rtol=1e-3, atol=1e-3)
    region = adapters.lora_loader_regional(*given, everywhere, 0.5, 0.5, blocks)
    torch.testing.assert_close(picture(region.MODEL, middle), expected, rtol=1e-3, atol=1e-3)
    assert region.CLIP.encoders[0].patches == ()
    late = adapters.lora_loader_regional(*given, everywhere, 0.5, start_percent=0.6)
    assert torch.equal(picture(late.MODEL, middle), picture(tiny.model, middle))
    with pytest.raises(InputError, match="The end must lie behind the start"):
        adapters.lora_loader_regional(*given, everywhere, start_percent=1.0)


def test_what_is_wrong_with_a_file_is_said(context, tiny):
    adapters.lora_loader_model_only(context, tiny.model, "more.safetensors")
    [warning] = context.warnings
    assert warning.startswith("1 tensors of more.safetensors belong to nothing in this model and were left out;")
    assert warning.endswith("the first is lora_unet_nowhere.alpha.")
    with pytest.raises(InputError, match=r"large\.safetensors is for Stable Diffusion 1\.x, and this model"):
        adapters.lora_loader_model_only(context, tiny.model, "large.safetensors")
    with pytest.raises(InputError, match="There is no 'lost'"):
        adapters.lora_loader_model_only(context, tiny.model, "lost")


def test_a_lora_for_the_checkpoint_that_safelight_comes_with(tmp_path):
    checkpoint = load_checkpoint(POCKET)
    models = tmp_path / "models"
    for kind in ("checkpoints", "loras"):
        (models / kind).mkdir(parents=True)
    (models / "checkpoints" / POCKET.name).symlink_to(POCKET)
    torch.manual_seed(0)
    kinds = {UNET: lora_for(checkpoint)[UNET]}
    save_adapter(models / "loras" / "random.safetensors", kinds, checkpoint.model, dtype=torch.float16)

    def prompt(strength):
        lora = {"model": ["1", 0], "clip": ["1", 1], "lora_name": "random.safetensors"}
        nodes = {
            "1": ("CheckpointLoaderSimple", {"ckpt_name": POCKET.name}),
            "2": ("LoraLoader", {**lora, "strength_model": strength, "strength_clip": strength}),
            "3": ("CLIPTextEncode", {"text": "a cat", "clip": ["1" if strength is None else "2", 1]}),
            "4": ("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 1}),
            "5": (
                "KSampler",
                {
                    "model": ["1" if strength is None else "2", 0],
                    "positive": ["3", 0],
                    "negative": ["3", 0],
                    "latent_image": ["4", 0],
                    "seed": 1,
                    "steps": 2,
                    "cfg": 1.0,
                    "sampler_name": "euler",
                    "scheduler": "normal",
                    "denoise": 1.0,
                },
            ),
        }
        if strength is None:
            del nodes["2"]
        return {id: {"class_type": kind, "inputs": inputs} for id, (kind, inputs) in nodes.items()}

    with Engine(tmp_path, disk_cache_bytes=0) as engine:
        base, nothing, full = (
            engine.run(prompt(strength), targets=["5"]).outputs["5"]["samples"] for strength in (None, 0.0, 1.0)
        )
    assert torch.equal(base, nothing)
    assert (full - base).abs().max() > 0.01
