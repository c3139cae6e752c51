"""Merged models against the formula on the tensors of the files."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.merging import (
    MergeError,
    added,
    by_block,
    merge_clips,
    merge_clips_by_depth,
    merge_models,
    merge_vaes,
    subtracted,
    weighted,
)
from diffusion.saving import save_checkpoint
from diffusion.weights import load_weights, read_header, save_weights
from tests.diffusion.families.small_models import write_sd1, write_sdxl

UNET = "model.diffusion_model."


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three checkpoints of one architecture; the second and third are the first with other numbers."""
    folder = tmp_path_factory.mktemp("merged")
    first = folder / "0.safetensors"
    write_sd1(first)
    metadata = read_header(first).metadata
    found = [first]
    for number in (1, 2):
        torch.manual_seed(number)
        other = {name: (t + torch.randn(t.shape) / 8).half() for name, t in load_weights(first).items()}
        found.append(folder / f"{number}.safetensors")
        save_weights(found[-1], other, metadata)
    return found


@pytest.fixture(scope="module")
def loaded(paths: list[Path]) -> list[Checkpoint]:
    return [load_checkpoint(path) for path in paths]


@pytest.fixture(scope="module")
def stored(paths: list[Path]) -> list[dict[str, torch.Tensor]]:
    return [{name: tensor.float() for name, tensor in load_weights(path).items()} for path in paths]


def saved(tmp_path: Path, checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """What a file has after the merge."""
    path = tmp_path / "out.safetensors"
    save_checkpoint(path, checkpoint.model, checkpoint.clip, checkpoint.vae, dtype=torch.float32)
    return load_weights(path)


def test_a_weighted_sum_of_everything_is_saved_exactly(loaded, stored, tmp_path):
    first, second = loaded[:2]
    recipe = weighted(0.3)
    merged = first._replace(
        model=merge_models(first.model, second.model, recipe),
        clip=merge_clips(first.clip, second.clip, recipe),
        vae=merge_vaes(first.vae, second.vae, recipe),
    )
    found = saved(tmp_path, merged)
    assert len(found) == len(stored[0])
    for name, tensor in found.items():
        assert torch.equal(tensor, stored[0][name] * 0.3 + stored[1][name] * (1 - 0.3)), name


def test_differences_are_added_exactly(loaded, stored, tmp_path):
    """A1111's "add difference": A + (B - C) m."""
    first, second, third = (checkpoint.model for checkpoint in loaded)
    merged = merge_models(first, merge_models(second, third, subtracted(0.7)), added())
    found = saved(tmp_path, loaded[0]._replace(model=merged))
    for name in (name for name in found if name.startswith(UNET)):
        expected = stored[0][name] + (stored[1][name] * 0.7 - stored[2][name] * 0.7)
        torch.testing.assert_close(found[name], expected, atol=1e-6, rtol=0)
    assert all(torch.equal(found[name], stored[0][name]) for name in found if not name.startswith(UNET))


def test_blocks_are_told_by_the_longest_name(loaded, stored, tmp_path):
    first, second = loaded[0].model, loaded[1].model
    ratios = {"input": 1.0, "input_blocks.1": 0.5, "middle": 0.0, "out": 0.25}
    found = saved(tmp_path, loaded[0]._replace(model=merge_models(first, second, by_block(ratios))))
    seen = set()
    for name in (name for name in found if name.startswith(UNET)):
        start = name.removeprefix(UNET)
        ratio = 1.0
        if start.startswith("input_blocks.1."):
            ratio = 0.5
        elif start.startswith("middle_block"):
            ratio = 0.0
        elif start.startswith("out"):  # output_blocks and out
            ratio = 0.25
        seen.add((start.split(".")[0], ratio))
        assert torch.equal(found[name], stored[0][name] * ratio + stored[1][name] * (1 - ratio)), name
    assert {("time_embed", 1.0), ("out", 0.25), ("output_blocks", 0.25), ("input_blocks", 1.0)} < seen


def test_parts_of_text_encoders_and_of_vaes(loaded, stored, tmp_path):
    """The text encoder has three layers, one for each ratio; words have the first, and what follows them the last."""
    first, second = loaded[:2]
    vae = merge_vaes(first.vae, merge_vaes(second.vae, loaded[2].vae, subtracted(0.5)), added())
    clip = merge_clips_by_depth(first.clip, second.clip, (1.0, 0.25, 0.5))
    found = saved(tmp_path, first._replace(clip=clip, vae=vae))
    shares = {"embeddings": 1.0, "layers.0.": 1.0, "layers.1.": 0.25, "layers.2.": 0.5, "final_layer_norm": 0.5}
    for name in (name for name in found if name.startswith("cond_stage_model")):
        share = next(share for part, share in shares.items() if part in name)
        assert torch.equal(found[name], stored[0][name] * share + stored[1][name] * (1 - share)), name
    for name in (name for name in found if name.startswith("first_stage_model")):
        expected = stored[0][name] + (stored[1][name] - stored[2][name]) * 0.5
        torch.testing.assert_close(found[name], expected, atol=1e-6, rtol=0)


def test_running_merged_and_others_leaves_all_as_they_were(loaded):
    first, second = loaded[0].model, loaded[1].model
    name = "mid_block.resnets.0.conv1.weight"
    with first.loaded() as network:
        own = network.network.get_parameter(name).clone()
    with second.loaded() as network:
        other = network.network.get_parameter(name).clone()
    with merge_models(first, second, weighted(0.5)).loaded() as network:
        torch.testing.assert_close(network.network.get_parameter(name), (own + other) / 2)
    with first.loaded() as network:
        assert torch.equal(network.network.get_parameter(name), own)


def test_the_second_models_own_patches_count(loaded, stored):
    first, second = loaded[0].model, loaded[1].model

    class Zero:
        def changes(self):
            return {"conv_out.bias": torch.zeros_like}

    with merge_models(first, second.patched(Zero()), weighted(0.25)).loaded() as network:
        torch.testing.assert_close(network.network.conv_out.bias.data, stored[0][f"{UNET}out.2.bias"] / 4)


def test_inpainting_models_keep_their_channels_for_the_mask(loaded, stored, tmp_path):
    path = tmp_path / "inpainting.safetensors"
    write_sd1(path, in_channels=9)
    inpainting = load_checkpoint(path)
    difference = merge_models(loaded[1].model, loaded[0].model, subtracted(1.0))
    with merge_models(inpainting.model, difference, added()).loaded() as network:
        found = network.network.conv_in.weight
    name = f"{UNET}input_blocks.0.0.weight"
    own = load_weights(path)[name].float()
    assert torch.equal(found[:, 4:], own[:, 4:])
    torch.testing.assert_close(found[:, :4], own[:, :4] + stored[1][name] - stored[0][name], atol=1e-6, rtol=0)
    with pytest.raises(MergeError, match="conv_in"):
        merge_models(loaded[0].model, inpainting.model, weighted(0.5))


def test_models_of_other_architectures_are_refused(loaded, tmp_path):
    path = tmp_path / "sdxl.safetensors"
    write_sdxl(path)
    other = load_checkpoint(path)
    with pytest.raises(MergeError, match="another architecture"):
        merge_models(other.model, loaded[0].model, weighted(0.5))
    with pytest.raises(MergeError, match="different models"):
        merge_clips(other.clip, loaded[0].clip, weighted(0.5))
    with pytest.raises(MergeError, match="TAESD"):
        merge_vaes(replace(other.vae, source=None), other.vae, weighted(0.5))
