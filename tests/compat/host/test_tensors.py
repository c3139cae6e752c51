"""`comfy.utils`: resizing, tiles, batches, tables of weights, against independent computations."""

import json
import math
import zlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save_file

from compat.host import toolbox
from diffusion.weights import WeightsError


def picture(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic"])
def test_pictures_are_resized_as_torch_does(method):
    samples = picture(2, 3, 10, 14)
    expected = F.interpolate(samples, size=(21, 5), mode=method)
    assert torch.equal(toolbox.common_upscale(samples, 5, 21, method, "disabled"), expected)


def test_lanczos_is_that_of_pil():
    levels = torch.randint(0, 256, (1, 3, 12, 9), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    image = Image.fromarray(levels[0].movedim(0, -1).numpy()).resize((20, 30), Image.Resampling.LANCZOS)
    expected = torch.from_numpy(np.array(image)).movedim(-1, 0)[None] / 255
    assert torch.allclose(toolbox.lanczos(levels / 255, 20, 30), expected)
    assert torch.allclose(toolbox.common_upscale(levels / 255, 20, 30, "lanczos", "disabled"), expected)


def test_the_middle_is_cut_out_before_resizing():
    samples = picture(1, 3, 8, 16)
    expected = F.interpolate(samples[..., 4:12], size=(4, 4), mode="bilinear")
    assert torch.equal(toolbox.common_upscale(samples, 4, 4, "bilinear", "center"), expected)


def test_each_frame_of_a_video_is_resized():
    video = picture(2, 3, 5, 8, 8)
    resized = toolbox.common_upscale(video, 12, 6, "bicubic", "disabled")
    frames = [toolbox.common_upscale(video[:, :, index], 12, 6, "bicubic", "disabled") for index in range(5)]
    assert torch.equal(resized, torch.stack(frames, dim=2))


def slerp(a, b, t):
    """Two vectors on a sphere, with lengths mixed linearly, in plain numbers."""
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    angle = math.acos(np.clip(np.dot(a / length_a, b / length_b), -1, 1))
    if angle < 4e-3:
        return a
    direction = (math.sin((1 - t) * angle) * a / length_a + math.sin(t * angle) * b / length_b) / math.sin(angle)
    return direction * (length_a * (1 - t) + length_b * t)


def test_bislerp_mixes_directions_along_rows_and_then_columns():
    samples = torch.randn(1, 4, 3, 4, generator=torch.Generator().manual_seed(3))
    vectors = samples[0].movedim(0, -1).double().numpy()

    def stretched(line, length):
        places = np.clip((np.arange(length) + 0.5) * len(line) / length - 0.5, 0, len(line) - 1)
        return [slerp(line[int(p)], line[min(int(p) + 1, len(line) - 1)], p - int(p)) for p in places]

    rows = np.array([stretched(row, 7) for row in vectors])
    expected = np.array([stretched(column, 5) for column in rows.swapaxes(0, 1)]).swapaxes(0, 1)
    result = toolbox.bislerp(samples, 7, 5)[0].movedim(0, -1).numpy()
    assert np.allclose(result, expected, atol=1e-5)


def tripled(tile):
    return F.interpolate(tile[:, :3], scale_factor=3, mode="nearest")


@given(
    height=st.integers(5, 40), width=st.integers(5, 40), tile_x=st.integers(6, 20), tile_y=st.integers(6, 20),
    overlap=st.integers(0, 4),
)  # fmt: skip
def test_tiles_of_a_local_function_give_the_whole_and_are_counted(height, width, tile_x, tile_y, overlap):
    samples = picture(2, 3, height, width)
    calls = []

    class Bar:
        def update(self, value):
            calls.append(value)

    result = toolbox.tiled_scale(samples, tripled, tile_x, tile_y, overlap, 3, 3, pbar=Bar())
    assert torch.allclose(result, tripled(samples), atol=1e-6)
    steps = toolbox.get_tiled_scale_steps(width, height, tile_x, tile_y, overlap)
    assert calls == [1] * (2 * steps)


def test_tiles_fade_into_each_other():
    """Each tile gives a number of its own; the result is the mean under weights that rise linearly from each edge."""
    numbers = iter(range(1, 100))
    seen = []

    def function(tile):
        seen.append(float(next(numbers)))
        return torch.full((1, 1, tile.shape[2] * 2, tile.shape[3] * 2), seen[-1])

    result = toolbox.tiled_scale(picture(1, 4, 6, 20), function, 8, 8, 4, 2, 1)[0, 0].numpy()
    starts = [0, 4, 8, 12]
    total, weights = np.zeros((12, 40)), np.zeros((12, 40))
    for number, start in zip(seen, starts, strict=True):
        for y in range(12):
            for x in range(16):
                weight = 1.0
                for place, length in ((y, 12), (x, 16)):
                    weight *= min(1, (place + 1) / 8) * min(1, (length - place) / 8)
                total[y, start * 2 + x] += number * weight
                weights[y, start * 2 + x] += weight
    assert np.allclose(result, total / weights, atol=1e-5)


def test_tiles_of_any_number_of_dimensions():
    sound = picture(1, 2, 50)
    longer = toolbox.tiled_scale_multidim(sound, lambda tile: tile.repeat_interleave(4, -1), (16,), 4, 4, 2)
    assert torch.allclose(longer, sound.repeat_interleave(4, -1))

    video = picture(1, 3, 9, 12, 12)

    def function(tile):
        return F.interpolate(tile, scale_factor=(1, 2, 2), mode="nearest")

    result = toolbox.tiled_scale_multidim(video, function, (4, 6, 6), (1, 2, 2), (1, 2, 2), 3)
    assert torch.allclose(result, function(video), atol=1e-6)


def test_tiles_that_get_smaller():
    samples = picture(1, 3, 64, 96)

    def halved(tile):
        return F.avg_pool2d(tile, 8)

    result = toolbox.tiled_scale_multidim(samples, halved, (32, 32), 16, 8, 3, downscale=True)
    assert torch.allclose(result, halved(samples), atol=1e-6)
    by_function = toolbox.tiled_scale_multidim(
        samples, halved, (32, 32), 16, lambda length: length / 8, 3, downscale=True
    )
    assert torch.equal(by_function, result)


@given(st.integers(1, 9), st.integers(1, 20))
def test_batches_are_repeated_cut_and_spread(size, wanted):
    batch = torch.arange(size)
    assert toolbox.repeat_to_batch_size(batch, wanted).tolist() == [index % size for index in range(wanted)]
    rows = toolbox.repeat_to_batch_size(batch.expand(2, size), wanted, dim=1)
    assert rows[1].tolist() == [index % size for index in range(wanted)]
    spread = toolbox.resize_to_batch_size(batch, wanted).tolist()
    assert spread == toolbox.resize_list_to_batch_size(list(range(size)), wanted)
    assert len(spread) == wanted
    assert spread == sorted(spread)
    if wanted >= size:
        assert set(spread) == set(range(size))
        assert max(map(spread.count, range(size))) - min(map(spread.count, range(size))) <= 1
    elif wanted > 1:
        assert (spread[0], spread[-1]) == (0, size - 1)


def test_masks_are_stretched_over_latents():
    mask = picture(2, 16, 16)
    expected = F.interpolate(mask[:, None], size=(4, 6), mode="bilinear")
    assert torch.equal(toolbox.reshape_mask(mask, (2, 1, 4, 6)), expected)
    assert torch.equal(toolbox.reshape_mask(mask, (5, 3, 4, 6))[4, 2], expected[0, 0])
    video = toolbox.reshape_mask(picture(6, 16, 16), (1, 4, 3, 4, 4))
    assert video.shape == (1, 4, 3, 4, 4)
    assert torch.equal(
        toolbox.reshape_mask(picture(1, 8), (1, 1, 4)), F.interpolate(picture(1, 1, 8), 4, mode="linear")
    )


SHAPES = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), min_size=1, max_size=4)


@given(SHAPES, st.integers(1, 3))
def test_packed_latents_come_back(shapes, batch):
    latents = [picture(batch, *shape, seed=index) for index, shape in enumerate(shapes)]
    packed, kept = toolbox.pack_latents(latents)
    assert packed.shape[:2] == (batch, 1)
    unpacked = toolbox.unpack_latents(packed, kept)
    if len(latents) == 1:
        assert torch.equal(unpacked[0].flatten(), latents[0].flatten())
    else:
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(unpacked, latents, strict=True))


@given(st.text(st.characters(max_codepoint=255)))
def test_the_seed_of_a_text_is_its_checksum(text):
    assert toolbox.string_to_seed(text) == zlib.crc32(text.encode("latin-1"))


def test_entries_are_renamed_by_prefix():
    table = {"a.x": 1, "a.y": 2, "b.x": 3}
    taken = toolbox.state_dict_prefix_replace(table, {"a.": "new."}, filter_keys=True)
    assert (taken, table) == ({"new.x": 1, "new.y": 2}, {"b.x": 3})
    assert toolbox.state_dict_prefix_replace(table, {"b.": ""}) == {"x": 3}
    assert toolbox.state_dict_key_replace({"x": 3, "y": 4}, {"x": "z", "none": "w"}) == {"y": 4, "z": 3}


def test_weights_are_counted():
    table = {"a.x": torch.zeros(3), "a.y": torch.zeros(5, dtype=torch.float16), "b": torch.zeros(100)}
    assert toolbox.calculate_parameters(table, "a.") == 8
    assert toolbox.weight_dtype(table, "a.") == torch.float16
    assert toolbox.weight_dtype(table) == torch.float32
    assert toolbox.weight_dtype({}) is None


def test_attributes_by_dotted_names():
    network = torch.nn.Sequential(torch.nn.Linear(2, 3))
    before = toolbox.get_attr(network, "0.weight")
    assert toolbox.set_attr_param(network, "0.weight", torch.ones(3, 2)) is before
    assert not network[0].weight.requires_grad
    toolbox.copy_to_param(network, "0.weight", torch.zeros(3, 2))
    assert network[0].weight.sum() == 0
    with pytest.raises(AttributeError):
        toolbox.set_attr(network, "1.weight", None)


def test_weight_files_are_read_whatever_they_are_called(tmp_path):
    tensors = {"x": torch.arange(3.0)}
    toolbox.save_torch_file(tensors, tmp_path / "a.safetensors", metadata={"made": "here"})
    loaded, metadata = toolbox.load_torch_file(str(tmp_path / "a.safetensors"), return_metadata=True)
    assert torch.equal(loaded["x"], tensors["x"])
    assert metadata["made"] == "here"
    assert json.loads(toolbox.safetensors_header(tmp_path / "a.safetensors"))["x"]["shape"] == [3]
    assert toolbox.safetensors_header(tmp_path / "a.safetensors", max_size=4) is None
    save_file(tensors, tmp_path / "b.ckpt")
    assert torch.equal(toolbox.load_torch_file(tmp_path / "b.ckpt")["x"], tensors["x"])


@pytest.mark.parametrize("wrap", [dict, lambda t: {"state_dict": t, "epoch": 1}, lambda t: {"params_ema": t}])
def test_tables_are_unwrapped_from_pickles(tmp_path, wrap):
    tensors = {"x": torch.arange(3.0), "y": torch.zeros(1)}
    torch.save(wrap(tensors), tmp_path / "a.pth")
    loaded, metadata = toolbox.load_torch_file(tmp_path / "a.pth", return_metadata=True)
    assert loaded.keys() == tensors.keys()
    assert metadata is None


class Malicious:
    def __reduce__(self):
        return print, ("run by a weight file",)


def test_no_code_of_a_pickle_is_run(tmp_path, capsys):
    torch.save({"x": Malicious()}, tmp_path / "a.pt")
    with pytest.raises(WeightsError, match="pickled code"):
        toolbox.load_torch_file(tmp_path / "a.pt", safe_load=False)
    assert "run by" not in capsys.readouterr().out


def test_the_names_of_weights_are_those_of_a_real_unet():
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=8, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), class_embed_type="timestep")  # fmt: skip  # noqa: E501
    names = set(unet.state_dict())
    block = "down_blocks.0.attentions.0."
    ours = {name.removeprefix(block) for name in names if name.startswith(block)}
    inner = {name.removeprefix("transformer_blocks.0.") for name in ours if name.startswith("transformer_blocks")}
    assert inner == toolbox.TRANSFORMER_BLOCKS
    assert {name for name in ours if not name.startswith("transformer_blocks")} == toolbox.UNET_MAP_ATTENTIONS
    resnet = "down_blocks.1.resnets.0."
    assert {name.removeprefix(resnet) for name in names if name.startswith(resnet)} == set(
        toolbox.UNET_MAP_RESNET.values()
    )
    outside = {name for name in names if "blocks." not in name and not name.startswith("mid_block")}
    assert outside == {name for _, name in toolbox.UNET_MAP_BASIC if not name.startswith("add_embedding")}
