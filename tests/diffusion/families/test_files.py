"""Parts of models in files of their own, folders in diffusers' layout, and saved models."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file
from torch import Tensor, nn

from diffusion.checkpoint import (
    Checkpoint,
    Format,
    load_checkpoint,
    load_diffusion_model,
    load_text_encoders,
    load_vae,
)
from diffusion.component import Source
from diffusion.diffusers_folder import load_folder
from diffusion.families.ldm_shapes import UNET, VAE
from diffusion.families.sdxl import BIG_G, CLIP, SDXL
from diffusion.model import Model
from diffusion.sampling.model_sampling import discrete
from diffusion.sampling.network import Call
from diffusion.sampling.parameterization import Velocity
from diffusion.saving import save_checkpoint, save_text_encoder, save_vae
from diffusion.weights import WeightsError, load_weights, read_header, save_weights
from tests.diffusion.families.small_models import (
    METADATA_TEXTS,
    WIDTH,
    SmallModel,
    write_refiner,
    write_sd1,
    write_sd2,
    write_sdxl,
)

PROMPT = "a photograph of an (astronaut:1.2)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def xl_modules(folder) -> SmallModel:
    return write_sdxl(folder / "xl.safetensors")


@pytest.fixture(scope="module")
def xl(folder, xl_modules) -> Checkpoint:
    return load_checkpoint(folder / "xl.safetensors")


def answer(model: Model) -> Tensor:
    """What the denoiser says to one call; other weights give other answers."""
    torch.manual_seed(0)
    width = model.config["cross_attention_dim"]
    inputs = {"text_embeds": torch.randn(1, WIDTH), "time_ids": torch.ones(1, 6)}
    with model.loaded() as network:
        return network(Call(torch.randn(1, 4, 8, 8), torch.tensor([500]), 1.0, torch.randn(1, 77, width), inputs))


def close(ours: Tensor, theirs: Tensor) -> bool:
    """Equal but for the order of sums, which depends on where in memory weights lie."""
    return torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def halves(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.half().contiguous() for name, tensor in tensors.items()}


def part(path: Path, prefix: str, new: str = "") -> dict[str, Tensor]:
    return {new + n.removeprefix(prefix): t for n, t in load_weights(path).items() if n.startswith(prefix)}


NAMED = {**METADATA_TEXTS, "modelspec.architecture": "stable-diffusion-xl-v1-base"}


@pytest.mark.parametrize("layout", ["checkpoint", "LDM", "diffusers"])
def test_a_diffusion_model_alone(folder, xl, xl_modules, tmp_path, layout):
    path = tmp_path / "model.safetensors"
    if layout == "checkpoint":
        save_weights(path, part(folder / "xl.safetensors", UNET, UNET), NAMED)
    elif layout == "LDM":
        save_weights(path, part(folder / "xl.safetensors", UNET), NAMED)
    else:
        save_weights(path, halves(xl_modules.unet.state_dict()), NAMED)
    model = load_diffusion_model(path)
    assert model.family is SDXL
    assert torch.equal(answer(model), answer(xl.model))


@pytest.mark.parametrize("stored", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_weights_kept_in_float8(folder, xl, stored):
    """The oracle is the same network with the stored weights rounded, and everything else as it is."""
    model = load_diffusion_model(folder / "xl.safetensors", number_format=Format(stored=stored))
    with xl.model.part.loaded() as network:
        rounded = Rounded(network, stored)
    with model.part.loaded() as network:
        kept = {name: parameter for name, parameter in network.named_parameters() if parameter.dtype == stored}
        assert sum(p.numel() for p in kept.values()) > 0.8 * sum(p.numel() for p in network.parameters())
    found = answer(model)
    assert torch.allclose(found, answer(xl.model.patched(rounded)), atol=1e-6)
    assert not torch.equal(found, answer(xl.model))
    assert model.part.size < xl.model.part.size / 3
    with model.part.loaded() as network:  # a call leaves the weights as they were
        assert all(network.get_parameter(name).dtype == stored for name in kept)


class Rounded:
    """A patch that rounds the matrices within the blocks."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        layers = [name for name, module in network.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)]
        self._names = [f"{name}.weight" for name in layers if "block" in name.split(".")[0]]
        self._dtype = dtype

    def changes(self):
        return dict.fromkeys(self._names, lambda weight: weight.to(self._dtype).float())


def test_weights_in_float8_can_be_patched(folder):
    model = load_diffusion_model(folder / "xl.safetensors", number_format=Format(stored=torch.float8_e4m3fn))
    before = answer(model)
    assert not torch.equal(answer(model.patched(Doubled())), before)
    assert torch.equal(answer(model), before)


class Doubled:
    """A patch of one matrix."""

    name = "mid_block.attentions.0.transformer_blocks.0.attn1.to_v.weight"

    def changes(self):
        return {self.name: lambda weight: weight * 2}


def test_number_formats_of_the_diffusion_model(folder, xl):
    model = load_diffusion_model(folder / "xl.safetensors", number_format=Format(computed=torch.bfloat16))
    found, exact = answer(model), answer(xl.model)
    assert model.source.dtype == torch.bfloat16
    assert 0 < (found - exact).abs().max() < 0.1 * exact.abs().max()


@pytest.mark.parametrize("order", [("l", "g"), ("g", "l")])
def test_two_text_encoders_of_their_own(folder, xl, xl_modules, tmp_path, order):
    files = {
        "l": halves(xl_modules.text["l"].state_dict()),
        "g": part(folder / "xl.safetensors", BIG_G),
    }
    for name, tensors in files.items():
        save_weights(tmp_path / f"{name}.safetensors", tensors, {**METADATA_TEXTS, "text_encoder": name})
    clip = load_text_encoders([tmp_path / f"{name}.safetensors" for name in order])
    [[states, options]], [[expected, pooled]] = clip.encode(PROMPT), xl.clip.encode(PROMPT)
    assert torch.equal(states, expected)
    assert torch.equal(options["pooled_output"], pooled["pooled_output"])


def test_one_text_encoder_of_its_own(tmp_path):
    modules = write_sd2(tmp_path / "two.safetensors")
    whole = load_checkpoint(tmp_path / "two.safetensors")
    path = tmp_path / "text.safetensors"
    save_weights(path, halves(modules.text["h"].state_dict()), {**METADATA_TEXTS, "text_encoder": "h"})
    assert torch.equal(load_text_encoders([path]).encode(PROMPT)[0][0], whole.clip.encode(PROMPT)[0][0])
    with pytest.raises(WeightsError, match=r"No supported model has the text encoders text\.safetensors and text"):
        load_text_encoders([path, path])
    save_weights(path, halves(modules.text["h"].state_dict()), METADATA_TEXTS)
    with pytest.raises(WeightsError, match="a text encoder of 32 channels, which no supported model has"):
        load_text_encoders([path])
    with pytest.raises(WeightsError, match="holds no text encoder that is supported"):
        load_text_encoders([tmp_path / "two.safetensors"])


def test_longer_prompts_for_one_of_two_encoders(xl):
    tokens = xl.clip.tokenize_each({"l": "a cat", "g": "word " * 100})
    assert [len(each.chunks) for each in tokens.by_encoder.values()] == [2, 2]
    assert xl.clip.encode_tokens(tokens)[0][0].shape == (1, 154, 2 * WIDTH)


def sixteen_channels() -> nn.Module:
    torch.manual_seed(0)
    return AutoencoderKL(
        block_out_channels=(32, 32),
        layers_per_block=1,
        latent_channels=16,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        use_quant_conv=False,
        use_post_quant_conv=False,
    ).eval()


@torch.no_grad()
def test_a_vae_of_sixteen_channels(tmp_path):
    network = sixteen_channels()
    save_weights(tmp_path / "vae.safetensors", network.state_dict())
    vae = load_vae(tmp_path / "vae.safetensors")
    latent = torch.randn(1, 16, 4, 4)
    assert vae.channels == 16
    expected = (network.decode(latent).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert torch.allclose(vae.decode(latent), expected, atol=1e-5)


def write_folder(path: Path, modules: SmallModel, prediction: str = "epsilon", shards: int = 1) -> None:
    """A model as diffusers saves it, by diffusers and transformers themselves; the UNet in several files if wanted."""
    path.mkdir()
    (path / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    size = sum(tensor.nbytes for tensor in modules.unet.state_dict().values())
    modules.unet.save_pretrained(path / "unet", max_shard_size=size // shards + 1)
    modules.vae.save_pretrained(path / "vae")
    for name, network in modules.text.items():
        network.save_pretrained(path / ("text_encoder_2" if name == "g" else "text_encoder"))
    (path / "scheduler").mkdir()
    scheduler = {"prediction_type": prediction, "rescale_betas_zero_snr": prediction != "epsilon"}
    (path / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))


@pytest.mark.parametrize("write", [write_sd1, write_sd2, write_sdxl, write_refiner])
def test_folders_of_diffusers(tmp_path, write):
    modules = write(tmp_path / "file.safetensors")
    write_folder(tmp_path / "folder", modules, shards=3 if write is write_sdxl else 1)
    ours, file = load_folder(tmp_path / "folder"), load_checkpoint(tmp_path / "file.safetensors")
    assert ours.model.family is file.model.family
    prompts = ours.clip.encode(PROMPT), file.clip.encode(PROMPT)
    assert torch.equal(prompts[0][0][0], prompts[1][0][0])
    if write is not write_refiner:
        assert close(answer(ours.model), answer(file.model))
    latent = torch.randn(1, 4, 4, 4)
    assert torch.equal(ours.vae.decode(latent), file.vae.decode(latent))
    save_checkpoint(tmp_path / "again.safetensors", *ours, dtype=torch.float16)
    assert same_files(tmp_path / "again.safetensors", tmp_path / "file.safetensors")


def test_the_scheduler_of_a_folder_says_what_is_predicted(tmp_path):
    write_folder(tmp_path / "folder", write_sd2(tmp_path / "file.safetensors"), "v_prediction")
    model = load_folder(tmp_path / "folder").model
    assert isinstance(model.parameterization, Velocity)
    assert model.schedule.sigma_max > 4000


def test_incomplete_folders_are_named(tmp_path):
    write_folder(tmp_path / "folder", write_sd1(tmp_path / "file.safetensors"))
    (tmp_path / "folder" / "text_encoder" / "config.json").write_text('{"architectures": ["T5EncoderModel"]}')
    with pytest.raises(WeightsError, match="folder has text encoders that no supported model has together"):
        load_folder(tmp_path / "folder")
    next((tmp_path / "folder" / "unet").glob("*.safetensors")).unlink()
    with pytest.raises(WeightsError, match="folder/unet holds no weights"):
        load_folder(tmp_path / "folder")
    (tmp_path / "folder" / "model_index.json").unlink()
    with pytest.raises(WeightsError, match=r"folder has no model_index\.json"):
        load_folder(tmp_path / "folder")


def same_files(path: Path, other: Path) -> bool:
    """The same tensors, bit for bit (but for the one that no network has)."""
    ours, theirs = load_weights(path), load_weights(other)
    names = {name for name in theirs if not name.endswith("logit_scale")}
    return set(ours) == names and all(
        ours[name].dtype == theirs[name].dtype and torch.equal(ours[name], theirs[name]) for name in names
    )


@pytest.mark.parametrize("write", [write_sd2, write_sdxl])
def test_a_saved_checkpoint_is_the_file_again(tmp_path, write):
    write(tmp_path / "file.safetensors")
    loaded = load_checkpoint(tmp_path / "file.safetensors")
    save_checkpoint(tmp_path / "saved.safetensors", *loaded, metadata={"workflow": "{}"})
    assert same_files(tmp_path / "saved.safetensors", tmp_path / "file.safetensors")
    header = read_header(tmp_path / "saved.safetensors")
    assert header.metadata["modelspec.architecture"] == loaded.model.family.id
    assert header.metadata["workflow"] == "{}"
    assert load_checkpoint(tmp_path / "saved.safetensors").model.config == loaded.model.config


def test_patches_are_saved(xl, tmp_path):
    save_checkpoint(tmp_path / "saved.safetensors", xl.model.patched(Doubled()), xl.clip, xl.vae, dtype=torch.float32)
    saved, source = load_weights(tmp_path / "saved.safetensors"), xl.model.source
    assert isinstance(source, Source)
    name = source.component.entry(Doubled.name).name
    assert torch.equal(saved[name], 2 * source.weights[name].float())
    assert {tensor.dtype for tensor in saved.values()} == {torch.float32}
    patched = answer(xl.model.patched(Doubled()))
    assert close(answer(load_checkpoint(tmp_path / "saved.safetensors").model), patched)


def test_what_the_model_predicts_is_saved(xl, tmp_path):
    changed = replace(xl.model, parameterization=discrete(xl.model.schedule, "v_prediction", zero_snr=True))
    save_checkpoint(tmp_path / "saved.safetensors", changed)
    model = load_diffusion_model(tmp_path / "saved.safetensors")
    assert isinstance(model.parameterization, Velocity)
    assert model.schedule.sigma_max > 4000


def test_weights_that_are_not_finite_are_not_saved(xl, tmp_path):
    with pytest.raises(WeightsError, match=rf"The UNet was not saved: {Doubled.name} has values .* as float16\."):
        save_checkpoint(tmp_path / "saved.safetensors", xl.model.patched(Huge()), dtype=torch.float16)
    assert not list(tmp_path.iterdir())


class Huge:
    """A patch beyond what half precision holds."""

    def changes(self):
        return {Doubled.name: lambda weight: weight + 70000}


def test_parts_of_other_families_are_not_saved_together(xl, tmp_path):
    write_sd2(tmp_path / "two.safetensors")
    other = load_checkpoint(tmp_path / "two.safetensors")
    with pytest.raises(WeightsError, match="does not belong to SDXL"):
        save_checkpoint(tmp_path / "saved.safetensors", xl.model, other.clip)


def test_parts_saved_alone_load_alone(folder, xl, tmp_path):
    for encoder in xl.clip.encoders:
        save_text_encoder(tmp_path / f"{encoder.name}.safetensors", encoder)
    clip = load_text_encoders([tmp_path / "g.safetensors", tmp_path / "l.safetensors"])
    assert torch.equal(clip.encode(PROMPT)[0][0], xl.clip.encode(PROMPT)[0][0])
    low = part(folder / "xl.safetensors", CLIP)
    assert {n: t.shape for n, t in load_weights(tmp_path / "l.safetensors").items()} == {
        name: tensor.shape for name, tensor in low.items()
    }
    save_vae(tmp_path / "vae.safetensors", xl.vae)
    latent = torch.randn(1, 4, 4, 4)
    assert torch.equal(load_vae(tmp_path / "vae.safetensors").decode(latent), xl.vae.decode(latent))
    save_file(part(folder / "xl.safetensors", VAE), tmp_path / "expected.safetensors")
    assert same_files(tmp_path / "vae.safetensors", tmp_path / "expected.safetensors")
