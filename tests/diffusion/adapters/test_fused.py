"""Adapters of transformers whose checkpoints have several layers as one tensor: Flux and Stable Diffusion 3.

What an adapter in a checkpoint's names does is defined by the checkpoint: its tensors are changed as the method's
formula says, and the changed file is opened. For diffusers' names, and kohya's that diffusers reads, its own loader and
peft are the oracle.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, SD3Transformer2DModel
from torch import Tensor

from diffusion.adapters import UNET, fit, kohya_tensors
from diffusion.adapters.adapter import AdapterFile
from diffusion.adapters.kinds import Difference
from diffusion.checkpoint import load_diffusion_model, load_text_encoders
from diffusion.model import Model
from diffusion.sampling.network import Call
from diffusion.weights import save_weights
from tests.diffusion.families.small_models import in_file_precision
from tests.diffusion.families.small_transformers import (
    POOLED,
    T5_WIDTH,
    OnlyT5,
    flux_in_file,
    small_flux,
    small_t5,
    t5_in_file,
)
from tests.diffusion.families.test_sd3 import TINY, in_file

STRENGTH, RANK = 0.7, 2


@dataclass(frozen=True)
class Opened:
    """A model, and the tensors of its file."""

    model: Model
    file: dict[str, Tensor]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fused")


def opened(file: dict[str, Tensor], path: Path) -> Opened:
    metadata = {"transformer_config": '{"num_attention_heads": 2}'}
    save_weights(path, file, metadata)
    return Opened(load_diffusion_model(path), file)


@pytest.fixture(scope="module", params=["flux", "sd3"])
def small(request, folder) -> Opened:
    if request.param == "flux":
        return opened(flux_in_file(small_flux()), folder / "flux.safetensors")
    torch.manual_seed(0)
    network = in_file_precision(SD3Transformer2DModel(**TINY))
    bare = {name.removeprefix("model.diffusion_model."): tensor for name, tensor in in_file(network).items()}
    return opened(bare, folder / "sd3.safetensors")


def adapter(method: str, shape: torch.Size) -> tuple[dict[str, Tensor], Tensor]:
    """The tensors of an adapter for a matrix, and the difference that they stand for at strength 1."""
    rows, columns = shape
    if method == "lora":
        up, down = torch.randn(rows, RANK), torch.randn(RANK, columns)
        return {"lora_up.weight": up, "lora_down.weight": down, "alpha": torch.tensor(1.0)}, up @ down / RANK
    if method == "loha":
        a, b, c, d = (torch.randn(size) for size in ((rows, RANK), (RANK, columns)) * 2)
        return {"hada_w1_a": a, "hada_w1_b": b, "hada_w2_a": c, "hada_w2_b": d}, (a @ b) * (c @ d)
    if method == "lokr":
        one, other = torch.randn(2, 2), torch.randn(rows // 2, columns // 2)
        return {"lokr_w1": one, "lokr_w2": other}, torch.kron(one, other)
    difference = torch.randn(shape)
    return {"diff": difference}, difference


@pytest.mark.parametrize("method", ["lora", "loha", "lokr", "diff"])
def test_a_checkpoints_names_land_on_the_right_rows(small, method, folder):
    torch.manual_seed(1)
    tensors, changed = {}, dict(small.file)
    for name, tensor in small.file.items():
        if tensor.ndim == 2:
            parts, difference = adapter(method, tensor.shape)
            stem = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
            tensors |= {f"{stem}.{part}": value for part, value in parts.items()}
            changed[name] = tensor + STRENGTH * difference
    fitted = fit(AdapterFile("a.safetensors", tensors), small.model)
    assert fitted.report.complete
    expected = opened(changed, folder / "changed.safetensors").model.source.tensors()
    model = fitted.on_model(small.model, STRENGTH)
    found = model.source.tensors(model.patches)
    assert {name for name in found if not torch.equal(found[name], small.model.source.tensor(name))} == {
        name for name, tensor in found.items() if tensor.ndim == 2
    }
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-5, atol=1e-5, msg=name)


def test_rescaled_rows_and_biases_are_taken_apart_too(small, folder):
    """DoRA: the rows of the sum get the lengths of the file (arXiv 2402.09353)."""
    torch.manual_seed(2)
    name = next(name for name in small.file if "attn.qkv.weight" in name)
    stem, bias = name.removesuffix(".weight"), name.removesuffix("weight") + "bias"
    parts, difference = adapter("lora", small.file[name].shape)
    lengths, added = torch.rand(len(difference), 1) + 0.5, torch.randn(len(difference))
    tensors = {f"{stem}.{part}": value for part, value in parts.items()}
    tensors |= {f"{stem}.dora_scale": lengths, f"{stem}.diff_b": added}
    fitted = fit(AdapterFile("a.safetensors", tensors), small.model)
    total = small.file[name] + difference
    changed = {name: total * lengths / total.norm(dim=1, keepdim=True), bias: small.file[bias] + added}
    expected = opened({**small.file, **changed}, folder / "changed.safetensors").model.source.tensors()
    model = fitted.on_model(small.model, 1.0)
    for key, tensor in model.source.tensors(model.patches).items():
        torch.testing.assert_close(tensor, expected[key], rtol=1e-5, atol=1e-5, msg=key)


def test_what_cannot_be_taken_apart_is_a_misfit(small):
    """Lengths of columns are those of all rows together."""
    names = [name for name in small.file if "attn.qkv.weight" in name][:2]
    tensors = {}
    for name, axis in zip(names, (1, 0), strict=True):
        parts, _ = adapter("lora", small.file[name].shape)
        lengths = torch.ones(small.file[name].shape[0], 1) if axis else torch.ones(1, small.file[name].shape[1])
        tensors |= {f"{name.removesuffix('weight')}{part}": v for part, v in {**parts, "dora_scale": lengths}.items()}
    report = fit(AdapterFile("a.safetensors", tensors), small.model).report
    assert report.misfits == (names[1].removesuffix(".weight"),)
    assert report.matched == {UNET: 3}


@pytest.mark.parametrize("dialect", ["diffusers", "kohya"])
def test_flux_with_a_lora_gives_what_diffusers_gives_with_it(dialect, folder):
    torch.manual_seed(3)
    network = small_flux()
    model = opened(flux_in_file(network), folder / "flux.safetensors").model
    tensors = {}
    if dialect == "kohya":  # diffusers takes the single blocks' sizes for those of the released model
        for name, tensor in flux_in_file(network).items():
            if "double_blocks" in name and tensor.ndim == 2:
                stem = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
                parts, _ = adapter("lora", tensor.shape)
                tensors |= {f"{stem}.{part}": value / 4 for part, value in parts.items()}
    else:
        for name, module in network.named_modules():
            if isinstance(module, torch.nn.Linear) and "transformer_blocks" in name:
                tensors[f"transformer.{name}.lora_A.weight"] = torch.randn(RANK, module.in_features) / 4
                tensors[f"transformer.{name}.lora_B.weight"] = torch.randn(module.out_features, RANK) / 4
    fitted = fit(AdapterFile("a.safetensors", tensors), model)
    assert fitted.report.complete
    pipeline = FluxPipeline(FlowMatchEulerDiscreteScheduler(), None, None, None, None, None, network)
    pipeline.load_lora_weights(dict(tensors))
    pipeline.fuse_lora(components=["transformer"], lora_scale=STRENGTH)
    pipeline.unload_lora_weights()
    changed = fitted.on_model(model, STRENGTH)
    theirs, ours = network.state_dict(), changed.source.tensors(changed.patches)
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, rtol=1e-4, atol=1e-5, msg=name)
    call = Call(
        torch.randn(1, 16, 4, 4),
        torch.tensor([0.5]),
        0.5,
        torch.randn(1, 3, T5_WIDTH),
        {"pooled": torch.randn(1, POOLED), "guidance": torch.ones(1)},
    )
    with model.loaded() as plain:
        before = plain(call)
    with changed.loaded() as running:
        assert not torch.allclose(running(call), before, atol=1e-2)


def test_what_is_written_is_read_again(small):
    torch.manual_seed(4)
    kinds = {UNET: {n: Difference(torch.randn(shape)) for n, shape in small.model.source.shapes.items() if "attn" in n}}
    kinds[UNET] = {name: kind for name, kind in kinds[UNET].items() if name.endswith(".weight")}
    tensors = kohya_tensors(kinds, small.model)
    assert all(name.startswith("lora_transformer_transformer_blocks_") for name in tensors if "single" not in name)
    fitted = fit(AdapterFile("a.safetensors", tensors), small.model)
    assert fitted.report.complete
    assert fitted.kinds[UNET].keys() == kinds[UNET].keys()
    assert all(torch.equal(kind.value, kinds[UNET][name].value) for name, kind in fitted.kinds[UNET].items())


@pytest.mark.parametrize("prefix", ["lora_te3_encoder_", "lora_te2_encoder_", "text_encoder_2.encoder."])
def test_t5_is_changed_by_its_names(prefix, folder):
    save_weights(folder / "t5.safetensors", t5_in_file(small_t5()))
    clip = load_text_encoders([folder / "t5.safetensors"], families=[OnlyT5()])
    layer = "block.1.layer.0.SelfAttention.v"
    stem = prefix + (layer if prefix.endswith(".") else layer.replace(".", "_"))
    difference = torch.randn(24, T5_WIDTH)
    fitted = fit(AdapterFile("a.safetensors", {f"{stem}.diff": difference}), None, clip)
    assert fitted.report.matched == {"t5": 1}
    (encoder,) = fitted.on_clip(clip, 0.5).encoders
    found = encoder.source.tensor(f"{layer}.weight", [*encoder.patches[0].changes().values()])
    expected = encoder.source.weights[f"encoder.{layer}.weight"] + 0.5 * difference
    torch.testing.assert_close(found.float(), expected, rtol=1e-3, atol=1e-3)
